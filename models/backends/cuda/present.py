"""Which NVIDIA GPU is here, asked of its driver without taking it."""

from __future__ import annotations

from models.interruptions import interruptions_held


def present_target() -> str | None:
    """The architecture of the GPU that ``Device`` takes, such as ``sm_75``; None without one.

    The driver's own tool may put another one first, and need not be installed.
    """
    try:
        with interruptions_held():
            from cuda.bindings import driver

        (status,) = driver.cuInit(0)
    except (ImportError, RuntimeError):  # without a driver the binding raises the latter
        return None
    attribute = driver.CUdevice_attribute
    capability = []
    for which in (
        attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR,
        attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR,
    ):
        if status == driver.CUresult.CUDA_SUCCESS:
            status, number = driver.cuDeviceGetAttribute(which, 0)
            capability.append(number)
    return "sm_{}{}".format(*capability) if status == driver.CUresult.CUDA_SUCCESS else None
