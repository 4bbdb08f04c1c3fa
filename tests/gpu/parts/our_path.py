"""The application's own path: the network alone, and from the decoded picture to the mask."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

import numpy as np

from models.backends.base import BackendError
from models.backends.cuda.device import Device
from models.backends.cuda.fast_path import FastPath
from models.backends.cuda.graph import CapturedGraph
from models.backends.tensorrt_engine import TensorRTEngine, load_tensorrt
from models.engine_folder import open_engine_folder
from models.picture import Picture, PixelFormat
from tests.gpu.device import clocks_while
from tests.gpu.engine import build_engine
from tests.gpu.parts.rate import pictures_per_s
from tests.gpu.timing import latency
from tests.models.pictures import as_picture, scene


def measure(target: str, iterations: int) -> dict[str, Any]:
    """Latencies and rates; ``picture_to_mask`` is of a 1080p NV12 picture to its mask."""
    place = build_engine(target)
    folder = open_engine_folder(place)
    with ExitStack() as cleanup:
        device = Device()
        cleanup.callback(device.close)
        engine = TensorRTEngine(load_tensorrt(place, folder.certificate), place, folder)
        cleanup.callback(engine.close)
        path = FastPath(folder.kernels, folder.certificate.spec, engine.create_context)
        cleanup.callback(path.close)
        lane = path.lanes[0]

        def enqueue() -> None:
            lane.network.enqueue(lane.stream.handle)

        def single_launches() -> None:
            enqueue()
            lane.stream.synchronize()

        alone_single = latency(single_launches, iterations)
        launch, refusal = _one_launch(lane.stream, enqueue, cleanup)

        def step() -> None:
            launch()
            lane.stream.synchronize()

        alone = latency(step, iterations)
        alone_clocks = clocks_while(step)

        ordinary = as_picture(scene(1080, 1920), PixelFormat.NV12)
        memory = np.array(ordinary.pixels)
        path.pin(memory)
        pinned = Picture(memory, PixelFormat.NV12)
        end_to_end = latency(lambda: path.begin(ordinary, ordinary.whole)(), iterations)
        from_pinned = latency(lambda: path.begin(pinned, pinned.whole)(), iterations)
        return {
            "network_alone": asdict(alone),
            "network_alone_without_graph": asdict(alone_single),
            "graph_refused": refusal,
            "picture_to_mask": asdict(end_to_end),
            "pinned_picture_to_mask": asdict(from_pinned),
            "pictures_per_s": pictures_per_s(path, ordinary, 1, iterations),
            "pictures_per_s_two_on_their_way": pictures_per_s(path, ordinary, 2, iterations),
            "clocks": alone_clocks,
        }


def _one_launch(
    stream: Any, enqueue: Callable[[], None], cleanup: ExitStack
) -> tuple[Callable[[], None], str]:
    """What launches all that ``enqueue`` does; or ``enqueue``, and why it cannot be captured."""
    try:
        graph = CapturedGraph(stream, enqueue)
    except BackendError as error:
        return enqueue, str(error)
    cleanup.callback(graph.close)
    return graph.launch, ""
