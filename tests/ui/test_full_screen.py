"""Full screen where there are two monitors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.locations import ROOT

MONITORS = {
    "screens": [
        {"name": name, "x": x, "y": 0, "width": width, "height": height, "dpr": 1}
        | {"logicalDpi": 96, "logicalBaseDpi": 96}
        for name, x, width, height in (("left", 0, 1600, 900), ("right", 1600, 1920, 1080))
    ]
}


def test_it_fills_the_chosen_monitor_and_returns_to_where_it_was(tmp_path: Path) -> None:
    """Qt's windows without a screen take as many monitors as they are told."""
    monitors = tmp_path / "monitors.json"
    monitors.write_text(json.dumps(MONITORS), encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "tests.ui.two_monitors", str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": f"offscreen:configfile={monitors}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert found and all(found.values()), found
