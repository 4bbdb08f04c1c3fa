"""How commands that read weights or data end: a sentence for what went wrong, and an exit code."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from models.backends.base import BackendError
from models.engine_folder import EngineFolderError
from models.error_sentence import error_sentence
from models.evaluation.open_model import ModelError
from models.hardnet_checkpoint import CheckpointError
from models.interruptions import raise_when_interrupted
from models.training.lists import DataError
from models.weights import WeightsError

log = logging.getLogger(__name__)

_ONE_SENTENCE = (
    BackendError,
    CheckpointError,
    DataError,
    EngineFolderError,
    ModelError,
    WeightsError,
    OSError,
)


def exit_code_of(work: Callable[[], None], *, debug: bool) -> int:
    """Does ``work``: 0 done, 1 failed, 130 interrupted. With ``debug`` errors are raised."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        raise_when_interrupted()
        work()
    except _ONE_SENTENCE as error:
        if debug:
            raise
        log.error("%s", error_sentence(error))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def say(text: str) -> None:
    """Prints what a command was asked for; what it says of its work goes to standard error."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
