"""What a command line came to: how every frame of this run is segmented."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class AppConfig:
    """Read once, then handed down; nothing else in ``app`` looks at options or environment."""

    backend: str
    """One of ``models.backends.selection.BACKEND_NAMES``."""
    weights: Path
    """The deployable ONNX file."""
    engine: Path | None
    """The TensorRT engine's folder; None looks where engines are built to."""
    threshold: float | None
    """Probability in [0, 1] from which a pixel counts as polyp; None takes the model's own."""
    input_size: int | None = None
    """Side in pixels of the network's input; None takes the model's own."""
