"""From the person's choice of runtime to a loaded network that was seen to work."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from app.config import AppConfig
from app.player.segmenter_thread import PlayerSegmenter, SegmenterError

if TYPE_CHECKING:
    from app.player.settings import ViewerSettings
    from models.segmenter import Segmenter

_log = logging.getLogger(__name__)


class SegmenterLoader:
    """What a ``PlayerSession`` calls to load the network, now and whenever that is renewed.

    Every session gets a segmenter of its own, for the one before may still be at work. The shipped
    weights are tried on the golden frame each time. ``config.threshold`` is not looked at.

    Args:
        cpu_input_size: as ``ViewerSettings.input_size``; ``config.input_size`` wins over it.

    Calling it, and entering what it gives, raise:
        SegmenterError: no runtime, or not the named one, is to be had, a file is damaged, or the
            golden frame came out wrong.
    """

    def __init__(self, config: AppConfig, cpu_input_size: int | None = None) -> None:
        self._config = config
        self._cpu_input_size = cpu_input_size

    def follow(self, settings: ViewerSettings) -> None:
        """What is loaded from now on is as ``settings`` say."""
        self._cpu_input_size = settings.input_size

    def __call__(self) -> Segmenter:
        return _load(self._config, self._cpu_input_size)


def live_segmenter_loader(load: SegmenterLoader) -> Callable[[], PlayerSegmenter]:
    """What a ``LiveSession`` calls: as ``load``, but the network runs in a process of its own where
    the system has what that needs, so that nothing it does holds up the picture.
    """
    if sys.platform == "linux":
        return partial(_supervised, load)
    _log.warning(
        "On this system the network runs in the viewer's own process; on Linux it has one of its "
        "own, and when it crashes the video goes on."
    )
    return load


def _supervised(load: SegmenterLoader) -> PlayerSegmenter:
    from models.supervised.supervised_segmenter import SupervisedSegmenter

    return SupervisedSegmenter(load)


def _load(config: AppConfig, cpu_input_size: int | None) -> Segmenter:
    # Imported here, on the session's thread: the window is there before the runtimes are.
    from app.player.proven_segmenter import ProvenSegmenter
    from models.backends.base import BackendError
    from models.backends.selection import choose_backend
    from models.engine_folder import EngineFolderError
    from models.segmenter import Segmenter
    from models.weights import DEFAULT_WEIGHTS, WeightsError

    try:
        backend = choose_backend(
            config.backend,
            config.weights,
            config.engine,
            input_size=config.input_size,
            cpu_input_size=cpu_input_size,
        )
    except (BackendError, EngineFolderError, WeightsError) as error:
        raise SegmenterError(str(error)) from error
    # The stored mask is that of the shipped weights; what an engine was built from may differ.
    shipped = config.weights == DEFAULT_WEIGHTS and config.engine is None
    return (ProvenSegmenter if shipped else Segmenter)(backend)
