"""A V4L2 device node: opened, asked, and its refusals in words."""

from __future__ import annotations

import errno
import fcntl
import grp
import os
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from linuxpy.video import raw

from app.sources.base import SourceError, SourceFormatError, SourceNotFoundError
from app.sources.live import SourceLostError

CAPTURE = int(raw.BufType.VIDEO_CAPTURE)

_GONE = (errno.ENOENT, errno.ENODEV, errno.ENXIO)
_NOT_OFFERED = (errno.EINVAL, errno.ENOTTY, errno.ENODATA)

Argument = TypeVar("Argument")


class Node:
    """An open device node such as ``/dev/video0``.

    Raises:
        SourceNotFoundError: it is not there.
        SourceFormatError: it is no V4L2 device.
        SourceError: it may not be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise _opening_error(path, error) from error
        try:
            capability = self.call(raw.IOC.QUERYCAP, raw.v4l2_capability())
        except OSError as error:
            os.close(self.fd)
            if error.errno in _GONE:
                raise _opening_error(path, error) from error
            raise SourceFormatError(
                f"{path} is no video device; choose one from: python run_app.py devices"
            ) from error
        self.card = _text(capability.card)
        self.bus_info = _text(capability.bus_info)
        self._abilities = int(capability.device_caps or capability.capabilities)

    @property
    def captures(self) -> bool:
        """Whether pictures come out of it; nodes for metadata, radio or output give none."""
        wanted = raw.Capability.VIDEO_CAPTURE | raw.Capability.STREAMING
        return bool(self._abilities & wanted == wanted)

    def call(self, request: int, argument: Argument) -> Argument:
        """Makes one ioctl and gives ``argument`` as the driver filled it in.

        Raises:
            OSError: the driver refuses.
        """
        while True:
            try:
                fcntl.ioctl(self.fd, request, argument)  # type: ignore[call-overload]
            except InterruptedError:
                continue
            return argument

    def ask(self, request: int, argument: Argument) -> Argument | None:
        """As ``call``, and None where the driver does not offer this or has no more of it."""
        try:
            return self.call(request, argument)
        except OSError as error:
            if error.errno in _NOT_OFFERED:
                return None
            raise

    def close(self) -> None:
        os.close(self.fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def setup_error(node: Node, error: OSError) -> SourceError:
    """What ``error`` means where a device is being set up."""
    if error.errno == errno.EBUSY:
        return SourceError(
            f"{node.card} ({node.path}) is in use by {_holder(node.path)}; close that, then try "
            "again."
        )
    if error.errno == errno.ENOSPC:
        return SourceError(
            f"The USB bus has too little bandwidth left for {node.card}; plug it into another "
            "port, best USB 3, or ask for a smaller picture."
        )
    return lost_error(node, error)


def lost_error(node: Node, error: OSError) -> SourceLostError:
    """What ``error`` means where a device had been working."""
    reason = "it was unplugged" if error.errno in _GONE else error.strerror
    return SourceLostError(f"{node.card} does not answer any more ({reason}); plug it in again.")


def _opening_error(path: Path, error: OSError) -> SourceError:
    if error.errno in _GONE:
        return SourceNotFoundError(
            f"{path} is not there; plug the capture device in, or choose another from: "
            "python run_app.py devices"
        )
    if isinstance(error, PermissionError):
        return SourceError(
            f"You may not open {path}; join its group and log in again: "
            f"sudo usermod -aG {_group(path)} $USER"
        )
    return SourceError(f"{path} cannot be opened: {error.strerror}.")


def _group(path: Path) -> str:
    try:
        return grp.getgrgid(path.stat().st_gid).gr_name
    except (OSError, KeyError):
        return "video"


def _holder(path: Path) -> str:
    """The other programmes that have it open, as far as this user may see them."""
    target = path.resolve()
    holders = []
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        try:
            if any(link.readlink() == target for link in (process / "fd").iterdir()):
                name = (process / "comm").read_text(encoding="utf-8").strip()
                holders.append(f"{name} (process {process.name})")
        except OSError:
            continue  # it ended, or belongs to somebody else
    return " and ".join(holders) or "another programme"


def _text(field: bytes) -> str:
    return field.decode("utf-8", "replace").strip()
