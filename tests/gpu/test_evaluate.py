"""What an engine scores, beside what the graph it was built from scores."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.sources.phantom import PhantomSource
from models.evaluation.evaluate import main
from models.weights import DEFAULT_WEIGHTS

pytestmark = pytest.mark.gpu

FRAMES = 12


@pytest.fixture(scope="module")
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Phantom frames with a polyp in sight, cut to the endoscope's picture."""
    root = tmp_path_factory.mktemp("data")
    for part in ("phantom/images", "phantom/masks", "splits"):
        (root / part).mkdir(parents=True)
    stems: list[str] = []
    with PhantomSource(width=640, height=360, seconds=20) as source:
        area = source.area
        picture = np.s_[area.y : area.y + area.height, area.x : area.x + area.width]
        for index in range(0, 600, 10):
            mask = source.mask(index)[picture]
            if len(stems) == FRAMES or mask.mean() < 0.01:
                continue
            stems.append(f"{index}")
            bgr = cv2.cvtColor(source.image(index)[picture], cv2.COLOR_RGB2BGR)
            cv2.imwrite(str(root / "phantom" / "images" / f"{index}.png"), bgr)
            cv2.imwrite(
                str(root / "phantom" / "masks" / f"{index}.png"), mask.astype(np.uint8) * 255
            )
    entries = "".join(f"phantom/{stem}\n" for stem in stems)
    (root / "splits" / "phantom.txt").write_text(entries, encoding="utf-8")
    return root


def scores(model: Path, data_root: Path, output: Path) -> dict[str, Any]:
    arguments = [str(model), "--data", str(data_root), "--output", str(output), "--set", "phantom"]
    assert main([*arguments, "--setting", "0.5", "0.002", "0"]) == 0
    measured: dict[str, Any] = json.loads((output / "scores.json").read_text())
    return measured


def dices(report: Path) -> NDArray[np.float64]:
    with (report / "frames.csv").open(encoding="utf-8") as stream:
        return np.array([float(row["dice"]) for row in csv.DictReader(stream)])


def test_an_engine_folder_is_scored_and_costs_next_to_nothing(
    engine_folder: Path, data_root: Path, tmp_path: Path
) -> None:
    engine = scores(engine_folder, data_root, tmp_path / "engine")
    graph = scores(DEFAULT_WEIGHTS, data_root, tmp_path / "graph")
    assert engine["runtime"]["backend"] == "tensorrt"
    assert engine["sha256"] != graph["sha256"]
    ours, theirs = (each["sets"]["phantom"]["application"] for each in (engine, graph))
    assert ours["frames_with_polyp"] == theirs["frames_with_polyp"] == FRAMES
    assert theirs["dice"]["mean"] > 0.3
    # A region at the threshold may be marked by one of the two alone.
    differences = dices(tmp_path / "engine") - dices(tmp_path / "graph")
    assert np.count_nonzero(np.abs(differences) > 0.02) <= 1
