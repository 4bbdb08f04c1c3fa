"""The frames that ship to compare two ways of running one model on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.picture import Picture
from models.preprocess import model_input
from models.spec import ModelSpec

REFERENCE_FOLDER = Path(__file__).parents[2] / "assets" / "reference"


def reference_files() -> list[bytes]:
    """The PNG files as they are, by name; empty where they were removed."""
    return [path.read_bytes() for path in sorted(REFERENCE_FOLDER.glob("*.png"))]


def reference_frame(content: bytes, spec: ModelSpec) -> NDArray[np.uint8]:
    """One of ``reference_files`` as the network takes it, (spec.height, spec.width, 3) RGB."""
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
    picture = Picture(np.asarray(decoded, np.uint8))
    return model_input(picture, picture.whole, spec)
