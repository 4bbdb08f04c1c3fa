"""Whatever the card does: a typed error, one sentence, and nothing left open."""

from __future__ import annotations

import grp
import os
import threading
from collections.abc import Callable

import pytest

from app.sources.base import SourceError, SourceNotFoundError
from app.sources.camera import V4L2Camera
from app.sources.live import CaptureWish, SourceLostError
from app.sources.v4l2.identity import capture_nodes
from tests.app.sources.reading import frames_of
from tests.capture.vivid import card
from tests.capture.vivid.reading import open_card, read_on, soon
from tests.leftovers import descriptors

NOBODY = 65534


def test_a_damaged_frame_is_left_out_and_counted() -> None:
    with open_card() as camera:
        frames_of(camera, 3)
        card.set_control("Inject V4L2_BUF_FLAG_ERROR")
        frames = frames_of(camera, 6)
        report = camera.report
    assert report.undecodable == 1
    assert "1 frame was left out" in " ".join(report.messages)
    assert [frame.index for frame in frames] == list(range(3, 9))


@pytest.mark.timeout(30)
@pytest.mark.parametrize("control", ["Inject Fatal Streaming Error", "Disconnect"])
def test_a_device_that_breaks_down_is_lost_and_can_be_opened_again(control: str) -> None:
    before = descriptors()
    with open_card() as camera:
        frames_of(camera, 3)
        with soon(card.set_control, control), pytest.raises(SourceLostError, match="vivid"):
            read_on(camera)
    with open_card() as camera:
        frames_of(camera, 3)
    assert descriptors() == before


@pytest.mark.timeout(30)
def test_a_device_that_is_unplugged_is_lost_and_then_not_there() -> None:
    before = descriptors()
    try:
        with V4L2Camera(card.IDENTITY, CaptureWish(width=640, height=360)) as camera:
            frames_of(camera, 3)
            with soon(card.unplug), pytest.raises(SourceLostError, match="unplugged"):
                read_on(camera)
        for identity in (card.IDENTITY, str(card.NODE)):
            with pytest.raises(SourceNotFoundError, match="plug"):
                V4L2Camera(identity, CaptureWish())
        assert capture_nodes() == ()
        assert descriptors() == before
    finally:
        card.plug_in()
    with V4L2Camera(card.IDENTITY, CaptureWish(width=640, height=360)) as camera:
        frames_of(camera, 3)


@pytest.mark.parametrize(
    "control",
    ["Inject VIDIOC_REQBUFS Error", "Inject VIDIOC_QBUF Error", "Inject VIDIOC_STREAMON Error"],
)
def test_a_stream_that_cannot_be_started_leaves_nothing_behind(control: str) -> None:
    before = descriptors()
    card.set_control(control)
    with pytest.raises(SourceError, match="vivid"):
        open_card()
    assert descriptors() == before
    with open_card() as camera:
        frames_of(camera, 3)


def test_a_device_in_use_names_its_user() -> None:
    def hold(ready: int) -> None:
        with open_card():
            os.write(ready, b"holding")
            threading.Event().wait()

    with _Child(hold) as child:
        child.says()
        with pytest.raises(SourceError, match=rf"in use by \S+ \(process {child.number}\)"):
            open_card()
    with open_card() as camera:
        frames_of(camera, 1)


def test_a_device_that_may_not_be_opened_names_its_group() -> None:
    def open_as_nobody(ready: int) -> None:
        os.setgroups([])
        os.setuid(NOBODY)
        (node,) = capture_nodes()
        os.write(ready, f"{node.name}: {node.problem}".encode())

    before = card.NODE.stat()
    os.chown(card.NODE, 0, grp.getgrnam("video").gr_gid)
    try:
        with _Child(open_as_nobody) as child:
            said = child.says()
    finally:
        os.chown(card.NODE, before.st_uid, before.st_gid)
    assert said.startswith("vivid")
    assert "sudo usermod -aG video" in said


class _Child:
    """A process of its own that runs ``act`` with a pipe to tell something through."""

    def __init__(self, act: Callable[[int], None]) -> None:
        self._end, told = os.pipe()
        self.number = os.fork()
        if self.number == 0:
            try:
                act(told)
            finally:
                os._exit(1)
        os.close(told)

    def says(self) -> str:
        return os.read(self._end, 1000).decode()

    def __enter__(self) -> _Child:
        return self

    def __exit__(self, *error: object) -> None:
        os.kill(self.number, 9)
        os.waitpid(self.number, 0)
        os.close(self._end)
