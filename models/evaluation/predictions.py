"""Runs a model over a list and keeps its answers, so that they can be scored in several ways."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from models.backends.base import Backend
from models.evaluation.application_score import FrameScore, OperatingPoint, score_frame
from models.evaluation.examples import Example
from models.geometry import Area, Geometry
from models.picture import Picture
from models.segmentation import Segmentation, Timings


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """A model's answer to one example."""

    name: str
    image: NDArray[np.uint8]
    """The example's, at most as wide as the model's input; for show."""
    segmentation: Segmentation
    polyp: NDArray[np.bool_]

    def scored(self, point: OperatingPoint) -> FrameScore:
        return score_frame(self.name, self.segmentation, self.polyp, point)


def predict(backend: Backend, examples: Iterable[Example], title: str) -> list[Prediction]:
    """The answers of an active ``backend``.

    The whole frame goes in, black borders too: still pictures of the published sets are scored so.

    Raises:
        models.backends.base.BackendError: the runtime failed.
    """
    predictions = []
    for index, example in enumerate(tqdm(examples, desc=title, mininterval=5)):
        picture = Picture(np.ascontiguousarray(example.image))
        area = Area(0, 0, picture.width, picture.height)
        probability = backend.infer_picture(picture, area)
        geometry = Geometry(
            picture.height, picture.width, area, backend.spec.height, backend.spec.width
        )
        segmentation = Segmentation(probability, index, geometry, Timings(0, 0))
        predictions.append(
            Prediction(
                example.name,
                _shrunk(example.image, backend.spec.width),
                segmentation,
                example.polyp,
            )
        )
    return predictions


def _shrunk(image: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    scale = min(1.0, width / image.shape[1])
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
