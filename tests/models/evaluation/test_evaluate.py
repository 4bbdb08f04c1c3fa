"""The command line, on drawn pictures, with each kind of model that needs no GPU."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from safetensors.torch import save_file

from models.engine_folder import CERTIFICATE_FILE
from models.evaluation import choose_setting
from models.evaluation.checkpoint_backend import CheckpointBackend
from models.evaluation.evaluate import main
from models.evaluation.examples import ExampleSet
from models.evaluation.open_model import ModelError, open_model
from models.source_version import source_version
from models.spec import STRIDE, ModelSpec
from models.training.lists import DataError, in_measured_half, read_list
from tests.models.drawn_weights import drawn_state
from tests.models.tiny_model import write_tiny_model
from tests.models.training.drawn_data import draw_data, write_list, write_set


@pytest.fixture
def data_root(tmp_path: Path) -> Path:
    root = draw_data(tmp_path / "data")
    stems = [f"k{number}" for number in range(6)]
    folders = ("kvasir-seg", "cvc-clinicdb")
    for folder in folders:
        write_set(root, folder, stems)
    write_list(root, "pranet_val", [f"{folder}/{stem}" for folder in folders for stem in stems])
    write_list(root, "polypgen_negative", [f"empty/e{number}" for number in range(8)])
    return root


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_a_deployable_model_is_scored_on_every_set(
    tmp_path: Path, data_root: Path, backend: str
) -> None:
    """The tiny model answers with brightness, and the drawn polyps are bright."""
    model, output = write_tiny_model(tmp_path), tmp_path / "report"
    arguments = [str(model), "--data", str(data_root), "--output", str(output)]
    sets = ["--set", "val", "--set", "negative:empty:measured", "--set", "val:drawn:painted"]
    assert main([*arguments, *sets, "--backend", backend]) == 0

    scores = json.loads((output / "scores.json").read_text())
    assert scores["runtime"]["backend"] == backend
    assert 0.3 <= scores["operating_point"]["threshold"] <= 0.9
    with_polyp = scores["sets"]["val"]
    assert with_polyp["application"]["frames_with_polyp"] == 3
    assert with_polyp["application"]["dice"]["mean"] > 0.5
    assert with_polyp["paper"]["images"] == with_polyp["table_1"]["images"] == 3
    empty = scores["sets"]["negative (empty), measured"]
    kept_out = sum(in_measured_half(f"empty/e{number}") for number in range(8))
    assert empty["application"]["polyp_free_frames"] == kept_out
    assert empty["paper"] is None
    assert empty["application"]["dice"] is None

    with (output / "frames.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    dices = [float(row["dice"]) for row in rows if row["set"] == "val"]
    assert np.mean(dices) == pytest.approx(with_polyp["application"]["dice"]["mean"], abs=1e-4)
    report = (output / "report.md").read_text()
    assert scores["command"].endswith(f"--set val:drawn:painted --backend {backend}")
    assert scores["commit"] == source_version()
    assert f"commit {scores['commit'] or 'unknown'}." in report
    assert report.index("As the application shows it") < report.index("As the papers measure")
    assert scores["sha256"] in report
    for drawing in ("dice_over_threshold.svg", "precision_over_recall.svg"):
        assert drawing in report
        assert ElementTree.parse(output / drawing).getroot().tag.endswith("svg")
    sheet = cv2.imread(str(output / "worst-0.jpg"))
    assert sheet is not None and sheet.shape == (240, 1280, 3)
    assert not list(output.glob(".*"))


def test_a_given_setting_is_not_chosen(tmp_path: Path, data_root: Path) -> None:
    model, output = write_tiny_model(tmp_path), tmp_path / "report"
    arguments = [str(model), "--data", str(data_root), "--output", str(output), "--set", "val"]
    assert main([*arguments, "--setting", "0.42", "0.003", "1.5"]) == 0
    scores = json.loads((output / "scores.json").read_text())
    assert scores["operating_point"] == {
        "threshold": 0.42,
        "least_area": 0.003,
        "core_margin": 1.5,
    }
    assert scores["chosen"] is None
    assert scores["chosen_on"] == []


def test_sets_on_which_the_setting_was_chosen_are_marked(tmp_path: Path, data_root: Path) -> None:
    """The list's folder need not be named for its frames to be the same."""
    model, output = write_tiny_model(tmp_path), tmp_path / "report"
    output.mkdir()
    (output / "worst-7.jpg").write_bytes(b"of an earlier report")
    sets = [
        "--set",
        "val",
        "--set",
        "pranet_val:kvasir-seg",
        "--set",
        "polypgen_negative::measured",
    ]
    arguments = [str(model), "--data", str(data_root), "--output", str(output), "--without-paper"]
    assert main([*arguments, *sets]) == 0
    report = (output / "report.md").read_text()
    table = report[report.index("| with polyp |") : report.index("![")]
    starred = [line.split("|")[1].strip() for line in table.splitlines() if "* |" in line]
    assert starred == ["pranet_val (kvasir-seg) *", "polypgen_negative, measured *"]
    assert "pranet_val (cvc-clinicdb), painted" in report
    assert "As the papers measure" not in report and "Table 1" not in report
    assert not (output / "worst-7.jpg").exists()


def test_a_checkpoint_is_scored(tmp_path: Path, data_root: Path) -> None:
    path, output = tmp_path / "drawn.safetensors", tmp_path / "report"
    save_file(drawn_state("evaluation"), path)
    arguments = [str(path), "--data", str(data_root), "--output", str(output), "--size", "64"]
    assert main([*arguments, "--set", "val", "--setting", "0.5", "0", "0"]) == 0
    scores = json.loads((output / "scores.json").read_text())
    assert scores["runtime"]["backend"] == "torch"
    assert scores["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert scores["sets"]["val"]["table_1"]["images"] == 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--size", "100"], "use 128"),
        (["--most-marked", "nan"], "no number from 0 to 1"),
        (["--setting", "1.5", "0", "0"], "two numbers from 0 to 1"),
        (["--setting", "0.5", "nan", "0"], "two numbers from 0 to 1"),
        (["--setting", "0.5", "0", "-1"], "one from 0 to 100"),
        (["--setting", "0.5", "0", "800"], "one from 0 to 100"),
    ],
)
def test_a_wrong_value_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["model.onnx", "--data", str(tmp_path), "--output", str(tmp_path / "r"), *options])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "r").exists()


def test_a_report_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, data_root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    output = tmp_path / "file"
    output.write_bytes(b"")
    arguments = [str(write_tiny_model(tmp_path)), "--data", str(data_root), "--set", "val"]
    assert main([*arguments, "--output", str(output), "--setting", "0.5", "0", "0"]) == 1
    assert f"{output}: File exists; check the path" in caplog.text


def test_what_cannot_be_done_is_said_before_anything_is_scored(
    tmp_path: Path,
    data_root: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model, output = str(write_tiny_model(tmp_path)), tmp_path / "file"
    arguments = [model, "--data", str(data_root), "--setting", "0.5", "0", "0", "--set", "val"]
    assert main([*arguments, "--set", "nowhere", "--output", str(tmp_path / "report")]) == 1
    assert "nowhere.txt cannot be read" in caplog.text
    assert not (tmp_path / "report").exists()
    output.write_bytes(b"")
    assert main([*arguments, "--output", str(output)]) == 1
    choice = [model, "--data", str(data_root), "--with-polyp", "val", "--polyp-free", "nothing"]
    assert choose_setting.main(choice) == 1
    assert "nothing.txt cannot be read" in caplog.text
    assert "val:" not in capsys.readouterr().err


def test_a_set_that_is_named_twice_is_refused(
    tmp_path: Path, data_root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    arguments = [str(write_tiny_model(tmp_path)), "--data", str(data_root), "--set", "val"]
    assert main([*arguments, "--set", "val", "--output", str(tmp_path / "report")]) == 1
    assert "The set val is named more than once; name it once." in caplog.text
    assert not (tmp_path / "report").exists()


def test_a_list_that_another_system_wrote_is_read(tmp_path: Path, data_root: Path) -> None:
    """Marked as UTF-8, with carriage returns."""
    text = "drawn/v0\r\n\r\ndrawn/v1\r\n"
    (data_root / "splits" / "theirs.txt").write_text(text, encoding="utf-8-sig", newline="")
    assert [each.name for each in read_list(data_root, "theirs")] == ["drawn/v0", "drawn/v1"]


def test_a_set_of_nothing_is_one_sentence(
    tmp_path: Path, data_root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The only frame of the list is one that training uses."""
    name = next(
        f"empty/e{number}" for number in range(8) if not in_measured_half(f"empty/e{number}")
    )
    write_list(data_root, "trained", [name])
    arguments = [
        str(write_tiny_model(tmp_path)),
        "--data",
        str(data_root),
        "--output",
        str(tmp_path),
    ]
    setting = ["--setting", "0.5", "0", "0"]
    assert main([*arguments, *setting, "--set", "trained::measured"]) == 1
    assert "No frame of the list is left for the set trained, measured" in caplog.text


@pytest.mark.parametrize(
    ("sets", "words"),
    [
        (["val", "train"], "t0 of the set train shows a polyp; --polyp-free takes frames without"),
        (["negative", "negative"], "e0 of the set negative shows no polyp; --with-polyp takes"),
    ],
)
def test_settings_are_not_measured_on_frames_of_the_wrong_kind(
    tmp_path: Path,
    data_root: Path,
    caplog: pytest.LogCaptureFixture,
    sets: list[str],
    words: str,
) -> None:
    arguments = [str(write_tiny_model(tmp_path)), "--data", str(data_root)]
    given = ["--with-polyp", sets[0], "--polyp-free", sets[1]]
    assert choose_setting.main([*arguments, *given]) == 1
    assert words in caplog.text


def test_settings_are_shown_for_every_share_that_may_be_marked(
    tmp_path: Path, data_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(write_tiny_model(tmp_path)), "--data", str(data_root), "--with-polyp", "val"]
    assert choose_setting.main([*arguments, "--polyp-free", "negative"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("|")[1].strip() for line in lines if line.startswith("| at most")][:6] == [
        f"at most {most:.0%} marked" for most in choose_setting.MOST_MARKED
    ]
    rows = [line.split("|") for line in lines if line.startswith(("| no core", "| at most"))]
    setting, by_size = rows[:7], rows[7:]
    assert float(setting[1][5]) > 0.5
    # All frames with a polyp are of one class; one set's mean is that of all its frames.
    assert [row[5] for row in setting] == [row[5] for row in by_size]


def test_a_checkpoint_answers_as_the_network_does(tmp_path: Path) -> None:
    path = tmp_path / "drawn.safetensors"
    save_file(drawn_state("evaluation"), path)
    spec = ModelSpec(height=2 * STRIDE, width=2 * STRIDE)
    frame = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    with CheckpointBackend(path, spec) as backend:
        answer = backend.infer(frame)
        again = backend.infer(frame)
        assert backend.info.backend == "torch"
    assert answer.shape == (64, 64)
    assert answer.dtype == np.uint8
    assert len(np.unique(answer)) > 3
    assert np.array_equal(answer, again)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("val", ExampleSet("val", None, "frame")),
        ("val:drawn", ExampleSet("val", "drawn", "frame")),
        ("val:drawn:crop", ExampleSet("val", "drawn", "crop")),
        ("val::painted", ExampleSet("val", None, "painted")),
    ],
)
def test_a_set_is_named_by_list_folder_and_kind(text: str, expected: ExampleSet) -> None:
    assert ExampleSet.parse(text) == expected


@pytest.mark.parametrize("text", ["val:drawn:cropped", "val:drawn:crop:more"])
def test_an_unknown_set_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="names no set"):
        ExampleSet.parse(text)


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="Give a checkpoint"):
        open_model(tmp_path / "picture.png", "onnxruntime", 352)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("missing.onnx", "no weights file"),
        ("missing.safetensors", "no weights file"),
        ("no-engine", r"no-engine is no engine folder: it holds no certificate\.json"),
    ],
)
def test_a_model_that_is_not_there_is_one_sentence(
    tmp_path: Path, data_root: Path, caplog: pytest.LogCaptureFixture, model: str, words: str
) -> None:
    (tmp_path / "no-engine").mkdir()
    arguments = [str(tmp_path / model), "--data", str(data_root), "--output", str(tmp_path / "r")]
    assert main(arguments) == 1
    assert re.search(words, caplog.text)


def test_an_engine_takes_no_other_size(tmp_path: Path) -> None:
    (tmp_path / CERTIFICATE_FILE).touch()
    with pytest.raises(ModelError, match="has an input size of its own; leave out --size"):
        open_model(tmp_path, "onnxruntime", 256)
