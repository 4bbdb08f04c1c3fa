"""A small screen at a large scale: what must be on screen fits there."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.locations import ROOT


def test_everything_fits_on_a_full_hd_screen_at_200_percent(display: str) -> None:
    del display  # the process has one of its own, of 3840x2160; without Xvfb this is skipped
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/ui/render_small_screen.py"],
        cwd=ROOT,
        env={**os.environ, "QT_SCALE_FACTOR": "4"},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert ran.returncode == 0, ran.stdout
