"""What a pipeline asks of the segmenter that it runs and of the sink that it fills."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from app.frame import Annotated
from models.picture import Picture
from models.segmentation import Segmentation


class FrameSegmenter(Protocol):
    """Entered, used and left on one thread; may be entered again after it was left or failed."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def segment(self, picture: Picture, frame_index: int) -> Segmentation:
        """The segmentation of ``picture``; it carries ``frame_index``."""
        ...


class Sink(Protocol):
    """Where annotated frames end: files, or the screen. Both calls come from one thread."""

    def write(self, annotated: Annotated) -> None:
        """Takes the next frame; indices rise. Not called again after it has raised."""
        ...

    def close(self) -> None:
        """Called exactly once, after the last ``write``, whether or not anything failed."""
        ...
