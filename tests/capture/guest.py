"""A guest computer: Debian's kernel in QEMU, with this computer's files and a capture card.

It needs neither KVM nor root. The guest sees this computer's files as they are and cannot change
them; it may write to its own ``/run`` alone and has no network.
"""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from tests.capture.debian import require_programs
from tests.capture.guest_files import GuestFiles, guest_files
from tests.capture.initramfs import Entry, archive
from tests.locations import ROOT

CARD = "n_devs=1 node_types=0x20001 num_inputs=3 input_types=0x2c"
"""vivid: a node for pictures and one for metadata; input 0 a camera, 1 HDMI, 2 S-Video."""

_QEMU = "qemu-system-x86_64"
_PACKAGES = {_QEMU: "qemu-system-x86", "apt-get": "apt", "dpkg-deb": "dpkg"}
_EXIT_PORT = 0xF4
"""QEMU's device isa-debug-exit ends with twice the byte that is written here, plus 1."""

_INIT = f"""#!/bin/busybox sh
set -e
/bin/busybox --install /bin
export PATH=/bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
for module in /modules/*.ko; do
    case $module in
    *-vivid.ko) insmod $module {CARD} ;;
    *) insmod $module ;;
    esac
done
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=262144 host /host
for folder in dev proc sys; do mount --move /$folder /host/$folder; done
mount -t tmpfs run /host/run
cp /command /host/run
echo 0 > /status
{{ chroot /host /bin/sh /run/command || echo $? > /status; }} 2>&1 | cat
printf "\\\\x$(printf %x $(cat /status))" | dd of=/host/dev/port bs=1 seek={_EXIT_PORT} conv=notrunc
"""


class Guest:
    """Starts anew for each ``run``.

    Raises:
        GuestUnavailableError: something is missing that it needs.
    """

    def __init__(self) -> None:
        require_programs(_PACKAGES)
        self._files = guest_files()

    def run(self, command: Sequence[str], output: IO[bytes], limit_s: float) -> int:
        """Runs ``command`` in this repository, as root of the guest, and gives its exit code.

        Args:
            output: a real file; gets what the guest says.

        Raises:
            TimeoutError: it took longer than ``limit_s``.
            RuntimeError: the guest died.
        """
        with tempfile.NamedTemporaryFile() as start:
            start.write(_initramfs(self._files, command))
            start.flush()
            try:
                status = subprocess.run(
                    _qemu(self._files.kernel, Path(start.name)),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    timeout=limit_s,
                    check=False,
                ).returncode
            except subprocess.TimeoutExpired as error:
                raise TimeoutError(f"the guest did not end within {limit_s:g} s") from error
        if status < 0 or status % 2 == 0:
            raise RuntimeError("the guest died; its last words say why")
        return status // 2


def _initramfs(files: GuestFiles, command: Sequence[str]) -> bytes:
    words = (
        f"export HOME=/run TMPDIR=/run; cd {shlex.quote(str(ROOT))} && exec {shlex.join(command)}\n"
    )
    return archive(
        [
            *(Entry(folder) for folder in ("bin", "dev", "host", "modules", "proc", "sys")),
            Entry("bin/busybox", files.shell.read_bytes()),
            *(Entry(f"modules/{path.name}", path.read_bytes()) for path in files.modules),
            Entry("init", _INIT.encode()),
            Entry("command", words.encode()),
        ]
    )


def _qemu(kernel: Path, initramfs: Path) -> list[str]:
    return [
        *(_QEMU, "-nodefaults", "-no-user-config", "-no-reboot"),
        *("-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024"),
        *("-display", "none", "-serial", "stdio", "-nic", "none"),
        *("-kernel", str(kernel), "-initrd", str(initramfs)),
        *("-append", "console=ttyS0 quiet loglevel=3 panic=-1"),
        *("-fsdev", "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap"),
        *("-device", "virtio-9p-pci,fsdev=host,mount_tag=host"),
        *("-device", f"isa-debug-exit,iobase={_EXIT_PORT:#x},iosize=0x04"),
    ]
