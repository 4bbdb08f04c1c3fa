from __future__ import annotations

import numpy as np
import pytest

from models.engine_proof import EngineProof


@pytest.fixture
def proof() -> EngineProof:
    """A polyp over a quarter of the frame."""
    probability = np.zeros((64, 32), np.uint8)
    probability[:32, :16] = 200
    frame = np.random.default_rng(1).integers(0, 256, (64, 32, 3), np.uint8)
    return EngineProof(frame, probability)


def test_it_survives_being_written_and_gives_the_same_bytes(proof: EngineProof) -> None:
    read = EngineProof.from_bytes(proof.to_bytes())
    np.testing.assert_array_equal(read.frame, proof.frame)
    np.testing.assert_array_equal(read.probability, proof.probability)
    assert read.to_bytes() == proof.to_bytes()


def test_it_tells_masks_apart(proof: EngineProof) -> None:
    assert proof.dice(proof.probability, 0.5) == 1
    assert proof.dice(np.where(proof.probability > 0, 130, 40).astype(np.uint8), 0.5) == 1
    assert proof.dice(np.zeros_like(proof.probability), 0.5) == 0
    assert proof.dice(np.full_like(proof.probability, 255), 0.5) == pytest.approx(0.4)


def test_a_proof_without_a_mark_agrees_with_nothing(proof: EngineProof) -> None:
    for answer in (proof.probability, np.zeros_like(proof.probability)):
        assert proof.dice(answer, 0.9) == 0
