"""A segmenter that shows, before it is used, that it sees what it should."""

from __future__ import annotations

from typing import Self

from app.check import LEAST_IOU, CheckError, golden_iou, golden_picture
from app.player.segmenter_thread import SegmenterError
from models.backends.base import Backend
from models.segmenter import Segmenter


class ProvenSegmenter(Segmenter):
    """Runs the golden frame whenever it is entered. For the shipped weights alone.

    Entering raises:
        SegmenterError: the mask is not the stored one.
        models.backends.base.BackendError: the runtime failed.
    """

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        # One of its own for the golden frame, so that this one starts with the video's pictures.
        self._golden = Segmenter(backend)

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            self._prove()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _prove(self) -> None:
        try:
            iou = golden_iou(self._golden.segment(golden_picture(), 0), self.spec.threshold)
        except CheckError as error:
            raise SegmenterError(str(error)) from error
        if iou < LEAST_IOU:
            raise SegmenterError(
                f"{self.info.backend} does not see what it should on the golden frame "
                f"(IoU {iou:.2f}, at least {LEAST_IOU} is needed), so it is not used; "
                "find a runtime that works with: python run_app.py check"
            )
