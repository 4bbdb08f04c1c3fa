"""One life of the process in which a segmenter runs, as seen from the process that watches it."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import TypeVar

from models.backends.base import BackendError
from models.picture import Picture
from models.segmentation import Segmentation
from models.supervised.channel import Channel
from models.supervised.checked_answer import checked_segmentation
from models.supervised.json_messages import Failure, LogEntry, Ready
from models.supervised.messages import Answer, GarbageError, Kind, PictureMessage
from models.supervised.shared_slots import SharedSlots

START_LIMIT_S = 120.0
"""Until it takes pictures: a GPU's runtime may have to compile first."""
ANSWER_LIMIT_S = 10.0
"""For one picture. As long as the process gives signs of life, it may take this long."""
STOPPED_LIMIT_S = 0.2
"""Without a sign of life from a process that the system says is stopped."""
SILENCE_LIMIT_S = 2.0
"""The same from one that runs: on a busy machine it may not have had its turn."""
START_SILENCE_LIMIT_S = 20.0
"""The same from one that starts: loading holds up Python's other threads."""
END_LIMIT_S = 1.0
"""For leaving the segmenter."""

_SLICE_S = 0.05
"""After so long a wait the signs of life are looked at; an answer wakes the waiter at once."""
_CHILD = "models.supervised.child"

Expected = TypeVar("Expected", Ready, Answer)

_log = logging.getLogger(__name__)


class SegmenterProcess:
    """Starts when it is made. Whatever raises has killed it; ``end`` has to be called all the same.

    The thread that makes it has to live on: the kernel ends the process with that thread.

    Args:
        description: pickled callable, which the process calls for its segmenter.
        interrupted: once it is set, whatever waits for the process raises soon.

    Raises:
        BackendError: the system has no process to give.
    """

    def __init__(self, description: bytes, interrupted: Event) -> None:
        self._interrupted = interrupted
        self._slots: SharedSlots | None = None
        self._pictures = 0
        self._ready: Ready | None = None
        self._start_until_s = time.monotonic() + START_LIMIT_S
        with ExitStack() as cleanup:
            try:
                self._channel = Channel()
                cleanup.callback(self._channel.close)
                self._process = _spawn(self._channel)
                cleanup.callback(self._reap)
                self._channel.send(description)
            except OSError as error:
                raise BackendError(
                    f"The network's process cannot be started ({error.strerror}); "
                    "close other programs."
                ) from error
            self._cleanup = cleanup.pop_all()

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_ready(self) -> Ready:
        """What it says of itself once it takes pictures.

        Raises:
            BackendError: it failed, or took longer than ``START_LIMIT_S``.
        """
        with self._killing():
            self._ready = self._wait(Ready, self._start_until_s, START_SILENCE_LIMIT_S)
            return self._ready

    def look_for_ready(self) -> Ready | None:
        """As ``wait_ready``; None where that would wait."""
        with self._killing():
            said = self._receive(Ready, 0.0)
            if isinstance(said, Ready):
                self._ready = said
            elif time.monotonic() > self._start_until_s:
                raise self._too_slow()
            return self._ready

    def segment(self, picture: Picture, frame_index: int) -> Segmentation:
        """As ``Segmenter.segment``; only once it is ready."""
        with self._killing():
            given_ns = time.monotonic_ns()
            number = self._give(picture, frame_index)
            answer = self._wait(Answer, time.monotonic() + ANSWER_LIMIT_S, SILENCE_LIMIT_S)
            elapsed_ns = time.monotonic_ns() - given_ns
            if (answer.number, answer.frame_index) != (number, frame_index):
                raise GarbageError(f"the answer to frame {answer.frame_index}, not {frame_index}")
            assert self._slots is not None
            probability = self._slots.probability(number).copy()
            return checked_segmentation(answer, probability, picture, elapsed_ns)

    def end(self) -> None:
        """Returns once it is gone, and gives everything back.

        It may leave the segmenter, but is killed where that takes longer than ``END_LIMIT_S``.
        """
        if self._ready is not None:
            with suppress(OSError, subprocess.TimeoutExpired):
                self._channel.send(bytes([Kind.END]))
                self._process.wait(END_LIMIT_S)
        self._cleanup.close()
        self._slots = None  # an error that is kept keeps this object

    def _give(self, picture: Picture, frame_index: int) -> int:
        """Hands the picture over; returns its number."""
        number = self._pictures
        self._pictures += 1
        pixels = picture.pixels.reshape(-1)
        try:
            self._slots_for(picture).picture(number, pixels.size)[:] = pixels
            self._channel.send(PictureMessage.of(picture, number, frame_index).to_bytes())
        except ConnectionError as error:
            raise self._died() from error
        except OSError as error:
            raise BackendError(
                f"The network's process cannot be given a picture ({error.strerror}); "
                "close other programs."
            ) from error
        return number

    def _slots_for(self, picture: Picture) -> SharedSlots:
        """Memory in which ``picture`` has room, known to the process. Raises OSError."""
        if self._slots is None or picture.pixels.size > self._slots.room:
            assert self._ready is not None
            self._slots, descriptor = SharedSlots.create(picture.pixels.size, self._ready.spec)
            try:
                self._channel.send(bytes([Kind.MEMORY]), descriptor)
            finally:
                os.close(descriptor)
        return self._slots

    def _wait(self, kind: type[Expected], until_s: float, silence_limit_s: float) -> Expected:
        silent_slices = 0
        self._channel.heard()  # what was heard before does not count
        while True:
            said = self._receive(kind, _SLICE_S)
            if isinstance(said, kind):
                return said
            # Waits are counted, not time: in a machine that was asleep nobody was silent.
            silent_slices += said is None
            if self._channel.heard():
                silent_slices = 0
            silent_s = silent_slices * _SLICE_S
            if silent_s >= silence_limit_s:
                raise _useless(f"has given no sign of life for {silence_limit_s:g} s")
            if silent_s >= STOPPED_LIMIT_S and self._is_stopped():
                raise _useless("was stopped")
            if time.monotonic() > until_s:
                raise self._too_slow()
            if self._interrupted.is_set():
                raise BackendError("The network was stopped.")

    def _receive(self, kind: type[Expected], wait_s: float) -> Expected | LogEntry | None:
        """What it says within ``wait_s``; log entries are in the log by then.

        Raises:
            BackendError: it said that it failed, or it died.
            GarbageError: it said something else.
        """
        try:
            said = self._channel.receive(wait_s)
        except ConnectionError as error:
            raise self._died() from error
        match said:
            case LogEntry():
                _log.log(said.level, "in the network's process: %s", said.text)
            case Failure():
                raise BackendError(said.sentence)
            case Ready() | Answer() if not isinstance(said, kind):
                raise GarbageError(f"{said} in place of {kind.__name__}")
        return said

    def _is_stopped(self) -> bool:
        # The name, in brackets, may hold anything; the state is the first field behind it.
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return fields[0] in ("T", "t")

    @contextmanager
    def _killing(self) -> Iterator[None]:
        """Kills the process when anything is wrong with it."""
        try:
            yield
        except GarbageError as error:
            self._process.kill()
            raise _useless(f"talks nonsense ({error})") from error
        except BaseException:
            self._process.kill()
            raise

    def _reap(self) -> int | None:
        """Kills it where it has not ended. Returns its exit code, or minus the number of a signal.

        None: not even that ended it, as when a device's driver hangs.
        """
        self._process.kill()
        try:
            return self._process.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            _log.warning("the network's process %d was killed and does not end", self.pid)
            return None

    def _died(self) -> BackendError:
        code = self._reap()
        if code is None or code >= 0:
            return _useless(f"died (exit code {code})")
        return _useless(f"died ({signal.strsignal(-code)})")

    def _too_slow(self) -> BackendError:
        if self._ready is None:
            return _useless(f"did not start within {START_LIMIT_S:g} s")
        return _useless(f"has not answered for {ANSWER_LIMIT_S:g} s")


def _spawn(channel: Channel) -> subprocess.Popen[bytes]:
    descriptors = channel.descriptors
    log_level = logging.getLogger().getEffectiveLevel()
    # Modules come from where they come from here, and never from the working directory. In a
    # session of its own, the process does not hear the terminal's Ctrl-C.
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", _CHILD, *map(str, (*descriptors, log_level))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        pass_fds=descriptors,
        start_new_session=True,
    )
    channel.handed_over()
    return process


def _useless(what: str) -> BackendError:
    return BackendError(f"The network's process {what}; it has to be started again.")
