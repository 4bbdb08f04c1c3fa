"""Folders of images, and single images."""

from __future__ import annotations

import re
import struct
import threading
import time
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from app.frame import Frame
from app.sources.base import ReadReport, SeekableSource, SourceError, SourceFormatError, SourceInfo
from app.sources.file_name import shown_name
from app.sources.regular_file import check_regular_file
from app.sources.ticks import first_not_before, seconds
from models.picture import Picture

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"})
DEFAULT_RATE = Fraction(25)
IMAGES = "images"
"""What ``SourceInfo.codec`` says: of such a source the rate is a choice."""

# Pillow knows formats that start other programs (EPS); these do not.
_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP")
_MAX_PIXELS = 8192 * 8192
_UINT16_MAX = 65535
# What Pillow's decoders raise for damaged files.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    LookupError,
    MemoryError,
    RuntimeError,
    struct.error,
    Image.DecompressionBombError,
)
_NAMED_IN_REPORT = 3


class ImageSource(SeekableSource):
    """The images of a folder in natural order (2.png before 10.png), or one image.

    Pictures are RGB24, each of its own size, turned upright by their EXIF orientation. 16-bit
    samples keep their upper 8 bits, grey becomes three equal channels, and transparency is left
    out. ``info`` describes the first image that can be read. Images that cannot be are left out
    and counted; they take no time, so that frame ``n`` is at ``n / rate`` seconds.

    Args:
        location: an image file, or a folder whose own images are taken (those below it are not).
        rate: images per second.

    Raises:
        SourceNotFoundError: there is no such file or folder.
        SourceFormatError: it holds no image that can be read.
        SourceError: it may not be read.
    """

    def __init__(self, location: Path, rate: Fraction = DEFAULT_RATE) -> None:
        self._paths = _image_paths(location)
        self._lock = threading.Lock()
        self._interrupted = threading.Event()
        self._closed = False
        self._position = 0
        self._index = 0
        self._unreadable: set[int] = set()
        first = self._next_picture()
        if first is None:
            raise SourceFormatError(
                f"No image of {location} can be read; save it again as PNG or JPEG."
            )
        self._position -= 1
        self._info = SourceInfo(
            name=shown_name(location.resolve() if location.name == ".." else location.absolute()),
            width=first.width,
            height=first.height,
            rate=rate,
            time_base=1 / rate,
            frame_count=len(self._paths),
            duration_s=float(len(self._paths) / rate),
            codec=IMAGES,
        )

    @property
    def info(self) -> SourceInfo:
        return self._info

    @property
    def report(self) -> ReadReport:
        names = [shown_name(self._paths[position]) for position in sorted(self._unreadable.copy())]
        if not names:
            return ReadReport()
        shown = ", ".join(names[:_NAMED_IN_REPORT])
        more = f" and {len(names) - _NAMED_IN_REPORT} more" if len(names) > _NAMED_IN_REPORT else ""
        return ReadReport(len(names), messages=(f"Could not be read: {shown}{more}.",))

    @property
    def frame_times_s(self) -> NDArray[np.float64]:
        time_base = self._info.time_base
        count = len(self._paths) - len(self._unreadable)
        times_s = np.arange(count) * time_base.numerator / time_base.denominator
        times_s.setflags(write=False)
        return times_s

    def read(self) -> Frame | None:
        with self._lock:
            self._require_open()
            picture = self._next_picture()
            if picture is None:
                return None
            index = self._index
            self._index += 1
            name = shown_name(self._paths[self._position - 1])
            time_s = seconds(index, self._info.time_base)
            return Frame(picture, index, time_s, time.monotonic_ns(), name)

    def seek(self, pts_s: float) -> None:
        with self._lock:
            self._require_open()
            index = max(0, first_not_before(pts_s, self._info.time_base))
            readable = [n for n in range(len(self._paths)) if n not in self._unreadable]
            self._position = readable[index] if index < len(readable) else len(self._paths)
            self._index = index

    def interrupt(self) -> None:
        self._interrupted.set()

    def close(self) -> None:
        self._interrupted.set()
        with self._lock:
            self._closed = True

    def _next_picture(self) -> Picture | None:
        """The next picture that can be read; ``_position`` is then just behind it."""
        while self._position < len(self._paths) and not self._interrupted.is_set():
            self._position += 1
            try:
                return _read_picture(self._paths[self._position - 1])
            except _DAMAGE:
                self._unreadable.add(self._position - 1)
        return None

    def _require_open(self) -> None:
        if self._closed:
            raise SourceError(f"{self._info.name} is closed; open it again.")


def _image_paths(location: Path) -> list[Path]:
    if not location.is_dir():
        check_regular_file(location)
        return [location]
    try:
        paths = [
            path
            for path in location.iterdir()
            if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
        ]
    except OSError as error:
        raise SourceError(f"{location} may not be read; give yourself read permission.") from error
    if not paths:
        raise SourceFormatError(
            f"{location} holds no image ({', '.join(sorted(SUFFIXES))}); "
            "give the folder that the images are in."
        )
    return sorted(paths, key=_natural_order)


def _natural_order(path: Path) -> tuple[list[tuple[int, str]], str]:
    parts = re.split(r"([0-9]+)", path.name.casefold())
    # Text and digits take turns; the name itself settles what differs in case or in zeros alone.
    return [(int(part), "") if n % 2 else (0, part) for n, part in enumerate(parts)], path.name


def _read_picture(path: Path) -> Picture:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on metadata
        with Image.open(path, formats=_FORMATS) as image:
            if image.width * image.height > _MAX_PIXELS:
                raise ValueError(f"{image.width}x{image.height} pixels are too many")
            image.load()
            pixels = np.array(_rgb(ImageOps.exif_transpose(image)))
    pixels.setflags(write=False)
    return Picture(pixels)


def _rgb(image: Image.Image) -> Image.Image:
    """8-bit RGB; Pillow's own conversion would cut 16-bit grey off at 255."""
    if image.mode.startswith("I"):
        samples = np.asarray(image)
        if samples.min() < 0 or samples.max() > _UINT16_MAX:
            raise ValueError("grey values beyond 16 bits have no known range")
        image = Image.fromarray((samples >> 8).astype(np.uint8))
    elif image.mode == "F":
        raise ValueError("floating-point grey values have no known range")
    elif image.mode == "P":
        image = image.convert("RGBA")  # a palette may hold transparency
    return image.convert("RGB")
