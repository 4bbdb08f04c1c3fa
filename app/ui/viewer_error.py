"""Why the viewer cannot start; without Qt, so that the command line can say it."""

from __future__ import annotations

WINDOW_PACKAGES = (
    "libegl1 libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon-x11-0 libxcb-cursor0 "
    "libxcb-icccm4 libxcb-keysyms1 libxcb-randr0 libxcb-shape0 libxcb-sync1 libxcb-xfixes0 "
    "libxcb-xkb1"
)
"""Debian packages that Qt's windows need."""


class ViewerError(Exception):
    """The window cannot be opened as it was asked for; one sentence with the repair."""


def library_missing(error: Exception) -> ViewerError:
    """For the error of an import, or of loading a library, that names what is missing."""
    missing = str(error).split(":", 1)[0]
    return ViewerError(
        f"A library that windows need is missing ({missing}); on Debian and Ubuntu install them "
        f"with: sudo apt-get install {WINDOW_PACKAGES}"
    )
