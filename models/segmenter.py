"""Picture in, segmentation out, on whichever runtime it was given."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from models.picture import Picture
from models.segmentation import Segmentation


class Segmenter:
    def __enter__(self) -> Self: ...
    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...
    def segment(self, picture: Picture, frame_index: int) -> Segmentation: ...
