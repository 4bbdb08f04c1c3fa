"""Compiles the kernels to native code of one GPU generation, with NVRTC; needs no GPU."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from models.interruptions import interruptions_held

KERNELS_SOURCE = Path(__file__).with_name("kernels.cu")
TARGETS = ("sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_120")
"""Turing, Ampere (A100, RTX 30), Ada, Hopper, Blackwell (RTX 50)."""

_INSTALL = "pip install cuda-bindings nvidia-cuda-nvrtc"


class KernelCompileError(Exception):
    """The kernels did not compile; the message is one sentence that names the repair."""


def compile_cubin(target: str) -> bytes:
    """The cubin of ``kernels.cu`` for ``target``, one of ``TARGETS``.

    Raises:
        KernelCompileError: ``target`` is no such GPU, NVRTC is not installed, or it refused the
            source.
    """
    if target not in TARGETS:
        raise KernelCompileError(
            f"The CUDA kernels run on {', '.join(TARGETS)}; {target} is none of them, "
            "so choose another --target, or another --backend than TensorRT."
        )
    nvrtc = _load_nvrtc()
    source = KERNELS_SOURCE.read_bytes()
    program = _checked(
        nvrtc, nvrtc.nvrtcCreateProgram(source, KERNELS_SOURCE.name.encode(), 0, None, None)
    )
    try:
        options = [f"--gpu-architecture={target}".encode(), b"--std=c++17"]
        (status,) = nvrtc.nvrtcCompileProgram(program, len(options), options)
        if status != nvrtc.nvrtcResult.NVRTC_SUCCESS:
            reason = _first_error(nvrtc, program)
            raise KernelCompileError(
                f"{KERNELS_SOURCE.name} does not compile for {target}: {reason}"
            )
        cubin = bytearray(_checked(nvrtc, nvrtc.nvrtcGetCUBINSize(program)))
        _checked(nvrtc, nvrtc.nvrtcGetCUBIN(program, cubin))
        return bytes(cubin)
    finally:
        nvrtc.nvrtcDestroyProgram(program)


def kernels_source_sha256() -> str:
    """Of what ``compile_cubin`` compiles, in hexadecimal."""
    return hashlib.sha256(KERNELS_SOURCE.read_bytes()).hexdigest()


def _load_nvrtc() -> Any:
    """The binding, with its library loaded.

    The binding imports without the library and fails at the first call, so one is made here.
    """
    try:
        with interruptions_held():
            from cuda.bindings import nvrtc

            nvrtc.nvrtcVersion()
    except (ImportError, OSError, RuntimeError) as error:
        raise KernelCompileError(
            f"NVRTC, which compiles the CUDA kernels, is not installed; install it with: {_INSTALL}"
        ) from error
    return nvrtc


def _checked(nvrtc: Any, answer: tuple[Any, ...]) -> Any:
    """The value in an answer of the binding, which is (status,) or (status, value)."""
    status, *values = answer
    if status != nvrtc.nvrtcResult.NVRTC_SUCCESS:
        raise KernelCompileError(f"NVRTC failed ({status.name}); reinstall it with: {_INSTALL}")
    return values[0] if values else None


def _first_error(nvrtc: Any, program: Any) -> str:
    """The compiler's own first line that names an error."""
    log = bytearray(_checked(nvrtc, nvrtc.nvrtcGetProgramLogSize(program)))
    _checked(nvrtc, nvrtc.nvrtcGetProgramLog(program, log))
    lines = log.decode(errors="replace").strip("\0\n").splitlines()
    return next((line for line in lines if "error" in line), "NVRTC gave no reason")
