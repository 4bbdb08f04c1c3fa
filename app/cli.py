"""The command line: ``python run_app.py COMMAND``."""

from __future__ import annotations

import argparse
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Sequence
from typing import NoReturn, Protocol

from app.commands import bench, check, devices, replay, view
from app.commands.outcome import FAILED, INTERRUPTED, complain
from app.version import version


class Command(Protocol):
    """What each module of ``app.commands`` offers."""

    HELP: str
    """One line for the list of commands."""

    def add_options(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
        """Gives the exit code; ``parser`` says what is wrong with the words."""
        ...


_COMMANDS: dict[str, Command] = {
    "view": view,
    "replay": replay,
    "devices": devices,
    "check": check,
    "bench": bench,
}

_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*://).*", re.IGNORECASE | re.DOTALL)
"""To the end of what is said: a password may hold anything."""
_SWITCH_INTERVAL_S = 0.0005
"""How long a thread may have the interpreter while another waits for it. Python's own 5 ms are a
third of a frame: a frame whose thread waits for it is late."""


class _Parser(argparse.ArgumentParser):
    """Whose complaints about a word that is an address show no more of it than its scheme."""

    def error(self, message: str) -> NoReturn:
        super().error(_ADDRESS.sub(r"\1…", message))


def main(words: Sequence[str]) -> int:
    """Runs the command that ``words`` ask for and gives the exit code.

    An error is one sentence on standard error; ``--debug`` adds the stack trace.
    """
    parser = _Parser(
        prog="run_app.py",
        description="Marks polyps in colonoscopy video. Research only, not a medical device.",
    )
    parser.add_argument("--version", action="version", version=f"PolypLens {version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    parsers = {name: commands.add_parser(name, help=each.HELP) for name, each in _COMMANDS.items()}
    for name, each in _COMMANDS.items():
        each.add_options(parsers[name])

    arguments = parser.parse_args(words)
    if arguments.command is None:
        arguments = parser.parse_args([*words, "view"])
    logging.basicConfig(
        format="%(message)s", level=logging.DEBUG if arguments.debug else logging.WARNING
    )
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _COMMANDS[arguments.command].run(arguments, parsers[arguments.command])
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr, flush=True)
        if threading.active_count() > 1:
            # Interrupted again, while it was coming to its end. The interpreter's own end would
            # crash under threads that are still at work.
            os._exit(INTERRUPTED)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last place where anything can be said
        complain(error, debug=arguments.debug)
        return FAILED
