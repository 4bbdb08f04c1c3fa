"""Work on a stream, recorded once and launched as one: the launches are what costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pycuda.driver as cuda
from cuda.bindings import driver

from models.backends.base import BackendError


class CapturedGraph:
    """What ``enqueue`` queues on ``stream``, as a CUDA graph.

    Addresses and arguments are recorded with the work: the buffers must outlive the graph, and a
    change of arguments needs a new one. ``enqueue`` must have run once before, uncaptured: on the
    first run libraries set themselves up.

    Raises:
        BackendError: something in ``enqueue`` cannot be captured.
    """

    def __init__(self, stream: cuda.Stream, enqueue: Callable[[], None]) -> None:
        self._stream = driver.CUstream(stream.handle)
        # Thread-local: what other threads do on the device meanwhile is not our business.
        mode = driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL
        _check(driver.cuStreamBeginCapture(self._stream, mode))
        try:
            enqueue()
        finally:
            capture = driver.cuStreamEndCapture(self._stream)
        graph = _check(capture)
        try:
            self._executable = _check(driver.cuGraphInstantiate(graph, 0))
        finally:
            driver.cuGraphDestroy(graph)

    def launch(self) -> None:
        _check(driver.cuGraphLaunch(self._executable, self._stream))

    def close(self) -> None:
        driver.cuGraphExecDestroy(self._executable)


def _check(answer: tuple[Any, ...]) -> Any:
    """The value in an answer of the binding, which is (status,) or (status, value)."""
    status, *values = answer
    if status != driver.CUresult.CUDA_SUCCESS:
        raise BackendError(f"The GPU refused a captured graph ({status.name}); update its driver.")
    return values[0] if values else None
