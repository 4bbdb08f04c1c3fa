"""Work on a stream, recorded once and launched as one: the launches are what costs."""

from __future__ import annotations

from collections.abc import Callable

import pycuda.driver as cuda
from cuda.bindings import driver

from models.backends.cuda.device import require_success

_REFUSED = "The GPU refused a captured graph ({reason}); update its driver."


class CapturedGraph:
    """What ``enqueue`` queues on ``stream``, as a CUDA graph.

    Addresses and arguments are recorded with the work: the buffers must outlive the graph, and a
    change of arguments needs a new one. ``enqueue`` must have run once before, uncaptured: on the
    first run libraries set themselves up.

    Raises:
        BackendError: something in ``enqueue`` cannot be captured.
        Exception: what ``enqueue`` raises; the stream is usable again.
    """

    def __init__(self, stream: cuda.Stream, enqueue: Callable[[], None]) -> None:
        self._stream = driver.CUstream(stream.handle)
        # Thread-local: what other threads do on the device meanwhile is not our business.
        mode = driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL
        require_success(driver.cuStreamBeginCapture(self._stream, mode), _REFUSED)
        try:
            enqueue()
        except BaseException:
            status, unfinished = driver.cuStreamEndCapture(self._stream)
            if status == driver.CUresult.CUDA_SUCCESS:
                driver.cuGraphDestroy(unfinished)
            raise
        graph = require_success(driver.cuStreamEndCapture(self._stream), _REFUSED)
        try:
            instance = driver.cuGraphInstantiate(graph, 0)
            self._executable = require_success(instance, _REFUSED)
        finally:
            driver.cuGraphDestroy(graph)

    def launch(self) -> None:
        require_success(driver.cuGraphLaunch(self._executable, self._stream))

    def close(self) -> None:
        driver.cuGraphExecDestroy(self._executable)
