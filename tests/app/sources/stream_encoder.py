"""An encoder on the network: ``python -m tests.app.sources.stream_encoder URL WIDTH HEIGHT RATE``.

Sends numbered pictures as H.264, a keyframe every half second, until it is killed. Says a line
on standard output when it begins, or when clients may come.
"""

from __future__ import annotations

import itertools
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from urllib.parse import urlsplit

import av
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext

from tests.app.sources.videos import numbered_picture

_RTP_BYTES = 1200
_RTP_CLOCK_HZ = 90_000
_PAYLOAD_TYPE = 96
_NAL_FU_A = 28


def main() -> None:
    url, (width, height, rate) = sys.argv[1], map(int, sys.argv[2:5])
    send = {"udp": _send_ts, "tcp": _serve_ts, "rtsp": _serve_rtsp, "rtp": _send_rtp}
    send[urlsplit(url).scheme](url, width, height, rate)


def sdp(port: int) -> str:
    """The .sdp file of what is sent to ``rtp://127.0.0.1:port``."""
    return (
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=test\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        f"m=video {port} RTP/AVP {_PAYLOAD_TYPE}\r\n"
        f"a=rtpmap:{_PAYLOAD_TYPE} H264/{_RTP_CLOCK_HZ}\r\n"
        f"a=fmtp:{_PAYLOAD_TYPE} packetization-mode=1\r\n"
    )


def _serve_ts(url: str, width: int, height: int, rate: int) -> None:
    for client in _clients(url):
        with suppress(OSError, av.error.PyAVCallbackError), client:
            _send_ts(_Connection(client), width, height, rate)


class _Connection:
    """A client as a file that holds nothing back."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client

    def write(self, data: bytes) -> int:
        self._client.sendall(data)
        return len(data)


def _send_ts(url: str | _Connection, width: int, height: int, rate: int) -> None:
    options = {"flush_packets": "1", "pat_period": "0.2"}
    with av.open(url, "w", format="mpegts", options=options) as container:
        stream = container.add_stream("libx264", rate=rate, options=_options(rate))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in _paced_frames(width, height, rate):
            container.mux(stream.encode(frame))


def _send_rtp(url: str, width: int, height: int, rate: int) -> None:
    address = urlsplit(url)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        target = (address.hostname, address.port)
        for packet in _rtp_packets(width, height, rate):
            sender.sendto(packet, target)


def _serve_rtsp(url: str, width: int, height: int, rate: int) -> None:
    for client in _clients(url):
        with suppress(OSError), client:
            _answer_until_play(client)
            for packet in _rtp_packets(width, height, rate):
                client.sendall(b"$\x00" + len(packet).to_bytes(2) + packet)


def _clients(url: str) -> Iterator[socket.socket]:
    """One after the other."""
    address = urlsplit(url)
    with socket.create_server((address.hostname or "", address.port or 0)) as server:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            yield server.accept()[0]


def _answer_until_play(client: socket.socket) -> None:
    """Speaks just enough of RTSP (RFC 2326) for one client that wants the packets interleaved."""
    requests = client.makefile("r", newline="\r\n")
    method = ""
    while method != "PLAY":
        lines = list(iter(lambda: requests.readline().strip(), ""))
        if not lines:
            raise ConnectionResetError
        method = lines[0].split()[0]
        sequence = next(line for line in lines if line.lower().startswith("cseq"))
        body = sdp(0) if method == "DESCRIBE" else ""
        headers = {
            "OPTIONS": "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n",
            "DESCRIBE": f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n",
            "SETUP": "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n",
            "PLAY": "Session: 1\r\n",
        }[method]
        client.sendall(f"RTSP/1.0 200 OK\r\n{sequence}\r\n{headers}\r\n{body}".encode())


def _rtp_packets(width: int, height: int, rate: int) -> Iterator[bytes]:
    """RFC 3550 and RFC 6184: single NAL units, and fragments (FU-A) of those that are too long."""
    context = av.CodecContext.create("libx264", "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base = Fraction(1, rate)
    context.options = _options(rate)
    sequence = itertools.count()

    def packet(payload: bytes, pts: int, last: bool) -> bytes:
        stamp = pts * _RTP_CLOCK_HZ // rate
        marker = 0x80 if last else 0
        start = bytes([0x80, _PAYLOAD_TYPE | marker]) + (next(sequence) & 0xFFFF).to_bytes(2)
        return start + (stamp & 0xFFFFFFFF).to_bytes(4) + b"\x00\x00\x00\x01" + payload

    for frame in _paced_frames(width, height, rate):
        for encoded in context.encode(frame):
            assert encoded.pts is not None
            units = list(_nal_units(encoded))
            for unit in units:
                yield from (
                    packet(payload, encoded.pts, unit is units[-1] and last)
                    for payload, last in _fragments(unit)
                )


def _nal_units(packet: Packet) -> list[bytes]:  # type: ignore[type-arg]
    marked = bytes(packet).replace(b"\x00\x00\x00\x01", b"\x00\x00\x01")
    return marked.split(b"\x00\x00\x01")[1:]


def _fragments(unit: bytes) -> Iterator[tuple[bytes, bool]]:
    if len(unit) <= _RTP_BYTES:
        yield unit, True
        return
    indicator, kind = unit[0] & 0xE0 | _NAL_FU_A, unit[0] & 0x1F
    for start in range(1, len(unit), _RTP_BYTES):
        last = start + _RTP_BYTES >= len(unit)
        header = kind | (0x80 if start == 1 else 0) | (0x40 if last else 0)
        yield bytes([indicator, header]) + unit[start : start + _RTP_BYTES], last


def _options(rate: int) -> dict[str, str]:
    return {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "g": str(max(rate // 2, 1)),
        "x264-params": "log-level=none:threads=1",
    }


def _paced_frames(width: int, height: int, rate: int) -> Iterator[av.VideoFrame]:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    begun_s = time.monotonic()
    for number in itertools.count():
        picture = numbered_picture(number % 256, width, height)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, rate)
        yield frame
        time.sleep(max(0.0, begun_s + (number + 1) / rate - time.monotonic()))


if __name__ == "__main__":
    main()
