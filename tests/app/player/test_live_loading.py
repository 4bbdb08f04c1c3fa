"""What live video is segmented with: the chosen runtime, proven, in a process of its own."""

from __future__ import annotations

import logging
import os
import signal
import sys
from pathlib import Path

import pytest

from app.check import LEAST_IOU, golden_iou, golden_picture
from app.config import AppConfig
from app.player.loading import SegmenterLoader, live_segmenter_loader
from app.player.proven_segmenter import ProvenSegmenter
from models.backends.base import BackendError
from models.weights import DEFAULT_WEIGHTS

linux = pytest.mark.skipif(sys.platform != "linux", reason="only on Linux it has its own process")


def config(weights: Path = DEFAULT_WEIGHTS) -> AppConfig:
    return AppConfig("onnxruntime", weights, None, None)


@linux
def test_it_runs_elsewhere_and_comes_back_after_it_was_killed() -> None:
    # What it is made of is Linux's own.
    from models.supervised.supervised_segmenter import SupervisedSegmenter

    segmenter = live_segmenter_loader(SegmenterLoader(config()))()
    assert isinstance(segmenter, SupervisedSegmenter)
    for _ in range(2):
        with segmenter:
            assert segmenter.info.backend == "onnxruntime"
            answer = segmenter.segment(golden_picture(), 0)
            assert golden_iou(answer, segmenter.spec.threshold) >= LEAST_IOU
            assert segmenter.pid not in (None, os.getpid())
            os.kill(segmenter.pid, signal.SIGKILL)
            with pytest.raises(BackendError, match="has to be started again"):
                segmenter.segment(golden_picture(), 1)


@linux
def test_why_it_cannot_be_loaded_is_said_as_it_is(tmp_path: Path) -> None:
    missing = tmp_path / "missing.onnx"
    segmenter = live_segmenter_loader(SegmenterLoader(config(missing)))()
    with pytest.raises(BackendError, match=f"^There is no weights file {missing}; check the path."):
        segmenter.__enter__()


def test_where_it_cannot_have_its_own_process_that_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with caplog.at_level(logging.WARNING):
        load = live_segmenter_loader(SegmenterLoader(config()))
    monkeypatch.undo()
    assert "On this system the network runs in the viewer's own process" in caplog.text
    assert isinstance(load(), ProvenSegmenter)
