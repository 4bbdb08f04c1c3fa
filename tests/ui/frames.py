"""What a view is asked to show in these tests: a phantom's frame and an answer made of its mask."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from app.frame import Frame
from app.player.shown import AiState, Shown
from app.sources.phantom import PhantomSource
from models.geometry import Area, Geometry
from models.picture import Picture, PixelFormat
from models.regions import find_regions
from models.segmentation import Segmentation, Timings
from tests.models.pictures import as_picture

THRESHOLD = 0.5
LEAST_AREA = 0.0005
MODEL_SIDE = 352


def phantom_shown(width: int, height: int, index: int = 0) -> tuple[Shown, NDArray[np.bool_]]:
    """A frame of the phantom with its regions, and its ground truth."""
    source = PhantomSource(width, height)
    mask = source.mask(index)
    return shown(Picture(source.image(index)), mask, source.area), mask


def shown(picture: Picture, mask: NDArray[np.bool_], area: Area) -> Shown:
    """``picture`` with the answer of a network that finds ``mask``, its edges soft, in ``area``."""
    inside = mask[area.y : area.y + area.height, area.x : area.x + area.width]
    small = cv2.resize(
        inside.astype(np.float32), (MODEL_SIDE, MODEL_SIDE), interpolation=cv2.INTER_AREA
    )
    probability = np.rint(cv2.GaussianBlur(small, (0, 0), 1.2) * 255).astype(np.uint8)
    geometry = Geometry(picture.height, picture.width, area, MODEL_SIDE, MODEL_SIDE)
    segmentation = Segmentation(probability, 0, geometry, Timings(0, 0))
    findings = find_regions(segmentation, THRESHOLD, LEAST_AREA)
    return Shown(
        frame=Frame(picture, 0, 0.0, 0),
        segmentation=segmentation,
        findings=findings,
        alerts=findings.regions,
        threshold=THRESHOLD,
        least_area=LEAST_AREA,
        generation=0,
        ai=AiState.READY,
        ai_reason="",
        frames_dropped=0,
    )


def in_format(frame: Shown, pixel_format: PixelFormat) -> Shown:
    """``frame`` with its RGB picture, of even sides, in another format."""
    picture = as_picture(frame.frame.picture.pixels, pixel_format)
    return replace(frame, frame=replace(frame.frame, picture=picture))
