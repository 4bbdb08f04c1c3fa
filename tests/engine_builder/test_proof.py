"""The proof's frame, chosen with a model that marks what is bright."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine_builder.agreement import Infer, on_cpu
from engine_builder.command_line import EngineBuilderError
from engine_builder.proof import find_proof
from tests.models.tiny_model import TINY_SPEC, tiny_model


@pytest.fixture(scope="module")
def infer() -> Infer:
    return on_cpu(tiny_model().SerializeToString(), TINY_SPEC)


def image(folder: Path, share: float) -> Path:
    """Of the model's size; so much of it is bright."""
    pixels = np.full((TINY_SPEC.height, TINY_SPEC.width, 3), 20, np.uint8)
    pixels[:, : round(share * TINY_SPEC.width)] = 220
    path = folder / f"{share}.png"
    Image.fromarray(pixels).save(path)
    return path


def test_it_is_the_first_that_tells_every_blind_engine(infer: Infer, tmp_path: Path) -> None:
    files = [image(tmp_path, share) for share in (0.0, 1.0, 0.75, 0.25, 0.5)]
    path, proof = find_proof(infer, files, TINY_SPEC)
    assert path == files[3]
    np.testing.assert_array_equal(proof.probability, infer(proof.frame))
    assert proof.dice(proof.probability, TINY_SPEC.threshold) == 1
    for level in range(256):
        blind = np.full_like(proof.probability, level)
        assert proof.dice(blind, TINY_SPEC.threshold) < 0.7


def test_where_no_image_will_do_there_is_none(infer: Infer, tmp_path: Path) -> None:
    files = [image(tmp_path, share) for share in (0.0, 1.0)]
    with pytest.raises(EngineBuilderError, match=r"none of the 2 reference images, .*--size"):
        find_proof(infer, files, TINY_SPEC)
