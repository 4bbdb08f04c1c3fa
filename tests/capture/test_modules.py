"""Kernel modules and what they need, as Debian 12 and 13 ship them."""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest

from tests.capture.debian import GuestUnavailableError
from tests.capture.modules import Modules


def module(name: str, *needs: str) -> bytes:
    return f"ELF\0name={name}\0depends={','.join(needs)}\0license=GPL\0".encode()


@pytest.fixture(params=[".ko", ".ko.xz"])
def modules(request: pytest.FixtureRequest, tmp_path: Path) -> Modules:
    """A card that needs two modules, of which one needs the other, and what is built in."""
    for path, code in {
        "media/my-card": module("my_card", "core", "mc-extra", "crc"),
        "media/mc-extra": module("mc_extra", "core"),
        "core": module("core"),
    }.items():
        file = tmp_path / "kernel" / f"{path}{request.param}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(lzma.compress(code) if request.param.endswith(".xz") else code)
    (tmp_path / "modules.builtin").write_text("kernel/lib/crc.ko\n", encoding="ascii")
    return Modules(tmp_path)


def test_each_comes_after_those_that_it_needs(modules: Modules) -> None:
    loaded = modules.with_dependencies(["my_card", "core"])
    assert list(loaded) == ["core", "mc_extra", "my_card"]
    assert loaded["core"] == module("core")


def test_a_missing_module_is_named(modules: Modules) -> None:
    with pytest.raises(GuestUnavailableError, match="vivid"):
        modules.with_dependencies(["my_card", "vivid"])
