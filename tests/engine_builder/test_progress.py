"""What a build shows of itself."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from engine_builder.progress import BuildProgress


@pytest.mark.parametrize("is_terminal", [True, False])
def test_names_are_shown_as_they_are(is_terminal: bool) -> None:
    """TensorRT names its phases after layers, and a layer's name may look like markup."""
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=is_terminal, width=200)
    with BuildProgress(console) as progress, progress.stage("Build for [/gpu]") as stage:
        stage.describe("tactics of {Node[/agg1/conv4]}")
    assert "Build for [/gpu]" in shown.getvalue()
