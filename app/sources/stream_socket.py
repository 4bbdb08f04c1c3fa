"""MPEG-TS from a socket, as the file that the demultiplexer reads: it can reach nothing else."""

from __future__ import annotations

import errno
import ipaddress
import socket
import time
from threading import Event

from app.sources.base import SourceError
from app.sources.live import NoSignalError, SourceLostError
from app.sources.stream_address import StreamAddress, Transport

SILENCE_LIMIT_S = 2.0
"""A socket to which nothing has come for so long is given up; also the longest connecting."""

_WAKE_S = 0.1
_DATAGRAM_BYTES = 65536
_RECEIVE_BUFFER_BYTES = 4 << 20
"""Asked of the system, which may give less: holds a 4K keyframe while Python is busy."""

_RTP_HEADER_BYTES = 12
_RTP_VERSION = 2
_TS_PACKET_BYTES = 188
_TS_SYNC = 0x47


class StreamSocket:
    """Receives what is sent to a UDP, RTP or TCP address. One thread reads.

    Raises:
        NoSignalError: nobody answers there.
        SourceError: it cannot be opened.
    """

    def __init__(self, address: StreamAddress) -> None:
        self._address = address
        self._interrupted = Event()
        self._received = b""
        self._ignored = 0
        self.failure: SourceError | None = None
        """Why nothing more comes."""
        try:
            self._socket = _connected(address) if self._is_tcp else _bound(address)
        except OSError as error:
            raise _opening_error(address, error) from error
        self._socket.settimeout(_WAKE_S)

    def read(self, size: int) -> bytes:
        """At least one byte and at most ``size``, waited for; none once nothing more will come.

        It raises nothing: what went wrong is in ``failure``.
        """
        if not self._received and self.failure is None:
            try:
                self._received = self._receive()
            except SourceError as error:
                self.failure = error
        given, self._received = self._received[:size], self._received[size:]
        return given

    def interrupt(self) -> None:
        """Ends a waiting or later ``read`` within 0.1 s. Any thread."""
        self._interrupted.set()

    def close(self) -> None:
        self._socket.close()

    @property
    def _is_tcp(self) -> bool:
        return self._address.transport is Transport.TCP

    def _receive(self) -> bytes:
        """What has come; nothing after ``interrupt``.

        Raises:
            NoSignalError, SourceLostError: nothing more will come.
        """
        until_s = time.monotonic() + SILENCE_LIMIT_S
        while not self._interrupted.is_set():
            try:
                data = self._socket.recv(_DATAGRAM_BYTES)
            except TimeoutError:
                data = None
            except OSError as error:
                raise SourceLostError(
                    f"{self._address.name} broke off ({error.strerror}); check the network."
                ) from error
            if data == b"" and self._is_tcp:
                raise SourceLostError(
                    f"{self._address.name} closed the connection; start the encoder again."
                )
            if data and self._address.transport is Transport.RTP:
                data = self._payload(data)
            if data:
                return data
            if time.monotonic() > until_s:
                raise self._silent()
        return b""

    def _payload(self, packet: bytes) -> bytes:
        """What an RTP packet (RFC 3550, section 5.1) carries; nothing if that is not MPEG-TS."""
        if len(packet) < _RTP_HEADER_BYTES or packet[0] >> 6 != _RTP_VERSION:
            self._ignored += 1
            return b""
        start = _RTP_HEADER_BYTES + 4 * (packet[0] & 0x0F)
        if packet[0] & 0x10:
            start += 4 + 4 * int.from_bytes(packet[start + 2 : start + 4])
        end = len(packet) - (packet[-1] if packet[0] & 0x20 else 0)
        payload = packet[start:end]
        if not payload or len(payload) % _TS_PACKET_BYTES or payload[0] != _TS_SYNC:
            self._ignored += 1
            return b""
        return payload

    def _silent(self) -> SourceError:
        name = self._address.name
        if self._ignored:
            return NoSignalError(
                f"What arrives at {name} is not MPEG-TS in RTP; give the encoder's .sdp file "
                "instead of the address."
            )
        return NoSignalError(f"Nothing arrives at {name}; start the encoder, or check the network.")


def _connected(address: StreamAddress) -> socket.socket:
    return socket.create_connection((address.host, address.port), SILENCE_LIMIT_S)


def _bound(address: StreamAddress) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    receiver = socket.socket(family, socket.SOCK_DGRAM)
    try:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
        if _is_multicast(address.host):
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            membership = socket.inet_aton(address.host) + socket.inet_aton("0.0.0.0")
            receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        receiver.bind((address.host, address.port))
    except BaseException:
        receiver.close()
        raise
    return receiver


def _is_multicast(host: str) -> bool:
    try:
        return ipaddress.IPv4Address(host).is_multicast
    except ValueError:
        return False


def _opening_error(address: StreamAddress, error: OSError) -> SourceError:
    name = address.name
    if address.transport is Transport.TCP:
        return NoSignalError(
            f"Nobody answers at {name} ({error.strerror or error}); start the encoder, or check "
            "the address."
        )
    if error.errno == errno.EADDRINUSE:
        return SourceError(
            f"Another program receives at {name} already; end it, or choose another port."
        )
    if error.errno in (errno.EADDRNOTAVAIL, None) or isinstance(error, socket.gaierror):
        return SourceError(
            f"{name} is not an address of this computer; to receive what is sent to any of its "
            f"addresses, give {address.transport.value}://@:{address.port}."
        )
    return SourceError(f"{name} cannot be opened ({error.strerror}); choose another port.")
