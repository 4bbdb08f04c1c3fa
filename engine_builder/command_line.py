"""What the command lines of this package share: exit codes, errors, argument types, whole files."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable

from models.backends.base import BackendError
from models.backends.cuda.compile import KernelCompileError
from models.engine_folder import EngineFolderError
from models.input_size import fitting_side
from models.spec import STRIDE
from models.weights import WeightsError

DONE = 0
FAILED = 1
INTERRUPTED = 130


class EngineBuilderError(Exception):
    """Nothing was built; the message is one sentence that names what is wrong and the repair."""


_ONE_SENTENCE = (
    EngineBuilderError,
    BackendError,
    EngineFolderError,
    KernelCompileError,
    OSError,
    WeightsError,
)


def run_command(command: Callable[[], None], *, debug: bool) -> int:
    """Runs ``command`` and gives the exit code; an error is printed as one sentence.

    ``debug`` adds the stack trace.
    """
    try:
        command()
    except KeyboardInterrupt:
        print("Interrupted; nothing was left behind.", file=sys.stderr)
        return INTERRUPTED
    except _ONE_SENTENCE as error:
        if debug:
            traceback.print_exc()
        print(_sentence(error), file=sys.stderr)
        return FAILED
    return DONE


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}; check the path, its permissions and the free space."
    return str(error)


def add_debug_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--debug", action="store_true", help="print a stack trace on failure")


def side_length(text: str) -> int:
    """A side of the network's input in pixels, as argparse takes it."""
    side = int(text)
    if side != fitting_side(side):
        raise argparse.ArgumentTypeError(
            f"{side} is no multiple of {STRIDE}; use {fitting_side(side)}"
        )
    return side


def unit_interval(text: str) -> float:
    """A number in [0, 1], as argparse takes it."""
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not in [0, 1]")
    return number
