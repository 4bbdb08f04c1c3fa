"""Weights and input drawn from names, so that a reference output needs no stored weights."""

from __future__ import annotations

import zlib

import numpy as np
import torch
from numpy.typing import NDArray

from models.hardnet_mseg import HarDNetMSEG


def _generator(name: str) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(zlib.crc32(name.encode())))


def _draw(key: str, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    generator = _generator(key + name)
    if name.endswith("running_var"):
        return generator.uniform(0.5, 1.5, shape)
    if name.endswith("running_mean"):
        return generator.normal(0, 0.1, shape)
    if len(shape) == 4:
        fan_in = shape[1] * shape[2] * shape[3]
        spread = float(np.sqrt(2 / fan_in))
        return generator.normal(0, 1, shape) * spread
    if name.endswith("bias"):
        return generator.normal(0, 0.1, shape)
    return generator.uniform(0.8, 1.2, shape)


def drawn_state(key: str) -> dict[str, torch.Tensor]:
    """A state dictionary of HarDNet-MSEG, float32, the same for the same ``key``."""
    return {
        name: torch.from_numpy(np.asarray(_draw(key, name, tuple(value.shape)), np.float32))
        if value.is_floating_point()
        else value
        for name, value in HarDNetMSEG().state_dict().items()
    }


def drawn_input(key: str, side: int) -> torch.Tensor:
    """(1, 3, side, side) float32, standard normal."""
    values = _generator(key + "input").normal(0, 1, (1, 3, side, side))
    return torch.from_numpy(values.astype(np.float32))
