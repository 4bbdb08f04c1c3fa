"""What the network says of one frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.geometry import Area, Geometry


@dataclass(frozen=True, slots=True)
class Timings:
    """Durations of one segmentation, in nanoseconds of the monotonic clock."""

    preprocess_ns: int
    """Finding the picture's area, and what the CPU does of cropping, converting and resizing."""
    infer_ns: int
    """The rest: the runtime with all that runs on its device, and what was begun before it."""


@dataclass(frozen=True, slots=True, eq=False)
class Segmentation:
    """The network's answer to the frame with index ``frame_index``, and to no other.

    ``probability`` is (model height, model width) uint8, 255 = certain; ``geometry`` says where it
    lies on the source.
    """

    probability: NDArray[np.uint8]
    frame_index: int
    geometry: Geometry
    timings: Timings
    picture_area: Area | None = None
    """The endoscope's picture on the source, as far as it was found by then; None: nothing yet."""
