"""What may be shown and remembered of the location of a video."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from app.sources.live_opening import is_live

_SECRETS = ("passphrase", "password", "token", "key")
"""Parts of an address that only its owner should see."""


def location_title(location: str) -> str:
    """The name of a file, or the address of what is live without user, password and options."""
    if not is_live(location):
        return Path(location).name
    address, _, _ = location.partition("?")
    scheme, mark, rest = address.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}" if mark else address


def holds_secret(location: str) -> bool:
    """Whether the location holds a password or the like: then it is not remembered."""
    if not is_live(location):
        return False
    try:
        address = urlsplit(location)
    except ValueError:
        return True
    return address.password is not None or any(
        name.lower() in _SECRETS for name in parse_qs(address.query)
    )
