"""Handles of the virtual capture card: its inputs, its controls and its plug."""

from __future__ import annotations

import ctypes
from enum import IntEnum
from pathlib import Path

from linuxpy.video import raw

from app.sources.v4l2.node import Node
from tests.waiting import wait_until

NODE = Path("/dev/video0")
IDENTITY = "vivid@platform:vivid-000"
_DRIVER = Path("/sys/bus/platform/drivers/vivid")


class Input(IntEnum):
    """As the guest loads the driver."""

    CAMERA = 0
    HDMI = 1
    S_VIDEO = 2


class Signal(IntEnum):
    """Values of the controls "DV Timings Signal Mode" and "Standard Signal Mode"."""

    PRESENT = 0
    NONE = 1
    NO_LOCK = 2
    OUT_OF_RANGE = 3
    SELECTED = 4


def choose_input(which: Input) -> None:
    with Node(NODE) as node:
        node.call(raw.IOC.S_INPUT, ctypes.c_int(which))


def set_control(name: str, value: int = 0) -> None:
    """By the name that the driver gives it; a button is pressed by any value."""
    with Node(NODE) as node:
        node.call(raw.IOC.S_CTRL, raw.v4l2_control(_controls(node)[name].id, value))


def timings_named(part: str) -> int:
    """The value of the control "DV Timings" whose name begins so, such as ``1280x720p60``."""
    with Node(NODE) as node:
        control = _controls(node)["DV Timings"]
        for index in range(int(control.maximum) + 1):
            item = node.ask(raw.IOC.QUERYMENU, raw.v4l2_querymenu(id=control.id, index=index))
            if item is not None and item.name.decode().startswith(part):
                return index
    raise LookupError(f"vivid knows no timings {part}")


def set_hdmi_signal(part: str) -> None:
    """Puts a signal on the HDMI cable, such as ``1280x720p60``; the input must be in use."""
    with Node(NODE) as node:
        controls = _controls(node)
        wanted = {"DV Timings": timings_named(part), "DV Timings Signal Mode": Signal.SELECTED}
        values = (raw.v4l2_ext_control * len(wanted))()
        for value, (name, number) in zip(values, wanted.items(), strict=True):
            value.id, value.value = controls[name].id, number
        # Both at once: the signal changes once.
        node.call(raw.IOC.S_EXT_CTRLS, raw.v4l2_ext_controls(count=len(wanted), controls=values))


def unplug() -> None:
    """The device is gone from the bus, also for those who have it open."""
    (_DRIVER / "unbind").write_text("vivid.0")


def plug_in() -> None:
    (_DRIVER / "bind").write_text("vivid.0")
    wait_until(NODE.exists, "the card")


def _controls(node: Node) -> dict[str, raw.v4l2_query_ext_ctrl]:
    controls: dict[str, raw.v4l2_query_ext_ctrl] = {}
    number = 0
    following = raw.ControlFlag.NEXT_CTRL | raw.ControlFlag.NEXT_COMPOUND
    while True:
        request = raw.v4l2_query_ext_ctrl(id=number | following)
        control = node.ask(raw.IOC.QUERY_EXT_CTRL, request)
        if control is None:
            return controls
        controls[control.name.decode()] = control
        number = control.id
