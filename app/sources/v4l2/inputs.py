"""What reaches a capture device: whether there is a signal, and its timings."""

from __future__ import annotations

import ctypes
import errno
from dataclasses import dataclass
from fractions import Fraction

from linuxpy.video import raw

from app.sources.live import NoSignalError
from app.sources.v4l2.node import Node

_AWAY = raw.InputStatus.NO_POWER | raw.InputStatus.NO_SIGNAL
_UNSTEADY = raw.InputStatus.NO_H_LOCK | raw.InputStatus.NO_SYNC


@dataclass(frozen=True, slots=True)
class Timings:
    """The signal at an HDMI, SDI or DVI input, as the device measures it."""

    width: int
    height: int
    rate: Fraction
    """Frames per second; an interlaced frame is two fields."""

    def is_like(self, other: Timings | None) -> bool:
        """Whether the signal is still the same; two measurements of its rate differ a little."""
        return other is not None and (self.width, self.height, round(self.rate)) == (
            other.width,
            other.height,
            round(other.rate),
        )


def input_index(node: Node) -> int:
    """The input in use; 0 where the device has no inputs to choose from."""
    index = node.ask(raw.IOC.G_INPUT, ctypes.c_int())
    return 0 if index is None else index.value


def require_signal(node: Node) -> None:
    """
    Raises:
        NoSignalError: the device says that no picture reaches it.
        OSError: it does not answer.
    """
    entry = node.ask(raw.IOC.ENUMINPUT, raw.v4l2_input(index=input_index(node)))
    if entry is None:
        return
    if entry.status & _AWAY:
        raise _away(node)
    if entry.status & _UNSTEADY:
        raise _unsteady(node)


def measured_timings(node: Node) -> Timings | None:
    """Of the signal; None where a device does not measure it, as cameras do not.

    Raises:
        NoSignalError: there is none, or one that the device cannot follow.
        OSError: the device does not answer.
    """
    measured = _measure(node)
    return None if measured is None else _timings(measured.bt)


def follow_timings(node: Node) -> Timings | None:
    """As ``measured_timings``, and sets the device to them.

    Raises:
        NoSignalError: there is none, or one that the device cannot follow.
        OSError: the device does not answer, or is in use.
    """
    measured = _measure(node)
    if measured is None:
        return None
    present = node.ask(raw.IOC.G_DV_TIMINGS, raw.v4l2_dv_timings())
    if present is None or bytes(present) != bytes(measured):
        node.call(raw.IOC.S_DV_TIMINGS, measured)
    return _timings(measured.bt)


def _measure(node: Node) -> raw.v4l2_dv_timings | None:
    try:
        return node.ask(raw.IOC.QUERY_DV_TIMINGS, raw.v4l2_dv_timings())
    except OSError as error:
        if error.errno == errno.ENOLINK:
            raise _away(node) from error
        if error.errno == errno.ENOLCK:
            raise _unsteady(node) from error
        if error.errno == errno.ERANGE:
            raise NoSignalError(
                f"{node.card} cannot follow the signal that reaches it; set the video source to "
                "1920x1080 at 60 Hz."
            ) from error
        raise


def _timings(bt: raw.v4l2_bt_timings) -> Timings:
    columns = bt.width + bt.hfrontporch + bt.hsync + bt.hbackporch
    rows = bt.height + bt.vfrontporch + bt.vsync + bt.vbackporch
    if bt.interlaced:
        rows += bt.il_vfrontporch + bt.il_vsync + bt.il_vbackporch
    return Timings(bt.width, bt.height, Fraction(bt.pixelclock, columns * rows))


def _away(node: Node) -> NoSignalError:
    return NoSignalError(
        f"No signal reaches {node.card}; switch the video source on and check the cable."
    )


def _unsteady(node: Node) -> NoSignalError:
    return NoSignalError(
        f"The signal at {node.card} is not steady; check the cable, or set the video source to "
        "1920x1080 at 60 Hz."
    )
