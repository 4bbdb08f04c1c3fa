"""Several runtimes as one: the first of them that works; it says whom it passed over."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from models.backends.base import Backend, BackendError, BackendInfo
from models.engine_folder import EngineFolderError
from models.geometry import Area
from models.picture import Picture

_log = logging.getLogger(__name__)


class FirstThatWorks(Backend):
    """Settles when it is entered, so that no runtime is loaded only to be tried.

    ``spec`` and ``info`` are those of the runtime that it would try first, and once it is active
    those of the one that works. Each one passed over is logged as a warning, and is kept in
    ``info.passed_over``. Entered again, it begins with the one that worked.

    Args:
        candidates: name and maker of each runtime, the best first.
        failure: one sentence for when none of them works.

    Raises, when it is made and when it is entered:
        BackendError: none works; every reason is in the message.
        models.weights.WeightsError: the weights are refused, which is no reason to try another.
    """

    name: ClassVar[str] = "auto"

    def __init__(
        self, candidates: Iterable[tuple[str, Callable[[], Backend]]], failure: str
    ) -> None:
        self._candidates = iter(candidates)
        self._failure = failure
        self._passed_over: tuple[str, ...] = ()
        self._backend_name = ""
        self._backend = self._next()
        super().__init__(self._backend.spec)

    @property
    def info(self) -> BackendInfo:
        info = self._backend.info
        return replace(info, passed_over=(*self._passed_over, *info.passed_over))

    def infer_picture(self, picture: Picture, area: Area) -> NDArray[np.uint8]:
        """As the runtime does it that works."""
        self._require_active()
        probability = self._backend.infer_picture(picture, area)
        self.preprocess_ns = self._backend.preprocess_ns
        return probability

    def begin_picture(self, picture: Picture, area: Area) -> Callable[[], NDArray[np.uint8]]:
        """As the runtime does it that works."""
        self._require_active()
        finish = self._backend.begin_picture(picture, area)
        self.preprocess_ns = self._backend.preprocess_ns
        return finish

    def _activate(self) -> None:
        while True:
            try:
                self._backend.__enter__()
            except BackendError as error:
                self._pass_over(self._backend_name, error)
                self._backend = self._next()
            else:
                self.spec, self.depth = self._backend.spec, self._backend.depth
                return

    def _infer(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return self._backend.infer(frame)

    def _pin(self, memory: NDArray[np.uint8]) -> None:
        self._backend.pin(memory)

    def _deactivate(self) -> None:
        self._backend.__exit__(None, None, None)

    def _next(self) -> Backend:
        """The next runtime that can be made."""
        for name, make in self._candidates:
            try:
                backend = make()
            except (BackendError, EngineFolderError) as error:
                self._pass_over(name, error)
            else:
                self._backend_name = name
                return backend
        raise BackendError(" ".join((self._failure, *self._passed_over)))

    def _pass_over(self, name: str, error: Exception) -> None:
        notice = f"{name} is not used: {error}"
        _log.warning(notice)
        if notice not in self._passed_over:  # as where the last one is tried again
            self._passed_over += (notice,)
