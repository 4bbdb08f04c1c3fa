"""Raw video on a named pipe or on standard input."""

from __future__ import annotations

import fcntl
import os
import re
import stat
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from app.sources.base import SourceError, SourceFormatError, SourceNotFoundError
from app.sources.frame_rate import parse_rate
from app.sources.live import NoSignalError
from app.sources.live_opening import PIPE_PREFIX
from app.sources.raw_video import RawVideoFormat, RawVideoSource
from models.picture import PixelFormat

FORM = "pipe:PATH?format=nv12&size=1920x1080&rate=60"
"""The form of a location; PATH is ``-`` for standard input."""

STANDARD_INPUT = "-"
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")
_BUFFER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class PipeAddress:
    """Which pipe, and what is in it."""

    path: str
    video: RawVideoFormat


def parse_pipe_address(location: str) -> PipeAddress:
    """
    Raises:
        SourceError: ``location`` is malformed; the sentence shows the right form.
    """
    path, _, query = location.removeprefix(PIPE_PREFIX).rpartition("?")
    values = dict(parse_qsl(query))
    size = _SIZE.fullmatch(values.get("size", ""))
    formats = ", ".join(pixel_format.value for pixel_format in PixelFormat)
    if not path or size is None or set(values) != {"format", "size", "rate"}:
        raise SourceError(f"{location} is no pipe of raw video; give {FORM}.")
    try:
        video = RawVideoFormat(
            PixelFormat(values["format"]), int(size[1]), int(size[2]), parse_rate(values["rate"])
        )
    except ValueError as error:
        raise SourceError(
            f"{location} cannot be read ({error}); give {FORM} with a format out of {formats}."
        ) from error
    return PipeAddress(path, video)


class PipeSource(RawVideoSource):
    """Reads what is written to the pipe from now on, and waits for a writer as long as it takes.

    The writer must begin with a frame's first byte: nothing in raw video marks one. So a pipe is
    not to be closed and opened again while its writer pauses, and a new writer must not begin
    before the last frame of the one before is read.

    Args:
        location: of the form ``FORM``.

    Raises:
        SourceError: malformed, not there, or not a pipe.
    """

    def __init__(self, location: str) -> None:
        address = parse_pipe_address(location)
        self._is_standard_input = address.path == STANDARD_INPUT
        if self._is_standard_input:
            super().__init__("standard input", _standard_input(), address.video)
        else:
            path = Path(address.path)
            super().__init__(path.name, _opened(path), address.video)

    def _end(self) -> SourceError:
        if self._is_standard_input:
            return NoSignalError(
                "Standard input has ended; start the writer and this program again."
            )
        return super()._end()


def _standard_input() -> int:
    if sys.stdin is None or sys.stdin.isatty():
        raise SourceError("Nothing is piped into standard input; end the writer's line with | .")
    return os.dup(sys.stdin.fileno())


def _opened(path: Path) -> int:
    try:
        if not stat.S_ISFIFO(path.stat().st_mode):
            raise SourceFormatError(f"{path} is not a pipe; make one with mkfifo, or give a pipe.")
        # Waits for no writer; O_NONBLOCK has no further effect, because select comes before read.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise SourceNotFoundError(f"There is no {path}; make it with mkfifo.") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be opened ({error.strerror}); check the path.") from error
    if sys.platform == "linux":
        with suppress(OSError):  # the system's limit is lower: then it stays as it is
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _BUFFER_BYTES)
    return descriptor
