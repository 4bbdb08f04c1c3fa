"""The engine that everything here runs: FP16, of the shipped weights, for the present GPU."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

from models.engine_folder import ENGINES_FOLDER, engine_folder_name
from models.weights import DEFAULT_WEIGHTS, read_weights
from tests.locations import ROOT


def build_engine(target: str) -> Path:
    """Builds it as a user does, and gives its folder; where it is there already, nothing is done.

    A build that failed is not tried again by this process.

    Args:
        target: the present GPU's architecture, such as ``sm_75``.

    Raises:
        RuntimeError: the build failed; the message is the builder's own.
    """
    refusal = _refusal()
    if refusal:
        raise RuntimeError(refusal)
    return ENGINES_FOLDER / engine_folder_name(read_weights(DEFAULT_WEIGHTS).spec, "FP16", target)


@cache
def _refusal() -> str:
    """What the builder says that it cannot do; nothing where the engine is there."""
    build = subprocess.run(
        [sys.executable, "engine_builder/build.py", "--fp16", "--target", "current"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if build.returncode == 0:
        return ""
    return build.stderr.strip() or build.stdout.strip() or f"exit code {build.returncode}"
