"""Certified engine folders whose plan is no engine: enough for all that comes before loading it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from models.backends.cuda.compile import kernels_source_sha256
from models.engine_folder import (
    Agreement,
    Certificate,
    EngineFolder,
    open_engine_folder,
    sha256_of,
    write_engine_folder,
)
from models.spec import ModelSpec

PLAN = b"no engine at all"
KERNELS = b"no kernels either"
PROOF = b"and no proof"


def certificate(**changes: Any) -> Certificate:
    """That of a TensorRT-RTX FP16 engine for sm_75, with ``changes``."""
    agreement = Agreement(
        measured_on="cpu, cast graph",
        reference_sha256=sha256_of(b"images"),
        images=1,
        flipped_pixels=0,
        flipped_share=0.0,
        mean_dice=1.0,
        least_dice=1.0,
        largest_probability_difference=0.0,
        empty_images=1,
        empty_images_marked=0,
    )
    plain = Certificate(
        onnx_sha256=sha256_of(b"onnx"),
        plan_sha256=sha256_of(PLAN),
        kernels_sha256=sha256_of(KERNELS),
        kernels_source_sha256=kernels_source_sha256(),
        builder_sha256=sha256_of(b"builder"),
        proof_sha256=sha256_of(PROOF),
        calibration_sha256="",
        flavour="tensorrt_rtx",
        version="1.7.1.116",
        target="sm_75",
        precision="FP16",
        layers={"FP16": 1},
        proven_by="builder log",
        agreement=agreement,
        spec=ModelSpec(),
    )
    return replace(plain, **changes)


def write_folder(folder: Path, **changes: Any) -> EngineFolder:
    """Writes such a folder and opens it again."""
    write_engine_folder(folder, EngineFolder(certificate(**changes), PLAN, KERNELS, PROOF))
    return open_engine_folder(folder)
