"""A segmenter that shows, before it is used, that it sees what it should."""

from __future__ import annotations

import logging
from typing import Self

from app.check import LEAST_IOU, CheckError, golden_iou, golden_picture
from app.player.segmenter_thread import SegmenterError
from models.backends.base import Backend
from models.segmenter import Segmenter
from models.spec import ModelSpec

_OWN_SIDE = ModelSpec().width
_LEAST_IOU_RESIZED = 0.9
"""At another input size the same network draws the golden frame's polyp a little differently: the
IoU with the stored mask is 0.93 or more from 96 to 512 pixels."""
_LEAST_PROVEN_SIDE = 96
"""Below it the network itself loses that polyp, whatever runs it."""

_log = logging.getLogger(__name__)


class ProvenSegmenter(Segmenter):
    """Runs the golden frame whenever it is entered, but for input sizes that are too small for it.

    For the shipped weights alone.

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
        side = self.spec.width
        if side < _LEAST_PROVEN_SIDE:
            _log.warning(
                "Nothing is tried at the start: the input of %d pixels is too small.", side
            )
            return
        least_iou = LEAST_IOU if side == _OWN_SIDE else _LEAST_IOU_RESIZED
        try:
            iou = golden_iou(self._golden.segment(golden_picture(), 0), self.spec.threshold)
        except CheckError as error:
            raise SegmenterError(str(error)) from error
        if iou < least_iou:
            raise SegmenterError(
                f"{self.info.backend} does not see what it should on the golden frame "
                f"(IoU {iou:.2f}, at least {least_iou} is needed), so it is not used; "
                "find a runtime that works with: python run_app.py check"
            )
