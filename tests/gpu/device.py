"""The first NVIDIA GPU, as its driver describes it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass


class NoGpuError(Exception):
    """There is no usable NVIDIA GPU; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What the floor is computed from, and what a figure has to be read with."""

    name: str
    driver: str
    target: str
    """Architecture, such as ``sm_75``."""
    multiprocessors: int
    largest_clock_mhz: float
    memory_bytes_per_s: float
    """Peak bandwidth of the device's memory."""


def device_facts() -> DeviceFacts:
    """Asks the driver, without making a context.

    Raises:
        NoGpuError: no driver, no GPU, or no cuda-bindings to ask them with.
    """
    try:
        from cuda.bindings import driver
    except ImportError as error:
        raise NoGpuError(
            "cuda-bindings is not installed; install it with: pip install -r requirements-gpu.txt"
        ) from error
    try:
        (status,) = driver.cuInit(0)
    except RuntimeError as error:
        raise NoGpuError(
            "There is no NVIDIA driver on this machine; this needs one and its GPU."
        ) from error
    if status != driver.CUresult.CUDA_SUCCESS:
        raise NoGpuError(f"The NVIDIA driver finds no usable GPU ({status.name}).")
    attribute = driver.CUdevice_attribute

    def value(which: object) -> int:
        status, found = driver.cuDeviceGetAttribute(which, 0)
        if status != driver.CUresult.CUDA_SUCCESS:
            raise NoGpuError(f"The NVIDIA driver does not describe its GPU ({status.name}).")
        return int(found)

    major = value(attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
    minor = value(attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)
    memory_hz = value(attribute.CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE) * 1000
    bus_bits = value(attribute.CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH)
    return DeviceFacts(
        name=nvidia_smi("name"),
        driver=nvidia_smi("driver_version"),
        target=f"sm_{major}{minor}",
        multiprocessors=value(attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
        largest_clock_mhz=value(attribute.CU_DEVICE_ATTRIBUTE_CLOCK_RATE) / 1000,
        # Twice: data moves on both edges of the clock.
        memory_bytes_per_s=2 * memory_hz * bus_bits / 8,
    )


def nvidia_smi(field: str) -> str:
    """One field of ``nvidia-smi --query-gpu`` for the first GPU; ``unknown`` where it has none."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return "unknown"
    answer = subprocess.run(
        [command, "--id=0", f"--query-gpu={field}", "--format=csv,noheader"],
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout.strip() if answer.returncode == 0 else "unknown"


def clocks() -> dict[str, str]:
    """What the GPU is running at right now."""
    fields = ("clocks.sm", "clocks.mem", "temperature.gpu", "power.draw")
    return {field: nvidia_smi(field) for field in fields}
