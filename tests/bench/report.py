"""Figures, and how they are written down."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from models.backends.processor import processor_name
from tests.locations import ROOT

FOLDER = ROOT / "docs" / "benchmarks"
_PACKAGES = ("av", "numpy", "onnxruntime", "opencv-python-headless", "openvino", "torch")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number, and the bar that it is held against, if there is one."""

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """None without a bar."""
        if self.at_least is not None:
            return self.value >= self.at_least
        if self.at_most is not None:
            return self.value <= self.at_most
        return None

    def line(self) -> str:
        bar = ""
        if self.at_least is not None:
            bar = f"at least {self.at_least:g}"
        elif self.at_most is not None:
            bar = f"at most {self.at_most:g}"
        verdict = {True: "reached", False: "MISSED", None: ""}[self.reached]
        return f"{self.name:58} {self.value:9.3f} {self.unit:9} {bar:14} {verdict:8} {self.note}"


def write(name: str, command: str, groups: Mapping[str, Sequence[Figure]]) -> Path:
    """Writes ``docs/benchmarks/NAME.json``; groups that were not measured now are kept."""
    path = FOLDER / f"{name}.json"
    measured = json.loads(path.read_text())["figures"] if path.exists() else {}
    for group, figures in groups.items():
        measured[group] = [asdict(figure) | {"reached": figure.reached} for figure in figures]
    content = {
        "command": command,
        "machine": {
            "processor": processor_name(),
            "system": platform.system(),
            "python": platform.python_version(),
            "packages": {package: version(package) for package in _PACKAGES},
        },
        "figures": measured,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n")
    return path
