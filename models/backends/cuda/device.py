"""The first NVIDIA GPU, held through its primary context by one thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pycuda.driver as cuda
from cuda.bindings import driver

from models.backends.base import BackendError, BackendUnavailableError

_FAILED = "The GPU failed ({reason}); start again, and restart the computer if it happens again."


@contextmanager
def device_errors() -> Iterator[None]:
    """Turns what pycuda raises into a BackendError of one sentence. Decorates, too."""
    try:
        yield
    except cuda.MemoryError as error:
        raise _memory_is_full() from error
    except cuda.Error as error:
        raise BackendError(_FAILED.format(reason=error)) from error


def require_success(answer: tuple[Any, ...], failure: str = _FAILED) -> Any:
    """The value in an answer of cuda-bindings, which is (status,) or (status, value).

    Raises:
        BackendError: the call failed; ``failure`` is the sentence, with its ``{reason}`` in it.
    """
    status, *values = answer
    if status == driver.CUresult.CUDA_ERROR_OUT_OF_MEMORY:
        raise _memory_is_full()
    if status != driver.CUresult.CUDA_SUCCESS:
        raise BackendError(failure.format(reason=status.name))
    return values[0] if values else None


def _memory_is_full() -> BackendError:
    return BackendError("The GPU's memory is full; close other programs that use the GPU.")


class Device:
    """Retains the primary context, which TensorRT shares, and makes it current on this thread.

    ``close`` comes from the same thread, after everything that lives on the device is freed.

    Raises:
        BackendUnavailableError: there is no usable GPU.
        BackendError: its memory is full.
    """

    def __init__(self) -> None:
        try:
            cuda.init()
            device = cuda.Device(0)
            self.name: str = device.name()
            major, minor = device.compute_capability()
            self.target = f"sm_{major}{minor}"
            """The architecture that native code has to be built for, such as ``sm_75``."""
            self._context = device.retain_primary_context()
            self._context.push()  # last: only ``close`` undoes it
        except cuda.MemoryError as error:
            raise _memory_is_full() from error
        except cuda.Error as error:
            raise BackendUnavailableError(
                f"There is no usable NVIDIA GPU ({error}); "
                "install or update its driver, or choose another --backend."
            ) from error

    def free_bytes(self) -> int:
        free, _ = cuda.mem_get_info()
        return int(free)

    @device_errors()
    def close(self) -> None:
        self._context.detach()
        # detach() releases the primary context but leaves it current on this thread.
        driver.cuCtxPopCurrent()
