"""From what the segmenter's process answered to a segmentation that can be relied on."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from models.geometry import Geometry
from models.picture import Picture
from models.preprocess import check_area
from models.segmentation import Segmentation, Timings
from models.supervised.messages import Answer, GarbageError


def checked_segmentation(
    answer: Answer, probability: NDArray[np.uint8], picture: Picture, elapsed_ns: int
) -> Segmentation:
    """The segmentation of ``picture`` that ``answer`` claims to be.

    Args:
        probability: (model height, model width) uint8, what ``answer`` speaks of; the other process
            cannot write to it any more.
        elapsed_ns: between giving the picture and hearing the answer.

    Raises:
        GarbageError: the answer contradicts itself, the picture or the clock.
    """
    if answer.preprocess_ns + answer.infer_ns > elapsed_ns:
        raise GarbageError("an answer that took longer than it was waited for")
    for area in (answer.network_area, answer.picture_area or answer.network_area):
        try:
            check_area(area, picture)
        except ValueError as error:
            raise GarbageError(str(error)) from error
    if zlib.crc32(probability.data) != answer.checksum:
        raise GarbageError("a checksum that is not that of its probability")
    height, width = probability.shape
    return Segmentation(
        probability,
        answer.frame_index,
        Geometry(picture.height, picture.width, answer.network_area, height, width),
        Timings(answer.preprocess_ns, answer.infer_ns),
        answer.picture_area,
    )
