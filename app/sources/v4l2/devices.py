"""V4L2 devices for the list of capture devices."""

from __future__ import annotations

from app.sources.base import SourceError
from app.sources.capture_device import CaptureDevice, CaptureMode
from app.sources.live import CaptureWish, NoSignalError
from app.sources.live_opening import V4L2_PREFIX
from app.sources.v4l2.identity import CaptureNode, capture_nodes
from app.sources.v4l2.inputs import measured_timings, require_signal
from app.sources.v4l2.modes import read_modes
from app.sources.v4l2.node import Node, lost_error


def v4l2_devices() -> tuple[CaptureDevice, ...]:
    """Every device that captures, in the order of their nodes. Nothing about them is changed."""
    return tuple(_describe(node) for node in capture_nodes())


def _describe(found: CaptureNode) -> CaptureDevice:
    modes: tuple[CaptureMode, ...] = ()
    problem = found.problem
    if not problem:
        try:
            with Node(found.path) as node:
                modes, problem = _modes_and_problem(node)
        except SourceError as error:
            problem = str(error)
    return CaptureDevice(
        location=f"{V4L2_PREFIX}{found.identity}",
        name=found.name,
        interface="v4l2",
        node=str(found.path),
        modes=modes,
        problem=problem,
    )


def _modes_and_problem(node: Node) -> tuple[tuple[CaptureMode, ...], str]:
    timings, problem = None, ""
    try:
        try:
            require_signal(node)
            timings = measured_timings(node)
        except NoSignalError as error:
            problem = str(error)
        return read_modes(node, timings, CaptureWish()), problem
    except OSError as error:
        raise lost_error(node, error) from error
