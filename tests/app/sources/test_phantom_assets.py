"""What ships of the phantom: the demo clip, the reference pictures and the golden frame."""

from __future__ import annotations

import re

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.sources.file import FileSource
from app.sources.phantom import DEMO, PhantomSource
from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.geometry import mask_on_source
from models.picture import Picture
from models.regions import find_regions
from models.segmenter import Segmenter
from models.weights import DEFAULT_WEIGHTS
from tests.locations import DEMO_CLIP, ROOT

REFERENCE = ROOT / "assets" / "reference"
GOLDEN = ROOT / "assets" / "golden"
LARGE = 0.02
"""Share of the picture from which a polyp must be found."""


def read_rgb(path: str) -> NDArray[np.uint8]:
    image = cv2.imread(path, cv2.IMREAD_COLOR_RGB)
    assert image is not None
    return np.asarray(image, np.uint8)


def psnr_db(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    return float(cv2.PSNR(one, other))


def iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(one & other) / np.count_nonzero(one | other))


def test_the_demo_clip_is_short_small_and_plays_anywhere() -> None:
    assert DEMO_CLIP.stat().st_size <= 4 * 1024**2
    with av.open(str(DEMO_CLIP)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert stream.average_rate == DEMO["rate"]


def test_the_demo_clip_shows_the_phantom_frame_by_frame() -> None:
    with FileSource(DEMO_CLIP) as clip, PhantomSource(**DEMO) as phantom:
        assert clip.info.frame_count == phantom.info.frame_count
        shown = 0
        while (frame := clip.read()) is not None:
            assert frame.pts_s == pytest.approx(frame.index / DEMO["rate"], abs=1e-3)
            if frame.index % 35 == 0:
                assert psnr_db(frame.picture.to_rgb(), phantom.image(frame.index)) > 34.0
            shown += 1
        assert shown == phantom.info.frame_count


def test_the_shipped_weights_find_the_large_polyps_of_the_demo_clip() -> None:
    found = []
    with (
        FileSource(DEMO_CLIP) as clip,
        PhantomSource(**DEMO) as phantom,
        Segmenter(OnnxRuntimeBackend(DEFAULT_WEIGHTS)) as segmenter,
    ):
        picture_pixels = phantom.area.width * phantom.area.height
        while (frame := clip.read()) is not None:
            if frame.index % 20 != 0:
                continue
            truth = phantom.mask(frame.index)
            if np.count_nonzero(truth) > LARGE * picture_pixels:
                answer = segmenter.segment(frame.picture, frame.index)
                threshold = segmenter.spec.threshold
                marked = mask_on_source(answer.probability, answer.geometry, threshold)
                found.append(iou(marked, truth))
    assert len(found) >= 6
    assert np.mean(found) >= 0.6


def test_enough_reference_pictures_ship() -> None:
    pictures = sorted(REFERENCE.glob("*.png"))
    assert len(pictures) >= 24
    assert sum(path.stat().st_size for path in pictures) < 6 * 1024**2
    assert sum(path.stem.endswith("_empty") for path in pictures) >= 4


def test_reference_pictures_are_what_their_names_say() -> None:
    by_seed: dict[int, list[str]] = {}
    for path in sorted(REFERENCE.glob("*.png")):
        by_seed.setdefault(int(path.name.split("_")[1]), []).append(path.name)
    # Growing a colon takes a while; two of them tell as much as all.
    for seed in (3, 8):
        for name in by_seed[seed]:
            image = read_rgb(str(REFERENCE / name))
            parts = re.fullmatch(r"phantom_(\d+)_(\d+)(_empty)?\.png", name)
            assert parts is not None
            with PhantomSource(image.shape[1], image.shape[0], seed=seed) as phantom:
                index = int(parts[2])
                # Other processors may round the last bit another way.
                assert psnr_db(image, phantom.image(index)) > 45.0
                assert phantom.has_polyp(index) == (parts[3] is None)


def test_the_shipped_weights_leave_the_empty_reference_pictures_empty() -> None:
    for path in sorted(REFERENCE.glob("*_empty.png")):
        with Segmenter(OnnxRuntimeBackend(DEFAULT_WEIGHTS)) as segmenter:
            answer = segmenter.segment(Picture(read_rgb(str(path))), 0)
            spec = segmenter.spec
        findings = find_regions(answer, spec.threshold, spec.least_area, spec.core_margin)
        assert findings.regions == (), path.name


def test_the_golden_mask_is_what_the_shipped_weights_give() -> None:
    picture = Picture(read_rgb(str(GOLDEN / "frame.png")))
    stored = cv2.imread(str(GOLDEN / "mask.png"), cv2.IMREAD_GRAYSCALE)
    assert stored is not None
    assert np.isin(stored, (0, 255)).all()
    with Segmenter(OnnxRuntimeBackend(DEFAULT_WEIGHTS)) as segmenter:
        answer = segmenter.segment(picture, 0)
        mask = mask_on_source(answer.probability, answer.geometry, segmenter.spec.threshold)
    assert mask.mean() > 0.05
    assert iou(mask, np.asarray(stored > 0)) >= 0.99
