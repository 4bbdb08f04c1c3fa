"""SRT on the real GStreamer, from an encoder on this computer."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.sources import gstreamer
from app.sources.base import SourceError
from app.sources.live import CaptureWish, NoSignalError, SignalState
from app.sources.live_opening import open_live
from app.sources.srt import SrtReceiver, check_srt
from app.sources.stream import StreamSource
from app.sources.stream_address import parse_stream_address
from tests.app.sources.live_feeds import RATE, SIZE, free_port, is_taken
from tests.app.sources.srt_feed import SrtSender, needs_srt
from tests.app.sources.videos import number_in
from tests.app.sources.waiting import Viewer, wait_for_state
from tests.leftovers import has_ended, held, wait_until_given_back
from tests.processor_wait import ProcessorWait
from tests.waiting import HANG_S, wait_until

QUOTED = "so%20secret%20+%20100%20%25"


@pytest.fixture
def send() -> Iterator[Callable[[str], SrtSender]]:
    with ExitStack() as senders:

        def start(uri: str) -> SrtSender:
            sender = SrtSender(uri)
            senders.callback(sender.end)
            return sender

        yield start


@pytest.mark.parametrize(
    ("location", "target", "name"),
    [
        ("srt://box:9000", "srt://box:9000?mode=caller&latency=120", "srt://box:9000"),
        ("SRT://:9000", "srt://:9000?mode=listener&latency=120", "srt://@:9000"),
        (
            "srt://10.0.0.1:9000?mode=listener&latency=400",
            "srt://10.0.0.1:9000?mode=listener&latency=400",
            "srt://10.0.0.1:9000",
        ),
        (
            "srt://[::1]:9000?passphrase=a+b%20c%23defgh&streamid=%23!::r=x",
            "srt://[::1]:9000?mode=caller&latency=120&passphrase=a%2Bb%20c%23defgh"
            "&streamid=%23%21%3A%3Ar%3Dx",
            "srt://[::1]:9000",
        ),
    ],
)
def test_addresses(location: str, target: str, name: str) -> None:
    address = parse_stream_address(location)
    assert (address.target, address.name) == (target, name)


@pytest.mark.parametrize(
    "location",
    [
        "srt://",
        "srt://box",
        "srt://box:99999?passphrase=hush-hush-hush",
        "srt://box:0",
        "srt://box:9000/path",
        "srt://me@box:9000",
        "srt://box:9000?passphrase=hush",
        "srt://box:9000?passphrase=hush-hush-hush#hush",
        "srt://:9000?mode=caller&passphrase=hush-hush-hush",
        "srt://box:9000?mode=rendezvous",
        "srt://box:9000?latency=soon",
        "srt://box:9000?latency=" + "9" * 5000,
        "srt://box:9000?streamid=",
        "srt://box:9000?pbkeylen=8",
        "srt://box ! filesink:9000",
        "srt://box:9000?hush=hush",
    ],
)
def test_a_malformed_address_is_told_the_right_form_and_no_secret(location: str) -> None:
    with pytest.raises(SourceError, match=r"srt://192\.168\.1\.20:9000 .*\.$") as raised:
        open_live(location, CaptureWish())
    assert "hush" not in str(raised.value)
    assert str(raised.value).count(". ") == 0


@needs_srt
@pytest.mark.parametrize("listens", [True, False], ids=["listener", "caller"])
def test_an_encrypted_stream_is_shown(listens: bool, send: Callable[[str], SrtSender]) -> None:
    port = free_port(socket.SOCK_DGRAM)
    ours = f"srt://:{port}" if listens else f"srt://127.0.0.1:{port}"
    theirs = f"srt://127.0.0.1:{port}?mode=caller" if listens else f"srt://:{port}?mode=listener"
    send(f"{theirs}&passphrase={QUOTED.replace('+', '%2B')}".replace("?&", "?"))
    if not listens:
        time.sleep(0.5)  # the sender's start; a caller whom nobody answers tries for 3 s
    query = f"passphrase={QUOTED}&pbkeylen=32&streamid=%23!::r=x&latency=80"
    with StreamSource(f"{ours}?{query}") as source:
        frames = [source.read() for _ in range(20)]
        assert source.info.rate == RATE
        assert (source.info.width, source.info.height) == SIZE
    numbers = [number_in(frame.picture) for frame in frames if frame is not None]
    steps = {(later - earlier) % 256 for earlier, later in itertools.pairwise(numbers)}
    assert steps == {1}


@needs_srt
@pytest.mark.slow
def test_a_killed_encoder_is_seen_as_lost_and_live_again_and_nothing_is_left(
    send: Callable[[str], SrtSender],
) -> None:
    before = held()
    port = free_port(socket.SOCK_DGRAM)
    sender = send(f"srt://127.0.0.1:{port}?mode=caller")
    with open_live(f"srt://:{port}", CaptureWish()) as source, Viewer(source) as viewer:
        wait_for_state(source, SignalState.LIVE)
        sender.end()
        assert wait_for_state(source, SignalState.NO_SIGNAL).sentence
        count = len(viewer.frames)
        sender = send(f"srt://127.0.0.1:{port}?mode=caller")
        assert wait_for_state(source, SignalState.LIVE).restarts == 1
        wait_until(lambda: len(viewer.frames) > count + 10)
    sender.end()
    wait_until_given_back(before)


@needs_srt
def test_a_wrong_passphrase_and_nobody_there_say_so_and_no_secret(
    send: Callable[[str], SrtSender],
) -> None:
    port = free_port(socket.SOCK_DGRAM)
    location = f"srt://127.0.0.1:{port}?passphrase={QUOTED}"
    with pytest.raises(NoSignalError, match=r"does not answer \(.+\); start") as raised:
        StreamSource(location)
    assert "secret" not in str(raised.value)
    send(f"srt://:{port}?mode=listener&passphrase=another-one-it-is")
    with pytest.raises(NoSignalError, match="check the address and the passphrase") as raised:
        StreamSource(location)
    assert "secret" not in str(raised.value)


@needs_srt
def test_who_lists_the_processes_reads_no_passphrase() -> None:
    port = free_port(socket.SOCK_DGRAM)
    secret = "so-secret-as-can-be"
    receiver = SrtReceiver(parse_stream_address(f"srt://:{port}?passphrase={secret}"))
    wait_until(lambda: is_taken(port))
    processes = Path("/proc").glob("[0-9]*/cmdline")
    own = Path(f"/proc/{receiver._process.pid}")
    listed = [*processes, own / "environ"]
    try:
        assert own / "cmdline" in listed
        assert not [path for path in listed if secret.encode() in _content(path)]
    finally:
        receiver.close()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has ended
        return b""


@needs_srt
def test_an_encoder_that_calls_is_told_at_once_when_nobody_listens_any_more(
    send: Callable[[str], SrtSender],
) -> None:
    port = free_port(socket.SOCK_DGRAM)
    address = parse_stream_address(f"srt://:{port}")
    send(f"srt://127.0.0.1:{port}?mode=caller")
    receiver = SrtReceiver(address)
    assert receiver.read(188)
    receiver.interrupt()
    receiver._process.end(HANG_S)
    receiver.close()
    wait = ProcessorWait()
    reopened_s = time.monotonic()
    receiver = SrtReceiver(address)
    assert receiver.read(188)
    assert time.monotonic() - reopened_s < 4.0 + wait.s  # by itself it would call again after 5 s
    receiver.close()


@needs_srt
def test_interrupt_ends_a_waiting_read_and_close_leaves_nothing() -> None:
    before = held()
    address = parse_stream_address(f"srt://127.0.0.1:{free_port(socket.SOCK_DGRAM)}?mode=listener")
    receiver = SrtReceiver(address)
    read: list[bytes] = []
    reader = threading.Thread(target=_read_into, args=(receiver, read))
    reader.start()
    time.sleep(0.3)
    wait = ProcessorWait()
    interrupted_s = time.monotonic()
    receiver.interrupt()
    reader.join(HANG_S)
    assert (
        time.monotonic() - interrupted_s < 1.0 + wait.s
    )  # the limit for a connection is far longer
    assert read == [b""]
    assert receiver.failure is None
    receiver.close()
    receiver.close()
    assert receiver.read(188) == b""
    receiver.interrupt()
    assert has_ended(receiver._process.pid)
    del receiver
    reader.join()
    wait_until_given_back(before)


def _read_into(receiver: SrtReceiver, read: list[bytes]) -> None:
    read.append(receiver.read(188))


def test_a_missing_gstreamer_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(gstreamer, "_LIBRARY", "libgstreamer-0.0.so.0")
    before = held()
    for use in (
        lambda: open_live("srt://:9000", CaptureWish()),
        lambda: StreamSource("srt://:9000"),
    ):
        with pytest.raises(SourceError, match=r"gstreamer1\.0-tools and gstreamer1\.0-plugins-bad"):
            use()
    wait_until_given_back(before)


@needs_srt
def test_a_missing_plug_in_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.sources.srt._ELEMENT", "nosuchsrc")
    with pytest.raises(SourceError, match=r"gstreamer1\.0-plugins-bad\.$"):
        check_srt()
