"""From what a person typed to the address of a stream."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

from app.sources.base import SourceError
from app.sources.srt_address import gstreamer_address

FORMS = (
    "udp://@:5000, udp://239.1.1.1:5000, rtp://@:5000, tcp://192.168.1.20:5000, "
    "rtsp://192.168.1.20/stream, srt://192.168.1.20:9000 or a path that ends in .sdp"
)
"""Every form, by example."""

_URL = re.compile(r"(rtsp|srt|rtp|udp|tcp)://", re.IGNORECASE)
_SDP = ".sdp"
_RTSP_PORT = 554


class Transport(Enum):
    """How the stream travels."""

    UDP = "udp"
    """MPEG-TS in datagrams that are sent here."""
    RTP = "rtp"
    """MPEG-TS in RTP packets that are sent here."""
    TCP = "tcp"
    """MPEG-TS over a connection that is made from here."""
    SRT = "srt"
    """MPEG-TS over a connection that is made from here, or made to here where no host is named."""
    RTSP = "rtsp"
    """What an RTSP server offers, over the one connection that is made from here."""
    SDP = "sdp"
    """What is sent here, in RTP packets, as an .sdp file describes it."""


_RECEIVED_HERE = (Transport.UDP, Transport.RTP, Transport.SRT)
"""Without a host: at every address of this computer."""


@dataclass(frozen=True, slots=True)
class StreamAddress:
    """Where a stream comes from, or where to it is sent."""

    transport: Transport
    target: str
    """The whole URL, for SRT as GStreamer takes it, or the path of the .sdp file; may hold a
    password."""
    name: str
    """For people and logs: without user and password."""
    host: str = ""
    """For UDP and RTP: where it is received, empty for every address of this computer."""
    port: int = 0


def is_stream(location: str) -> bool:
    """Whether ``location`` means a stream; it may still be malformed."""
    return _URL.match(location) is not None or location.lower().endswith(_SDP)


def parse_stream_address(location: str) -> StreamAddress:
    """
    Raises:
        SourceError: ``location`` is malformed; the sentence shows the right form.
    """
    if location.lower().endswith(_SDP) and not _URL.match(location):
        return StreamAddress(Transport.SDP, location, Path(location).name)
    try:
        url = urlsplit(location)
        host, port = url.hostname or "", url.port
    except ValueError:
        # What Python says may hold a part of the password.
        raise SourceError(
            f"{scheme_alone(location)} is no address of a stream; give {FORMS}."
        ) from None
    scheme = url.scheme.lower()
    transport = Transport(scheme)
    if transport is Transport.SRT:
        location = gstreamer_address(url)
    if transport is Transport.RTSP:
        port = port or _RTSP_PORT
    if not port or not (host or transport in _RECEIVED_HERE):
        raise SourceError(f"{scheme_alone(location)} lacks its host or port; give {FORMS}.")
    shown_host = f"[{host}]" if ":" in host else host or "@"
    name = f"{scheme}://{shown_host}:{port}{url.path}"
    return StreamAddress(transport, location, name, host, port)


def scheme_alone(location: str) -> str:
    """``location``, of an address no more than its scheme: the rest may hold a password.

    In a malformed one a password may stand where any other part belongs.
    """
    scheme, is_address, _ = location.partition("://")
    return f"{scheme}://…" if is_address else location
