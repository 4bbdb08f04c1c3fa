from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.geometry import Area, Geometry, probability_on_source
from models.picture import Picture, PixelFormat
from models.segmenter import Segmenter
from tests.models.pictures import as_picture, scene
from tests.models.test_picture_area import SHOWN, screen
from tests.models.tiny_model import TINY_SPEC, write_tiny_model


@pytest.fixture
def segmenter(tmp_path: Path) -> Segmenter:
    return Segmenter(OnnxRuntimeBackend(write_tiny_model(tmp_path)))


def test_the_answer_belongs_to_its_frame(segmenter: Segmenter) -> None:
    picture = Picture(scene(48, 64))
    with segmenter:
        assert segmenter.info.backend == "onnxruntime"
        answer = segmenter.segment(picture, 41)
    assert segmenter.spec == TINY_SPEC
    assert answer.frame_index == 41
    assert answer.geometry == Geometry(48, 64, Area(0, 0, 64, 48), 24, 32)
    assert answer.probability.shape == (24, 32)
    assert answer.timings.preprocess_ns > 0
    assert answer.timings.infer_ns > 0


@pytest.mark.parametrize("pixel_format", PixelFormat)
def test_what_it_says_lies_where_it_saw_it(segmenter: Segmenter, pixel_format: PixelFormat) -> None:
    # The model answers with brightness: laid on the source, that is the picture itself, blurred.
    image = screen(SHOWN)
    with segmenter:
        answer = segmenter.segment(as_picture(image, pixel_format), 0)
    assert answer.geometry.area != Area(0, 0, 1920, 1080)
    source = probability_on_source(answer.probability, answer.geometry).astype(np.float64)
    brightness = image.mean(axis=2)
    area = answer.geometry.area
    inside = np.s_[area.y : area.y + area.height, area.x : area.x + area.width]
    assert np.corrcoef(source[inside].ravel(), brightness[inside].ravel())[0, 1] > 0.8
    assert abs(source[inside].mean() - brightness[inside].mean()) < 2
    source[inside] = 0
    assert not source.any()


def test_the_area_is_held_within_a_video_and_forgotten_with_it(segmenter: Segmenter) -> None:
    shown, dark = Picture(screen(SHOWN)), Picture(np.zeros((1080, 1920, 3), np.uint8))
    with segmenter:
        held = segmenter.segment(shown, 0).geometry.area
        assert segmenter.segment(dark, 1).geometry.area == held
    with segmenter:
        assert segmenter.segment(dark, 0).geometry.area == Area(0, 0, 1920, 1080)


def test_outside_its_with_statement_it_refuses(segmenter: Segmenter) -> None:
    picture = Picture(scene(48, 64))
    with pytest.raises(RuntimeError, match="with statement"):
        segmenter.segment(picture, 0)
    with segmenter:
        segmenter.segment(picture, 0)
    with pytest.raises(RuntimeError, match="with statement"):
        segmenter.segment(picture, 0)
