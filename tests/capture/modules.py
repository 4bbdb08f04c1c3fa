"""The kernel modules that the guest loads, each after those that it builds on."""

from __future__ import annotations

import lzma
import re
from collections.abc import Sequence
from pathlib import Path

from tests.capture.debian import GuestUnavailableError

_SUFFIX = re.compile(r"\.ko(\.xz)?$")


class Modules:
    """The modules under a kernel's folder ``lib/modules/<release>``."""

    def __init__(self, folder: Path) -> None:
        self._paths = {
            _name(path): path for path in folder.rglob("*.ko*") if _SUFFIX.search(path.name)
        }
        builtin = (folder / "modules.builtin").read_text(encoding="ascii")
        self._builtin = {_name(Path(line)) for line in builtin.splitlines()}

    def with_dependencies(self, names: Sequence[str]) -> dict[str, bytes]:
        """What to load, in this order: ``names`` and what they need but is not built in.

        Raises:
            GuestUnavailableError: the kernel has no such module.
        """
        loaded: dict[str, bytes] = {}
        for name in names:
            self._add(name, loaded)
        return loaded

    def _add(self, name: str, loaded: dict[str, bytes]) -> None:
        if name in loaded or name in self._builtin:
            return
        if name not in self._paths:
            raise GuestUnavailableError(f"Debian's kernel has no module {name} any more.")
        code = _read(self._paths[name])
        needed = re.search(rb"\0depends=([^\0]*)\0", code)
        for other in needed[1].decode("ascii").split(",") if needed and needed[1] else ():
            self._add(other.replace("-", "_"), loaded)
        loaded[name] = code


def _name(path: Path) -> str:
    return _SUFFIX.sub("", path.name).replace("-", "_")


def _read(path: Path) -> bytes:
    code = path.read_bytes()
    return lzma.decompress(code) if path.suffix == ".xz" else code
