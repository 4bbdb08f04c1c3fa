"""Picture in, segmentation out, on whichever runtime it was given."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

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

    def segment(self, picture: Picture, frame_index: int) -> Segmentation:
        """The network's answer to ``picture``, marked as that of frame ``frame_index``.

        Raises:
            models.backends.base.BackendError: the runtime failed.
            RuntimeError: the segmenter is not entered.
        """
        started_ns = time.monotonic_ns()
        areas = self._area_tracker.update(picture)
        area_ns = time.monotonic_ns() - started_ns
        probability = self._backend.infer_picture(picture, areas.network)
        total_ns = time.monotonic_ns() - started_ns
        preprocess_ns = area_ns + self._backend.preprocess_ns
        return Segmentation(
            probability,
            frame_index,
            Geometry(
                picture.height, picture.width, areas.network, self.spec.height, self.spec.width
            ),
            Timings(preprocess_ns=preprocess_ns, infer_ns=total_ns - preprocess_ns),
            areas.picture,
        )
