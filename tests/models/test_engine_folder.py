"""Engine folders: written whole or not at all, and refused with any byte changed."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pytest

from models.engine_folder import (
    CERTIFICATE_FILE,
    KERNELS_FILE,
    PLAN_FILE,
    PROOF_FILE,
    Agreement,
    Certificate,
    EngineFolder,
    EngineFolderError,
    engine_folder_name,
    open_engine_folder,
    read_certificate,
    rebuilding,
    sha256_of,
    write_engine_folder,
)
from models.spec import ModelSpec
from models.weights import SHIPPED_SHA256
from tests.locations import ROOT
from tests.models.engine_folders import certificate

PLAN = bytes(range(256)) * 20
KERNELS = b"\x7fELF" + bytes(500)
PROOF = b"PK" + bytes(range(200))

CERTIFICATE = certificate(
    plan_sha256=sha256_of(PLAN),
    kernels_sha256=sha256_of(KERNELS),
    proof_sha256=sha256_of(PROOF),
    layers={"FP16": 171, "FP32": 2},
    agreement=Agreement("cpu, cast graph", "1" * 64, 24, 7, 1e-6, 0.9999, 0.999, 0.004, 6, 0),
    spec=ModelSpec(least_area=0.002),
)
ENGINE = EngineFolder(CERTIFICATE, PLAN, KERNELS, PROOF)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / engine_folder_name(CERTIFICATE.spec, "FP16", "sm_75")
    write_engine_folder(path, ENGINE)
    return path


def test_what_was_written_is_read_back(folder: Path) -> None:
    opened = open_engine_folder(folder)
    assert folder.name == "hardnet-mseg_352x352_fp16_sm_75"
    assert opened.certificate == CERTIFICATE
    assert (opened.plan, opened.kernels, opened.proof) == (PLAN, KERNELS, PROOF)
    assert read_certificate(folder).share("FP16") == pytest.approx(171 / 173)


def test_a_thousand_flipped_bytes_are_a_thousand_refusals(folder: Path) -> None:
    rng = np.random.default_rng(4)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(files) == {PLAN_FILE, KERNELS_FILE, PROOF_FILE, CERTIFICATE_FILE}
    refusals = 0
    for _ in range(1000):
        name = rng.choice(list(files))
        content = bytearray(files[name])
        content[rng.integers(len(content))] ^= rng.integers(1, 256)
        (folder / name).write_bytes(content)
        with pytest.raises(EngineFolderError, match=r"build it again with: python .*--force$"):
            open_engine_folder(folder)
        refusals += 1
        (folder / name).write_bytes(files[name])
    assert refusals == 1000
    open_engine_folder(folder)


def test_every_single_byte_of_the_certificate_counts(folder: Path) -> None:
    path = folder / CERTIFICATE_FILE
    original = path.read_bytes()
    for position in range(len(original)):
        changed = bytearray(original)
        changed[position] ^= 0x01
        path.write_bytes(changed)
        with pytest.raises(EngineFolderError, match="changed or is malformed"):
            read_certificate(folder)


@pytest.mark.parametrize("name", [PLAN_FILE, KERNELS_FILE, PROOF_FILE, CERTIFICATE_FILE])
def test_missing_truncated_and_lengthened_files_are_refused(folder: Path, name: str) -> None:
    path = folder / name
    original = path.read_bytes()
    for content in (b"", original[:-1], original + b"\n", original * 2):
        path.write_bytes(content)
        with pytest.raises(EngineFolderError, match=name):
            open_engine_folder(folder)
    path.unlink()
    with pytest.raises(EngineFolderError, match=name):
        open_engine_folder(folder)
    path.mkdir()
    with pytest.raises(EngineFolderError, match=name):
        open_engine_folder(folder)


@pytest.mark.parametrize(
    "content", [b"null", b"[]", b"{}", b"[" * 100_000, b"1" * 2_000_000, b'{"agreement": 3}']
)
def test_malformed_certificates_are_refused(folder: Path, content: bytes) -> None:
    (folder / CERTIFICATE_FILE).write_bytes(content)
    with pytest.raises(EngineFolderError, match="malformed"):
        read_certificate(folder)


def test_a_certificate_edited_without_its_hash_is_refused(folder: Path) -> None:
    path = folder / CERTIFICATE_FILE
    fields = json.loads(path.read_bytes())
    fields["target"] = "sm_86"
    path.write_text(json.dumps(fields, indent=2, sort_keys=True) + "\n")
    with pytest.raises(EngineFolderError, match="changed"):
        read_certificate(folder)


def test_an_engine_of_another_version_is_refused_as_such(folder: Path) -> None:
    """Its certificate is unchanged, but states something else than those of today."""

    @dataclass(frozen=True, slots=True)
    class Later(Certificate):
        stated_later: str = "something"

    stated = {field.name: getattr(CERTIFICATE, field.name) for field in fields(CERTIFICATE)}
    later = Later(**stated)
    write_engine_folder(folder, replace(ENGINE, certificate=later))
    with pytest.raises(EngineFolderError, match="it was built by another version of PolypLens; "):
        open_engine_folder(folder)


def test_another_engines_plan_is_refused_and_the_command_fits_the_engine(tmp_path: Path) -> None:
    other = replace(CERTIFICATE, precision="INT8", target="sm_86", calibration_sha256="2" * 64)
    write_engine_folder(tmp_path / "engine", replace(ENGINE, certificate=other))
    (tmp_path / "engine" / PLAN_FILE).write_bytes(KERNELS)
    with pytest.raises(EngineFolderError, match=r"--int8 --calibration DIR .*--target sm_86"):
        open_engine_folder(tmp_path / "engine")


def test_an_absent_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineFolderError, match="no such engine folder"):
        open_engine_folder(tmp_path / "absent")


def test_writing_replaces_an_engine_and_the_remains_of_a_killed_run(folder: Path) -> None:
    remains = folder.with_name(f".{folder.name}.partial")
    remains.mkdir()
    (remains / PLAN_FILE).write_bytes(b"half")
    new = replace(CERTIFICATE, plan_sha256=sha256_of(b"new"))
    write_engine_folder(folder, replace(ENGINE, certificate=new, plan=b"new"))
    assert open_engine_folder(folder).plan == b"new"
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_file_of_that_name_is_refused_and_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "engine"
    file.write_bytes(b"mine")
    with pytest.raises(EngineFolderError, match=r"engine is a file.*remove it"):
        write_engine_folder(file, ENGINE)
    assert file.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [file]


def test_what_a_link_leads_to_is_replaced_and_the_link_stays(folder: Path) -> None:
    """Such as on a larger disk."""
    link = folder.with_name("elsewhere") / "engine"
    link.parent.mkdir()
    link.symlink_to(folder)
    other = replace(ENGINE, certificate=replace(CERTIFICATE, version="9.9"))
    for _ in range(2):
        write_engine_folder(link, other)
        assert read_certificate(folder).version == "9.9"
    assert link.readlink() == folder
    assert list(link.parent.iterdir()) == [link]
    assert {path.name for path in folder.parent.iterdir()} == {folder.name, "elsewhere"}


def test_a_full_disk_leaves_the_old_engine_as_it_was(folder: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from dataclasses import replace\n"
        "from models.engine_folder import *\n"
        "folder = Path(sys.argv[1]); old = open_engine_folder(folder)\n"
        "write_engine_folder(folder, replace(old, plan=b'x' * 100_000))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        cwd=ROOT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "OSError: [Errno 27]" in result.stderr
    assert open_engine_folder(folder).certificate == CERTIFICATE
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_an_interruption_between_the_old_and_the_new_engine_keeps_the_old_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def interrupted(path: Path, target: Path) -> Path:
        if path.name.endswith(".partial"):
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    new = replace(CERTIFICATE, plan_sha256=sha256_of(b"new"))
    with pytest.raises(KeyboardInterrupt):
        write_engine_folder(folder, replace(ENGINE, certificate=new, plan=b"new"))
    assert open_engine_folder(folder).certificate == CERTIFICATE
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_the_command_names_the_size_and_the_model_where_they_are_not_those_that_ship(
    tmp_path: Path,
) -> None:
    command = "with: python engine_builder/build.py"
    other = replace(CERTIFICATE, spec=replace(CERTIFICATE.spec, height=256, width=256))
    folder = tmp_path / "hardnet-mseg_256x256_fp16_sm_75"
    options = f"--fp16 --onnx FILE --size 256 --target sm_75 --output {tmp_path} --force"
    assert rebuilding(folder, other) == f"{command} {options}"
    shipped = replace(CERTIFICATE, onnx_sha256=SHIPPED_SHA256)
    folder = tmp_path / "hardnet-mseg_352x352_fp16_sm_75"
    options = f"--fp16 --target sm_75 --output {tmp_path} --force"
    assert rebuilding(folder, shipped) == f"{command} {options}"


def test_a_folder_that_the_builder_calls_otherwise_is_built_beside_it(folder: Path) -> None:
    renamed = folder.rename(folder.with_name("engine"))
    (renamed / PLAN_FILE).write_bytes(b"damaged")
    with pytest.raises(EngineFolderError, match=f"; build it again as {folder} with: python "):
        open_engine_folder(renamed)
    folder.symlink_to(renamed)
    with pytest.raises(EngineFolderError, match=f"; build it again as {folder} with: python "):
        open_engine_folder(folder)
