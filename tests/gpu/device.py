"""The first NVIDIA GPU, as its driver describes it."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

UNKNOWN = "unknown"
ANSWER_LIMIT_S = 10.0
"""For the driver's own tool, which waits where the driver does."""
CLOCKS = ("clocks.sm", "clocks.mem", "temperature.gpu", "power.draw", "clocks_event_reasons.active")
"""The last says what holds the clocks down."""


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
    named = nvidia_smi("name", "driver_version")
    return DeviceFacts(
        name=named["name"],
        driver=named["driver_version"],
        target=f"sm_{major}{minor}",
        multiprocessors=value(attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
        largest_clock_mhz=value(attribute.CU_DEVICE_ATTRIBUTE_CLOCK_RATE) / 1000,
        # Twice: data moves on both edges of the clock.
        memory_bytes_per_s=2 * memory_hz * bus_bits / 8,
    )


def nvidia_smi(*fields: str) -> dict[str, str]:
    """Fields of ``nvidia-smi --query-gpu`` for the first GPU; ``unknown`` where it says nothing."""
    command = _query(*fields)
    if command is None:
        return dict.fromkeys(fields, UNKNOWN)
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=ANSWER_LIMIT_S
        )
    except subprocess.TimeoutExpired:
        return dict.fromkeys(fields, UNKNOWN)
    return _read(fields, answer.stdout)


def clocks() -> dict[str, str]:
    """What the GPU is running at right now."""
    return nvidia_smi(*CLOCKS)


def clocks_while(step: Callable[[], object]) -> dict[str, str]:
    """What the GPU runs at while ``step`` keeps it busy: a moment later it may rest."""
    command = _query(*CLOCKS)
    if command is None:
        return dict.fromkeys(CLOCKS, UNKNOWN)
    until_s = time.monotonic() + ANSWER_LIMIT_S
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as asked:
        while asked.poll() is None and time.monotonic() < until_s:
            step()
        asked.kill()
        answer, _ = asked.communicate()
    return _read(CLOCKS, answer)


def _query(*fields: str) -> list[str] | None:
    """The command that asks for ``fields``; None where the driver's tool is not installed."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return None
    return [command, "--id=0", f"--query-gpu={','.join(fields)}", "--format=csv,noheader"]


def _read(fields: Sequence[str], answer: str) -> dict[str, str]:
    values = [value.strip() for value in answer.strip().split(",")]
    if len(values) != len(fields):
        return dict.fromkeys(fields, UNKNOWN)
    return dict(zip(fields, values, strict=True))
