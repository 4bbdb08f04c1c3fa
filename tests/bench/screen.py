"""A screen for what is measured in a window: Xvfb, on which Mesa draws OpenGL."""

from __future__ import annotations

import os
from functools import cache

from PyQt6.QtWidgets import QApplication

from app.ui.theme import apply_theme
from tests.xvfb import DRAWN_BY_MESA, start_xvfb


@cache
def environment() -> dict[str, str]:
    """What a process of its own needs, to open a window on the screen; one for all groups."""
    return {**os.environ, **DRAWN_BY_MESA, "DISPLAY": start_xvfb()}


@cache
def application() -> QApplication:
    """This process's own, on that screen, in the viewer's colours."""
    os.environ.update(environment())
    made = QApplication(["polyplens-bench"])
    apply_theme(made)
    return made
