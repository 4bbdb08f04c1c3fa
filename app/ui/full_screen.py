"""Full screen on the monitor that was chosen, and back to where the window was."""

from __future__ import annotations

from PyQt6.QtCore import QRect
from PyQt6.QtGui import QGuiApplication, QScreen
from PyQt6.QtWidgets import QMainWindow, QMenuBar

_LARGEST_SIZE = 16_777_215
"""Qt's own."""


class FullScreen:
    """Takes ``window`` to full screen, without the menu bar ``bar``, and back."""

    def __init__(self, window: QMainWindow, bar: QMenuBar) -> None:
        self._window = window
        self._bar = bar
        self._before = QRect()
        self._was_maximised = False

    @property
    def on(self) -> bool:
        return self._window.isFullScreen()

    def enter(self, screen: QScreen | None) -> None:
        """``screen`` None takes the one that the window is on."""
        if self.on:
            return
        self._was_maximised = self._window.isMaximized()
        window = self._window
        self._before = window.normalGeometry() if self._was_maximised else window.geometry()
        # Hidden, a menu bar's keys would be dead; without height they work.
        self._bar.setMaximumHeight(0)
        target = screen or self._window.screen()
        if target is not None:
            self._move(target, target.geometry())
        self._window.showFullScreen()

    def leave(self) -> None:
        """To where the window was; to the first monitor where that one is gone meanwhile."""
        if not self.on:
            return
        self._bar.setMaximumHeight(_LARGEST_SIZE)
        self._window.showNormal()
        target = QGuiApplication.screenAt(self._before.center())
        if target is None:
            target = QGuiApplication.primaryScreen()
            assert target is not None  # there is one while windows can be shown
            self._before.moveTopLeft(target.availableGeometry().topLeft())
        self._move(target, self._before)
        if self._was_maximised:
            self._window.showMaximized()

    def _move(self, screen: QScreen, place: QRect) -> None:
        """By hand: without a window manager nobody else makes the window large."""
        handle = self._window.windowHandle()
        if handle is not None:
            handle.setScreen(screen)
        self._window.setGeometry(place)


def screen_named(name: str) -> QScreen | None:
    """The monitor ``name``; None where it is not connected, or no name is given."""
    return next((screen for screen in QGuiApplication.screens() if screen.name() == name), None)
