"""GStreamer's own process: what it says, and that it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.sources import gstreamer
from app.sources.base import SourceError
from app.sources.gstreamer import GStreamerProcess, PipelineEnd
from tests.app.sources.live_feeds import free_port, is_taken
from tests.app.sources.srt_feed import needs_srt
from tests.leftovers import has_ended, held, wait_until_given_back
from tests.locations import ROOT
from tests.waiting import HANG_S, wait_until

needs_gstreamer = pytest.mark.skipif(
    not gstreamer.has_element("videotestsrc"), reason="GStreamer's videotestsrc is not installed"
)
FOR_EVER = ["videotestsrc", "is-live=true", "!", "fakesink"]


def end_of(*elements: str) -> PipelineEnd:
    with GStreamerProcess(elements) as process:
        return process.end(HANG_S)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script of the shell")
def test_an_inspector_that_hangs_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inspector = tmp_path / "gst-inspect-1.0"
    inspector.write_text(f"#!/bin/sh\nsleep {HANG_S}\n")
    inspector.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(gstreamer, "_INSPECT_LIMIT_S", 0.5)
    begun_s = time.monotonic()
    with pytest.raises(SourceError, match=r"^GStreamer does not answer .*; run gst-inspect-1\.0 "):
        gstreamer.has_element("videotestsrc")
    assert time.monotonic() - begun_s < HANG_S


@needs_gstreamer
def test_what_reaches_the_element_named_detected_is_told() -> None:
    caps = "caps=video/x-raw,format=GRAY8,width=32,height=16"
    end = end_of(
        "videotestsrc", "num-buffers=2", "!", "capsfilter", caps, "!", "fakesink", "name=detected"
    )
    assert end.caps.startswith("video/x-raw, format=(string)GRAY8, width=(int)32")
    assert end == PipelineEnd(caps=end.caps)
    assert end_of("videotestsrc", "num-buffers=2", "!", "fakesink") == PipelineEnd()


@needs_gstreamer
def test_what_is_wrong_is_told_in_gstreamers_words() -> None:
    assert 'no element "nosuchsrc"' in end_of("nosuchsrc", "!", "fakesink").reason
    missing = end_of("filesrc", "location=/no/such/file", "!", "fakesink")
    assert missing.reason == "Resource not found."
    assert 'No such file "/no/such/file"' in missing.details


def test_a_missing_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gstreamer, "_LIBRARY", "libgstreamer-0.0.so.0")
    assert end_of("fakesrc", "!", "fakesink") == PipelineEnd(installed=False)


@needs_gstreamer
def test_it_is_waited_for_and_ends_when_told_and_leaves_nothing() -> None:
    before = held()
    process = GStreamerProcess(FOR_EVER)
    with pytest.raises(TimeoutError):
        process.end(0.5)
    process.interrupt()
    process.interrupt()
    assert process.end(HANG_S) == PipelineEnd()
    process.close()
    process.close()
    assert process.end() == PipelineEnd()
    assert has_ended(process.pid)
    wait_until_given_back(before)


@needs_gstreamer
def test_one_that_hangs_is_killed() -> None:
    process = GStreamerProcess(FOR_EVER)
    os.kill(process.pid, signal.SIGSTOP)
    process.close()
    assert has_ended(process.pid)


LISTENING = """
    from app.sources.srt import SrtReceiver
    from app.sources.stream_address import parse_stream_address
    opened = SrtReceiver(parse_stream_address("srt://:{port}"))
"""
CAPTURING = """
    from app.sources.decklink import DeckLinkSource
    caps = "caps=video/x-raw,format=UYVY,width=320,height=240,framerate=30/1"
    opened = DeckLinkSource("Card", ["videotestsrc", "is-live=true", "!", "capsfilter", caps])
    opened.read()
"""
THEN_WAIT = """
    print(opened._process.pid, flush=True)
    input()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc whether a process has ended")
@pytest.mark.parametrize("killed", [True, False], ids=["killed", "ended"])
@pytest.mark.parametrize(
    "opening",
    [
        pytest.param(LISTENING, marks=needs_srt, id="srt"),
        pytest.param(CAPTURING, marks=needs_gstreamer, id="decklink"),
    ],
)
def test_it_does_not_outlive_the_program(opening: str, killed: bool) -> None:
    port = free_port(socket.SOCK_DGRAM)
    lines = (opening.format(port=port) + THEN_WAIT).splitlines()
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", "\n".join(line.strip() for line in lines)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as program:
        assert program.stdout is not None
        pid = int(program.stdout.readline())
        if opening is LISTENING:
            wait_until(lambda: is_taken(port))
        assert not has_ended(pid)
        if killed:
            program.kill()
        else:
            program.communicate(b"\n")
    wait_until(lambda: has_ended(pid))
