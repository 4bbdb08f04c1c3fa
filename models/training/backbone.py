"""Starts the encoder from weights of its own, the released ImageNet ones or a network's of ours."""

from __future__ import annotations

from pathlib import Path

from models.hardnet_checkpoint import CheckpointError, read_state
from models.hardnet_mseg import HarDNetMSEG

ENCODER = "hardnet."


def load_backbone(network: HarDNetMSEG, path: Path) -> None:
    """Fills the encoder of ``network`` from ``path`` and leaves the decoder as it is.

    ``path`` holds HarDNet-68 under the names of its release (``base.0.conv.weight``; a classifier
    is ignored) or a whole HarDNet-MSEG (``hardnet.base.0.conv.weight``).

    Raises:
        CheckpointError: the file is missing or damaged, or holds neither.
    """
    expected = network.hardnet.state_dict()
    try:
        state = read_state(path, expected)
    except CheckpointError:
        prefixed = {ENCODER + name: value for name, value in expected.items()}
        whole = read_state(path, prefixed)
        state = {name.removeprefix(ENCODER): value for name, value in whole.items()}
    network.hardnet.load_state_dict(state)
