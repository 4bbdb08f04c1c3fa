"""Prints engines' certificates, and verifies an engine against its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from engine_builder.agreement import engine_agreement, require_agreement
from engine_builder.command_line import EngineBuilderError
from engine_builder.images import reference_files
from engine_builder.progress import BuildProgress
from models.backends.cuda.present import present_target
from models.engine_folder import Agreement, Certificate, open_engine_folder
from models.weights import read_weights

_HASH_DIGITS = 16
"""Shown of a hash; the whole is in the certificate."""


def certificate_table(certificates: Mapping[Path, Certificate]) -> Table:
    """One column an engine, by its folder."""
    columns = [_rows(folder, certificate) for folder, certificate in certificates.items()]
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for _ in range(1 + len(columns)):
        table.add_column(overflow="fold")
    for label in columns[0]:
        table.add_row(label, *(column[label] for column in columns))
    return table


def verify(folder: Path, onnx: Path, reference: Path | None, console: Console) -> None:
    """Checks every hash and, where the engine's GPU is present, its figures.

    Args:
        onnx: the deployable model that the engine was built from.
        reference: images to compare on, beside those that ship.

    Raises:
        models.engine_folder.EngineFolderError: a file is missing or changed.
        EngineBuilderError: the figures are not good enough, or ``onnx`` is another model.
        models.backends.base.BackendError: the engine does not run here.
    """
    certificate = open_engine_folder(folder).certificate
    console.print(f"{folder}: every byte is as certified.", soft_wrap=True)
    if present_target() != certificate.target:
        console.print(f"No {certificate.target} GPU is here: its figures were not checked.")
        return
    weights = read_weights(onnx)
    if weights.sha256 != certificate.onnx_sha256:
        raise EngineBuilderError(
            f"{folder} was not built from {onnx}; name its model with --onnx FILE."
        )
    if weights.spec.width != certificate.spec.width:
        weights = read_weights(onnx, certificate.spec.width)  # as --size brought it there
    files = reference_files(reference)
    with (
        BuildProgress(console) as progress,
        progress.stage("Compare the engine with FP32", len(files)) as stage,
    ):
        agreement = engine_agreement(folder, weights, files, stage.advance)
    require_agreement(agreement, certificate.precision)
    for label, value in _agreement_rows(agreement).items():
        console.print(f"{label}: {value}")


def _rows(folder: Path, certificate: Certificate) -> dict[str, str]:
    spec = certificate.spec
    layers = ", ".join(f"{count} {name}" for name, count in certificate.layers.items())
    share = certificate.share(certificate.precision)
    return {
        "engine": str(folder),
        "model": f"{spec.name}, {spec.width}x{spec.height}",
        "target": certificate.target,
        "built by": f"{certificate.flavour} {certificate.version}",
        "precision": f"{share:.1%} of layers in {certificate.precision}",
        "layers": f"{layers} (by {certificate.proven_by})",
        **_agreement_rows(certificate.agreement),
        "SHA-256 of ONNX": certificate.onnx_sha256[:_HASH_DIGITS],
        "SHA-256 of plan": certificate.plan_sha256[:_HASH_DIGITS],
        "SHA-256 of kernels": certificate.kernels_sha256[:_HASH_DIGITS],
        "SHA-256 of proof": certificate.proof_sha256[:_HASH_DIGITS],
        "SHA-256 of builder": certificate.builder_sha256[:_HASH_DIGITS],
    }


def _agreement_rows(agreement: Agreement) -> dict[str, str]:
    unmarked = agreement.empty_images - agreement.empty_images_marked
    return {
        "against FP32": f"{agreement.images} images ({agreement.measured_on})",
        "flipped pixels": f"{agreement.flipped_pixels} ({agreement.flipped_share:.4%})",
        "Dice": f"mean {agreement.mean_dice:.4f}, least {agreement.least_dice:.4f}",
        "largest difference": f"{agreement.largest_probability_difference:.4f}",
        "empty in FP32": f"{agreement.empty_images} polyp-free images, {unmarked} stay empty",
    }
