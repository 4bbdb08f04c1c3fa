"""From the person's choice of runtime to a loaded network that was seen to work."""

from __future__ import annotations

from collections.abc import Callable

from app.config import AppConfig
from app.player.segmenter_thread import PlayerSegmenter, SegmenterError


def segmenter_loader(config: AppConfig) -> Callable[[], PlayerSegmenter]:
    """What a ``PlayerSession`` calls to load the network.

    Every session gets a segmenter of its own, for the one before may still be at work. The shipped
    weights are tried on the golden frame each time. ``config.threshold`` is not looked at.

    The loader, and entering what it gives, raise:
        SegmenterError: no runtime, or not the named one, is to be had, a file is damaged, or the
            golden frame came out wrong.
    """

    def load() -> PlayerSegmenter:
        # Imported here, on the session's thread: the window is there before the runtimes are.
        from app.player.proven_segmenter import ProvenSegmenter
        from models.backends.base import BackendError
        from models.backends.selection import choose_backend
        from models.engine_folder import EngineFolderError
        from models.segmenter import Segmenter
        from models.weights import DEFAULT_WEIGHTS, WeightsError

        try:
            backend = choose_backend(config.backend, config.weights, config.engine)
        except (BackendError, EngineFolderError, WeightsError) as error:
            raise SegmenterError(str(error)) from error
        # The stored mask is that of the shipped weights; what an engine was built from may differ.
        shipped = config.weights == DEFAULT_WEIGHTS and config.engine is None
        return (ProvenSegmenter if shipped else Segmenter)(backend)

    return load
