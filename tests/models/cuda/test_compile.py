"""The kernels compile to native code for every target, on a machine without a GPU."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import pytest

from models.backends.cuda import compile as kernel_compile
from models.backends.cuda.compile import TARGETS, KernelCompileError, compile_cubin
from models.backends.cuda.conversion import KERNEL_NAMES
from tests.locations import ROOT


@pytest.mark.parametrize("target", TARGETS)
def test_the_cubin_holds_every_kernel_for_its_target(target: str) -> None:
    cubin = compile_cubin(target)
    assert cubin.startswith(b"\x7fELF")
    assert _architecture(cubin) == int(target.removeprefix("sm_"))
    for name in KERNEL_NAMES.values():
        assert f".text.{name}".encode() in cubin


def _architecture(cubin: bytes) -> int:
    """The SM number in the ELF header's flags: the low byte, or the one above it in newer files."""
    abi_version = cubin[8]
    (flags,) = struct.unpack_from("<I", cubin, 48)
    return int(flags >> 8 & 0xFF) if abi_version >= 8 else int(flags & 0xFF)


def test_the_same_source_gives_the_same_bytes() -> None:
    assert compile_cubin("sm_75") == compile_cubin("sm_75")


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(KernelCompileError, match=r"run on sm_75, .* sm_120; sm_12 is none of them"):
        compile_cubin("sm_12")


def test_a_source_that_does_not_compile_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "kernels.cu"
    broken.write_text("__global__ void kernel() { nonsense; }\n")
    monkeypatch.setattr(kernel_compile, "KERNELS_SOURCE", broken)
    with pytest.raises(KernelCompileError, match=r'does not compile for sm_75: .*"nonsense"'):
        compile_cubin("sm_75")


NO_BINDINGS = """
import sys
sys.modules["cuda.bindings"] = None
"""
NO_LIBRARY = """
import cuda.pathfinder

def not_found(name):
    raise cuda.pathfinder.DynamicLibNotFoundError(name)

cuda.pathfinder.load_nvidia_dynamic_lib = not_found
"""


@pytest.mark.parametrize("absence", [NO_BINDINGS, NO_LIBRARY])
def test_without_nvrtc_the_error_names_the_command(absence: str) -> None:
    """In a process of its own: what is loaded once stays loaded."""
    program = f"""{absence}
from models.backends.cuda.compile import KernelCompileError, compile_cubin
try:
    compile_cubin("sm_75")
except KernelCompileError as error:
    print(error)
"""
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.count("\n") == 1
    assert "pip install cuda-bindings nvidia-cuda-nvrtc" in answer.stdout
