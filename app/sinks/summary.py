"""What ``summary.json`` says of one replay."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

from app.pipeline.metrics import Percentiles
from app.sinks.base import replace_file
from app.sinks.output_folder import SUMMARY_FILE
from app.sinks.replay_sink import Look


class Outcome(Enum):
    """How far a replay came. Whatever it says, what was written is valid as far as it goes."""

    RUNNING = "running"
    """Still running, or killed."""
    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    """Ended by the person."""
    FAILED = "failed"
    """Ended by an error."""


@dataclass(frozen=True, slots=True)
class InputSummary:
    """The source. Nothing in it comes from pictures, metadata or the folder it lies in."""

    name: str
    """Of the file or folder."""
    codec: str
    width: int
    height: int
    rate: float
    """Mean frames per second."""
    interlaced: bool
    rotation: int
    """Degrees clockwise by which the pictures were turned; what is written is upright."""
    decoded_on_gpu: bool
    start_s: float
    end_s: float | None
    """Where the replay was told to end; None: with the source."""
    undecodable: int
    """Packets or images that were left out."""
    truncated: bool
    messages: tuple[str, ...]
    """What was wrong with it, one sentence each."""


@dataclass(frozen=True, slots=True)
class RuntimeSummary:
    """What ran the network."""

    backend: str
    version: str
    device: str
    precision: str
    model_sha256: str | None
    """Of the ONNX file, or of the engine's plan, that was loaded."""
    input_height: int
    input_width: int
    """Of the network's input, to which the picture is brought."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One replay, as far as it came."""

    outcome: Outcome
    error: str | None
    """One sentence, where it failed."""
    polyplens: str
    packages: Mapping[str, str]
    """Installed versions."""
    input: InputSummary
    look: Look
    runtime: RuntimeSummary
    notices: tuple[str, ...]
    """One sentence for each faster runtime that could not be used."""
    frames: int
    marked_frames: int
    """Frames on which a region was marked."""
    elapsed_s: float
    """With loading the network and completing the files."""
    frames_per_s: float
    stages: Mapping[str, Percentiles]
    """Of the last frames: ``read``, ``segment`` and ``write``, which run side by side."""


def write_summary(folder: Path, summary: Summary) -> None:
    """Writes ``summary.json`` into ``folder``. The home folder's name is left out.

    Raises:
        SinkError: it cannot be written; an earlier one is still there.
    """
    text = json.dumps(
        asdict(summary), indent=2, ensure_ascii=False, default=lambda value: value.value
    )
    content = f"{_without_home(text)}\n".encode(errors="backslashreplace")
    replace_file(folder / SUMMARY_FILE, content)


def _without_home(text: str) -> str:
    try:
        home = Path.home()
    except RuntimeError:
        return text  # a user without one, as in some containers
    return text if home == Path(home.anchor) else text.replace(str(home), "~")
