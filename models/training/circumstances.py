"""What beside its recipe made the weights of a run."""

from __future__ import annotations

import hashlib
import json
import platform
from argparse import Namespace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lightning.fabric import Fabric

from models.source_version import source_version
from models.training.run import TrainingError
from models.whole_file import write_whole

STARTS = "starts.json"
PACKAGES = ("torch", "lightning", "numpy")


def note_start(folder: Path, step: int, options: Namespace, fabric: Fabric) -> None:
    """Adds this start, at ``step``, to ``starts.json`` in ``folder``, which holds all of a run's.

    Raises:
        TrainingError: the file is damaged.
        OSError: it cannot be written.
    """
    path = folder / STARTS
    try:
        starts = json.loads(path.read_text("utf-8")) if path.is_file() else []
        starts.append({"step": step, **_circumstances(options, fabric)})
    except (ValueError, AttributeError) as error:
        raise TrainingError(f"{path} is damaged; delete it.") from error
    write_whole(path, json.dumps(starts, indent=1).encode())


def _circumstances(options: Namespace, fabric: Fabric) -> dict[str, Any]:
    given = vars(options)
    files = [value for value in given.values() if isinstance(value, Path) and value.is_file()]
    return {
        "options": {
            name: str(value) if isinstance(value, Path) else value for name, value in given.items()
        },
        "sha256": {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files},
        "commit": source_version(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "device": f"{fabric.world_size} x {fabric.device.type}",
    }
