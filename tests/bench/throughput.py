"""How much of the bare runtime's frame rate a replay keeps."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.config import AppConfig
from app.overlay import Marker
from app.pipeline.metrics import PipelineSnapshot
from app.replay import ReplayOptions, replay
from app.sources.base import SourceInfo
from app.sources.decoding import Decoding
from app.sources.opening import open_source
from models.backends.base import Aim
from models.backends.selection import AUTO, choose_backend
from models.geometry import Area
from models.picture import Picture
from models.preprocess import model_input
from models.weights import DEFAULT_WEIGHTS
from tests.bench.clip import recorded_clip
from tests.bench.report import Figure

FRAMES = 450
WARM_UP = 30
"""Frames before the clock starts: loading and filling the pipeline are not throughput."""
ROUNDS = 3
INPUTS = 64
"""Frames held as network input for the bare runtime; they are cycled."""


def measure() -> list[Figure]:
    """Bare runtime, replay without and with marked video, in turn; medians of the rounds.

    The bare runtime takes one frame after the other, as live video would: that is what replay is
    held against. What it does with several frames at a time is given beside it.
    """
    clip = recorded_clip(FRAMES)
    bare, ahead, masks, marked = [], [], [], []
    for _ in range(ROUNDS):
        bare.append(_bare_frames_per_s(clip, Aim.LATENCY))
        ahead.append(_bare_frames_per_s(clip, Aim.THROUGHPUT))
        masks.append(replay_frames_per_s(clip, AUTO, marked_pictures=False))
        marked.append(replay_frames_per_s(clip, AUTO, marked_pictures=True))
    bare_rate = statistics.median(bare)
    return [
        Figure("bare runtime", bare_rate, "frames/s"),
        Figure(
            "bare runtime, several frames at a time over one",
            statistics.median(ahead) / bare_rate,
            "ratio",
        ),
        Figure(
            "replay to masks and table over bare runtime",
            statistics.median(masks) / bare_rate,
            "ratio",
            at_least=0.90,
        ),
        Figure(
            "replay with marked video over bare runtime",
            statistics.median(marked) / bare_rate,
            "ratio",
            at_least=0.75,
        ),
    ]


def _bare_frames_per_s(clip: Path, aim: Aim) -> float:
    backend = choose_backend(AUTO, DEFAULT_WEIGHTS, None, aim)
    whole = Area(0, 0, backend.spec.width, backend.spec.height)
    inputs: list[Picture] = []
    with open_source(str(clip)) as source:
        while len(inputs) < INPUTS and (frame := source.read()) is not None:
            shown = Area(0, 0, frame.picture.width, frame.picture.height)
            inputs.append(Picture(model_input(frame.picture, shown, backend.spec)))
    with backend:
        begun: deque[Callable[[], NDArray[np.uint8]]] = deque()
        begun_s = 0.0
        for index in range(FRAMES):
            if index == WARM_UP:
                begun_s = time.perf_counter()
            begun.append(backend.begin_picture(inputs[index % INPUTS], whole))
            if len(begun) == backend.depth:
                begun.popleft()()
        return (FRAMES - WARM_UP) / (time.perf_counter() - begun_s)


def replay_frames_per_s(
    clip: Path, backend: str, *, marked_pictures: bool, decoding: Decoding = Decoding.AUTO
) -> float:
    """Of a replay of ``clip`` by the runtime of that name, from ``WARM_UP`` to its end."""
    seen: list[tuple[float, int]] = []

    def progress(_info: SourceInfo, snapshot: PipelineSnapshot) -> None:
        if snapshot.deliver.frames_out >= WARM_UP:
            seen.append((time.perf_counter(), snapshot.deliver.frames_out))

    config = AppConfig(backend, DEFAULT_WEIGHTS, engine=None, threshold=None)
    options = ReplayOptions(
        start_s=0.0,
        end_s=None,
        marker=Marker.CONTOUR,
        marked_pictures=marked_pictures,
        screen_text=False,
        force=False,
        decoding=decoding,
    )
    with tempfile.TemporaryDirectory() as folder:
        replay(
            str(clip),
            Path(folder) / "out",
            lambda: choose_backend(backend, DEFAULT_WEIGHTS, None, Aim.THROUGHPUT),
            config,
            options,
            progress,
        )
    (begun_s, first), (ended_s, last) = seen[0], seen[-1]
    return (last - first) / (ended_s - begun_s)
