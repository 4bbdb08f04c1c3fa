"""``replay``: recorded video to marked files."""

from __future__ import annotations

import argparse
import signal
import sys
from functools import cache
from pathlib import Path

from app.commands.options import add_debug, add_network, config_from, seconds
from app.commands.outcome import DONE, FAILED, complain, say
from app.overlay import Marker
from app.sinks.base import DiskFullError, SinkError
from app.sources.base import SourceError
from app.sources.decoding import Decoding
from app.sources.opening import short_name
from models.backends.base import Aim, Backend
from models.backends.selection import choose_backend
from models.interruptions import interruptions_held

HELP = "mark the polyps of recorded video, to files"


def add_options(parser: argparse.ArgumentParser) -> None:
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
        "--start", type=seconds, default=0.0, metavar="TIME", help="in seconds or h:mm:ss"
    )
    parser.add_argument(
        "--end", type=seconds, metavar="TIME", help="in seconds or h:mm:ss; not itself replayed"
    )
    parser.add_argument(
        "--marker",
        choices=[marker.value for marker in Marker],
        default=Marker.CONTOUR.value,
        help="how a polyp is marked (default: %(default)s)",
    )
    add_network(parser)
    parser.add_argument(
        "--decoder",
        choices=[decoding.value for decoding in Decoding],
        default=Decoding.AUTO.value,
        help="who decodes video files: the CPU, an NVIDIA GPU, or that one where it gives the very "
        "pictures of the CPU (default: %(default)s)",
    )
    parser.add_argument("--force", action="store_true", help="replace an earlier replay")
    parser.add_argument("--no-video", action="store_true", help="write masks and table alone")
    parser.add_argument(
        "--keep-screen-text",
        action="store_true",
        help="write what lies outside the endoscope's picture too: it may name the patient",
    )
    add_debug(parser)


def run(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    if arguments.end is not None and arguments.end <= arguments.start:
        parser.error("--end must be later than --start")
    config = config_from(arguments, parser)

    # Imported here: pyarrow and tqdm would slow down every other command.
    with interruptions_held():
        from app.progress import progress_display
        from app.replay import ReplayOptions, replay
        from app.sinks.output_folder import output_folders
        from app.sinks.summary import Outcome

    options = ReplayOptions(
        start_s=arguments.start,
        end_s=arguments.end,
        marker=Marker(arguments.marker),
        marked_pictures=not arguments.no_video,
        screen_text=arguments.keep_screen_text,
        force=arguments.force,
        decoding=Decoding(arguments.decoder),
    )

    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        # A terminal that closes ends a replay as Ctrl-C does; under nohup it does not.
        signal.signal(signal.SIGHUP, signal.default_int_handler)

    @cache
    def choose() -> Backend:
        return choose_backend(
            config.backend, config.weights, config.engine, Aim.THROUGHPUT, config.input_size
        )

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
            complain(error, debug=arguments.debug)
            failed.append(short_name(location))
            continue
        finally:
            display.close()
        counted = "1 frame" if summary.frames == 1 else f"{summary.frames} frames"
        say(
            f"{summary.input.name}: {counted} in {summary.elapsed_s:.1f} s "
            f"({summary.frames_per_s:.1f} frames/s), {summary.marked_frames} of them with a polyp "
            f"marked; written to {folder}"
        )
        for message in summary.input.messages:
            say(f"{summary.input.name}: {message}")
        if summary.outcome is Outcome.INTERRUPTED:
            raise KeyboardInterrupt
    if failed and len(arguments.inputs) > 1:
        share = f"{len(failed)} of {len(arguments.inputs)} inputs"
        verb = "was" if len(failed) == 1 else "were"
        print(f"{share} {verb} not replayed to the end: {', '.join(failed)}", file=sys.stderr)
    return FAILED if failed else DONE
