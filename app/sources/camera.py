"""Capture cards and cameras on Linux, through Video4Linux2."""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from contextlib import ExitStack

from linuxpy.video import raw

from app.frame import Frame
from app.sources.base import ReadReport, SourceError, SourceInfo, VideoSource
from app.sources.live import CaptureWish, SourceLostError
from app.sources.live_times import TIME_BASE
from app.sources.v4l2.buffers import Buffers, Captured
from app.sources.v4l2.formats import FORMATS
from app.sources.v4l2.identity import find_node
from app.sources.v4l2.inputs import input_index, measured_timings, require_signal
from app.sources.v4l2.node import Node, lost_error, setup_error
from app.sources.v4l2.setting import Setting, set_up

_LOOK_S = 0.25
"""How often the device is asked for its signal; few drivers tell of a loss by themselves."""

_log = logging.getLogger(__name__)


class V4L2Camera(VideoSource):
    """One opening of a V4L2 device, with its signal as it is at this moment.

    Pictures stay in the layout that the device gives; MJPEG is decoded. ``info.codec`` is the
    device's name of the format, such as ``UYVY``. ``captured_ns`` is the driver's own stamp where
    that is of the monotonic clock, and the time of arrival otherwise. Frames that the driver marks
    as damaged, or that are not whole, are left out and counted in ``report.undecodable``; gaps in
    the device's own numbers are counted in ``report.dropped``.

    ``read`` raises ``NoSignalError`` when the device tells that no picture reaches it, and
    ``SourceLostError`` when it was unplugged or its signal has changed: open it anew.

    Args:
        identity: as ``CaptureDevice.location`` has it after ``v4l2:``, or a path ``/dev/videoN``.
        wish: what is wanted; the device gives what comes nearest, and ``report`` says so.

    Raises:
        SourceNotFoundError: there is no such device.
        NoSignalError: no picture reaches it.
        SourceError: it may not be opened, is in use, or gives nothing that can be shown.
    """

    def __init__(self, identity: str, wish: CaptureWish) -> None:
        self._lock = threading.Lock()
        """Held while reading and while closing."""
        self._interrupt_lock = threading.Lock()
        """Keeps ``interrupt`` off a descriptor that ``close`` has given back."""
        self._interrupted = False
        self._closed = False
        self._index = 0
        self._origin_ns = 0
        self._last_ticks = 0
        self._next_sequence: int | None = None
        self._damaged = 0
        self._lost = 0
        self._next_look_s = 0.0

        with ExitStack() as opened:
            self._node = opened.enter_context(Node(find_node(identity)))
            try:
                setting = self._start(wish)
                opened.callback(self._buffers.close)
                self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
                opened.callback(os.close, self._wake)
            except OSError as error:
                raise setup_error(self._node, error) from error
            self._opened = opened.pop_all()
        self._poll = select.poll()
        self._poll.register(self._node.fd, select.POLLIN | select.POLLPRI)
        self._poll.register(self._wake, select.POLLIN)
        self._reader = setting.reader
        self._info = SourceInfo(
            name=self._node.card,
            width=setting.width,
            height=setting.height,
            rate=setting.rate,
            time_base=TIME_BASE,
            live=True,
            interlaced=setting.interlaced,
            codec=setting.fourcc,
        )
        self._unmet = _unmet(self._node.card, wish, setting)
        _log.info("%s gives %s", self._node.card, setting)

    @property
    def info(self) -> SourceInfo:
        return self._info

    @property
    def report(self) -> ReadReport:
        counts = (
            (self._damaged, "{} left out, being damaged or cut off."),
            (self._lost, "{} lost on the way from the device: computer or USB bus are too busy."),
        )
        counted = (
            sentence.format("1 frame was" if count == 1 else f"{count} frames were")
            for count, sentence in counts
            if count
        )
        return ReadReport(self._damaged, dropped=self._lost, messages=(*self._unmet, *counted))

    def read(self) -> Frame | None:
        with self._lock:
            if self._closed:
                raise SourceError(f"{self._info.name} is closed; open it again.")
            try:
                while not self._interrupted:
                    if (frame := self._wait()) is not None:
                        return frame
            except OSError as error:
                raise lost_error(self._node, error) from error
            return None

    def interrupt(self) -> None:
        with self._interrupt_lock:
            if not self._interrupted:
                self._interrupted = True
                os.eventfd_write(self._wake, 1)

    def close(self) -> None:
        self.interrupt()
        with self._lock, self._interrupt_lock:
            self._closed = True
            self._opened.close()

    def _start(self, wish: CaptureWish) -> Setting:
        """Leaves buffers that are being filled."""
        setting = set_up(self._node, wish)
        # Not before: setting a device up may change its signal in the driver's own eyes.
        self._node.ask(
            raw.IOC.SUBSCRIBE_EVENT,
            raw.v4l2_event_subscription(
                type=raw.EventType.SOURCE_CHANGE, id=input_index(self._node)
            ),
        )
        if setting.timings and not setting.timings.is_like(measured_timings(self._node)):
            raise self._signal_changed()
        self._buffers = Buffers(self._node)
        return setting

    def _wait(self) -> Frame | None:
        """A frame, or None after a while without one."""
        state = dict(self._poll.poll(_LOOK_S * 1000)).get(self._node.fd, 0)
        if state & select.POLLPRI:
            self._take_event()
        now_s = time.monotonic()
        if now_s >= self._next_look_s:
            self._next_look_s = now_s + _LOOK_S
            require_signal(self._node)
        if state & select.POLLIN:
            return self._take()
        if state & (select.POLLERR | select.POLLHUP):
            raise SourceLostError(f"{self._info.name} stopped; plug it in again.")
        return None

    def _take_event(self) -> None:
        """The only event subscribed to is that the signal is another one now."""
        self._node.call(raw.IOC.DQEVENT, raw.v4l2_event())
        require_signal(self._node)
        raise self._signal_changed()

    def _signal_changed(self) -> SourceLostError:
        return SourceLostError(f"The signal at {self._node.card} has changed; it is opened again.")

    def _take(self) -> Frame | None:
        """None for a frame that is not whole, or where another poll was a false alarm."""
        try:
            captured = self._buffers.take(self._reader)
        except BlockingIOError:
            return None
        self._count(captured)
        if captured.picture is None:
            return None
        now_ns = time.monotonic_ns()
        # A driver may reckon the frame's end, which is still to come.
        captured_ns = now_ns if captured.stamp_ns is None else min(captured.stamp_ns, now_ns)
        if self._index == 0:
            self._origin_ns = captured_ns
        ticks = max((captured_ns - self._origin_ns) // 1000, self._last_ticks)
        self._last_ticks = ticks
        frame = Frame(captured.picture, self._index, float(ticks * TIME_BASE), captured_ns)
        self._index += 1
        return frame

    def _count(self, captured: Captured) -> None:
        if self._next_sequence is not None:
            gap = (captured.sequence - self._next_sequence) % 2**32
            # A device that counts from the start again has lost nothing.
            self._lost += gap if gap < 2**31 else 0
        self._next_sequence = captured.sequence + 1
        self._damaged += captured.picture is None


def _unmet(name: str, wish: CaptureWish, setting: Setting) -> tuple[str, ...]:
    """A sentence where the device gives something else than was asked for."""
    pairs = (
        (wish.pixel_format, FORMATS[setting.fourcc]),
        (wish.width, setting.width),
        (wish.height, setting.height),
        (wish.rate and round(wish.rate), round(setting.rate)),
    )
    if all(wished in (None, given) for wished, given in pairs):
        return ()
    return (f"{name} does not offer what was asked for; it gives {setting}.",)
