"""A segmenter in a process of its own, which may crash, hang or leak as it likes."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable
from dataclasses import replace
from threading import Event, Thread
from types import TracebackType
from typing import Self

from models.backends.base import BackendError, BackendInfo
from models.picture import Picture
from models.segmentation import Segmentation
from models.segmenter import Segmenter
from models.spec import ModelSpec
from models.supervised.json_messages import Ready
from models.supervised.memory_watch import MemoryWatch
from models.supervised.messages import LARGEST_BYTES
from models.supervised.segmenter_process import SegmenterProcess

_NEXT_TRY_S = 60.0
"""After a process that was to replace another has failed."""

_log = logging.getLogger(__name__)


class SupervisedSegmenter:
    """Does what the segmenter that ``make`` gives would do, in another process. Linux alone.

    One thread enters it, calls it and leaves it, as any segmenter, and lives until then. A process
    that dies, falls silent, talks nonsense or is too slow is killed, and ``segment`` raises a
    ``BackendError``; leave the segmenter then, and enter it for a new process. One that takes ever
    more memory, or is to be renewed, is replaced between two pictures, once its successor is ready.

    Args:
        make: gives a segmenter that is not entered; called in the other process, so it has to be
            picklable, such as a ``functools.partial`` of a module's function. It is pickled for
            each process anew, so what it holds may change.
        memory_limit_bytes: of a process's own memory, above which it is replaced; None: as
            ``MemoryWatch`` has it.

    Raises:
        ValueError: ``make`` is too large to be handed over.
        Exception: what ``pickle`` raises of a ``make`` that it cannot take.
    """

    def __init__(
        self, make: Callable[[], Segmenter], *, memory_limit_bytes: int | None = None
    ) -> None:
        self._make = make
        if len(pickle.dumps(make)) > LARGEST_BYTES:
            raise ValueError(f"make is pickled in more than {LARGEST_BYTES} bytes")
        self._memory_limit_bytes = memory_limit_bytes
        self._interrupted = Event()
        self._renewal_wanted = Event()
        self._told: Ready | None = None
        self._process: SegmenterProcess | None = None
        self._successor: SegmenterProcess | None = None
        self._not_replaced: tuple[str, ...] = ()
        """Why the process that answers has still its place; empty where it need not give way."""
        self._ending: Thread | None = None

    @property
    def spec(self) -> ModelSpec:
        """Of the model that runs or has run last. Raises RuntimeError before it was entered."""
        return self._known().spec

    @property
    def info(self) -> BackendInfo:
        """What runs or has run last. Raises RuntimeError before it was entered.

        ``passed_over`` also says why a successor is not used.
        """
        info = self._known().info
        if not self._not_replaced:
            return info
        return replace(info, passed_over=info.passed_over + self._not_replaced)

    @property
    def pid(self) -> int | None:
        """Of the process that answers now; None outside the with statement."""
        process = self._process
        return None if process is None else process.pid

    def __enter__(self) -> Self:
        """Starts a process and waits until it takes pictures.

        Raises:
            BackendError: there is none to be had, it failed, or ``interrupt`` was called.
            RuntimeError: it is entered already.
        """
        if self._process is not None:
            raise RuntimeError("the segmenter is entered already")
        self._renewal_wanted.clear()
        process = self._started()
        try:
            self._install(process, process.wait_ready())
        except BaseException:
            process.end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Returns once no process is left."""
        processes = (self._process, self._successor)
        self._process = self._successor = None
        for process in processes:
            if process is not None:
                process.end()
        if self._ending is not None:
            self._ending.join()
            self._ending = None

    def segment(self, picture: Picture, frame_index: int) -> Segmentation:
        """As ``Segmenter.segment``; ``picture`` is copied once.

        Raises:
            BackendError: the runtime or its process failed.
            RuntimeError: the segmenter is not entered.
        """
        if self._process is None:
            raise RuntimeError("the segmenter is not entered; use it in a with statement")
        segmentation = self._process.segment(picture, frame_index)
        self._replace_where_due(self._process)
        return segmentation

    def renew(self) -> None:
        """Has a process in which ``make`` is called anew take the place of the one that answers.

        That happens between two pictures, once the new one is ready; where it fails, the old one
        stays. Any thread, any number of times.
        """
        self._renewal_wanted.set()

    def interrupt(self) -> None:
        """Makes whatever waits for the process raise a ``BackendError`` soon, now and later.

        Any thread, any number of times. An answer that is about to come is still waited for.
        """
        self._interrupted.set()

    def _known(self) -> Ready:
        if self._told is None:
            raise RuntimeError("the segmenter has not been entered; only then is it known")
        return self._told

    def _started(self) -> SegmenterProcess:
        return SegmenterProcess(pickle.dumps(self._make), self._interrupted)

    def _install(self, process: SegmenterProcess, told: Ready) -> None:
        self._process, self._told, self._not_replaced = process, told, ()
        self._watch = MemoryWatch(process.pid, self._memory_limit_bytes)

    def _replace_where_due(self, process: SegmenterProcess) -> None:
        try:
            if self._successor is None:
                if self._is_due():
                    self._successor = self._started()
            elif (told := self._successor.look_for_ready()) is not None:
                self._install(self._successor, told)
                self._successor = None
                self._end_aside(process)
        except BackendError as error:
            _log.warning("the network's process keeps its place: %s", error)
            self._not_replaced = (f"A new process of the network is not used: {error}",)
            self._watch.rest(_NEXT_TRY_S)
            if self._successor is not None:
                self._end_aside(self._successor)
                self._successor = None

    def _is_due(self) -> bool:
        if self._renewal_wanted.is_set():
            self._renewal_wanted.clear()
            _log.info("the network is loaded anew in another process")
            return True
        if excess := self._watch.excess():
            _log.warning("the network's process takes %s; another takes its place", excess)
            return True
        return False

    def _end_aside(self, process: SegmenterProcess) -> None:
        """No picture waits for its end."""
        if self._ending is not None:
            self._ending.join()
        self._ending = Thread(target=process.end, name="segmenter-process-end")
        self._ending.start()
