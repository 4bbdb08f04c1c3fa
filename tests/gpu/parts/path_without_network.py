"""The application's path without its network, which every GPU of the kernels' can run.

Upload, conversion and the way back of an answer: what our path costs beside the engine.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np

from models.backends.cuda.compile import compile_cubin
from models.backends.cuda.device import Device
from models.backends.cuda.fast_path import FastPath
from models.picture import Picture, PixelFormat
from models.spec import ModelSpec
from tests.gpu.device import clocks_while
from tests.gpu.no_network import NoNetwork
from tests.gpu.parts.rate import pictures_per_s
from tests.gpu.timing import latency
from tests.models.pictures import as_picture, scene

SIZES = {"1080p": (1080, 1920), "2160p": (2160, 3840)}


def measure(target: str, iterations: int) -> dict[str, Any]:
    """Latencies and rates of NV12 pictures by their size, in ordinary memory and in pinned."""
    with ExitStack() as cleanup:
        device = Device()
        cleanup.callback(device.close)
        path = FastPath(compile_cubin(target), ModelSpec(), NoNetwork)
        cleanup.callback(path.close)
        measured: dict[str, Any] = {}
        for name, size in SIZES.items():
            picture = as_picture(scene(*size), PixelFormat.NV12)
            memory = np.array(picture.pixels)
            path.pin(memory)
            pinned = Picture(memory, PixelFormat.NV12)

            def step(given: Picture) -> None:
                path.begin(given, given.whole)()

            measured[name] = {
                "picture": asdict(latency(partial(step, picture), iterations)),
                "pinned_picture": asdict(latency(partial(step, pinned), iterations)),
                "pinned_pictures_per_s_two_on_their_way": pictures_per_s(
                    path, pinned, 2, iterations
                ),
                "clocks": clocks_while(partial(step, pinned)),
            }
        return measured
