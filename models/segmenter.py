"""Picture in, segmentation out, on whichever runtime it was given."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.backends.base import Backend, BackendInfo
from models.geometry import Geometry
from models.picture import Picture
from models.picture_area import PictureAreaTracker
from models.segmentation import Segmentation, Timings
from models.spec import ModelSpec


class Segmenter:
    """Runs ``backend`` on the pictures of one video, in their order.

    A context manager; one thread enters it, calls it and leaves it. The device is untouched before
    ``__enter__``. The same pictures in the same order give the same bytes.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._area_tracker = PictureAreaTracker()

    @property
    def spec(self) -> ModelSpec:
        return self._backend.spec

    @property
    def info(self) -> BackendInfo:
        """What runs; complete once the segmenter is entered."""
        return self._backend.info

    @property
    def depth(self) -> int:
        """How many pictures may be begun and not finished; complete once it is entered."""
        return self._backend.depth

    def __enter__(self) -> Self:
        self._area_tracker = PictureAreaTracker()
        self._backend.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._backend.__exit__(kind, error, trace)

    def pin(self, memory: NDArray[np.uint8]) -> None:
        """As ``Backend.pin``; called while the segmenter is entered."""
        self._backend.pin(memory)

    def segment(self, picture: Picture, frame_index: int) -> Segmentation:
        """The network's answer to ``picture``, marked as that of frame ``frame_index``.

        Raises:
            models.backends.base.BackendError: the runtime failed.
            RuntimeError: the segmenter is not entered.
        """
        return self.begin(picture, frame_index)()

    def begin(self, picture: Picture, frame_index: int) -> Callable[[], Segmentation]:
        """Begins what ``segment`` does; what is given back waits for its end.

        At most ``depth`` pictures are begun and not finished; each is finished once, in order.
        Raises, here or where it waits, as ``segment``.
        """
        started_ns = time.monotonic_ns()
        areas = self._area_tracker.update(picture)
        area_ns = time.monotonic_ns() - started_ns
        finish_probability = self._backend.begin_picture(picture, areas.network)
        preprocess_ns = area_ns + self._backend.preprocess_ns
        geometry = Geometry(
            picture.height, picture.width, areas.network, self.spec.height, self.spec.width
        )

        def finish() -> Segmentation:
            probability = finish_probability()
            infer_ns = time.monotonic_ns() - started_ns - preprocess_ns
            timings = Timings(preprocess_ns=preprocess_ns, infer_ns=infer_ns)
            return Segmentation(probability, frame_index, geometry, timings, areas.picture)

        return finish
