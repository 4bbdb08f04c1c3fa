"""``devices``: which capture devices are there."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from dataclasses import asdict

from app.commands.options import add_debug
from app.commands.outcome import DONE, say
from app.sources.capture_device import CaptureDevice, CaptureMode
from app.sources.capture_devices import TEST_PICTURE, capture_devices

HELP = "list the capture devices"

_NONE = (
    "No capture device was found; plug one in (docs/capture.md has a recipe for each card), or try "
    "the live view with the test picture."
)
_RATES_SHOWN = 4


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.description = "Lists the capture devices, and what each of them gives."
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_debug(parser)


def run(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    devices = capture_devices()
    say(_as_json(devices) if arguments.json else _as_text(devices))
    return DONE


def _as_json(devices: Iterable[CaptureDevice]) -> str:
    """Rates as text, exact: ``60`` or ``60000/1001``."""
    return json.dumps([asdict(device) for device in devices], indent=2, default=str)


def _as_text(devices: Iterable[CaptureDevice]) -> str:
    devices = list(devices)
    lines = [_NONE, ""] if devices == [TEST_PICTURE] else []
    for device in devices:
        lines += _lines(device)
    return "\n".join(lines).rstrip()


def _lines(device: CaptureDevice) -> list[str]:
    where = f" ({device.interface}, {device.node})" if device.node else ""
    rows = [_row(mode) for mode in device.modes]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    table = [
        "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    problem = [device.problem] if device.problem else []
    return [
        f"{device.name}{where}",
        *(f"  {line}" for line in (device.location, *problem, *table)),
        "",
    ]


def _row(mode: CaptureMode) -> tuple[str, str, str]:
    rates = [f"{float(rate):.4g}" for rate in mode.rates]
    shown = ", ".join(rates[:_RATES_SHOWN]) + (" ..." if len(rates) > _RATES_SHOWN else "")
    return mode.pixel_format, f"{mode.width}x{mode.height}", f"{shown} frames/s" if shown else ""
