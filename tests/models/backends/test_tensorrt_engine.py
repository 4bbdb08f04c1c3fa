"""What TensorRT is asked for, as far as it goes without a GPU."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from models.backends import tensorrt_engine
from models.backends.base import BackendError, BackendUnavailableError
from models.backends.tensorrt_engine import TensorRTEngine, load_tensorrt, require_fitting
from tests.models.engine_folders import certificate, write_folder

rtx: Any = pytest.importorskip("tensorrt_rtx", reason="needs tensorrt-rtx-cu13")

FOLDER = Path("/engines/hardnet-mseg_352x352_fp16_sm_75")
HELD = {
    "_runtime": "Runtime",
    "_engine": "ICudaEngine",
    "_context": "IExecutionContext",
    "_cache": "IRuntimeCache",
    "_config": "IRuntimeConfig",
}
"""What the engine's attributes hold: TensorRT's class names."""

RTX_ALONE = {"IRuntimeCache", "IRuntimeConfig"}


def test_an_engine_of_another_architecture_is_refused_with_the_command_that_builds_it() -> None:
    with pytest.raises(
        BackendError, match=r"built for sm_75, but this GPU is sm_86; .*"
    ) as refusal:
        require_fitting(FOLDER, certificate(), "sm_86")
    command = "python engine_builder/build.py --fp16 --onnx FILE --target sm_86 --output"
    other = FOLDER.with_name("hardnet-mseg_352x352_fp16_sm_86")
    end = f"; build one for it as {other} with: {command} {FOLDER.parent} --force"
    assert str(refusal.value).endswith(end)


def test_an_int8_engine_is_built_again_with_its_calibration() -> None:
    with pytest.raises(BackendError, match=r"--int8 --calibration DIR .*--target sm_86"):
        require_fitting(FOLDER, certificate(precision="INT8", calibration_sha256="0" * 64), "sm_86")


def test_kernels_of_another_version_are_refused_before_they_are_called() -> None:
    with pytest.raises(BackendError, match=r"of another version of PolypLens; .* --target sm_75 "):
        require_fitting(FOLDER, certificate(kernels_source_sha256="0" * 64), "sm_75")


def test_the_fitting_architecture_passes() -> None:
    require_fitting(FOLDER, certificate(), "sm_75")


def test_the_module_of_the_certificate_is_loaded() -> None:
    assert load_tensorrt(FOLDER, certificate(version=rtx.__version__)) is rtx


def test_another_version_is_refused() -> None:
    with pytest.raises(BackendError, match=r"with tensorrt_rtx 1\.0\.0, but .* --target sm_75"):
        load_tensorrt(FOLDER, certificate(version="1.0.0"))


def test_a_flavour_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(BackendUnavailableError, match=r"pip install .*tensorrt==10\.16\.1"):
        load_tensorrt(FOLDER, certificate(flavour="tensorrt", version="10.16.1"))


def test_a_certificate_has_no_other_module_imported() -> None:
    with pytest.raises(BackendError, match=r"names tabnanny, .*; build it again with: .*--force"):
        load_tensorrt(FOLDER, certificate(flavour="tabnanny"))
    assert "tabnanny" not in sys.modules


def test_what_is_no_engine_is_refused_with_tensorrts_own_reason(tmp_path: Path) -> None:
    engine = write_folder(tmp_path / FOLDER.name, version=rtx.__version__)
    sentence = rf"^TensorRT refused the engine \(.{{20,}}\); .* --output {tmp_path} --force$"
    with pytest.raises(BackendError, match=sentence):
        TensorRTEngine(rtx, tmp_path / FOLDER.name, engine)


class EngineOfNothing:
    """An engine as certified, of which TensorRT-RTX makes nothing: ``None`` is how it says so."""

    num_io_tensors = 2

    def __init__(self, *missing: str) -> None:
        self._missing = missing

    def get_tensor_name(self, index: int) -> str:
        return ("frame", "probability")[index]

    def get_tensor_mode(self, name: str) -> Any:
        return rtx.TensorIOMode.INPUT if name == "frame" else rtx.TensorIOMode.OUTPUT

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return (1, 352, 352, 3) if name == "frame" else (1, 352, 352)

    def get_tensor_dtype(self, name: str) -> Any:
        return rtx.DataType.UINT8

    def _made(self, what: str) -> Any:
        return None if what in self._missing else self

    def create_runtime_config(self) -> Any:
        return self._made("configuration")

    def create_runtime_cache(self) -> Any:
        return self._made("cache")

    def set_runtime_cache(self, cache: object) -> bool:
        return True

    def create_execution_context(self, configuration: object) -> Any:
        return self._made("context")

    def serialize(self) -> Any:
        return self._made("bytes")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for what is kept between starts."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def engine_of_nothing(folder: Path, *missing: str) -> TensorRTEngine:
    class Runtime:
        def __init__(self, logger: object) -> None: ...

        def deserialize_cuda_engine(self, plan: bytes) -> EngineOfNothing:
            return EngineOfNothing(*missing)

    trt = SimpleNamespace(**{**vars(rtx), "Runtime": Runtime})
    written = write_folder(folder / "engine", version=rtx.__version__, flavour="tensorrt_rtx")
    return TensorRTEngine(trt, folder / "engine", written)


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("missing", ["configuration", "cache", "context"])
def test_what_tensorrt_cannot_make_is_said_in_one_sentence(tmp_path: Path, missing: str) -> None:
    with pytest.raises(BackendError, match=r"^TensorRT could not prepare the engine \(it gave no"):
        engine_of_nothing(tmp_path, missing).create_context()


def test_a_cache_that_cannot_be_kept_is_only_slower(
    tmp_path: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        engine_of_nothing(tmp_path, "bytes").store_cache()
    assert "TensorRT-RTX compiles again at the next start" in caplog.text
    assert not cache.exists()


def calls() -> list[tuple[str, str]]:
    """(TensorRT class, attribute) for everything the module uses of what it holds."""
    found = set()
    for node in ast.walk(ast.parse(Path(tensorrt_engine.__file__).read_text())):
        if isinstance(node, ast.Attribute):
            owner = getattr(node.value, "attr", getattr(node.value, "id", ""))
            if owner in HELD:
                found.add((HELD[owner], node.attr))
    return sorted(found)


def test_every_class_is_used() -> None:
    assert {owner for owner, _ in calls()} == set(HELD.values())


@pytest.mark.parametrize(("owner", "attribute"), calls())
def test_tensorrt_rtx_has_every_call(owner: str, attribute: str) -> None:
    assert hasattr(getattr(rtx, owner), attribute)


@pytest.mark.parametrize(
    ("owner", "attribute"), [call for call in calls() if call[0] not in RTX_ALONE]
)
def test_tensorrt_10_has_every_call(owner: str, attribute: str) -> None:
    try:
        stubs = next(
            path for path in files("tensorrt-stubs") or () if path.name == "tensorrt.pyi"
        ).read_text()
    except PackageNotFoundError:
        pytest.skip("needs tensorrt-stubs, which is not installed")
    body = re.split(rf"^class {owner}\b", stubs, flags=re.MULTILINE)[1]
    body = re.split(r"^class ", body, flags=re.MULTILINE)[0]
    assert re.search(rf"^    (def )?{attribute}\b", body, re.MULTILINE)
