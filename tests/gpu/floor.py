"""The least time one inference can take on a device: nothing that runs the network beats it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.gpu.device import DeviceFacts

MULTIPLY_ADDS = 11.35e9
"""HarDNet-MSEG at 352 x 352, one frame."""
PARAMETERS = 17.4e6

_HALF_PRECISION_MULTIPLY_ADDS = {
    "sm_75": 512,
    "sm_80": 1024,
    "sm_86": 512,
    "sm_89": 512,
    "sm_90": 2048,
    "sm_120": 512,
}
"""Dense FP16 multiply-adds of a multiprocessor in one clock, from NVIDIA's architecture papers."""


@dataclass(frozen=True, slots=True)
class Floor:
    """Two bounds that hold at once; the larger is the floor."""

    arithmetic_ms: float
    """Every multiply-add on FP16 tensor cores that never wait."""
    weights_ms: float
    """Every FP16 weight read once from device memory. Does not bind where the L2 cache is larger
    than the weights."""

    @property
    def floor_ms(self) -> float:
        return max(self.arithmetic_ms, self.weights_ms)


def floor_of(device: DeviceFacts) -> Floor | None:
    """The floor at the device's largest clock; None for an architecture not in the table."""
    per_clock = _HALF_PRECISION_MULTIPLY_ADDS.get(device.target)
    if per_clock is None:
        return None
    rate = per_clock * device.multiprocessors * device.largest_clock_mhz * 1e6
    return Floor(
        arithmetic_ms=MULTIPLY_ADDS / rate * 1e3,
        weights_ms=PARAMETERS * 2 / device.memory_bytes_per_s * 1e3,
    )
