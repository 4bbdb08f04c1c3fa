"""Video from an encoder on the network: RTSP, SRT, or MPEG-TS and RTP sent here."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from threading import Event, Lock

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from app.frame import Frame
from app.sources.base import ReadReport, SourceError, SourceInfo, VideoSource
from app.sources.container import packets_of
from app.sources.decoded_picture import PictureMaker
from app.sources.frame_clock import FrameClock
from app.sources.frame_rate import UNKNOWN_RATE
from app.sources.live import NoSignalError, SourceLostError
from app.sources.stream_address import parse_stream_address
from app.sources.stream_container import open_stream
from app.sources.stream_socket import SILENCE_LIMIT_S

PICTURE_LIMIT_S = 6.0
"""Decoding begins at a keyframe alone, and some encoders send one every five seconds."""

_ERRORS_LIMIT = 50
"""Errors of the demultiplexer in a row, after which the stream counts as lost."""
_FASTEST_RATE = Fraction(240)
_PROGRESSIVE = (0, 1)  # AVFieldOrder: unknown, progressive


class _InterruptedError(Exception):
    """``interrupt`` was called during a read."""


class StreamSource(VideoSource):
    """Decodes one stream, from the address that a person named and from no other.

    Opening ends with the first picture. A frame is given as soon as its packet is complete, which
    MPEG-TS tells only by the beginning of the next one. When the stream changes its size it just
    goes on, and ``info`` is that of the frame read last.
    Damaged packets are left out and counted. ``captured_ns`` is when the packet was complete;
    ``pts_s`` is the encoder's own time. ``interrupt`` ends a read within 0.3 s.

    Args:
        location: such as ``udp://@:5000``; ``stream_address.FORMS`` shows all forms.

    Raises:
        NoSignalError: nothing comes from there.
        SourceError: it is malformed, cannot be opened or is no video.
    """

    def __init__(self, location: str) -> None:
        self._address = parse_stream_address(location)
        self._input = open_stream(self._address)
        self._stream = self._input.stream
        self._lock = Lock()
        self._interrupted = Event()
        self._closed = False
        self._packets: Iterator[Packet[VideoStream]] = packets_of(
            self._input.container, self._stream
        )
        self._decoded: deque[tuple[VideoFrame, int]] = deque()
        """With the moment at which the packet of each came."""
        self._undecodable = 0
        self._index = 0
        try:
            self._decode_until_frame()
        except BaseException:
            self.close()
            raise
        self._undecodable = 0  # packets before the first keyframe are not damaged
        self._rate = _rate(self._stream)
        self._time_base = self._stream.time_base or Fraction(1, 90_000)
        self._clock = FrameClock(step=round(1 / self._rate / self._time_base))
        self._pictures = PictureMaker(rotation=0)
        first, _ = self._decoded[0]
        self._size = first.width, first.height

    @property
    def info(self) -> SourceInfo:
        width, height = self._size
        context = self._stream.codec_context
        return SourceInfo(
            name=self._address.name,
            width=width,
            height=height,
            rate=self._rate,
            time_base=self._time_base,
            live=True,
            interlaced=context.field_order not in _PROGRESSIVE,
            codec=context.name,
        )

    @property
    def report(self) -> ReadReport:
        return ReadReport(undecodable=self._undecodable)

    def read(self) -> Frame | None:
        with self._lock:
            if self._closed:
                raise SourceError(f"{self._address.name} is closed; open it again")
            try:
                return self._read()
            except _InterruptedError:
                return None

    def interrupt(self) -> None:
        self._interrupted.set()
        self._input.interrupt()

    def close(self) -> None:
        self.interrupt()
        with self._lock:
            self._closed = True
            self._decoded.clear()
            self._packets = iter(())
            self._input.close()

    def _read(self) -> Frame | None:
        while not self._interrupted.is_set():
            if not self._decoded:
                self._decode_until_frame()
            decoded, arrived_ns = self._decoded.popleft()
            try:
                picture = self._pictures.picture(decoded)
            except (av.FFmpegError, ValueError, MemoryError):
                self._undecodable += 1
                continue
            self._size = picture.width, picture.height
            index = self._index
            self._index += 1
            pts_s = self._clock.ticks(decoded.pts) * self._time_base
            return Frame(picture, index, float(pts_s), arrived_ns)
        return None

    def _decode_until_frame(self) -> None:
        """
        Raises:
            _InterruptedError: ``interrupt`` came first.
            NoSignalError, SourceLostError: none comes.
        """
        until_s = time.monotonic() + PICTURE_LIMIT_S
        while not self._decoded:
            self._decode(self._next_packet(), time.monotonic_ns())
            if not self._decoded and time.monotonic() > until_s:
                raise NoSignalError(
                    f"{self._address.name} sends data, but no picture for {PICTURE_LIMIT_S:g} s; "
                    "set the encoder to H.264 with a keyframe every second."
                )

    def _decode(self, packet: Packet[VideoStream], arrived_ns: int) -> None:
        if packet.is_corrupt:
            self._undecodable += 1
            return
        try:
            frames = self._stream.decode(packet)
        except (av.FFmpegError, ValueError, MemoryError):
            self._undecodable += 1
            return
        self._decoded.extend((frame, arrived_ns) for frame in frames)

    def _next_packet(self) -> Packet[VideoStream]:
        until_s = time.monotonic() + SILENCE_LIMIT_S
        errors = 0
        while not self._interrupted.is_set():
            try:
                packet = next(self._packets, None)
            except av.error.ExitError:  # FFmpeg's network code has waited for ``WAKE_S``
                if time.monotonic() > until_s:
                    raise NoSignalError(
                        f"Nothing arrives from {self._address.name}; start the encoder, or check "
                        "the network."
                    ) from None
            except av.FFmpegError:
                errors += 1
                if errors == _ERRORS_LIMIT:
                    raise self._lost() from None
            else:
                # What the demultiplexer still holds after a failure is old.
                if packet is not None and self._input.failure is None:
                    return packet
                if not self._interrupted.is_set():
                    raise self._lost()
            self._packets = packets_of(self._input.container, self._stream)
        raise _InterruptedError

    def _lost(self) -> SourceError:
        return self._input.failure or SourceLostError(
            f"{self._address.name} has ended; start the encoder again, or check the network."
        )


def _rate(stream: VideoStream) -> Fraction:
    for rate in (stream.codec_context.framerate, stream.average_rate):
        if rate and 0 < rate <= _FASTEST_RATE:
            return rate
    return UNKNOWN_RATE
