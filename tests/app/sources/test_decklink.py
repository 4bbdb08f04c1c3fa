"""The DeckLink source on the real GStreamer, with a test picture in the card's place."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from app.sources import decklink, gstreamer
from app.sources.base import SourceError
from app.sources.decklink import DeckLinkSource, card_elements, check_gstreamer
from app.sources.live import NoSignalError, SignalState, SourceLostError
from app.sources.reconnecting import ReconnectingSource
from models.picture import PixelFormat
from tests.app.sources.waiting import Viewer, wait_for_state
from tests.leftovers import has_ended, held, wait_until_given_back
from tests.waiting import wait_until

needs_gstreamer = pytest.mark.skipif(
    not gstreamer.has_element("videotestsrc"), reason="GStreamer's videotestsrc is not installed"
)


def elements(width: int = 320, height: int = 240, *properties: str) -> list[str]:
    caps = f"caps=video/x-raw,format=UYVY,width={width},height={height},framerate=60000/1001"
    return ["videotestsrc", "is-live=true", "pattern=ball", *properties, "!", "capsfilter", caps]


@needs_gstreamer
def test_frames_come_as_the_card_has_them() -> None:
    with DeckLinkSource("DeckLink 0", elements()) as source:
        info = source.info
        assert (info.width, info.height) == (320, 240)
        assert info.rate == pytest.approx(59.94, abs=0.001)
        frames = [source.read() for _ in range(30)]
    luma_before = None
    for frame in frames:
        assert frame is not None
        assert frame.picture.pixel_format is PixelFormat.UYVY422
        luma = frame.picture.luma_plane()
        # A white ball on black, that moves: a frame cut in the wrong place has U or V there.
        assert {int(luma.min()), int(luma.max())} == {16, 235}
        assert (frame.picture.chroma_planes()[0] == 128).all()
        assert luma_before is None or (luma != luma_before).any()
        luma_before = luma


@needs_gstreamer
def test_the_end_of_the_process_is_a_loss() -> None:
    with (
        DeckLinkSource("DeckLink 0", elements(320, 240, "num-buffers=5")) as source,
        pytest.raises(SourceLostError, match="DeckLink 0 cannot be read"),
    ):
        while source.read() is not None:
            pass


@needs_gstreamer
def test_a_card_that_gives_nothing_has_no_signal() -> None:
    with pytest.raises(NoSignalError, match="No picture reaches DeckLink 0"):
        DeckLinkSource("DeckLink 0", [*elements(), "!", "identity", "drop-probability=1.0"])


@needs_gstreamer
def test_what_gstreamer_says_is_passed_on() -> None:
    with pytest.raises(SourceError, match=r'no element "nosuchsrc"'):
        DeckLinkSource("DeckLink 0", ["nosuchsrc"])


@needs_gstreamer
def test_a_killed_process_is_started_again_and_none_is_left() -> None:
    before = held()
    opened: list[DeckLinkSource] = []

    def open_source() -> DeckLinkSource:
        opened.append(DeckLinkSource("DeckLink 0", elements()))
        return opened[-1]

    with ReconnectingSource("DeckLink 0", open_source) as source, Viewer(source) as viewer:
        wait_for_state(source, SignalState.LIVE)
        count, times = len(viewer.frames), len(opened)
        os.kill(opened[-1]._process.pid, signal.SIGKILL)
        wait_until(lambda: len(opened) > times)
        wait_until(lambda: len(viewer.frames) > count + 10)
        assert source.signal.state is SignalState.LIVE
    assert all(has_ended(source._process.pid) for source in opened)
    opened.clear()
    wait_until_given_back(before)


def _has_decklink() -> bool:
    try:
        check_gstreamer()
    except SourceError:
        return False
    return True


@pytest.mark.skipif(not _has_decklink(), reason="GStreamer's decklinkvideosrc is not installed")
def test_a_card_that_is_not_there_is_asked_for_in_words_that_gstreamer_knows() -> None:
    with pytest.raises(SourceError, match=r"DeckLink 77 cannot be read .* Desktop Video") as raised:
        DeckLinkSource("DeckLink 77", card_elements(77))
    assert "property" not in str(raised.value)
    assert "erroneous" not in str(raised.value)


def test_a_missing_gstreamer_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(gstreamer, "_LIBRARY", "libgstreamer-0.0.so.0")
    with pytest.raises(SourceError, match=r"install the packages gstreamer1\.0-tools and"):
        check_gstreamer()
    with pytest.raises(SourceError, match=r"install the packages gstreamer1\.0-tools and"):
        DeckLinkSource("DeckLink 0", card_elements(0))


@needs_gstreamer
def test_a_missing_plug_in_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decklink, "_ELEMENT", "nosuchsrc")
    with pytest.raises(SourceError, match=r"install the package gstreamer1\.0-plugins-bad"):
        check_gstreamer()
