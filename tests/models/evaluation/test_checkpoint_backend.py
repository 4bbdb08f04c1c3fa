"""What PyTorch cannot do, in one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save_file

from models.backends.base import BackendError
from models.evaluation.checkpoint_backend import CheckpointBackend
from models.spec import ModelSpec
from tests.models.drawn_weights import drawn_state

SPEC = ModelSpec(height=64, width=64)


@pytest.fixture
def backend(tmp_path: Path) -> CheckpointBackend:
    path = tmp_path / "drawn.safetensors"
    save_file(drawn_state("evaluation"), path)
    return CheckpointBackend(path, SPEC)


def test_a_network_that_does_not_reach_the_device_is_said(backend: CheckpointBackend) -> None:
    backend._network.to("meta")  # without its weights, as on a device that is lost
    with (
        pytest.raises(BackendError, match=r"^PyTorch cannot bring the network to cpu \(.+\); "),
        backend,
    ):
        pytest.fail("entered without weights")


def test_a_network_that_fails_on_a_frame_is_said(backend: CheckpointBackend) -> None:
    with backend:
        whole = backend._network.state_dict()
        backend._network.to("meta")
        with pytest.raises(
            BackendError, match=r"^PyTorch failed on a frame \(.+\); start it again"
        ):
            backend.infer(np.zeros((64, 64, 3), np.uint8))
        backend._network.load_state_dict(whole, assign=True)
