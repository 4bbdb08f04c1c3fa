"""A decoded picture to its probability without leaving the device in between."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import NamedTuple

import numpy as np
import pycuda.driver as cuda
from numpy.typing import NDArray

from models.backends.cuda.buffers import TransferBuffer
from models.backends.cuda.conversion import BLOCK, KERNEL_NAMES, conversion_job, grid
from models.backends.cuda.device import device_errors
from models.backends.cuda.graph import CapturedGraph
from models.geometry import Area
from models.picture import ColourMatrix, Picture, PixelFormat
from models.spec import ModelSpec

_NON_BLOCKING = 1
"""CU_STREAM_NON_BLOCKING: not held up by work on the default stream."""


class _Geometry(NamedTuple):
    """What the captured work depends on."""

    shape: tuple[int, ...]
    pixel_format: PixelFormat
    matrix: ColourMatrix
    full_range: bool
    area: Area


class FastPath:
    """Copy in, convert, engine, copy out, on one stream of the current context.

    A geometry's first picture runs step by step; its second is captured into a CUDA graph, which
    that one and all later ones launch. The numbers are the same either way.
    """

    def __init__(
        self, kernels: bytes, spec: ModelSpec, enqueue_engine: Callable[[int], None]
    ) -> None:
        """Takes its memory; on failure leaves nothing behind.

        Args:
            kernels: the cubin of ``kernels.cu`` for this device.
            enqueue_engine: queues the engine on the stream of the handle it is given; it reads
                ``input_address`` and writes ``output_address``.
        """
        self._spec = spec
        self._enqueue_engine = enqueue_engine
        self._geometry: _Geometry | None = None
        self._has_run = False
        self._graph: CapturedGraph | None = None
        with ExitStack() as cleanup:
            # The driver frees a stream and a module with the last reference to them, wherever an
            # exception may keep one; the context must then still be there.
            cleanup.callback(vars(self).clear)
            self.stream = cuda.Stream(_NON_BLOCKING)
            self._module = cuda.module_from_buffer(kernels)
            self._kernels = {
                pixel_format: self._module.get_function(name)
                for pixel_format, name in KERNEL_NAMES.items()
            }
            frame_size = spec.height * spec.width * 3
            self._input = cuda.mem_alloc(frame_size)
            cleanup.callback(self._input.free)
            self._probability = TransferBuffer(spec.height * spec.width)
            cleanup.callback(self._probability.close)
            self._picture = TransferBuffer(frame_size)
            cleanup.callback(lambda: self._picture.close())
            cleanup.callback(self._drop_graph)
            self._cleanup = cleanup.pop_all()

    @property
    def input_address(self) -> int:
        """Where the engine finds (height, width, 3) uint8 RGB."""
        return int(self._input)

    @property
    def output_address(self) -> int:
        """Where the engine writes (height, width) uint8."""
        return self._probability.address

    @device_errors()
    def load(self, picture: Picture, area: Area) -> None:
        """Takes the part ``area`` of ``picture`` as the next to run; keeps no reference to it.

        Raises:
            ValueError: ``area`` is empty, leaves the picture, or is odd in a 4:2:0 format.
        """
        geometry = _Geometry(
            picture.pixels.shape, picture.pixel_format, picture.matrix, picture.full_range, area
        )
        if geometry != self._geometry:
            self._prepare(picture, area)
            self._geometry = geometry
        np.copyto(self._picture.host[: picture.pixels.nbytes], picture.pixels.reshape(-1))

    @device_errors()
    def run(self) -> NDArray[np.uint8]:
        """The probability, (height, width) uint8, of what was loaded; the caller's own."""
        if not self._has_run:
            self._enqueue()
            self._has_run = True
        else:
            if self._graph is None:
                self._graph = CapturedGraph(self.stream, self._enqueue)
            self._graph.launch()
        return self._result()

    @device_errors()
    def close(self) -> None:
        """Gives everything back; the object is of no use afterwards."""
        self._cleanup.close()

    def _enqueue(self) -> None:
        """Queues all steps, one after the other."""
        self._picture.upload(self._picture_size, self.stream)
        self._kernel(self._job, block=BLOCK, grid=grid(self._spec), stream=self.stream)
        self._enqueue_engine(self.stream.handle)
        self._probability.download(self.stream)

    def _result(self) -> NDArray[np.uint8]:
        """Waits for what was queued, and copies what came back."""
        self.stream.synchronize()
        return self._probability.host.reshape(self._spec.height, self._spec.width).copy()

    def _prepare(self, picture: Picture, area: Area) -> None:
        """Sets up the steps for another geometry."""
        self._geometry = None
        self._drop_graph()
        self._has_run = False
        self._picture_size = picture.pixels.nbytes
        if self._picture_size > self._picture.size:
            larger = TransferBuffer(self._picture_size)
            self._picture.close()
            self._picture = larger
        self._kernel = self._kernels[picture.pixel_format]
        self._job = conversion_job(
            picture, area, self._spec, self._picture.address, self.input_address
        )

    def _drop_graph(self) -> None:
        if self._graph is not None:
            self._graph.close()
            self._graph = None
