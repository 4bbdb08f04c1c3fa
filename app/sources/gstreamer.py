"""GStreamer, in a process of its own that ends with this one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from app.sources.base import SourceError

_INSPECT = "gst-inspect-1.0"
_INSPECT_LIMIT_S = 60.0
"""After an installation it looks at every plug-in there is."""
_LIBRARY = "libgstreamer-1.0.so.0"
_LIBRARY_OF_MACOS = "libgstreamer-1.0.0.dylib"
_CHILD = Path(__file__).with_name("gstreamer_child.py")
_END_LIMIT_S = 0.25
"""For ending in order; a live source that is let go has little more."""


def is_installed() -> bool:
    return shutil.which(_INSPECT) is not None


def has_element(name: str) -> bool:
    """Whether GStreamer is installed, with the plug-in that brings this element.

    Raises:
        SourceError: it does not answer.
    """
    if not is_installed():
        return False
    try:
        found = subprocess.run(
            [_INSPECT, "--exists", name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_INSPECT_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(
            f"GStreamer does not answer within {_INSPECT_LIMIT_S:g} s; run {_INSPECT} by itself to "
            "see which plug-in it waits for."
        ) from error
    return found.returncode == 0


@dataclass(frozen=True, slots=True)
class PipelineEnd:
    """Why a pipeline has ended. All is empty where it was ended from here, or its process died."""

    installed: bool = True
    """False: there is no GStreamer."""
    reason: str = ""
    """In GStreamer's words, of one line."""
    details: str = ""
    """More of them; may hold what was told to the elements."""
    caps: str = ""
    """What reached the element named ``detected``, where there is one and the stream was over."""


class GStreamerProcess:
    """Joins elements and runs them, until they end, until ``interrupt``, or until this program ends
    in whatever way.

    Nothing of ``elements`` is on a command line. Used as a context manager, it is closed.

    Args:
        elements: the words that ``gst-launch-1.0`` takes.
        descriptors: what its elements may use besides.

    Raises:
        SourceError: the system has no process to give.
    """

    def __init__(self, elements: Sequence[str], descriptors: Sequence[int] = ()) -> None:
        description = json.dumps({"library": _library(), "elements": list(elements)})
        try:
            # In a session of its own, the process does not hear the terminal's Ctrl-C.
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(_CHILD)],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=descriptors,
                start_new_session=True,
            )
        except OSError as error:
            raise SourceError(
                f"GStreamer's process cannot be started ({error.strerror}); close other programs."
            ) from error
        self._reading = Lock()
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it died already, which ``end`` will tell
            self._process.stdin.write(f"{description}\n".encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def end(self, timeout_s: float | None = None) -> PipelineEnd:
        """Waits for it.

        Raises:
            TimeoutError: it goes on.
        """
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError from error
        assert self._process.stdout is not None
        with self._reading:
            said = b"" if self._process.stdout.closed else self._process.stdout.read()
        return PipelineEnd(**json.loads(said or "{}"))

    def interrupt(self) -> None:
        """Makes it end soon, and does not wait. Any thread, any number of times."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def close(self) -> None:
        """Returns once it is gone; it is killed where ending in order takes too long."""
        self.interrupt()
        try:
            self._process.wait(_END_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        with self._reading, self._process:
            pass


def _library() -> str:
    """What to load; on macOS it lies beside the folder of GStreamer's programs."""
    inspect = shutil.which(_INSPECT)
    if sys.platform == "darwin" and inspect is not None:
        return str(Path(inspect).resolve().parents[1] / "lib" / _LIBRARY_OF_MACOS)
    return _LIBRARY
