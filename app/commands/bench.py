"""``bench``: how late live video is on this machine, and what it costs."""

from __future__ import annotations

import argparse
import logging
import re
from fractions import Fraction
from pathlib import Path

from app.commands.options import add_debug, add_network, config_from, location_from, seconds
from app.commands.outcome import DONE, FAILED, say
from app.sources.frame_rate import parse_rate
from app.sources.frame_stamp import LEAST_HEIGHT, LEAST_WIDTH
from app.sources.live import CaptureWish
from app.sources.live_opening import heeds_wish, is_live
from app.sources.opening import PHANTOM
from app.sources.test_picture import LARGEST_HEIGHT, LARGEST_WIDTH
from models.backends.stand_in import StandInBackend
from models.interruptions import interruptions_held
from models.option_values import number_within

HELP = "measure live video on this machine"

_STAND_IN_MS = 3.0
_SECONDS = 20.0

_log = logging.getLogger(__name__)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Runs live video for a while and says how long a frame takes to its mask and to the "
        "screen, how many are late or dropped, and what that costs."
    )
    parser.add_argument(
        "--source",
        default=PHANTOM,
        metavar="LOCATION",
        help=f'a device, a stream, a recording at its own pace, "{PHANTOM}" for the live test '
        "picture, or @FILE to take one of these from there (default: %(default)s)",
    )
    parser.add_argument(
        "--size", type=_size, metavar="WxH", help="of the test picture or the device"
    )
    parser.add_argument("--rate", type=_rate, metavar="N", help="frames per second")
    parser.add_argument(
        "--seconds",
        type=seconds,
        metavar="TIME",
        help=f"how long is measured, in seconds or h:mm:ss (default: {_SECONDS:g})",
    )
    parser.add_argument(
        "--soak",
        type=_duration,
        metavar="TIME",
        help="measure so long, such as 8h or 10m, interval by interval; exit code 1 where memory, "
        "handles, threads, latencies or drops grow",
    )
    add_network(parser, StandInBackend.name)
    parser.add_argument(
        "--stand-in-ms",
        type=number_within(0, 10_000),
        metavar="N",
        help=f"the fixed latency of --backend {StandInBackend.name}, which runs no network "
        f"(default: {_STAND_IN_MS:g})",
    )
    parser.add_argument(
        "--process", action="store_true", help="run the network in a process of its own"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the latencies, as SVG")
    add_debug(parser)


def run(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    config = config_from(arguments, parser)
    location = location_from(arguments.source, parser)
    _check(arguments, location, parser)

    # Imported here: they would slow down every other command.
    with interruptions_held():
        from app.bench.bench import BenchPlan, bench
        from app.bench.distribution_plot import distribution_svg
        from app.bench.opening import open_paced
        from app.bench.report import Report, table, write_report
        from app.bench.runtime import bench_segmenter
        from app.sinks.base import SinkError, replace_file

    def keep(report: Report) -> None:
        if arguments.json is not None:
            write_report(arguments.json, report)

    def keep_so_far(report: Report) -> None:
        try:
            keep(report)
        except SinkError as error:
            # Hours of measuring are not given up for it: the last report may fit again.
            _log.warning("%s", error)

    stand_in_ms = _STAND_IN_MS if arguments.stand_in_ms is None else arguments.stand_in_ms
    plan = BenchPlan(
        threshold=config.threshold,
        stand_in_ms=stand_in_ms if config.backend == StandInBackend.name else None,
        own_process=arguments.process,
        seconds=arguments.soak or arguments.seconds or _SECONDS,
        soak=arguments.soak is not None,
    )
    width, height = arguments.size or (None, None)
    wish = CaptureWish(width, height, arguments.rate)
    with open_paced(location, wish) as source:
        segmenter = bench_segmenter(config, stand_in_ms, own_process=arguments.process)
        measured = bench(source, segmenter, plan, keep_so_far)
    report = measured.report
    try:
        keep(report)
        if arguments.plot is not None:
            title = f"{report.subject.source}, {report.subject.backend}"
            lines = {"to the mask": measured.to_mask, "to the screen": measured.to_screen}
            drawing = distribution_svg(title, lines, 1000 / report.subject.rate)
            replace_file(arguments.plot, drawing.encode())
    finally:
        say(table(report))
    return FAILED if report.soak is not None and report.soak.broken_promises else DONE


def _check(arguments: argparse.Namespace, location: str, parser: argparse.ArgumentParser) -> None:
    """Ends the program where options contradict each other."""
    if arguments.stand_in_ms is not None and arguments.backend != StandInBackend.name:
        parser.error(f"--stand-in-ms is for --backend {StandInBackend.name} alone")
    if arguments.soak is not None and arguments.seconds is not None:
        parser.error("--soak says how long is measured; leave --seconds out")
    if any(given is not None and given < 1 for given in (arguments.soak, arguments.seconds)):
        parser.error("at least one second is measured")
    settable = location == PHANTOM or heeds_wish(location)
    if arguments.size is not None and not settable:
        parser.error("--size is for the test picture and devices; this source has its own")
    if arguments.rate is not None and not settable and is_live(location):
        parser.error("--rate is for what can be set to one; this source has its own")
    written = [path for path in (arguments.json, arguments.plot) if path is not None]
    for path in written:
        if not path.absolute().parent.is_dir():
            parser.error(f"there is no folder {path.parent} for {path.name}; make it first")
        if path.exists() and not path.is_file():
            parser.error(f"{path} is a folder or a device; name a file")
    if len({path.resolve() for path in written}) < len(written):
        parser.error("--json and --plot need a file each")


def _size(text: str) -> tuple[int, int]:
    """``1920x1080``: what the test picture can have."""
    match = re.fullmatch(r"(\d{3,4})x(\d{3,4})", text)
    if match is not None:
        width, height = int(match[1]), int(match[2])
        fits = LEAST_WIDTH <= width <= LARGEST_WIDTH and LEAST_HEIGHT <= height <= LARGEST_HEIGHT
        if fits and width % 2 == 0 and height % 2 == 0:
            return width, height
    raise argparse.ArgumentTypeError(
        f"{text!r} is no size; write it as 1920x1080, with even numbers from "
        f"{LEAST_WIDTH}x{LEAST_HEIGHT} to {LARGEST_WIDTH}x{LARGEST_HEIGHT}"
    )


def _rate(text: str) -> Fraction:
    try:
        return parse_rate(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _duration(text: str) -> float:
    """``8h``, ``10m`` or ``20s``, in seconds."""
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)([hms])", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; write it as 8h, 10m or 30s")
    return float(match[1]) * {"h": 3600, "m": 60, "s": 1}[match[2]]
