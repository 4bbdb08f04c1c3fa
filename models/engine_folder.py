"""An engine on disk: plan, kernels, the proof of what it must see, and certificate in one folder.

Plan and kernels are native code, so nobody loads them before ``open_engine_folder`` has found every
byte to be the certified one. The certificate carries its own hash too. The hashes guard against
damage and mix-ups; against someone who may write to the folder, its permissions have to.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from models.spec import ModelSpec
from models.weights import SHIPPED_SHA256

ENGINES_FOLDER = Path(__file__).parents[1] / "build" / "engines"
"""Where engines are built to, and looked for, unless told otherwise."""

PLAN_FILE = "engine.plan"
KERNELS_FILE = "kernels.cubin"
PROOF_FILE = "proof.npz"
CERTIFICATE_FILE = "certificate.json"

_FOLDER_NAME = re.compile(r"(.+)_(\d+)x\d+_(fp32|fp16|int8)_(sm_\d+)")
_SELF_HASH = "certificate_sha256"
_LARGEST_CERTIFICATE_BYTES = 1_000_000


class EngineFolderError(Exception):
    """An engine is missing, changed or malformed; one sentence that names the rebuild command."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the engine's graph strays from the FP32 graph on the reference images."""

    measured_on: str
    """``cpu, cast graph`` where no GPU was there to run the engine, else the GPU's name."""
    reference_sha256: str
    """Of the reference images' names and contents."""
    images: int
    flipped_pixels: int
    """Pixels of all images that change sides at the threshold."""
    flipped_share: float
    """``flipped_pixels`` over all pixels, in [0, 1]."""
    mean_dice: float
    least_dice: float
    """Dice, in [0, 1], between both masks of an image. Where FP32 marks no region of at least
    ``least_area``: 1 if this precision marks none either, else 0."""
    largest_probability_difference: float
    """Over all pixels, in [0, 1]."""
    empty_images: int
    """Polyp-free images on which FP32 marks no region of at least ``least_area``."""
    empty_images_marked: int
    """How many of those this precision marks."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was built, from what, for what, and how well it does; dateless, so reproducible."""

    onnx_sha256: str
    plan_sha256: str
    kernels_sha256: str
    kernels_source_sha256: str
    """Of the source that the kernels were compiled from; the program calls those of its own."""
    builder_sha256: str
    """Of the source and the packages that built it, by ``engine_builder.builder_version``."""
    proof_sha256: str
    calibration_sha256: str
    """Of the calibration images' names and contents; empty where none were used."""
    flavour: str
    """``tensorrt`` or ``tensorrt_rtx``."""
    version: str
    target: str
    """The GPU architecture that the plan runs on, such as ``sm_75``."""
    precision: str
    """``FP32``, ``FP16`` or ``INT8``: what was asked for."""
    layers: Mapping[str, int]
    """How many layers of the engine run in each precision."""
    proven_by: str
    """Where ``layers`` was read: ``engine inspector`` or ``builder log``."""
    agreement: Agreement
    spec: ModelSpec

    def share(self, precision: str) -> float:
        """Share of the engine's layers, in [0, 1], that run in ``precision``."""
        return self.layers.get(precision, 0) / max(1, sum(self.layers.values()))


@dataclass(frozen=True, slots=True, eq=False)
class EngineFolder:
    """An engine; of one from ``open_engine_folder`` these are the very bytes that were verified."""

    certificate: Certificate
    plan: bytes
    kernels: bytes
    proof: bytes
    """What ``models.engine_proof.EngineProof`` makes of itself."""


def engine_folder_name(spec: ModelSpec, precision: str, target: str) -> str:
    """Such as ``hardnet-mseg_352x352_fp16_sm_75``."""
    return f"{spec.name}_{spec.width}x{spec.height}_{precision.lower()}_{target}"


def sha256_of(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def open_engine_folder(folder: Path) -> EngineFolder:
    """Reads an engine and verifies every byte of it, before anybody deserialises it.

    Raises:
        EngineFolderError: a file is missing or unreadable, or differs from what was certified.
    """
    certificate = read_certificate(folder)
    plan = _read(folder, PLAN_FILE)
    kernels = _read(folder, KERNELS_FILE)
    proof = _read(folder, PROOF_FILE)
    for name, content, certified in (
        (PLAN_FILE, plan, certificate.plan_sha256),
        (KERNELS_FILE, kernels, certificate.kernels_sha256),
        (PROOF_FILE, proof, certificate.proof_sha256),
    ):
        if sha256_of(content) != certified:
            raise _refusal(folder, f"{name} is not the file that was certified", certificate)
    return EngineFolder(certificate, plan, kernels, proof)


def read_certificate(folder: Path) -> Certificate:
    """The certificate of an engine folder, itself verified; nothing else is looked at.

    Raises:
        EngineFolderError: it is missing, changed, malformed or of another version of PolypLens.
    """
    if not folder.is_dir():
        raise _refusal(folder, "there is no such engine folder")
    content = _read(folder, CERTIFICATE_FILE)
    try:
        fields = json.loads(content)
        fields.pop(_SELF_HASH)
        unchanged = _sealed(fields) == content
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        unchanged = False
    if not unchanged:
        raise _refusal(folder, f"{CERTIFICATE_FILE} was changed or is malformed")
    try:
        agreement = Agreement(**fields.pop("agreement"))
        spec = ModelSpec(**_with_tuples(fields.pop("spec")))
        return Certificate(**fields, agreement=agreement, spec=spec)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _refusal(folder, "it was built by another version of PolypLens") from error


def write_engine_folder(folder: Path, engine: EngineFolder) -> None:
    """Writes ``engine`` whole in place of what ``folder`` held, or leaves it as it was.

    Raises:
        EngineFolderError: ``folder`` is a file.
        OSError: the parent is not writable, or the disk is full; nothing half-written is left.
    """
    require_no_file(folder)
    folder = Path(os.path.realpath(folder))  # a link stays, and leads to the new engine
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f".{folder.name}.partial")
    replaced = folder.with_name(f".{folder.name}.replaced")
    # Left by a run that was killed.
    shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(replaced, ignore_errors=True)
    try:
        partial.mkdir()
        _write(partial / PLAN_FILE, engine.plan)
        _write(partial / KERNELS_FILE, engine.kernels)
        _write(partial / PROOF_FILE, engine.proof)
        _write(partial / CERTIFICATE_FILE, _sealed(asdict(engine.certificate)))
        if folder.exists():
            folder.rename(replaced)
        partial.rename(folder)
    except BaseException:
        if replaced.exists() and not folder.exists():
            replaced.rename(folder)
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(replaced, ignore_errors=True)


def require_no_file(folder: Path) -> None:
    """Whoever is about to make an engine for ``folder`` learns at once that it cannot go there.

    Raises:
        EngineFolderError: ``folder`` is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise EngineFolderError(
            f"{folder} is a file, and an engine is a folder; remove it, or name another --output."
        )


def _sealed(fields: dict[str, Any]) -> bytes:
    """The file that holds ``fields`` and their hash."""
    sealed = fields | {_SELF_HASH: sha256_of(json.dumps(fields, sort_keys=True).encode())}
    return (json.dumps(sealed, indent=2, sort_keys=True) + "\n").encode()


def _with_tuples(fields: dict[str, Any]) -> dict[str, Any]:
    """JSON has no tuples: what it gives as a list was one."""
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()
    }


def _read(folder: Path, name: str) -> bytes:
    path = folder / name
    try:
        if name == CERTIFICATE_FILE and path.stat().st_size > _LARGEST_CERTIFICATE_BYTES:
            raise _refusal(folder, f"{name} was changed or is malformed")
        return path.read_bytes()
    except OSError as error:
        raise _refusal(folder, f"{name} cannot be read ({error.strerror})") from error


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def rebuilding(folder: Path, certificate: Certificate | None, target: str | None = None) -> str:
    """How the engine in ``folder`` is built again: the end of a sentence, from "with: " on.

    Its command writes ``folder`` anew; where the builder calls its folders otherwise, such as after
    a renaming or for another target, the sentence says which one it writes beside it.

    Args:
        certificate: of the engine; without it, the folder's name says what it was.
        target: in place of the certified one.
    """
    place = Path(os.path.realpath(folder))
    if certificate is None:
        written, options = place.name, _options_by_name(place.name)
    else:
        spec, precision = certificate.spec, certificate.precision
        target = target or certificate.target
        written = engine_folder_name(spec, precision, target)
        is_shipped = certificate.onnx_sha256 == SHIPPED_SHA256
        is_calibrated = bool(certificate.calibration_sha256)
        options = _options(precision, spec.width, target, is_shipped, is_calibrated)
    written_as = "" if written == place.name else f"as {place.with_name(written)} "
    output = shlex.quote(str(place.parent))
    command = f"python engine_builder/build.py {options} --output {output} --force"
    return f"{written_as}with: {command}"


def _options_by_name(name: str) -> str:
    """What ``engine_folder_name`` was given, as far as it tells."""
    match = _FOLDER_NAME.fullmatch(name)
    if match is None:
        return "--fp16"
    model, width, precision, target = match.groups()
    return _options(precision, int(width), target, model == ModelSpec().name, precision == "int8")


def _options(precision: str, width: int, target: str, is_shipped: bool, is_calibrated: bool) -> str:
    """Files of which the name is not known are ``DIR`` and ``FILE``."""
    options = [f"--{precision.lower()}"]
    if is_calibrated:
        options.append("--calibration DIR")
    if not is_shipped:
        options.append("--onnx FILE")
    if width != ModelSpec().width:
        options.append(f"--size {width}")
    return " ".join((*options, f"--target {target}"))


def _refusal(
    folder: Path, reason: str, certificate: Certificate | None = None
) -> EngineFolderError:
    again = rebuilding(folder, certificate)
    return EngineFolderError(f"{folder} is refused: {reason}; build it again {again}")
