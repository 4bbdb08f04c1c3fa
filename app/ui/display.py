"""Finds out whether a window can be opened, where Qt itself would end the process."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from PyQt6.QtCore import QLibraryInfo

from app.ui.viewer_error import ViewerError, library_missing


def require_display() -> None:
    """Does nothing where Qt brings its own windows, as on Windows and macOS.

    Raises:
        ViewerError: there is no display, or a library for it is missing.
    """
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM", "xcb") != "xcb":
        return
    if os.environ.get("WAYLAND_DISPLAY"):
        return
    display = os.environ.get("DISPLAY", "")
    if not display:
        raise ViewerError(
            "There is no display to open a window on; run it on a desktop, or mark a video without "
            "one: python run_app.py replay FILE --output FOLDER"
        )
    plugins = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath))
    try:
        ctypes.CDLL(str(plugins / "platforms" / "libqxcb.so"))
        connects = _connects(ctypes.CDLL("libxcb.so.1"))
    except OSError as error:
        raise library_missing(error) from error
    if not connects:
        raise ViewerError(
            f"The display {display} cannot be reached; check DISPLAY and the permission to use it."
        )


def _connects(xcb: ctypes.CDLL) -> bool:
    """Whether the X server that DISPLAY names answers.

    The connection stays open while the process lives: an X server that loses its last client may
    start anew, and refuse the one that Qt opens next.
    """
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = (ctypes.c_char_p, ctypes.POINTER(ctypes.c_int))
    xcb.xcb_connection_has_error.argtypes = (ctypes.c_void_p,)
    return not xcb.xcb_connection_has_error(xcb.xcb_connect(None, None))
