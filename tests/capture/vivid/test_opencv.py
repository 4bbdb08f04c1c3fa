"""The portable way in, on the same card."""

from __future__ import annotations

import numpy as np
import pytest

from app.sources.base import SourceError, SourceNotFoundError
from app.sources.live import CaptureWish
from app.sources.opencv_camera import OpenCvCamera
from models.picture import PixelFormat
from tests.app.sources.reading import frames_of
from tests.capture.vivid.reading import SMALL
from tests.leftovers import descriptors

WISH = CaptureWish(width=SMALL[0], height=SMALL[1])


def test_frames_come_as_bgr() -> None:
    before = descriptors()
    with OpenCvCamera(0, WISH) as camera:
        assert (camera.info.width, camera.info.height) == SMALL
        frames = frames_of(camera, 3)
        camera.interrupt()
        assert camera.read() is None
    assert descriptors() == before
    assert [frame.index for frame in frames] == [0, 1, 2]
    for frame in frames:
        assert frame.picture.pixel_format is PixelFormat.BGR24
        assert frame.picture.pixels.shape == (SMALL[1], SMALL[0], 3)
        assert not frame.picture.pixels.flags.writeable
    assert not np.array_equal(frames[0].picture.pixels, frames[2].picture.pixels)
    with pytest.raises(SourceError, match="closed"):
        camera.read()


def test_a_camera_that_is_not_there_is_said() -> None:
    with pytest.raises(SourceNotFoundError, match="Camera 7"):
        OpenCvCamera(7, WISH)
