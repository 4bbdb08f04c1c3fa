"""The phantom as a capture card would deliver it: live, at an exact pace, each frame numbered."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np
from av import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from app.frame import Frame
from app.sources.base import ReadReport, SourceError, SourceInfo, VideoSource
from app.sources.capture_clock import CaptureClock
from app.sources.file import FileSource
from app.sources.frame_stamp import LEAST_HEIGHT, LEAST_WIDTH, stamp
from models.picture import Picture, PixelFormat

DEMO_CLIP = Path(__file__).parents[2] / "assets" / "demo.mp4"
"""The phantom, rendered before: rendering it anew takes longer than a frame lasts."""
LARGEST_WIDTH, LARGEST_HEIGHT = 7680, 4320
_FIRST_S = 9.0
"""From here on a large polyp is in the picture."""
_SCENE_BYTES = 100_000_000
"""Of pictures held ready: 32 at 1080p, 8 at 4K."""
_MOST_PICTURES = 64


def require_possible(size: tuple[int, int], rate: Fraction) -> None:
    """Raises ValueError where the test picture cannot have this size or rate."""
    width, height = size
    fits = LEAST_WIDTH <= width <= LARGEST_WIDTH and LEAST_HEIGHT <= height <= LARGEST_HEIGHT
    if not fits or width % 2 or height % 2:
        raise ValueError(
            f"the test picture has an even size from {LEAST_WIDTH}x{LEAST_HEIGHT} to "
            f"{LARGEST_WIDTH}x{LARGEST_HEIGHT}, not {width}x{height}"
        )
    if rate <= 0:
        raise ValueError(f"the test picture has a positive rate, not {rate}")


class TestPicture(VideoSource):
    """A live source that needs no device: NV12 frames of ``size``, ``rate`` a second, for ever.

    A second of the phantom goes forwards and backwards. Each frame carries its number for
    ``frame_stamp.read_stamp``; numbers count every frame, so they show those that were lost.
    ``captured_ns`` is the moment at which the frame was due, as a driver would stamp it: that it
    is copied later counts as delay. A card's ``capture_clock.BUFFERS`` frames wait for a late
    reader, further ones are lost and counted as ``report.dropped``. A frame costs one copy and the
    stamp.

    Args:
        size: width and height, even, from 160 x 120 to 7680 x 4320.
        rate: frames per second.

    Raises:
        ValueError: ``size`` or ``rate`` is not such a one.
        SourceError: the demo clip is not there.
    """

    __test__: ClassVar[bool] = False  # pytest goes by the name

    def __init__(
        self, size: tuple[int, int] = (1920, 1080), rate: Fraction | int = Fraction(60)
    ) -> None:
        require_possible(size, Fraction(rate))
        self._clock = CaptureClock(Fraction(rate))
        self._rate = Fraction(rate)
        self._size = size
        self._scene = _scene(*size)
        self._given = 0
        self._closed = False

    @property
    def info(self) -> SourceInfo:
        width, height = self._size
        return SourceInfo(
            name="test picture",
            width=width,
            height=height,
            rate=self._rate,
            time_base=1 / self._rate,
            live=True,
            codec="nv12",
        )

    @property
    def report(self) -> ReadReport:
        return ReadReport(dropped=self._clock.lost)

    def read(self) -> Frame | None:
        if self._closed:
            raise SourceError("the test picture is closed; open another one")
        tick = self._clock.wait()
        if tick is None:
            return None
        picture = self._picture(tick.number)
        index = self._given
        self._given += 1
        return Frame(picture, index, float(tick.number / self._rate), tick.due_ns)

    def interrupt(self) -> None:
        self._clock.interrupt()

    def close(self) -> None:
        self._closed = True
        self._clock.interrupt()

    def _picture(self, number: int) -> Picture:
        there_and_back = 2 * len(self._scene) - 2
        place = number % there_and_back
        pixels = self._scene[min(place, there_and_back - place)].copy()
        stamp(pixels[: self._size[1]], number)
        pixels.setflags(write=False)
        return Picture(pixels, PixelFormat.NV12)


@lru_cache(maxsize=1)
def _scene(width: int, height: int) -> NDArray[np.uint8]:
    """Successive pictures of the demo clip, (pictures, height * 3 / 2, width): NV12 each.

    Kept, so that a source that was lost is there again at once.
    """
    rows = height * 3 // 2
    count = min(_MOST_PICTURES, max(2, _SCENE_BYTES // (width * rows)))
    # In one piece: the memory goes back to the system when another size takes its place.
    scene = np.empty((count, rows, width), np.uint8)
    reformatter = VideoReformatter()
    with FileSource(DEMO_CLIP) as clip:
        clip.seek(_FIRST_S)
        for place in scene:
            frame = clip.read()
            assert frame is not None, f"{DEMO_CLIP.name} is shorter than it was"
            scaled = reformatter.reformat(
                VideoFrame.from_ndarray(frame.picture.pixels, frame.picture.pixel_format.value),
                width=width,
                height=height,
                format="nv12",
                interpolation=Interpolation.BILINEAR,
            )
            place[:] = scaled.to_ndarray()
    scene.setflags(write=False)
    return scene
