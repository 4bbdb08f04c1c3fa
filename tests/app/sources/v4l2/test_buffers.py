"""Buffers whose driver's memory cannot be mapped."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any

import pytest
from linuxpy.video import raw

from app.sources.v4l2.buffers import Buffers
from app.sources.v4l2.node import Node


class NodeOfAFile(Node):
    """A driver of four buffers, one page each, whose memory is a file of only two."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self.fd = fd

    def call(self, request: int, argument: Any) -> Any:
        if request == raw.IOC.QUERYBUF:
            argument.length = mmap.PAGESIZE
            argument.m.offset = argument.index * mmap.PAGESIZE
        return argument


def test_a_buffer_that_cannot_be_mapped_gives_those_before_it_back(tmp_path: Path) -> None:
    path = tmp_path / "memory"
    path.write_bytes(bytes(2 * mmap.PAGESIZE))
    with path.open("r+b") as file:
        with pytest.raises(ValueError, match="mmap") as refusal:
            Buffers(NodeOfAFile(path, file.fileno()))
        assert refusal.traceback  # which holds the buffers
        assert str(path) not in Path("/proc/self/maps").read_text(encoding="utf-8")
