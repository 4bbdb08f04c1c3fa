"""What the person sets of how polyps are found."""

from __future__ import annotations

from dataclasses import dataclass

from models.regions import Findings, find_regions
from models.segmentation import Segmentation
from models.spec import ModelSpec


@dataclass(frozen=True, slots=True)
class Detection:
    """How a probability becomes a marker; may change while a video plays."""

    threshold: float | None = None
    """In [0, 1]; None takes the model's own."""
    minimum_alert_ms: float = 0.0

    def threshold_for(self, spec: ModelSpec) -> float:
        """Probability in [0, 1] from which a pixel counts as polyp."""
        return spec.threshold if self.threshold is None else self.threshold

    def find(self, segmentation: Segmentation, spec: ModelSpec) -> Findings:
        """What ``segmentation`` marks, which the model of ``spec`` made."""
        threshold = self.threshold_for(spec)
        return find_regions(segmentation, threshold, spec.least_area, spec.core_margin)
