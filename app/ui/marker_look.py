"""How the picture and its markers are shown: what a person can change while the video plays."""

from __future__ import annotations

from dataclasses import dataclass

from app.overlay import TINT_OPACITY
from app.player.settings import MarkerKind


@dataclass(frozen=True, slots=True)
class MarkerLook:
    """The defaults are those of a first start.

    Raises:
        ValueError: the opacity is out of its range.
    """

    kind: MarkerKind = MarkerKind.BOX
    visible: bool = True
    """Whether anything is marked."""
    opacity: float = TINT_OPACITY
    """Of the FILL marker's tint, in [0, 1]; lines are opaque."""
    side_by_side: bool = False
    """The clean picture on the left, the marked one on the right."""
    crop_to_area: bool = False
    """Shows the endoscope's picture without the screen round it, once the area is known."""

    def __post_init__(self) -> None:
        if not 0 <= self.opacity <= 1:
            raise ValueError(f"opacity must lie in [0, 1], not {self.opacity}")
