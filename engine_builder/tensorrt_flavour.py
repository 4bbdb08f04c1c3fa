"""Finds which TensorRT is installed, and which of the two can build for the GPUs asked for."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

from engine_builder.command_line import EngineBuilderError
from models.interruptions import interruptions_held

CURRENT = "current"
_FULL = "tensorrt"
_RTX = "tensorrt_rtx"
_INSTALL_RTX = "pip install tensorrt-rtx-cu13==1.7.1.116"
INSTALL_FULL = "pip install -r requirements-gpu.txt"
_RTX_TARGETS_BEFORE = ("sm_75", "sm_80", "sm_86", "sm_89")
"""Turing, Ampere (A100, RTX 30), Ada: where TensorRT-RTX runs before ``_FIRST_LATER``."""
_FIRST_LATER = 120
"""Blackwell (RTX 50): TensorRT-RTX runs on GPUs from this architecture on."""


@dataclass(frozen=True, slots=True, eq=False)
class Flavour:
    """An installed TensorRT."""

    name: str
    """``tensorrt`` or ``tensorrt_rtx``, the module's import name."""
    version: str
    module: ModuleType

    @property
    def builds_for_any_target(self) -> bool:
        """TensorRT times its kernels while it builds, on the GPU that it builds for."""
        return self.name == _RTX


def find_flavour(targets: Sequence[str], present: str | None) -> Flavour:
    """TensorRT where every target is the GPU that is there, else TensorRT-RTX.

    TensorRT-RTX builds for the targets that it has names for, and for the GPU that is there.

    Args:
        targets: architectures, such as ``sm_75``; never ``current``.
        present: the GPU that is there, from ``models.backends.cuda.present``.

    Raises:
        EngineBuilderError: none is installed, or the one installed cannot build for a target.
    """
    full, rtx = _installed(_FULL), _installed(_RTX)
    if full is not None and set(targets) == {present}:
        return full
    if rtx is not None:
        for target in targets:
            named = hasattr(rtx.module.ComputeCapability, capability_name(target))
            if not named and target != present:
                raise EngineBuilderError(
                    f"TensorRT-RTX cannot build for {target}; install TensorRT, on a machine with "
                    f"that GPU, with: {INSTALL_FULL}"
                )
        return rtx
    if full is not None:
        raise EngineBuilderError(
            "TensorRT builds only for the GPU that is in the machine; to build for others install "
            f"TensorRT-RTX with: {_INSTALL_RTX}"
        )
    for target in targets:
        if not rtx_runs_on(target):
            raise EngineBuilderError(
                f"No TensorRT is installed; install TensorRT, for TensorRT-RTX does not run on "
                f"{target}, with: {INSTALL_FULL}"
            )
    raise EngineBuilderError(
        f"No TensorRT is installed; install TensorRT-RTX with: {_INSTALL_RTX}, "
        f"or TensorRT, which needs a GPU, with: {INSTALL_FULL}"
    )


def rtx_runs_on(target: str) -> bool:
    """Not on data-centre GPUs since Hopper, for one: an H100 is ``sm_90``, a B200 ``sm_100``."""
    return target in _RTX_TARGETS_BEFORE or int(target.removeprefix("sm_")) >= _FIRST_LATER


def capability_name(target: str) -> str:
    """``SM75`` for ``sm_75``: the name in TensorRT-RTX's ``ComputeCapability``."""
    return target.replace("_", "").upper()


def _installed(name: str) -> Flavour | None:
    try:
        with interruptions_held():
            module = importlib.import_module(name)
    except (ImportError, OSError):
        return None
    # The stubs for type checking install a folder of the same name with no code in it.
    if not hasattr(module, "Builder"):
        return None
    return Flavour(name, module.__version__, module)
