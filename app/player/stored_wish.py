"""What was asked of a capture device, as the settings file holds it."""

from __future__ import annotations

from typing import Any

from app.sources.frame_rate import parse_rate
from app.sources.live import CaptureWish
from models.picture import PixelFormat


def wish_to_stored(wish: CaptureWish) -> dict[str, Any]:
    """Plain texts and numbers; what was not asked for is None."""
    return {
        "width": wish.width,
        "height": wish.height,
        "rate": None if wish.rate is None else str(wish.rate),
        "pixel_format": None if wish.pixel_format is None else wish.pixel_format.value,
    }


def wish_from_stored(stored: object) -> CaptureWish:
    """What ``wish_to_stored`` gave.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(stored, dict):
        raise ValueError("capture_wish is not an object")
    for side in ("width", "height"):
        value = stored.get(side)
        if value is not None and not (type(value) is int and value > 0):
            raise ValueError(f"the {side} of capture_wish is not null or a positive number")
    rate, pixel_format = stored.get("rate"), stored.get("pixel_format")
    return CaptureWish(
        stored.get("width"),
        stored.get("height"),
        None if rate is None else parse_rate(str(rate)),
        None if pixel_format is None else PixelFormat(pixel_format),
    )
