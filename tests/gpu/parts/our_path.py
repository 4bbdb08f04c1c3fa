"""The application's own path: the network alone, and from the decoded picture to the mask."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

from models.backends.cuda.device import Device
from models.backends.cuda.fast_path import FastPath
from models.backends.cuda.graph import CapturedGraph
from models.backends.tensorrt_engine import TensorRTEngine, load_tensorrt
from models.engine_folder import open_engine_folder
from models.geometry import Area
from models.picture import PixelFormat
from tests.gpu.device import clocks
from tests.gpu.engine import build_engine
from tests.gpu.timing import latency
from tests.models.pictures import as_picture, scene


def measure(target: str, iterations: int) -> dict[str, Any]:
    """Latencies; ``picture_to_mask`` is a 1080p NV12 picture in ordinary memory to its mask."""
    folder = open_engine_folder(build_engine(target))
    with ExitStack() as cleanup:
        device = Device()
        cleanup.callback(device.close)
        engine = TensorRTEngine(load_tensorrt(folder.certificate), folder)
        cleanup.callback(engine.close)
        path = FastPath(folder.kernels, folder.certificate.spec, engine.enqueue)
        cleanup.callback(path.close)
        engine.bind(path.input_address, path.output_address)

        def enqueue() -> None:
            engine.enqueue(path.stream.handle)

        def single_launches() -> None:
            enqueue()
            path.stream.synchronize()

        def captured() -> None:
            graph.launch()
            path.stream.synchronize()

        alone_single = latency(single_launches, iterations)
        graph = CapturedGraph(path.stream, enqueue)
        cleanup.callback(graph.close)
        alone = latency(captured, iterations)
        alone_clocks = clocks()

        picture = as_picture(scene(1080, 1920), PixelFormat.NV12)
        area = Area(0, 0, 1920, 1080)

        def picture_to_mask() -> None:
            path.load(picture, area)
            path.run()

        end_to_end = latency(picture_to_mask, iterations)
        return {
            "network_alone": asdict(alone),
            "network_alone_without_graph": asdict(alone_single),
            "picture_to_mask": asdict(end_to_end),
            "pictures_per_s": 1e3 / end_to_end.median_ms,
            "clocks": alone_clocks,
        }
