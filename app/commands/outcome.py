"""What a command says, and how it ends: its exit code, and the sentence for what went wrong."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

from app.check import CheckError
from app.sinks.base import SinkError
from app.sources.base import SourceError
from app.ui.viewer_error import ViewerError
from models.backends.base import BackendError
from models.engine_folder import EngineFolderError
from models.weights import WeightsError

DONE = 0
FAILED = 1
INTERRUPTED = 130


class OutputError(Exception):
    """Standard output takes nothing more; the message is one sentence with the repair."""


_ONE_SENTENCE = (
    OutputError,
    SourceError,
    SinkError,
    BackendError,
    WeightsError,
    EngineFolderError,
    CheckError,
    ViewerError,
)
"""Errors whose message says what is wrong and how to mend it."""


def say(text: str) -> None:
    """Prints ``text`` and a line's end, at once; what the output cannot encode is spelt out.

    Raises:
        OutputError: standard output is full, or whoever read it has gone.
    """
    if sys.stdout is not None:  # as it is where the shell closed it
        encoding = sys.stdout.encoding or "utf-8"
        text = text.encode(encoding, "backslashreplace").decode(encoding)
    try:
        print(text, flush=True)
    except OSError as error:
        # What is still buffered would fail once more when the interpreter ends.
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        raise OutputError(
            f"Standard output cannot be written ({error.strerror}); send it where there is room "
            "and where all of it is read."
        ) from error


def complain(error: Exception, *, debug: bool) -> None:
    """Says on standard error what went wrong."""
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
