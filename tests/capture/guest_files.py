"""What a guest computer is made of: Debian's kernel, some of its modules, and a shell."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.capture.debian import kernel_package, unpack
from tests.capture.modules import Modules
from tests.locations import ROOT

MODULES = ("virtio_pci", "9pnet_virtio", "9p", "vivid")
"""To see this computer's files, and the virtual capture card."""
CACHE = ROOT / "build" / "capture-guest" / "-".join(MODULES)


@dataclass(frozen=True, slots=True)
class GuestFiles:
    """Where the parts are."""

    kernel: Path
    shell: Path
    """busybox, linked statically."""
    modules: tuple[Path, ...]
    """``NN-name.ko``, each after those that it builds on."""


def guest_files() -> GuestFiles:
    """Downloads them the first time, and keeps them in ``CACHE``.

    Raises:
        GuestUnavailableError: they cannot be had here.
    """
    if not CACHE.is_dir():
        CACHE.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE.parent) as folder:
            _fetch(Path(folder))
    return GuestFiles(
        kernel=CACHE / "vmlinuz",
        shell=CACHE / "busybox",
        modules=tuple(sorted((CACHE / "modules").iterdir())),
    )


def _fetch(folder: Path) -> None:
    """Works in ``folder``; ``CACHE`` appears in one step, and whole."""
    kernel = unpack(kernel_package(), folder / "kernel")
    busybox = unpack("busybox-static", folder / "busybox")
    parts = folder / "parts"
    (parts / "modules").mkdir(parents=True)
    # Newer releases have moved what was in /lib and /bin to /usr.
    shutil.copyfile(next(kernel.glob("**/vmlinuz*")), parts / "vmlinuz")
    shutil.copyfile(next(busybox.glob("**/bin/busybox")), parts / "busybox")
    modules = Modules(next(kernel.glob("**/lib/modules/*"))).with_dependencies(MODULES)
    for number, (name, code) in enumerate(modules.items()):
        (parts / "modules" / f"{number:02}-{name}.ko").write_bytes(code)
    parts.rename(CACHE)
