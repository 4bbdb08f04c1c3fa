"""Which TensorRT is chosen, and what is said where none fits."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine_builder.command_line import EngineBuilderError
from engine_builder.tensorrt_flavour import find_flavour
from tests.engine_builder.conftest import Run
from tests.engine_builder.sentences import assert_one_sentence

BLOCK_TENSORRT = "import sys\nsys.modules['tensorrt'] = sys.modules['tensorrt_rtx'] = None\n"


def test_rtx_builds_for_gpus_that_are_not_there() -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    flavour = find_flavour(["sm_75", "sm_89"], None)
    assert flavour.name == "tensorrt_rtx"
    assert flavour.builds_for_any_target
    with pytest.raises(EngineBuilderError, match="cannot build for sm_90"):
        find_flavour(["sm_90"], None)


def test_rtx_is_tried_on_a_gpu_that_it_has_no_name_for_if_that_gpu_is_there() -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    assert find_flavour(["sm_90"], "sm_90").name == "tensorrt_rtx"
    with pytest.raises(EngineBuilderError, match="cannot build for sm_90"):
        find_flavour(["sm_75", "sm_90"], "sm_75")


@pytest.mark.parametrize("target", ["sm_90", "sm_100", "sm_103"])
def test_where_rtx_runs_on_no_such_gpu_only_tensorrt_is_named(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An H100, a B200: TensorRT-RTX would install there and then refuse."""
    for module in ("tensorrt", "tensorrt_rtx"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(EngineBuilderError, match=r"requirements-gpu\.txt") as caught:
        find_flavour([target], target)
    assert target in str(caught.value)
    assert "tensorrt-rtx-cu13" not in str(caught.value)
    for suited in ("sm_75", "sm_80", "sm_120", "sm_121"):
        with pytest.raises(EngineBuilderError, match="tensorrt-rtx-cu13"):
            find_flavour([suited], suited)


def test_without_tensorrt_the_installing_command_is_named(
    build: Run, small_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(BLOCK_TENSORRT)
    result = build(
        "--onnx",
        small_model,
        "--target",
        "sm_75",
        "--output",
        tmp_path / "engines",
        environment={"PYTHONPATH": str(tmp_path)},
    )
    assert_one_sentence(result, "pip install tensorrt-rtx-cu13==1.7.1.116", "requirements-gpu.txt")
    assert not (tmp_path / "engines").exists()
