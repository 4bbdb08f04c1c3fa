"""The way of one picture over the device, from host memory to its probability."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from typing import NamedTuple, Protocol

import numpy as np
import pycuda.driver as cuda
from numpy.typing import NDArray

from models.backends.base import BackendError
from models.backends.cuda.buffers import TransferBuffer
from models.backends.cuda.conversion import BLOCK, conversion_job, grid
from models.backends.cuda.graph import CapturedGraph
from models.geometry import Area
from models.picture import ColourMatrix, Picture, PixelFormat
from models.spec import ModelSpec

_NON_BLOCKING = 1
"""CU_STREAM_NON_BLOCKING: not held up by work on the default stream."""

_log = logging.getLogger(__name__)


class Network(Protocol):
    """An engine with what it needs to run beside others of its kind."""

    def bind(self, input_address: int, output_address: int) -> None:
        """Tells where on the device it reads (H, W, 3) uint8 RGB and writes (H, W) uint8."""
        ...

    def enqueue(self, stream_handle: int) -> None:
        """Queues one inference."""
        ...

    def close(self) -> None: ...


class _Layout(NamedTuple):
    """What the conversion's arguments depend on."""

    shape: tuple[int, ...]
    pixel_format: PixelFormat
    matrix: ColourMatrix
    full_range: bool
    area: Area


class Lane:
    """A stream, buffers and a network of its own; one picture at a time is on its way.

    Upload and conversion are queued call by call, since their arguments change with the picture;
    the device is still busy with the upload when the last call is made. What never changes, and is
    most of the launches, is one captured graph: the network, and the copy of its answer. A network
    that cannot be captured is queued call by call as well.

    Everything that takes memory or time once is done here; on failure nothing is left behind.
    """

    def __init__(
        self, kernels: Mapping[PixelFormat, cuda.Function], spec: ModelSpec, network: Network
    ) -> None:
        """Takes ``network`` over: closes it, on failure too."""
        self._kernels = kernels
        self._spec = spec
        self.network = network
        self._layout: _Layout | None = None
        self._on_its_way: Picture | None = None
        with ExitStack() as cleanup:
            # The driver frees a stream with the last reference to it, wherever an exception may
            # keep one; the context must then still be there.
            cleanup.callback(vars(self).clear)
            cleanup.callback(network.close)
            self.stream = cuda.Stream(_NON_BLOCKING)
            frame_size = spec.height * spec.width * 3
            self._input = cuda.mem_alloc(frame_size)
            cleanup.callback(self._input.free)
            self._probability = TransferBuffer(spec.height * spec.width)
            cleanup.callback(self._probability.close)
            self._picture = TransferBuffer(frame_size)
            cleanup.callback(lambda: self._picture.close())
            network.bind(self.input_address, self._probability.address)
            self._enqueue_network()
            self.stream.synchronize()
            self._launch_network = self._captured(cleanup)
            cleanup.callback(self._wait_quietly)
            self._cleanup = cleanup.pop_all()

    @property
    def is_free(self) -> bool:
        return self._on_its_way is None

    @property
    def input_address(self) -> int:
        """Where the network finds (height, width, 3) uint8 RGB."""
        return int(self._input)

    def begin(self, picture: Picture, area: Area, *, page_locked: bool) -> None:
        """Queues everything for the part ``area`` of ``picture``. The lane must be free.

        Args:
            page_locked: the pixels lie in page-locked memory and are uploaded from there, so they
                must stay as they are until ``finish``; otherwise they are copied first.

        Raises:
            ValueError: ``area`` is empty, leaves the picture, or cuts through a chroma sample.
        """
        self._prepare(picture, area)
        pixels = picture.pixels.reshape(-1)
        if not page_locked:
            staged = self._picture.host[: pixels.size]
            np.copyto(staged, pixels)
            pixels = staged
        self._picture.upload(pixels, self.stream)
        kernel = self._kernels[picture.pixel_format]
        kernel(self._job, block=BLOCK, grid=grid(self._spec), stream=self.stream)
        self._launch_network()
        self._on_its_way = picture

    def finish(self) -> NDArray[np.uint8]:
        """Waits for what was begun: its probability, (height, width) uint8, the caller's own."""
        self._on_its_way = None
        self.stream.synchronize()
        return self._probability.host.reshape(self._spec.height, self._spec.width).copy()

    def close(self) -> None:
        """Gives everything back; the object is of no use afterwards."""
        self._cleanup.close()

    def _enqueue_network(self) -> None:
        self.network.enqueue(self.stream.handle)
        self._probability.download(self.stream)

    def _captured(self, cleanup: ExitStack) -> Callable[[], None]:
        """Queues the network and the copy of its answer, as one launch where that can be had."""
        try:
            graph = CapturedGraph(self.stream, self._enqueue_network)
        except BackendError as error:
            # Its text alone: whoever keeps the error keeps the stream with it.
            _log.warning("each launch of the network costs its own time: %s", str(error))
            return self._enqueue_network
        cleanup.callback(graph.close)
        return graph.launch

    def _prepare(self, picture: Picture, area: Area) -> None:
        layout = _Layout(
            picture.pixels.shape, picture.pixel_format, picture.matrix, picture.full_range, area
        )
        if layout == self._layout:
            return
        self._layout = None
        if picture.pixels.nbytes > self._picture.size:
            larger = TransferBuffer(picture.pixels.nbytes)
            self._picture.close()
            self._picture = larger
        self._job = conversion_job(
            picture, area, self._spec, self._picture.address, self.input_address
        )
        self._layout = layout

    def _wait_quietly(self) -> None:
        """Nothing is freed that the device still uses; a device that failed uses nothing."""
        with suppress(cuda.Error):
            self.stream.synchronize()
