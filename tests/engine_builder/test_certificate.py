"""What a certificate is verified against, as far as no GPU is needed for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from engine_builder.certificate import verify
from models.engine_folder import Agreement
from models.spec import ModelSpec
from models.weights import Weights, read_weights
from tests.models.engine_folders import certificate, write_folder
from tests.models.tiny_model import TINY_SPEC, write_tiny_model


@pytest.mark.parametrize("spec", [TINY_SPEC, replace(TINY_SPEC, height=64, width=64)])
def test_an_engine_is_compared_with_its_model_at_its_own_size(
    spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []

    def agreement(
        _: Path, weights: Weights, files: Sequence[Path], on_image: Callable[[], None]
    ) -> Agreement:
        compared.append(weights.spec)
        return certificate().agreement

    monkeypatch.setattr("engine_builder.certificate.present_target", lambda: "sm_75")
    monkeypatch.setattr("engine_builder.certificate.engine_agreement", agreement)
    onnx = write_tiny_model(tmp_path)
    write_folder(tmp_path / "engine", onnx_sha256=read_weights(onnx).sha256, spec=spec)
    verify(tmp_path / "engine", onnx, None, Console(file=StringIO()))
    assert compared == [spec]
