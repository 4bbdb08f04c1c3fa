"""Where the tests find the shipped files, and the folder of data beside the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
DEMO_CLIP = ROOT / "assets" / "demo.mp4"
WEIGHTS = ROOT / "assets" / "weights" / "hardnet_mseg_352.onnx"


def shared(relative: str) -> Path:
    """A file or folder of the shared folder; skips the test where it is absent."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"needs ../shared/{relative}, which is not beside this checkout")
    return path
