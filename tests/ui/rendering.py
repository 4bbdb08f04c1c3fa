"""Pictures of the viewer from a process of its own: Qt takes its scale factor when it starts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.locations import ROOT

Rendered = Mapping[str, NDArray[np.uint8]]


def render(module: str, *arguments: str, ratio: float, file: Path, **environment: str) -> Rendered:
    """What ``python -m module arguments`` saves to ``file`` at ``ratio`` device pixels a pixel."""
    subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment, "QT_SCALE_FACTOR": str(ratio)},
        check=True,
        timeout=200,
    )
    with np.load(file) as pictures:
        return dict(pictures)
