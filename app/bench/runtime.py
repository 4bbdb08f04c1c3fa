"""The segmenter that is measured."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from app.config import AppConfig
from app.pipeline.base import FrameSegmenter
from models.backends.base import Aim, BackendError, BackendInfo
from models.backends.selection import choose_backend
from models.backends.stand_in import StandInBackend
from models.segmenter import Segmenter
from models.spec import ModelSpec


class BenchSegmenter(FrameSegmenter, Protocol):
    @property
    def spec(self) -> ModelSpec:
        """Of the model; known once the segmenter is entered."""
        ...

    @property
    def info(self) -> BackendInfo:
        """What runs; complete once the segmenter is entered."""
        ...


def bench_segmenter(config: AppConfig, stand_in_ms: float, *, own_process: bool) -> BenchSegmenter:
    """The segmenter that ``config`` names, which may be the stand-in, not entered yet.

    Raises:
        BackendError: the runtime is not to be had.
    """
    make = partial(_real, config)
    if config.backend == StandInBackend.name:
        make = partial(_stand_in, stand_in_ms)
    if not own_process:
        return make()
    try:
        # What it is made of is Linux's own.
        from models.supervised.supervised_segmenter import SupervisedSegmenter
    except ImportError as error:
        raise BackendError(
            "The segmenter has a process of its own on Linux alone; leave --process out."
        ) from error
    return SupervisedSegmenter(make)


def _stand_in(latency_ms: float) -> Segmenter:
    return Segmenter(StandInBackend(ModelSpec(), latency_ms))


def _real(config: AppConfig) -> Segmenter:
    backend = choose_backend(
        config.backend, config.weights, config.engine, Aim.LATENCY, config.input_size
    )
    return Segmenter(backend)
