"""Finds the frame by which a broken engine can be told from a sound one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine_builder.agreement import Infer
from engine_builder.command_line import EngineBuilderError
from engine_builder.images import read_frame
from models.engine_proof import EngineProof
from models.geometry import least_level
from models.spec import ModelSpec

LEAST_SHARE, MOST_SHARE = 0.01, 0.5
"""Of the frame's pixels that FP32 marks: an engine that marks none of them, or all, is far off."""


def find_proof(
    infer_fp32: Infer, files: Sequence[Path], spec: ModelSpec
) -> tuple[Path, EngineProof]:
    """The first of the images ``files`` that will do, and the proof of it.

    Raises:
        EngineBuilderError: there is none, or one before it is damaged.
    """
    for path in files:
        frame = read_frame(path, spec)
        probability = infer_fp32(frame)
        share = np.mean(probability >= least_level(spec.threshold))
        if LEAST_SHARE <= share <= MOST_SHARE:
            return path, EngineProof(frame, probability)
    raise EngineBuilderError(
        f"The model marks between {LEAST_SHARE:.0%} and {MOST_SHARE:.0%} of none of the "
        f"{len(files)} reference images, so nothing would tell a broken engine from a sound one; "
        "choose a larger --size, or add an image with a polyp that it marks with --reference DIR."
    )
