"""One frame on disk, clean and marked, with all that is needed to know where it came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from app.screen_text import without_screen_text
from app.sinks.base import name_of_moment, replace_file, writing
from app.version import version
from models.backends.base import BackendInfo
from models.geometry import Area
from models.picture import Picture
from models.regions import Region


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """What is kept of a frame. Both pictures are of the source's size."""

    clean: Picture
    marked: Picture
    area: Area
    """The endoscope's picture: what lies outside may name the patient and is made black."""
    taken: datetime
    pts_s: float
    frame_index: int
    regions: Sequence[Region]
    threshold: float
    """In [0, 1]."""
    runtime: BackendInfo | None
    """What segmented the frame, with the hash of the network."""


def write_snapshot(snapshot: Snapshot, folder: Path) -> Path:
    """Writes ``NAME-clean.png``, ``NAME-marked.png`` and ``NAME.json``, named for the time, into
    ``folder``, which is made; returns the last of them.

    Raises:
        app.sinks.base.SinkError: something cannot be written; then none of the three is left.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    name = name_of_moment(snapshot.taken)
    described = folder / f"{name}.json"
    hashes: dict[str, str] = {}
    with ExitStack() as undo:
        for kind, picture in (("clean", snapshot.clean), ("marked", snapshot.marked)):
            content = _png(picture, snapshot.area)
            path = folder / f"{name}-{kind}.png"
            replace_file(path, content)
            undo.callback(path.unlink, missing_ok=True)
            hashes[path.name] = hashlib.sha256(content).hexdigest()
        replace_file(described, f"{json.dumps(_facts(snapshot, hashes), indent=2)}\n".encode())
        undo.pop_all()
    return described


def _png(picture: Picture, area: Area) -> bytes:
    bgr = cv2.cvtColor(without_screen_text(picture, area).to_rgb(), cv2.COLOR_RGB2BGR)
    encoded = cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, 3])[1]
    return np.asarray(encoded, np.uint8).tobytes()


def _facts(snapshot: Snapshot, hashes: dict[str, str]) -> dict[str, object]:
    runtime = snapshot.runtime
    return {
        "notice": "Research only, not a medical device.",
        "polyplens": version(),
        "taken": snapshot.taken.astimezone(UTC).isoformat(),
        "pts_s": snapshot.pts_s,
        "frame_index": snapshot.frame_index,
        "width": snapshot.clean.width,
        "height": snapshot.clean.height,
        "threshold": snapshot.threshold,
        "regions": [asdict(region) for region in snapshot.regions],
        "runtime": None if runtime is None else asdict(runtime),
        "files_sha256": hashes,
    }
