"""What a pipeline asks of the segmenter that it runs and of the sink that it fills."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

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


@runtime_checkable
class AheadSegmenter(FrameSegmenter, Protocol):
    """One that works on several pictures at a time."""

    @property
    def depth(self) -> int:
        """How many pictures may be begun and not finished, once it is entered."""
        ...

    def begin(self, picture: Picture, frame_index: int) -> Callable[[], Segmentation]:
        """Begins what ``segment`` does; what is given back waits for its end, once, in order."""
        ...


@runtime_checkable
class InterruptibleSegmenter(FrameSegmenter, Protocol):
    """One that can be kept from waiting, by any thread."""

    def interrupt(self) -> None:
        """Makes entering, and an answer that does not come soon, raise; now and later."""
        ...


class Sink(Protocol):
    """Where annotated frames end: files, or the screen. Both calls come from one thread."""

    def write(self, annotated: Annotated) -> None:
        """Takes the next frame; indices rise. Not called again after it has raised."""
        ...

    def close(self) -> None:
        """Called exactly once, after the last ``write``, whether or not anything failed."""
        ...
