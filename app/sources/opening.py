"""From what a person typed to a source."""

from __future__ import annotations

import re
from pathlib import Path

from app.sources.base import SourceError, VideoSource
from app.sources.images import SUFFIXES, ImageSource

PHANTOM = "phantom"

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def open_source(location: str | Path) -> VideoSource:
    """The source at ``location``: a video file, an image, a folder of images, or ``"phantom"``.

    Raises:
        SourceError: it cannot be opened; the sentence names the repair.
    """
    if location == PHANTOM:
        from app.sources.phantom import PhantomSource  # draws its world when it is made

        return PhantomSource()
    if _URL.match(str(location)):
        raise SourceError(
            f"{location} is a network address, and nothing is ever fetched from a network; "
            "download the video and give its path."
        )
    path = Path(location)
    if path.is_dir() or path.suffix.lower() in SUFFIXES:
        return ImageSource(path)
    from app.sources.file import FileSource  # loads FFmpeg

    return FileSource(path)
