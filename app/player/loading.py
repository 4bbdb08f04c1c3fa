"""From the person's choice of runtime to a loaded network that was seen to work."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from app.config import AppConfig
from app.player.segmenter_thread import LoadedSegmenter, SegmenterError


def segmenter_loader(config: AppConfig) -> Callable[[], LoadedSegmenter]:
    """What a ``PlayerSession`` calls to load the network.

    The runtime is chosen once, by whichever thread asks first; every session gets a segmenter of
    its own, for the one before may still be at work. The shipped weights are tried on the golden
    frame each time. ``config.threshold`` is not looked at.

    The loader, and entering what it gives, raise:
        SegmenterError: no runtime, or not the named one, is to be had, a file is damaged, or the
            golden frame came out wrong.
    """
    return _Loader(config).load


class _Loader:
    def __init__(self, config: AppConfig) -> None:
        self._config = config
        self._lock = Lock()
        self._chosen: str | None = None
        self._notices: tuple[str, ...] = ()

    def load(self) -> LoadedSegmenter:
        # Imported here, on the session's thread: the window is there before the runtimes are.
        from app.player.proven_segmenter import ProvenSegmenter
        from models.backends.base import BackendError
        from models.backends.selection import choose_backend
        from models.engine_folder import EngineFolderError
        from models.segmenter import Segmenter
        from models.weights import DEFAULT_WEIGHTS, WeightsError

        config = self._config
        # The stored mask is that of the shipped weights; what an engine was built from may differ.
        shipped = config.weights == DEFAULT_WEIGHTS and config.engine is None
        try:
            with self._lock:
                choice = choose_backend(
                    self._chosen or config.backend, config.weights, config.engine
                )
                if self._chosen is None:
                    self._chosen, self._notices = choice.backend.name, choice.notices
        except (BackendError, EngineFolderError, WeightsError) as error:
            raise SegmenterError(str(error)) from error
        segmenter = (ProvenSegmenter if shipped else Segmenter)(choice.backend)
        return LoadedSegmenter(segmenter, self._notices)
