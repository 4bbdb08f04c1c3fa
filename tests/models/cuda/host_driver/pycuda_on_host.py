"""``pycuda.driver`` as far as the fast path uses it, for machines on which pycuda cannot be built.

Like pycuda a thin layer over libcuda, which here is the host driver: a failure becomes an
exception, and a stream and a module go with the last reference to them.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_libcuda = ctypes.CDLL("libcuda.so.1")
_OUT_OF_MEMORY = 2


class Error(Exception):
    """What all failures have in common."""


class MemoryError(Error):  # noqa: A001 - pycuda's name for it
    """There is no more memory."""


class LogicError(Error):
    """Every other failure."""


def _call(name: str, *arguments: Any) -> None:
    status = getattr(_libcuda, name)(*arguments)
    if status:
        raise (MemoryError if status == _OUT_OF_MEMORY else LogicError)(f"{name} failed: {status}")


def init() -> None:
    _call("cuInit", 0)


class Device:
    def __init__(self, index: int) -> None:
        _call("cuDeviceGet", ctypes.byref(ctypes.c_int()), index)

    def name(self) -> str:
        return "host"

    def compute_capability(self) -> tuple[int, int]:
        return 7, 5

    def retain_primary_context(self) -> _Context:
        return _Context()


class _Context:
    def __init__(self) -> None:
        self._handle = ctypes.c_void_p()
        _call("cuDevicePrimaryCtxRetain", ctypes.byref(self._handle), 0)

    def push(self) -> None:
        _call("cuCtxPushCurrent_v2", self._handle)

    def detach(self) -> None:
        """Leaves it current on this thread, as pycuda does."""
        _call("cuDevicePrimaryCtxRelease_v2", 0)


class Stream:
    def __init__(self, flags: int) -> None:
        handle = ctypes.c_void_p()
        _call("cuStreamCreate", ctypes.byref(handle), flags)
        self.handle = handle.value

    @property
    def synchronize(self) -> Callable[[], None]:
        """Without a frame of its own, as in pycuda: a traceback would keep the stream with it."""
        return partial(_call, "cuStreamSynchronize", ctypes.c_void_p(self.handle))

    def __del__(self) -> None:
        if hasattr(self, "handle"):
            _libcuda.cuStreamDestroy_v2(ctypes.c_void_p(self.handle))


class _DeviceMemory:
    def __init__(self, size: int) -> None:
        self._address = ctypes.c_uint64()
        _call("cuMemAlloc_v2", ctypes.byref(self._address), ctypes.c_size_t(size))

    def __int__(self) -> int:
        return self._address.value

    def free(self) -> None:
        _libcuda.cuMemFree_v2(self._address)


class _PageLockedMemory:
    def __init__(self, size: int, dtype: DTypeLike) -> None:
        self._address = ctypes.c_uint64()
        count = ctypes.c_size_t(size * np.dtype(dtype).itemsize)
        _call("cuMemHostAlloc", ctypes.byref(self._address), count, 0)
        self.__array_interface__ = {
            "data": (self._address.value, False),
            "shape": (size,),
            "typestr": np.dtype(dtype).str,
            "version": 3,
        }

    def free(self) -> None:
        _libcuda.cuMemFreeHost(self._address)


def mem_alloc(size: int) -> _DeviceMemory:
    return _DeviceMemory(size)


def pagelocked_empty(size: int, dtype: DTypeLike) -> NDArray[Any]:
    return np.asarray(_PageLockedMemory(size, dtype))


def memcpy_htod_async(target: _DeviceMemory, source: NDArray[Any], stream: Stream) -> None:
    _call(
        "cuMemcpyHtoDAsync_v2",
        ctypes.c_uint64(int(target)),
        ctypes.c_void_p(source.ctypes.data),
        ctypes.c_size_t(source.nbytes),
        ctypes.c_void_p(stream.handle),
    )


def memcpy_dtoh_async(target: NDArray[Any], source: _DeviceMemory, stream: Stream) -> None:
    _call(
        "cuMemcpyDtoHAsync_v2",
        ctypes.c_void_p(target.ctypes.data),
        ctypes.c_uint64(int(source)),
        ctypes.c_size_t(target.nbytes),
        ctypes.c_void_p(stream.handle),
    )


class _Module:
    def __init__(self, content: bytes) -> None:
        handle = ctypes.c_void_p()
        _call("cuModuleLoadData", ctypes.byref(handle), content)
        self.handle = handle

    def get_function(self, name: str) -> Function:
        return Function(self, name)

    def __del__(self) -> None:
        if hasattr(self, "handle"):
            _libcuda.cuModuleUnload(self.handle)


class Function:
    """A kernel; it keeps its module."""

    def __init__(self, module: _Module, name: str) -> None:
        self._module = module
        self._handle = ctypes.c_void_p()
        _call(
            "cuModuleGetFunction", ctypes.byref(self._handle), module.handle, name.encode("ascii")
        )

    def __call__(
        self, job: NDArray[Any], *, block: tuple[int, ...], grid: tuple[int, ...], stream: Stream
    ) -> None:
        parameters = (ctypes.c_void_p * 1)(job.ctypes.data)
        _call(
            "cuLaunchKernel",
            self._handle,
            *grid,
            1,
            *block,
            0,
            ctypes.c_void_p(stream.handle),
            parameters,
            None,
        )


def module_from_buffer(content: bytes) -> _Module:
    return _Module(content)
