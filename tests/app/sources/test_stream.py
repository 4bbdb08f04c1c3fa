"""Streams: what is opened, what never is, and what damage does."""

from __future__ import annotations

import itertools
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from app.frame import Frame
from app.sources.base import SourceError, SourceFormatError, SourceNotFoundError
from app.sources.live import NoSignalError, SourceLostError
from app.sources.stream import StreamSource
from app.sources.stream_address import Transport, parse_stream_address
from tests.app.sources.live_feeds import RATE, SIZE, ProcessFeed, free_port
from tests.app.sources.reading import read_all
from tests.app.sources.stream_encoder import sdp
from tests.app.sources.videos import CODINGS, TS, number_in, write_video
from tests.processor_wait import ProcessorWait
from tests.threads import on_a_thread
from tests.waiting import HANG_S, wait_until

PACKET_BYTES = 188

Serve = Callable[..., str]


class Senders:
    """Threads that send to a stream."""

    def __init__(self) -> None:
        self.over = threading.Event()
        """Set at the end of the test."""
        self._threads: list[threading.Thread] = []

    def start(self, send: Callable[[], None]) -> None:
        self._threads.append(threading.Thread(target=send))
        self._threads[-1].start()

    def end(self) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join(HANG_S)


@pytest.fixture
def senders() -> Iterator[Senders]:
    senders = Senders()
    yield senders
    senders.end()


@pytest.fixture
def serve(senders: Senders) -> Serve:
    """Starts a TCP server that sends some bytes to its first client; gives its URL."""

    def start(data: bytes, *, then_silent: bool = False) -> str:
        server = socket.create_server(("127.0.0.1", 0))

        def send() -> None:
            with server, suppress(ConnectionError):
                client, _ = server.accept()
                with client:
                    client.sendall(data)
                    if then_silent:
                        senders.over.wait(HANG_S)

        senders.start(send)
        return f"tcp://127.0.0.1:{server.getsockname()[1]}"

    return start


def read_to_the_end(source: StreamSource) -> tuple[list[Frame], SourceError]:
    frames = []
    try:
        while (frame := source.read()) is not None:
            frames.append(frame)
    except SourceError as error:
        return frames, error
    raise AssertionError("the stream ended without an error")


def ts_bytes(folder: Path, size: tuple[int, int] = SIZE, frames: int = 60) -> bytes:
    return write_video(folder / "video.ts", TS, frames, size=size).read_bytes()


@pytest.mark.parametrize(
    ("location", "transport", "host", "port", "name"),
    [
        ("udp://@:5000", Transport.UDP, "", 5000, "udp://@:5000"),
        ("udp://:5000", Transport.UDP, "", 5000, "udp://@:5000"),
        ("UDP://239.1.1.1:5000", Transport.UDP, "239.1.1.1", 5000, "udp://239.1.1.1:5000"),
        ("udp://[::1]:5000", Transport.UDP, "::1", 5000, "udp://[::1]:5000"),
        ("rtp://@:5004", Transport.RTP, "", 5004, "rtp://@:5004"),
        ("tcp://box:9000", Transport.TCP, "box", 9000, "tcp://box:9000"),
        ("rtsp://box/a/b", Transport.RTSP, "box", 554, "rtsp://box:554/a/b"),
        ("rtsp://me:secret@box:8554/a", Transport.RTSP, "box", 8554, "rtsp://box:8554/a"),
        ("folder/room 3.SDP", Transport.SDP, "", 0, "room 3.SDP"),
    ],
)
def test_addresses(location: str, transport: Transport, host: str, port: int, name: str) -> None:
    address = parse_stream_address(location)
    assert (address.transport, address.target) == (transport, location)
    assert (address.host, address.port, address.name) == (host, port, name)


@pytest.mark.parametrize(
    "location",
    ["udp://", "udp://box", "tcp://:9000", "tcp://box", "rtsp://", "udp://@:99999", "udp://@:0"],
)
def test_a_malformed_address_is_told_the_right_form(location: str) -> None:
    with pytest.raises(SourceError, match=r"udp://@:5000, .*\.sdp\.$"):
        StreamSource(location)


@pytest.mark.parametrize(
    "location",
    [
        "rtsp://me:secret@:554/x",
        "rtsp://me:secret@box:99999/",
        "rtsp://me:secret/?@box/",
        "tcp://a?secret",
    ],
)
def test_a_malformed_address_keeps_its_password_to_itself(location: str) -> None:
    with pytest.raises(SourceError, match=r"^(rtsp|tcp)://… (lacks|is no)") as raised:
        parse_stream_address(location)
    assert "secret" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("scheme", ["tcp", "rtsp"])
def test_nobody_there(scheme: str) -> None:
    location = f"{scheme}://me:secret@127.0.0.1:{free_port(socket.SOCK_STREAM)}/x"
    with pytest.raises(NoSignalError, match="start the encoder") as raised:
        StreamSource(location)
    assert "secret" not in str(raised.value)
    assert raised.value.__suppress_context__ or "secret" not in str(raised.value.__cause__)


def test_an_address_of_another_computer_cannot_be_received_at() -> None:
    with pytest.raises(SourceError, match=r"give udp://@:5000\.$"):
        StreamSource("udp://192.0.2.1:5000")


def test_a_port_in_use_is_named() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(SourceError, match="Another program receives at"):
            StreamSource(f"udp://127.0.0.1:{taken.getsockname()[1]}")


@pytest.mark.parametrize("coding", ["h264-ts", "hevc-ts", "mpeg2-ts"])
def test_frames_come_in_order_whatever_the_codec(coding: str, tmp_path: Path, serve: Serve) -> None:
    video = write_video(tmp_path / "video.ts", CODINGS[coding], 60)
    with StreamSource(serve(video.read_bytes())) as source:
        frames, error = read_to_the_end(source)
        numbers = [number_in(frame.picture) for frame in frames]
        assert numbers == list(range(len(frames)))
        assert len(frames) > 50
        assert source.report.undecodable == 0
        assert isinstance(error, SourceLostError)
        for earlier, later in itertools.pairwise(frames):
            assert later.pts_s - earlier.pts_s == pytest.approx(1 / source.info.rate, abs=1e-4)


def test_a_change_of_size_just_goes_on(tmp_path: Path, serve: Serve) -> None:
    data = ts_bytes(tmp_path) + ts_bytes(tmp_path, size=(160, 96))
    with StreamSource(serve(data)) as source:
        assert (source.info.width, source.info.height) == SIZE
        frames, _ = read_to_the_end(source)
        sizes = [(frame.picture.width, frame.picture.height) for frame in frames]
        assert [size for size, _ in itertools.groupby(sizes)] == [SIZE, (160, 96)]
        assert (source.info.width, source.info.height) == (160, 96)
        times_s = [frame.pts_s for frame in frames]
        assert times_s == sorted(times_s)


@pytest.mark.parametrize("damage", ["lost", "flipped"])
def test_damage_is_survived_and_what_is_lost_is_counted(
    damage: str, tmp_path: Path, serve: Serve
) -> None:
    data = ts_bytes(tmp_path, frames=120)
    packets = [data[at : at + PACKET_BYTES] for at in range(0, len(data), PACKET_BYTES)]
    damaged = b"".join(
        packet if number % 40 != 39 else b"" if damage == "lost" else _flipped(packet)
        for number, packet in enumerate(packets)
    )
    with StreamSource(serve(damaged)) as source:
        frames, _ = read_to_the_end(source)
        assert len(frames) > 10
        if damage == "lost":
            assert source.report.undecodable > 0


def _flipped(packet: bytes) -> bytes:
    return packet[:20] + bytes(byte ^ 0xFF for byte in packet[20:60]) + packet[60:]


def test_a_stream_that_falls_silent_is_given_up(tmp_path: Path, serve: Serve) -> None:
    with StreamSource(serve(ts_bytes(tmp_path), then_silent=True)) as source:
        _, error = read_to_the_end(source)
        assert isinstance(error, NoSignalError)
        assert "Nothing arrives" in str(error)


def test_interrupt_ends_a_waiting_read(tmp_path: Path, serve: Serve) -> None:
    with StreamSource(serve(ts_bytes(tmp_path), then_silent=True)) as source:
        with on_a_thread(lambda: read_all(source)) as given:
            time.sleep(0.5)
            wait = ProcessorWait()
            begun_s = time.monotonic()
            source.interrupt()
            wait_until(lambda: bool(given), "an end without an error")
            assert time.monotonic() - begun_s < 0.5 + wait.s
        assert source.read() is None


def test_reading_after_close_says_so(tmp_path: Path, serve: Serve) -> None:
    source = StreamSource(serve(ts_bytes(tmp_path)))
    source.close()
    source.close()
    with pytest.raises(SourceError, match="closed"):
        source.read()


@pytest.mark.parametrize(
    "data",
    [
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n" * 50,
        b"ffconcat version 1.0\nfile /etc/passwd\n" * 50,
        bytes(range(256)) * 100,
    ],
)
def test_what_is_no_video_is_never_followed(data: bytes, tmp_path: Path, serve: Serve) -> None:
    with pytest.raises(SourceError):
        StreamSource(serve(data))
    path = tmp_path / "list.sdp"
    path.write_bytes(data)
    with pytest.raises(SourceFormatError, match=r"list\.sdp"):
        StreamSource(str(path))


def test_a_redirection_is_not_followed() -> None:
    elsewhere = socket.create_server(("127.0.0.1", 0))
    server = socket.create_server(("127.0.0.1", 0))

    def redirect() -> None:
        client, _ = server.accept()
        with client, client.makefile("r", newline="\r\n") as requests:
            for status in ("200 OK", "302 Found"):
                lines = list(iter(lambda: requests.readline().strip(), ""))
                sequence = next(line for line in lines if line.startswith("CSeq"))
                target = f"rtsp://127.0.0.1:{elsewhere.getsockname()[1]}/x"
                client.sendall(
                    f"RTSP/1.0 {status}\r\n{sequence}\r\nLocation: {target}\r\n\r\n".encode()
                )
            client.recv(1)

    with elsewhere, server:
        with on_a_thread(redirect), pytest.raises(SourceError, match="rtsp://127"):
            StreamSource(f"rtsp://127.0.0.1:{server.getsockname()[1]}/x")
        elsewhere.setblocking(False)
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


def test_rtp_by_its_description(tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    description = tmp_path / "stream.sdp"
    description.write_text(sdp(port))
    feed = ProcessFeed("stream_encoder", f"rtp://127.0.0.1:{port}", str(description))
    try:
        with StreamSource(str(description)) as source:
            frames = [source.read() for _ in range(20)]
            assert source.info.rate == RATE
        numbers = [number_in(frame.picture) for frame in frames if frame is not None]
        assert numbers == list(range(numbers[0], numbers[0] + 20))
    finally:
        feed.end()
    with pytest.raises(SourceNotFoundError, match="There is no"):
        StreamSource(str(tmp_path / "other.sdp"))


@pytest.fixture
def send_rtp(senders: Senders) -> Callable[[bytes], str]:
    """Sends some payload over and over, each time in a packet of its own; gives the URL."""

    def start(payload: bytes) -> str:
        port = free_port(socket.SOCK_DGRAM)

        def send() -> None:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sequence = 0
                while not senders.over.is_set():
                    for at in range(0, len(payload), 7 * PACKET_BYTES):
                        part = payload[at : at + 7 * PACKET_BYTES]
                        # One contributing source and an extension of one word, as RFC 3550 has it.
                        header = bytes([0x91, 33]) + (sequence & 0xFFFF).to_bytes(2) + bytes(12)
                        extension = bytes(2) + (1).to_bytes(2) + bytes(4)
                        sender.sendto(header + extension + part, ("127.0.0.1", port))
                        sequence += 1
                        time.sleep(0.001)

        senders.start(send)
        return f"rtp://127.0.0.1:{port}"

    return start


def test_mpeg_ts_in_rtp(tmp_path: Path, send_rtp: Callable[[bytes], str]) -> None:
    with StreamSource(send_rtp(ts_bytes(tmp_path))) as source:
        numbers = [number_in(frame.picture) for _ in range(20) if (frame := source.read())]
        assert {(b - a) % 60 for a, b in itertools.pairwise(numbers)} <= {1}


def test_something_else_in_rtp_needs_its_description(send_rtp: Callable[[bytes], str]) -> None:
    with pytest.raises(NoSignalError, match=r"give the encoder's \.sdp file"):
        StreamSource(send_rtp(b"\x65" * 1000))
