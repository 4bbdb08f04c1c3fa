"""What an engine has to see on its device before it is used: one frame, and FP32's answer to it.

What compiles on the device itself, as TensorRT-RTX does, can come out wrong on that device alone,
zeros everywhere included; no hash shows that.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evaluation.overlap import Overlap
from models.geometry import least_level


@dataclass(frozen=True, slots=True, eq=False)
class EngineProof:
    """A frame that shows a polyp, (H, W, 3) uint8 RGB, and its probability, (H, W) uint8."""

    frame: NDArray[np.uint8]
    probability: NDArray[np.uint8]

    def to_bytes(self) -> bytes:
        """As a file; the same bytes each time."""
        file = io.BytesIO()
        np.savez_compressed(file, frame=self.frame, probability=self.probability)
        return file.getvalue()

    @staticmethod
    def from_bytes(content: bytes) -> EngineProof:
        """From what ``to_bytes`` gave, verified before."""
        with np.load(io.BytesIO(content)) as arrays:
            return EngineProof(arrays["frame"], arrays["probability"])

    def dice(self, probability: NDArray[np.uint8], threshold: float) -> float:
        """Of the mask in another answer to the frame, (H, W) uint8, and the stored one's.

        0 where the stored one marks nothing: whoever sees nothing must never agree with it.
        """
        level = least_level(threshold)
        marked = self.probability >= level
        return Overlap.of(probability >= level, marked).dice if marked.any() else 0.0
