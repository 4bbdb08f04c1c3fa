"""PyTorch at its best: compiled, with CUDA graphs, FP16, channels last."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch

from models.hardnet_mseg import load_checkpoint
from models.weights import DEFAULT_WEIGHTS
from tests.gpu.device import clocks_while
from tests.gpu.timing import latency


def measure(target: str, iterations: int) -> dict[str, Any]:
    """The latency of the network alone, once compiled. ``target`` is not used."""
    network = load_checkpoint(DEFAULT_WEIGHTS).cuda().eval().half()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    compiled = torch.compile(network, mode="reduce-overhead")
    frame = torch.rand(1, 3, 352, 352, device="cuda", dtype=torch.half)
    frame = frame.contiguous(memory_format=torch.channels_last)

    def step() -> None:
        compiled(frame)
        torch.cuda.synchronize()

    with torch.inference_mode():
        alone = latency(step, iterations)
        alone_clocks = clocks_while(step)
    return {"network_alone": asdict(alone), "clocks": alone_clocks}
