"""From what a person typed to a source."""

from __future__ import annotations

import re
from pathlib import Path

from app.sources.base import SourceError, VideoSource
from app.sources.decoding import Decoding
from app.sources.images import SUFFIXES, ImageSource
from app.sources.live_opening import is_live
from app.sources.stream_address import FORMS, scheme_alone

PHANTOM = "phantom"

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def open_source(location: str | Path, decoding: Decoding = Decoding.CPU) -> VideoSource:
    """The source at ``location``: a video file, an image, a folder of images, or ``"phantom"``.

    Args:
        decoding: who decodes a video file.

    Raises:
        SourceError: it cannot be opened; the sentence names the repair.
    """
    if location == PHANTOM:
        from app.sources.phantom import PhantomSource  # draws its world when it is made

        return PhantomSource()
    typed = str(location)
    if not typed:
        raise SourceError("No recording was named; give the path of one.")
    shown = scheme_alone(typed)
    if is_live(typed):
        raise SourceError(
            f"{shown} is live, and for view and bench alone; give the path of a recording."
        )
    if _URL.match(typed):
        raise SourceError(
            f"{shown} is no address of a live stream and no path of a recording; give a "
            f"path, or to view and bench {FORMS}."
        )
    path = Path(location)
    if path.is_dir() or path.suffix.lower() in SUFFIXES:
        return ImageSource(path)
    from app.sources.file import FileSource  # loads FFmpeg

    return FileSource(path, decoding)


def short_name(location: str) -> str:
    """For a list: of a recording the name of its file or folder, of what is live no password."""
    shown = scheme_alone(location)
    return shown if shown != location or is_live(location) else Path(location).name or location
