"""The command line: ``python run_app.py COMMAND``."""

from __future__ import annotations

import argparse
import logging
import re
import signal
import sys
import traceback
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from app.check import CheckError, as_json, as_table, check
from app.config import AppConfig
from app.overlay import Marker
from app.sinks.base import DiskFullError, SinkError
from app.sources.base import SourceError
from app.ui.viewer_error import ViewerError, library_missing
from app.version import version
from models.backends.base import Backend, BackendError
from models.backends.selection import AUTO, BACKEND_NAMES, choose_backend
from models.engine_folder import EngineFolderError
from models.weights import DEFAULT_WEIGHTS, WeightsError

DONE = 0
FAILED = 1
INTERRUPTED = 130

_ONE_SENTENCE = (
    SourceError,
    SinkError,
    BackendError,
    WeightsError,
    EngineFolderError,
    CheckError,
    ViewerError,
)
"""Errors whose message says what is wrong and how to mend it."""


def main(words: Sequence[str]) -> int:
    """Runs the command that ``words`` ask for and gives the exit code.

    An error is one sentence on standard error; ``--debug`` adds the stack trace.
    """
    parser = _parser()
    arguments = parser.parse_args(words)
    if arguments.command is None:
        arguments = parser.parse_args([*words, "view"])
    if arguments.command != "check":
        _check_options(parser, arguments)
    logging.basicConfig(
        format="%(message)s", level=logging.DEBUG if arguments.debug else logging.WARNING
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    run = {"view": _view, "replay": _replay, "check": _check}[arguments.command]
    try:
        return run(arguments)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last place where anything can be said
        _complain(error, debug=arguments.debug)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="run_app.py",
        description="Marks polyps in colonoscopy video. Research only, not a medical device.",
    )
    parser.add_argument("--version", action="version", version=f"PolypLens {version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_view(commands.add_parser("view", help="open the viewer (the default)"))
    _add_replay(commands.add_parser("replay", help="mark the polyps of recorded video, to files"))
    _add_check(commands.add_parser("check", help="say what works on this machine"))
    return parser


def _add_view(parser: argparse.ArgumentParser) -> None:
    parser.description = "Opens a window that plays recorded video and marks its polyps."
    parser.add_argument(
        "location",
        nargs="?",
        metavar="FILE",
        help='a video file, an image, a folder of images, or "phantom"',
    )
    parser.add_argument("--fullscreen", action="store_true", help="start in full screen")
    parser.add_argument(
        "--screen", type=int, metavar="N", help="the monitor for full screen, counted from 1"
    )
    parser.add_argument("--raster", action="store_true", help="draw without OpenGL")
    parser.add_argument(
        "--reset", action="store_true", help="forget all settings and where the window was"
    )
    _add_network(parser)
    _add_debug(parser)


def _add_replay(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Marks the polyps of recorded video. For each input a folder OUT/NAME is written: the "
        "marked video, lossless masks, a table with a row for each frame, and a summary."
    )
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="IN",
        help='video files, images, folders of images, or "phantom"',
    )
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="OUT", help="a folder")
    parser.add_argument(
        "--start", type=_seconds, default=0.0, metavar="TIME", help="in seconds or h:mm:ss"
    )
    parser.add_argument(
        "--end", type=_seconds, metavar="TIME", help="in seconds or h:mm:ss; not itself replayed"
    )
    parser.add_argument(
        "--marker",
        choices=[marker.value for marker in Marker],
        default=Marker.CONTOUR.value,
        help="how a polyp is marked (default: %(default)s)",
    )
    _add_network(parser)
    parser.add_argument("--force", action="store_true", help="replace an earlier replay")
    parser.add_argument("--no-video", action="store_true", help="write masks and table alone")
    parser.add_argument(
        "--keep-screen-text",
        action="store_true",
        help="write what lies outside the endoscope's picture too: it may name the patient",
    )
    _add_debug(parser)


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.description = "Says what is installed and tries every runtime on a known frame."
    parser.add_argument("--json", action="store_true", help="print JSON")
    _add_debug(parser)


def _add_network(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--threshold",
        type=_share,
        metavar="P",
        help="probability from 0 to 1 from which a pixel counts as polyp (default: the model's)",
    )
    parser.add_argument(
        "--backend",
        choices=BACKEND_NAMES,
        default=AUTO,
        help="the runtime (default: the fastest that works)",
    )
    parser.add_argument(
        "--weights", type=Path, default=DEFAULT_WEIGHTS, metavar="FILE", help="a deployable ONNX"
    )
    parser.add_argument(
        "--engine", type=Path, metavar="FOLDER", help="a TensorRT engine (default: one that fits)"
    )


def _add_debug(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--debug", action="store_true", help="log more, and print a stack trace on failure"
    )


def _check_options(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    """Ends the program where options contradict each other."""
    if (
        arguments.command == "replay"
        and arguments.end is not None
        and arguments.end <= arguments.start
    ):
        parser.error("--end must be later than --start")
    if arguments.engine is not None and arguments.backend not in (AUTO, "tensorrt"):
        parser.error(f"--engine is for TensorRT; leave it out with --backend {arguments.backend}")


def _config(arguments: argparse.Namespace) -> AppConfig:
    return AppConfig(
        backend=arguments.backend,
        weights=arguments.weights,
        engine=arguments.engine,
        threshold=arguments.threshold,
    )


def _view(arguments: argparse.Namespace) -> int:
    try:
        # Imported here: replaying and checking work on machines that have no Qt.
        from app.ui.application import ViewerOptions, run_viewer
    except ImportError as error:
        raise library_missing(error) from error
    options = ViewerOptions(
        location=arguments.location,
        full_screen=arguments.fullscreen,
        screen=arguments.screen,
        raster=arguments.raster,
        reset=arguments.reset,
    )
    return run_viewer(_config(arguments), options)


def _replay(arguments: argparse.Namespace) -> int:
    # Imported here: pyarrow and tqdm would slow down every other command.
    from app.progress import progress_display
    from app.replay import ReplayOptions, replay
    from app.sinks.output_folder import output_folders
    from app.sinks.summary import Outcome

    config = _config(arguments)
    options = ReplayOptions(
        start_s=arguments.start,
        end_s=arguments.end,
        marker=Marker(arguments.marker),
        marked_pictures=not arguments.no_video,
        screen_text=arguments.keep_screen_text,
        force=arguments.force,
    )

    @cache
    def choose() -> Backend:
        return choose_backend(config.backend, config.weights, config.engine)

    failed: list[str] = []
    folders = output_folders(arguments.inputs, arguments.output)
    for location, folder in zip(arguments.inputs, folders, strict=True):
        display = progress_display()
        try:
            summary = replay(location, folder, choose, config, options, display.show)
        except DiskFullError:
            raise
        except (SourceError, SinkError) as error:
            # The other inputs may be better.
            _complain(error, debug=arguments.debug)
            failed.append(location)
            continue
        finally:
            display.close()
        print(
            f"{summary.input.name}: {summary.frames} frames in {summary.elapsed_s:.1f} s "
            f"({summary.frames_per_s:.1f} frames/s), {summary.marked_frames} of them with a polyp "
            f"marked; written to {folder}"
        )
        for message in summary.input.messages:
            print(f"{summary.input.name}: {message}")
        if summary.outcome is Outcome.INTERRUPTED:
            raise KeyboardInterrupt
    if failed and len(arguments.inputs) > 1:
        print(f"Not replayed to the end: {', '.join(failed)}", file=sys.stderr)
    return FAILED if failed else DONE


def _check(arguments: argparse.Namespace) -> int:
    report = check()
    print(as_json(report) if arguments.json else as_table(report))
    return DONE if report.works else FAILED


def _complain(error: Exception, *, debug: bool) -> None:
    if debug:
        traceback.print_exception(error)
    if isinstance(error, _ONE_SENTENCE):
        print(error, file=sys.stderr)
    else:
        print(
            f"PolypLens failed unexpectedly ({type(error).__name__}: {error}); run it again with "
            "--debug and report what that prints.",
            file=sys.stderr,
        )


def _seconds(text: str) -> float:
    """``90``, ``1:30`` or ``0:01:30.5``, as seconds."""
    if not re.fullmatch(r"(\d+:)?(\d+:)?\d+(\.\d+)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write seconds or h:mm:ss")
    parts = [float(part) for part in text.split(":")]
    if any(part >= 60 for part in parts[1:]):
        raise argparse.ArgumentTypeError(f"{text!r} has more than 59 minutes or seconds")
    seconds = 0.0
    for part in parts:
        seconds = seconds * 60 + part
    return seconds


def _share(text: str) -> float:
    """A number from 0 to 1."""
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 1")
    return share
