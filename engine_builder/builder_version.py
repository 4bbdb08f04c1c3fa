"""Which builder made an engine: it decides what the engine is as much as the model does."""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from engine_builder.images import sha256_of_files

_OF_MODELS = ("engine_proof.py", "input_size.py", "preprocess.py")
"""What of ``models`` decides it too: the proof, the graph at another size, the frames it is
calibrated on."""
_PACKAGES = ("nvidia-modelopt", "onnx", "onnxruntime")
"""Those that cast and quantise the graph."""


def builder_sha256() -> str:
    """Of the builder's source and the packages it works with, in hexadecimal.

    Of the source and of no number: a changed comment costs a build, but a number that nobody raised
    would keep an engine that is not what it says.
    """
    here = Path(__file__).parent
    source = [*sorted(here.glob("*.py")), *(here.parent / "models" / name for name in _OF_MODELS)]
    stated = [sha256_of_files(source), *(f"{name} {_version(name)}" for name in _PACKAGES)]
    return hashlib.sha256("\n".join(stated).encode()).hexdigest()


def _version(package: str) -> str:
    """``absent`` where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
