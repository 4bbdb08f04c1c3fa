"""The network as its authors run it: PyTorch, eager, FP32, the input on the device already."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch

from models.hardnet_mseg import load_checkpoint
from models.weights import DEFAULT_WEIGHTS
from tests.gpu.device import clocks_while
from tests.gpu.timing import latency


def measure(target: str, iterations: int) -> dict[str, Any]:
    """The latency of the network alone. ``target`` is not used."""
    network = load_checkpoint(DEFAULT_WEIGHTS).cuda().eval()
    frame = torch.rand(1, 3, 352, 352, device="cuda")

    def step() -> None:
        network(frame)
        torch.cuda.synchronize()

    with torch.inference_mode():
        alone = latency(step, iterations)
        alone_clocks = clocks_while(step)
    return {
        "network_alone": asdict(alone),
        "convolutions_in_tf32": torch.backends.cudnn.allow_tf32,
        "clocks": alone_clocks,
    }
