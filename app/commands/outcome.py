"""How a command ends: its exit code, and the sentence for what went wrong."""

from __future__ import annotations

import sys
import traceback

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
