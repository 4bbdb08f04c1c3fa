"""From a location to something that delivers live."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from app.bench.opening import open_paced
from app.bench.paced_recording import PacedRecording
from app.sources.base import SourceError
from app.sources.live import CaptureWish, LiveSource
from tests.app.sources.videos import MP4, write_video


@pytest.mark.parametrize("location", ["phantom", "test-picture"])
def test_the_test_picture_is_live_and_of_the_wished_size(location: str) -> None:
    with open_paced(location, CaptureWish(640, 360, Fraction(50))) as source:
        assert isinstance(source, LiveSource)
        assert (source.info.width, source.info.height) == (640, 360)
        assert source.info.rate == 50
        assert source.read() is not None


def test_a_recording_comes_at_its_own_rate_unless_wished_otherwise(tmp_path: Path) -> None:
    clip = str(write_video(tmp_path / "clip.mp4", MP4, 5, rate=10))
    for wished, rate in ((None, 10), (Fraction(25), 25)):
        with open_paced(clip, CaptureWish(rate=wished)) as source:
            assert isinstance(source, PacedRecording)
            assert source.info.rate == rate
            assert source.info.live


@pytest.mark.parametrize("location", ["gone.mp4", "decklink:first", "pipe:"])
def test_what_cannot_be_is_a_sentence(location: str) -> None:
    with pytest.raises(SourceError):
        open_paced(location, CaptureWish())
