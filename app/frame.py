"""What travels between the stages."""

from __future__ import annotations

from dataclasses import dataclass

from models.picture import Picture
from models.segmentation import Segmentation


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame of a source, never changed after the source made it.

    ``index`` counts the frames that the source gave, from 0. ``pts_s`` is the frame's own time in
    seconds from the start of the video. ``captured_ns`` is ``time.monotonic_ns()`` when the frame
    arrived. ``name`` is the file name of a frame that is a file of its own, such as ``polyp7.png``.
    """

    picture: Picture
    index: int
    pts_s: float
    captured_ns: int
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Annotated:
    """A frame and its own segmentation; ``None`` where the frame was not segmented.

    Raises:
        ValueError: the segmentation belongs to another frame.
    """

    frame: Frame
    segmentation: Segmentation | None

    def __post_init__(self) -> None:
        if self.segmentation is not None and self.segmentation.frame_index != self.frame.index:
            raise ValueError(
                f"segmentation of frame {self.segmentation.frame_index} "
                f"was put on frame {self.frame.index}"
            )
