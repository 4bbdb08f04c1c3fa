"""Which capture devices are there, and names of theirs that survive a change of ``/dev/videoN``."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from app.sources.base import SourceError, SourceNotFoundError
from app.sources.v4l2.node import Node

_DEVICES = Path("/dev")
_BY_ID = _DEVICES / "v4l" / "by-id"
_BY_PATH = _DEVICES / "v4l" / "by-path"
_LINK_NAME = re.compile(r".+-video-index\d+")
"""How udev names its links to video devices, in both folders."""


@dataclass(frozen=True, slots=True)
class CaptureNode:
    """A node that pictures come out of, present when it was listed."""

    path: Path
    identity: str
    """What ``find_node`` takes."""
    name: str
    problem: str = ""
    """Why it cannot be opened, one sentence; empty where it can."""


def capture_nodes() -> tuple[CaptureNode, ...]:
    """Every node that captures, in the order of their numbers.

    The identity is the name of the link under ``/dev/v4l/by-id``, which holds the serial number.
    Where there is none it is card and bus (``Pro_Capture_HDMI@PCI:0000:03:00.0``), where several
    nodes share these the link under ``/dev/v4l/by-path``, and without that the node's own path.
    """
    seen = [node for path in _node_paths() if (node := _look_at(path)) is not None]
    buses = Counter(node.bus for node in seen)
    by_id, by_path = _links(_BY_ID), _links(_BY_PATH)
    nodes = []
    for node in seen:
        bus = node.bus if buses[node.bus] == 1 else ""
        names = (by_id.get(node.path), bus, by_path.get(node.path), str(node.path))
        identity = next(name for name in names if name)
        nodes.append(CaptureNode(node.path, identity, node.name, node.problem))
    return tuple(nodes)


def find_node(identity: str) -> Path:
    """Where the device of this identity is now; a path such as ``/dev/video0`` is taken as it is.

    Raises:
        SourceNotFoundError: it is not there.
    """
    if identity.startswith(f"{_DEVICES}/"):
        return Path(identity)
    if _LINK_NAME.fullmatch(identity):
        for folder in (_BY_ID, _BY_PATH):
            for path, name in _links(folder).items():
                if name == identity:
                    return path
    else:
        for node in capture_nodes():
            if node.identity == identity:
                return node.path
    raise SourceNotFoundError(
        f'The capture device "{identity}" is not there; plug it in, or choose another from: '
        "python run_app.py devices"
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """A node, before anybody knows which of its names are its alone."""

    path: Path
    name: str
    bus: str = ""
    """Card and bus; empty where it may not be opened."""
    problem: str = ""


def _node_paths() -> list[Path]:
    numbered = [
        (int(match[1]), path)
        for path in _DEVICES.glob("video*")
        if (match := re.fullmatch(r"video(\d+)", path.name))
    ]
    return [path for _, path in sorted(numbered)]


def _look_at(path: Path) -> _Seen | None:
    """None for what gives no pictures, or has gone."""
    try:
        with Node(path) as node:
            if not node.captures:
                return None
            return _Seen(path, node.card, f"{node.card}@{node.bus_info}".replace(" ", "_"))
    except SourceNotFoundError:
        return None
    except SourceError as error:
        return _look_at_from_outside(path, str(error))


def _look_at_from_outside(path: Path, problem: str) -> _Seen | None:
    """As ``_look_at`` for a node that may not be opened: the kernel's own list has its name."""
    entry = Path("/sys/class/video4linux") / path.name
    try:
        name, place = ((entry / field).read_text("utf-8").strip() for field in ("name", "index"))
    except OSError:
        return None
    # A device's first node gives the pictures; the others are mostly its metadata.
    return _Seen(path, name, problem=problem) if place == "0" else None


def _links(folder: Path) -> dict[Path, str]:
    """Names of the links in ``folder``, by the node that each leads to."""
    if not folder.is_dir():
        return {}
    return {link.resolve(): link.name for link in sorted(folder.iterdir())}
