"""What the command lines of this package share: exit codes and errors."""

from __future__ import annotations

import argparse
import io
import sys
import traceback
from collections.abc import Callable

from models.backends.base import BackendError
from models.backends.cuda.compile import KernelCompileError
from models.engine_folder import EngineFolderError
from models.error_sentence import error_sentence
from models.interruptions import raise_when_interrupted
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
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files are any bytes
    try:
        raise_when_interrupted()
        command()
    except KeyboardInterrupt:
        print("Interrupted; nothing was left behind.", file=sys.stderr)
        return INTERRUPTED
    except _ONE_SENTENCE as error:
        if debug:
            traceback.print_exc()
        print(error_sentence(error), file=sys.stderr)
        return FAILED
    return DONE


def add_debug_option(parser: argparse.ArgumentParser) -> None:
    """Adds ``--debug``, which ``run_command`` is given."""
    parser.add_argument("--debug", action="store_true", help="print a stack trace on failure")
