"""What replay writes of images: a mask and a marked image for each, under the image's own name."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from app.frame import Frame
from app.sinks.base import replace_file, writing
from models.picture import Picture

MASKS_FOLDER = "masks"
MARKED_FOLDER = "marked"


class ImageFiles:
    """``masks/NAME.png``, 1-bit, and ``marked/NAME.png``, RGB, in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: set[str] = set()

    def write(self, frame: Frame, mask: NDArray[np.uint8], marked: Picture | None) -> None:
        """Writes ``frame``'s mask, (height, width), 0 or 255, and its marked picture, if any.

        Raises:
            SinkError: one of them cannot be written; no part of it is left.
        """
        name = png_name(frame.name, self._names)
        self._write(MASKS_FOLDER, name, mask, cv2.IMWRITE_PNG_BILEVEL)
        if marked is not None:
            bgr = cv2.cvtColor(marked.to_rgb(), cv2.COLOR_RGB2BGR)
            self._write(MARKED_FOLDER, name, bgr, cv2.IMWRITE_PNG_COMPRESSION)

    def close(self) -> None:
        """Every file is complete as soon as it is there."""

    def _write(self, folder: str, name: str, image: MatLike, parameter: int) -> None:
        path = self._folder / folder / name
        with writing(path):
            path.parent.mkdir(exist_ok=True)
        _, encoded = cv2.imencode(".png", image, [parameter, 1])
        replace_file(path, encoded.tobytes())


def png_name(image_name: str, taken: set[str]) -> str:
    """What is written for the image ``image_name``; the name is added to ``taken``.

    The suffix becomes ``.png``; an image that differs from an earlier one in its suffix alone keeps
    it: ``a.jpg.png``.
    """
    path = Path(image_name)
    name = f"{path.stem}.png"
    if name in taken:
        name = f"{path.name}.png"
    taken.add(name)
    return name
