"""What every runtime offers: enter it, give it a picture, get a probability, leave it."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.geometry import Area
from models.picture import Picture
from models.preprocess import model_input
from models.spec import ModelSpec


class BackendError(Exception):
    """A runtime failed; the message is one sentence that names the repair."""


class BackendUnavailableError(BackendError):
    """The runtime, or the device it needs, is not here; the message says how to get it."""


class Aim(Enum):
    """What a runtime that can be set up in several ways is set up for."""

    LATENCY = "latency"
    """The answer to one picture as soon as possible: live video."""
    THROUGHPUT = "throughput"
    """The most pictures in a second, several at a time: recorded video."""


@dataclass(frozen=True, slots=True)
class BackendInfo:
    """What runs, for the log, the summary and the statistics panel."""

    backend: str
    """``Backend.name`` of the one that runs, such as ``openvino``."""
    version: str
    device: str
    """The device's own name, such as ``AMD EPYC`` or ``NVIDIA GeForce RTX 2080 Ti``."""
    precision: str
    """``FP32``, ``BF16``, ``FP16`` or ``INT8``: what the arithmetic runs in, not what is stored."""
    model_sha256: str | None = None
    """Of the ONNX file, or of the engine's plan, that was loaded; None for a checkpoint."""
    passed_over: tuple[str, ...] = ()
    """One sentence for each runtime that would have been preferred, and why it is not used."""


def reason(error: Exception) -> str:
    """The first line of a runtime's own error that says more than where in its code it arose."""
    for line in str(error).splitlines():
        if line.strip() and not line.startswith(("Exception from", "Check '")):
            return line.strip().rstrip(".")
    return type(error).__name__


class Backend(ABC):
    """One model on one runtime.

    The device is untouched before ``__enter__``; between that and ``__exit__`` one thread owns the
    backend, and every call comes from it. Checks are made here, once; the work is in ``_activate``,
    ``_infer`` and ``_deactivate``.
    """

    name: ClassVar[str]
    depth = 1
    """How many pictures may be begun and not finished; complete once the backend is active."""

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        self.preprocess_ns = 0
        """What the last ``infer_picture`` spent on the CPU before the runtime took over."""
        self._owner: int | None = None

    def __enter__(self) -> Self:
        if self._owner is not None:
            raise RuntimeError(f"the {self.name} backend is active already")
        self._activate()
        self._owner = threading.get_ident()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._owner = None
        self._deactivate()

    @property
    @abstractmethod
    def info(self) -> BackendInfo:
        """What runs; complete once the backend is active."""

    def infer(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The probability, (height, width) uint8, of a frame, (height, width, 3) uint8 RGB.

        Both are of the model's size. The result is the caller's own: no later call changes it.

        Raises:
            BackendError: the runtime failed.
            ValueError: ``frame`` is not of the model's size and type.
            RuntimeError: the backend is not active, or was entered on another thread.
        """
        self._require_active()
        wanted = (self.spec.height, self.spec.width, 3)
        if frame.shape != wanted or frame.dtype != np.uint8:
            raise ValueError(
                f"frame is {frame.dtype} {frame.shape}, but the model takes uint8 {wanted}"
            )
        return self._infer(np.ascontiguousarray(frame))

    def infer_picture(self, picture: Picture, area: Area) -> NDArray[np.uint8]:
        """The probability, (height, width) uint8, of the part ``area`` of ``picture``.

        A runtime that converts and resizes on its device overrides this.

        Raises:
            BackendError: the runtime failed.
            ValueError: ``area`` is empty, leaves the picture, or cuts through a chroma sample.
            RuntimeError: the backend is not active, or was entered on another thread.
        """
        return self.infer(self._model_input(picture, area))

    def begin_picture(self, picture: Picture, area: Area) -> Callable[[], NDArray[np.uint8]]:
        """Begins what ``infer_picture`` does; what is given back waits for its end.

        At most ``depth`` pictures are begun and not finished; each is finished once, in order.
        Unless it lies in memory given to ``pin``, ``picture`` need not be kept for it.

        Raises, here or where it waits, as ``infer_picture``.
        """
        probability = self.infer_picture(picture, area)
        return lambda: probability

    def pin(self, memory: NDArray[np.uint8]) -> None:
        """Tells that pictures will lie in ``memory`` until the backend is left.

        Only to be fast: a runtime that can take pictures from there without copying them first does
        so, and such a picture must stay as it is until it is finished.

        Args:
            memory: contiguous uint8, such as shared memory, mapped for writing; it is given back
                after the backend is left.

        Raises:
            RuntimeError: the backend is not active, or was entered on another thread.
        """
        self._require_active()
        self._pin(memory)

    def _model_input(self, picture: Picture, area: Area) -> NDArray[np.uint8]:
        """What ``infer`` takes, made on the CPU; ``preprocess_ns`` says how long that took."""
        started_ns = time.monotonic_ns()
        frame = model_input(picture, area, self.spec)
        self.preprocess_ns = time.monotonic_ns() - started_ns
        return frame

    def _require_active(self) -> None:
        if self._owner is None:
            raise RuntimeError(f"the {self.name} backend is not active; use it in a with statement")
        if self._owner != threading.get_ident():
            raise RuntimeError(
                f"the {self.name} backend was entered on another thread; use it there"
            )

    @abstractmethod
    def _activate(self) -> None:
        """Takes the device and loads the model. Leaves nothing behind when it raises."""

    @abstractmethod
    def _infer(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]: ...

    def _pin(self, memory: NDArray[np.uint8]) -> None:  # noqa: B027 - most have no use for it
        """Makes ``memory`` fast to take pictures from, until ``_deactivate``."""

    @abstractmethod
    def _deactivate(self) -> None:
        """Gives everything back; called once after each successful ``_activate``."""
