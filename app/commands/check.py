"""``check``: what works on this machine."""

from __future__ import annotations

import argparse

from app.check import as_json, as_table, check
from app.commands.options import add_debug
from app.commands.outcome import DONE, FAILED, say

HELP = "say what works on this machine"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.description = "Says what is installed and tries every runtime on a known frame."
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_debug(parser)


def run(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    report = check()
    say(as_json(report) if arguments.json else as_table(report))
    return DONE if report.works else FAILED
