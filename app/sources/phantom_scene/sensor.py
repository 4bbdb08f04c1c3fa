"""What the endoscope's camera and processor make of the light: exposure, blur, colour and noise."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from app.sources.phantom_scene.noise import FloatArray, generator

METERED = 0.32
"""Linear level to which automatic exposure brings the brighter part of the picture."""
GAMMA = 1.0 / 1.9
SHUTTER_S = 1.0 / 40.0
NOISE_MARGIN = 97
"""The noise pattern is this much larger than the picture, and shifted anew for every frame."""


def expose(light: FloatArray) -> NDArray[np.uint8]:
    """Meters the picture and maps linear light (height, width, 3) to uint8 as displayed."""
    sample = np.minimum(light[::6, ::6].mean(axis=-1), 8.0)
    gain = METERED / (float(np.percentile(sample, 70)) + 1e-3)
    # Highlights bend over softly instead of clipping.
    level = 1.0 - np.exp(light * np.float32(-1.6 * gain))
    return np.asarray(cv2.convertScaleAbs(cv2.pow(level, GAMMA), alpha=255.0), np.uint8)


def streak(shift_x: float, shift_y: float) -> FloatArray | None:
    """The blur kernel of a movement by so many pixels while the shutter is open; None below one."""
    length = float(np.hypot(shift_x, shift_y))
    if length < 1.0:
        return None
    reach = int(min(length, 24.0) / 2.0) + 2
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.uint8)
    half = np.array([shift_x, shift_y]) * min(1.0, 24.0 / length) / 2.0
    ends = np.round(256.0 * np.stack([reach - half, reach + half])).astype(int)
    cv2.line(kernel, ends[0].tolist(), ends[1].tolist(), 255, 1, cv2.LINE_AA, 8)
    return kernel.astype(np.float32) / np.float32(kernel.sum())


class Sensor:
    """Its noise belongs to ``seed``. Pictures are (height, width, 3) uint8 RGB."""

    def __init__(self, width: int, height: int, seed: int) -> None:
        rng = generator(seed, 4)
        shape = (height + NOISE_MARGIN, width + NOISE_MARGIN)
        grain = rng.normal(0.0, 1.6, (*shape, 1)) + rng.normal(0.0, 0.9, (*shape, 3))
        self._noise = cv2.GaussianBlur(grain.astype(np.float32), (0, 0), 0.6)
        self._noise = np.round(self._noise * 1.6).astype(np.int16)
        self._seed = seed

    def develop(
        self, light: FloatArray, index: int, shift: tuple[float, float], defocus: float
    ) -> NDArray[np.uint8]:
        """The picture of frame ``index``.

        ``shift`` is the movement of the picture while the shutter is open and ``defocus`` the
        deviation of the blur, both in pixels.
        """
        kernel = streak(*shift)
        if kernel is not None:
            blurred = cv2.filter2D(light, -1, kernel, borderType=cv2.BORDER_REPLICATE)
            light = np.asarray(blurred, np.float32)
        if defocus > 0.4:
            light = np.asarray(cv2.GaussianBlur(light, (0, 0), defocus), np.float32)
        picture = _sharpen(_soften_chroma(expose(light)))
        height, width = picture.shape[:2]
        top, left = generator(self._seed, 5, index).integers(0, NOISE_MARGIN, 2)
        noise = self._noise[top : top + height, left : left + width]
        return np.asarray(cv2.add(picture, noise, dtype=cv2.CV_8U), np.uint8)


def _sharpen(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lifts edges a little too far, as endoscope processors do."""
    blurred = cv2.GaussianBlur(picture, (0, 0), 1.5)
    return np.asarray(cv2.addWeighted(picture, 1.5, blurred, -0.5, 0.0), np.uint8)


def _soften_chroma(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Halves the colour resolution, as 4:2:0 video does."""
    height, width = picture.shape[:2]
    luma_chroma = cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb)
    small = cv2.resize(luma_chroma, (-(-width // 2), -(-height // 2)), interpolation=cv2.INTER_AREA)
    soft = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    soft[..., 0] = luma_chroma[..., 0]
    return np.asarray(cv2.cvtColor(soft, cv2.COLOR_YCrCb2RGB), np.uint8)
