"""Runs one part in a process of its own, so that a refusal or a crash stops that part alone."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.gpu.limited_run import TooSlowError, last_lines, last_words, run_limited


def run_part(name: str, target: str, iterations: int, timeout_s: float) -> dict[str, Any]:
    """What ``tests.gpu.parts.<name>.measure`` gave.

    Where it gave nothing: ``refused``, the reason in one line, and ``log``, what it said last.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "result.json"
        command = ["-m", "tests.gpu.run_part", name, target, str(iterations), str(output)]
        try:
            part = run_limited(command, timeout_s)
        except TooSlowError as error:
            return {"refused": str(error), "log": error.log}
        # What crashes when it is left has measured all the same.
        if output.exists():
            result: dict[str, Any] = json.loads(output.read_text())
            return result if part.returncode == 0 else {**result, "left_with": last_words(part)}
        return {"refused": last_words(part), "log": last_lines(part.stdout + part.stderr)}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.gpu.run_part")
    parser.add_argument("name")
    parser.add_argument("target")
    parser.add_argument("iterations", type=int)
    parser.add_argument("output", type=Path)
    options = parser.parse_args(arguments)
    part = importlib.import_module(f"tests.gpu.parts.{options.name}")
    options.output.write_text(json.dumps(part.measure(options.target, options.iterations)))


if __name__ == "__main__":
    main(sys.argv[1:])
