"""Starts the viewer, and ends it cleanly."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from dataclasses import dataclass
from types import TracebackType

from PyQt6.QtGui import QGuiApplication, QScreen
from PyQt6.QtWidgets import QApplication

from app.config import AppConfig
from app.player.bookmark_store import BookmarkStore
from app.player.loading import SegmenterLoader, live_segmenter_loader
from app.player.session_maker import SessionMaker
from app.player.settings import load_settings, settings_path
from app.ui.display import require_display
from app.ui.engine_process import EngineProcess
from app.ui.libraries import load_libraries
from app.ui.log_file import LogFile, log_folder
from app.ui.main_window import MainWindow
from app.ui.picture_view import Renderer
from app.ui.recordings import Recordings, recording_folder
from app.ui.snapshots import Snapshots, snapshot_folder
from app.ui.theme import apply_theme
from app.ui.unix_signals import SignalWatch
from app.ui.viewer_error import ViewerError
from app.ui.viewer_model import ViewerModel
from app.version import version
from models.engine_folder import ENGINES_FOLDER

_INTERRUPTED = 130

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ViewerOptions:
    """What the command line asks of the window."""

    location: str | None = None
    """A video file, an image, a folder of images, ``"phantom"``, a capture device or a stream; None
    opens none."""
    full_screen: bool = False
    screen: int | None = None
    """Number of the monitor for full screen, from 1; None takes the one of the settings."""
    raster: bool = False
    """Draw without OpenGL."""
    reset: bool = False
    """Forget all settings and where the window was."""


def run_viewer(config: AppConfig, options: ViewerOptions) -> int:
    """Shows the window until it is closed; gives the exit code: 0, or 130 after SIGINT.

    Raises:
        ViewerError: no window can be opened, or there is no monitor ``options.screen``.
    """
    require_display()
    application = QApplication(["polyplens"])
    application.setApplicationName("polyplens")
    application.setApplicationDisplayName("PolypLens")
    application.setApplicationVersion(version())
    screen = None if options.screen is None else _screen(options.screen)
    apply_theme(application)
    log_file = LogFile(log_folder())
    _log.info("PolypLens %s starts", version())
    try:
        return _run(application, config, options, screen, log_file)
    finally:
        log_file.close()


def _run(
    application: QApplication,
    config: AppConfig,
    options: ViewerOptions,
    screen: QScreen | None,
    log_file: LogFile,
) -> int:
    if options.reset:
        settings_path().unlink(missing_ok=True)
    loaded = load_settings(settings_path())
    load = SegmenterLoader(config, loaded.settings.input_size)
    sessions = SessionMaker(load, live_segmenter_loader(load), BookmarkStore(log_file.folder))
    model = ViewerModel(
        loaded.settings, settings_path(), sessions, application, input_size=config.input_size
    )
    model.settings_changed.connect(load.follow)
    model.requested.connect(log_file.hide)
    if config.threshold is not None:
        model.change(threshold=config.threshold)
    if options.location is not None:
        model.open(options.location)
    recording = model.recording
    if recording is not None:
        recording.pause()  # the network loads while the window is made; the video waits for it
    load_libraries(config.backend)
    snapshots = Snapshots(model, snapshot_folder())
    engines = EngineProcess(config.weights, ENGINES_FOLDER)
    renderer = Renderer.RASTER if options.raster else Renderer.AUTOMATIC
    window = MainWindow(
        model,
        snapshots,
        Recordings(model, recording_folder()),
        engines,
        log_file.folder,
        renderer=renderer,
        engine=config.engine,
        screen=screen,
    )
    exit_codes = {signal.SIGINT: _INTERRUPTED}
    code = 0

    def end(number: int) -> None:
        nonlocal code
        code = exit_codes.get(signal.Signals(number), 0)
        window.close()

    watch = SignalWatch(application)
    watch.arrived.connect(end)
    window.closed.connect(application.quit)
    hooks_before = sys.excepthook, threading.excepthook
    report_exceptions(model)
    try:
        window.show()
        _log.info("the window is open")
        if options.full_screen:
            window.set_full_screen(True)
        for sentence in filter(None, (loaded.notice, log_file.problem)):
            model.notice(sentence)
        if recording is not None:
            recording.play()
        application.exec()
    finally:
        sys.excepthook, threading.excepthook = hooks_before
        watch.close()
        snapshots.close()
        engines.close()
        ended = model.close()
    _log.info("PolypLens ends")
    if not ended:
        # A thread is still inside a runtime that loads, and cannot be ended; the interpreter would
        # take away under it what it works on.
        _log.info("a runtime was still loading")
        logging.shutdown()
        os._exit(code)
    return code


def _screen(number: int) -> QScreen:
    screens = QGuiApplication.screens()
    if not 1 <= number <= len(screens):
        names = ", ".join(f"{place}: {screen.name()}" for place, screen in enumerate(screens, 1))
        raise ViewerError(f"There is no monitor {number}; --screen takes one of these: {names}.")
    return screens[number - 1]


def report_exceptions(model: ViewerModel) -> None:
    """An error that nobody expected is logged and shown; the video goes on."""

    def report(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        _log.error("unexpected error", exc_info=(kind, error, trace))
        model.notice(
            model.tr("Something went wrong ({error}); the log says more.").format(
                error=f"{kind.__name__}: {error}"
            )
        )

    def report_thread(arguments: threading.ExceptHookArgs) -> None:
        error = arguments.exc_value
        _log.error("unexpected error in a thread", exc_info=error)

    sys.excepthook = report
    threading.excepthook = report_thread
