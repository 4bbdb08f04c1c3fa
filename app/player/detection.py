"""What the person sets of how polyps are found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detection:
    """How a probability becomes a marker; may change while a video plays."""

    threshold: float | None = None
    """In [0, 1]; None takes the model's own."""
    minimum_alert_ms: float = 0.0
