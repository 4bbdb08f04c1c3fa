"""What a model file says of itself: size, normalisation, tensor names, threshold."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

STRIDE = 32
"""The network halves its input five times: its height and width are multiples of this."""

METADATA_KEY = "polyplens.spec"
"""Key in the ONNX file's metadata under which the specification is stored as JSON."""


LARGEST_CORE_MARGIN = 100.0
"""In logits; far beyond what any probability has."""

_NAME = re.compile(r"\w[\w.-]*")
"""Folders are called after the model."""
_LARGEST_NUMBER = 1e6


class SpecError(Exception):
    """A model file does not say what it is; the message names the repair."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One deployable model: ``frame`` in, ``probability`` out.

    The graph takes ``input_name``, (1, height, width, 3) uint8 RGB in [0, 255], normalises it with
    ``mean`` and ``deviation`` (RGB, of values scaled to [0, 1]) and gives ``output_name``,
    (1, height, width) uint8, where 255 is certain.
    """

    name: str = "hardnet-mseg"
    height: int = 352
    width: int = 352
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    deviation: tuple[float, float, float] = (0.229, 0.224, 0.225)
    input_name: str = "frame"
    output_name: str = "probability"
    threshold: float = 0.5
    """Probability in [0, 1] from which a pixel counts as polyp, unless the user sets another."""
    least_area: float = 0.0
    """Share of the picture in [0, 1] of which a marked region's core has to be; see
    ``models.regions``."""
    core_margin: float = 0.0
    """By how much, in logits, the probability in a core exceeds the threshold, at most
    ``LARGEST_CORE_MARGIN``; 0: regions need no core, and ``least_area`` is asked of all of them."""

    def to_metadata(self) -> dict[str, str]:
        return {METADATA_KEY: json.dumps(asdict(self), sort_keys=True)}

    @staticmethod
    def from_metadata(metadata: Mapping[str, str], path: object) -> ModelSpec:
        """The specification that ``to_metadata`` stored; ``path`` is named in the error.

        Raises:
            SpecError: the file carries none, an incomplete one, or one that cannot be true.
        """
        try:
            stored = json.loads(metadata[METADATA_KEY])
            stored["mean"] = tuple(stored["mean"])
            stored["deviation"] = tuple(stored["deviation"])
            spec = ModelSpec(**stored)
            if not spec._is_possible():
                raise ValueError(spec)
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise SpecError(
                f"{path} is not a deployable PolypLens model (it lacks the {METADATA_KEY} "
                "metadata, or says what cannot be there); make one with: "
                "python engine_builder/export.py CHECKPOINT"
            ) from error
        return spec

    def _is_possible(self) -> bool:
        """Whether every value has its type and its range, wherever they come from."""
        shares = (self.threshold, self.least_area)
        return (
            all(isinstance(name, str) for name in (self.input_name, self.output_name))
            and _NAME.fullmatch(self.name) is not None
            and all(type(side) is int and side > 0 for side in (self.height, self.width))
            and len(self.mean) == len(self.deviation) == 3
            and all(abs(number) < _LARGEST_NUMBER for number in (*self.mean, *self.deviation))
            and all(0 <= share <= 1 for share in shares)
            and 0 <= self.core_margin <= LARGEST_CORE_MARGIN
        )
