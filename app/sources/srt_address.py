"""From the address of an SRT stream to the one that GStreamer is told."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, quote, unquote, urlencode

from app.sources.base import SourceError

_FORMS = "srt://192.168.1.20:9000 to call the encoder, or srt://:9000 to be called by it"
"""Both forms, by example."""

_LATENCY_MS = 120
"""What SRT itself takes; the greater one of both sides holds."""
_MOST_LATENCY_MS = 2000
"""Live video that is later is not."""
_PASSPHRASE_BYTES = range(10, 80)
_STREAMID_BYTES = range(1, 513)
_KEY_BYTES = ("16", "24", "32")
_NUMBER = re.compile("[0-9]{1,4}")
_HOST = re.compile(r"[\w.:%-]*")


def gstreamer_address(url: SplitResult) -> str:
    """With all that GStreamer would guess; whoever sees it sees the passphrase in it.

    Raises:
        SourceError: ``url`` is malformed; the sentence holds nothing of what comes after its port.
    """
    host, port = url.hostname or "", url.port
    if not port or url.username or url.path or url.fragment or not _HOST.fullmatch(host):
        raise _malformed("has a host and a port alone, and writes # in what follows as %23")
    given = _query(url.query)
    mode = given.pop("mode", "caller" if host else "listener")
    if mode not in ("caller", "listener") or (mode == "caller" and not host):
        raise _malformed("has mode=listener, or mode=caller with a host")
    latency_ms = given.pop("latency", str(_LATENCY_MS))
    if not (_NUMBER.fullmatch(latency_ms) and int(latency_ms) <= _MOST_LATENCY_MS):
        raise _malformed(f"has a latency of 0 to {_MOST_LATENCY_MS} ms")
    if len(given.get("passphrase", "-" * 10).encode()) not in _PASSPHRASE_BYTES:
        raise _malformed("has a passphrase of 10 to 79 characters")
    if len(given.get("streamid", "-").encode()) not in _STREAMID_BYTES:
        raise _malformed("has a streamid of 1 to 512 characters")
    if given.get("pbkeylen", "16") not in _KEY_BYTES:
        raise _malformed("has a pbkeylen of 16, 24 or 32 bytes")
    if not given.keys() <= {"passphrase", "pbkeylen", "streamid"}:
        raise _malformed("has mode, latency, passphrase, pbkeylen and streamid behind its ? alone")
    shown_host = f"[{host}]" if ":" in host else host
    query = urlencode({"mode": mode, "latency": latency_ms, **given}, quote_via=quote, safe="")
    return f"srt://{shown_host}:{port}?{query}"


def _query(query: str) -> dict[str, str]:
    """A plus sign stays one: it may be part of a passphrase."""
    pairs = (part.partition("=") for part in query.split("&") if part)
    return {key.lower(): unquote(value) for key, _, value in pairs}


def _malformed(rule: str) -> SourceError:
    return SourceError(f"An SRT address {rule}; give {_FORMS}.")
