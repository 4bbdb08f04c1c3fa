"""The network as the viewer loads it: a real runtime, proven on the golden frame."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

import app.check as checks
from app.config import AppConfig
from app.player.loading import SegmenterLoader
from app.player.proven_segmenter import ProvenSegmenter
from app.player.segmenter_thread import SegmenterError
from app.player.shown import AiState
from models.backends.openvino_backend import OpenVinoBackend
from models.weights import DEFAULT_WEIGHTS
from tests.app.player.watching import Watched, numbered_video
from tests.waiting import wait_until


def config(backend: str = "openvino", weights: Path = DEFAULT_WEIGHTS) -> AppConfig:
    return AppConfig(backend=backend, weights=weights, engine=None, threshold=None)


@pytest.fixture
def moved_mask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A golden mask that no runtime gives."""
    mask = cv2.imread(str(checks.GOLDEN_MASK), cv2.IMREAD_GRAYSCALE)
    assert mask is not None
    path = tmp_path / "mask.png"
    cv2.imwrite(str(path), np.roll(mask, 40, axis=1))
    monkeypatch.setattr(checks, "GOLDEN_MASK", path)


def test_each_session_gets_a_segmenter_of_its_own() -> None:
    load = SegmenterLoader(config())
    one, other = load(), load()
    with one, other:
        picture = checks.golden_picture()
        assert np.array_equal(
            one.segment(picture, 0).probability, other.segment(picture, 0).probability
        )


def test_what_was_passed_over_is_said_each_time() -> None:
    load = SegmenterLoader(config("auto"))
    for _ in range(2):
        with load() as segmenter:
            info = segmenter.info
        assert info.backend == "tensorrt" or any("tensorrt" in why for why in info.passed_over)


def test_a_runtime_that_sees_something_else_is_not_used(moved_mask: None) -> None:
    segmenter = SegmenterLoader(config())()
    with pytest.raises(SegmenterError, match=r"golden frame \(IoU 0\.\d\d.*run_app.py check"):
        segmenter.__enter__()
    with pytest.raises(RuntimeError, match="not active"):
        segmenter.segment(checks.golden_picture(), 0)


@pytest.mark.parametrize("side", [96, 256, 416])
@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_a_working_runtime_passes_at_another_size(backend: str, side: int) -> None:
    with SegmenterLoader(config(backend), side)() as segmenter:
        assert segmenter.spec.width == side
        assert isinstance(segmenter, ProvenSegmenter)


def test_what_sees_something_else_is_found_at_another_size_too(moved_mask: None) -> None:
    with pytest.raises(SegmenterError, match=r"IoU 0\.\d\d, at least 0\.9 is needed"):
        SegmenterLoader(config(), 256)().__enter__()


def test_below_the_sizes_that_can_be_tried_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with SegmenterLoader(config("onnxruntime"), 32)() as segmenter:
        assert segmenter.spec.width == 32
    assert "32 pixels is too small" in caplog.text


def test_a_damaged_weights_file_is_refused(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.onnx"
    content = bytearray(DEFAULT_WEIGHTS.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    with pytest.raises(SegmenterError, match=r"damaged\.onnx"):
        SegmenterLoader(config(weights=damaged))()


def test_a_video_plays_with_the_real_network(tmp_path: Path) -> None:
    video = numbered_video(tmp_path / "video.mp4", 20)
    with Watched(video, SegmenterLoader(config()), playing=False) as (session, watcher):
        wait_until(lambda: bool(watcher.shown) and watcher.shown[-1].ai is AiState.READY)
        shown = watcher.shown[-1]
        assert shown.segmentation is not None
        assert shown.segmentation.probability.shape == (352, 352)
        assert session.state.runtime is not None
        assert session.state.runtime.backend == OpenVinoBackend.name


def test_a_failed_golden_frame_leaves_the_video(tmp_path: Path, moved_mask: None) -> None:
    video = numbered_video(tmp_path / "video.mp4", 20)
    with Watched(video, SegmenterLoader(config())) as (session, watcher):
        wait_until(lambda: "golden frame" in session.state.ai_reason)
        assert session.state.ai is AiState.OFF
        wait_until(lambda: len(watcher.shown) > 3)
