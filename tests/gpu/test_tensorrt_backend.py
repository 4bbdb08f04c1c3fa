"""The built engine on the device: numbers, ownership, endurance, refusals."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from app.sources.phantom import PhantomSource
from engine_builder.agreement import LEAST_MEAN_DICE
from engine_builder.precision import FP16
from models.backends.base import BackendError
from models.backends.cuda.compile import compile_cubin
from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.backends.tensorrt_backend import TensorRTBackend
from models.engine_folder import open_engine_folder, sha256_of, write_engine_folder
from models.engine_proof import EngineProof
from models.evaluation.overlap import Overlap
from models.geometry import Area, least_level
from models.picture import Picture, PixelFormat
from models.weights import DEFAULT_WEIGHTS
from tests.models.pictures import as_picture

pytestmark = pytest.mark.gpu

FRAMES = 10_000
MEBIBYTE = 2**20


@pytest.fixture(scope="module")
def colon() -> Iterator[PhantomSource]:
    with PhantomSource(width=1280, height=720, seconds=10) as source:
        yield source


def images(colon: PhantomSource, count: int) -> list[NDArray[np.uint8]]:
    """Frames from all over the video, (720, 1280, 3) uint8 RGB."""
    return [colon.image(index * 300 // count) for index in range(count)]


def test_half_precision_marks_what_fp32_marks(
    backend: TensorRTBackend, colon: PhantomSource
) -> None:
    """Over all frames together: of a small mask, half precision may move half the edge."""
    level = least_level(backend.spec.threshold)
    masks, fp32_masks = [], []
    with OnnxRuntimeBackend(DEFAULT_WEIGHTS) as reference:
        for image in images(colon, 20):
            picture = Picture(image)
            ours = backend.infer_picture(picture, colon.area)
            theirs = reference.infer_picture(picture, colon.area)
            assert np.abs(ours.astype(np.int16) - theirs).mean() <= 2
            masks.append(ours >= level)
            fp32_masks.append(theirs >= level)
    assert (
        Overlap.of(np.concatenate(masks), np.concatenate(fp32_masks)).dice >= LEAST_MEAN_DICE[FP16]
    )


@pytest.mark.parametrize("pixel_format", PixelFormat)
def test_every_lane_gives_the_same_bytes(
    backend: TensorRTBackend, colon: PhantomSource, pixel_format: PixelFormat
) -> None:
    picture = as_picture(images(colon, 3)[1], pixel_format)
    alone = backend.infer_picture(picture, colon.area)
    assert alone.any()
    for finish in [backend.begin_picture(picture, colon.area) for _ in range(backend.depth)]:
        np.testing.assert_array_equal(finish(), alone)


def test_a_changed_area_is_followed(backend: TensorRTBackend, colon: PhantomSource) -> None:
    """Each area's answer is the same whether or not another one came before it."""
    picture = as_picture(images(colon, 3)[2], PixelFormat.NV12)
    areas = [colon.area, Area(0, 0, 1280, 720), Area(200, 100, 800, 500)]
    first = [backend.infer_picture(picture, area) for area in areas]
    for area, answer in list(zip(areas, first, strict=True)) * 3:
        np.testing.assert_array_equal(backend.infer_picture(picture, area), answer)


def test_the_answer_is_the_callers_own(backend: TensorRTBackend, colon: PhantomSource) -> None:
    one, other = images(colon, 2)
    answer = backend.infer_picture(Picture(one), colon.area)
    kept = answer.copy()
    backend.infer_picture(Picture(other), colon.area)
    np.testing.assert_array_equal(answer, kept)


def test_an_area_outside_the_picture_is_refused_and_the_next_picture_runs(
    backend: TensorRTBackend, colon: PhantomSource
) -> None:
    picture = Picture(images(colon, 1)[0])
    before = backend.infer_picture(picture, colon.area)
    with pytest.raises(ValueError, match="leaves the 1280x720 picture"):
        backend.infer_picture(picture, Area(0, 0, 1282, 720))
    np.testing.assert_array_equal(backend.infer_picture(picture, colon.area), before)


def test_a_second_start_gives_the_same_bytes(engine_folder: Path, colon: PhantomSource) -> None:
    """TensorRT-RTX compiles on the first start and takes its cache on the second."""
    picture = Picture(images(colon, 3)[1])
    backend = TensorRTBackend(engine_folder)
    answers = []
    for _ in range(2):
        with backend:
            answers.append(backend.infer_picture(picture, colon.area))
    np.testing.assert_array_equal(answers[0], answers[1])


def another_than(target: str) -> str:
    """An architecture whose native code does not run on ``target``."""
    return "sm_75" if target != "sm_75" else "sm_86"


def test_an_engine_of_another_architecture_is_refused(
    engine_folder: Path, target: str, tmp_path: Path
) -> None:
    folder = open_engine_folder(engine_folder)
    other = another_than(target)
    certificate = replace(folder.certificate, target=other)
    write_engine_folder(tmp_path / "other", replace(folder, certificate=certificate))
    with (
        pytest.raises(BackendError, match=rf"built for {other}, but this GPU is {target}"),
        TensorRTBackend(tmp_path / "other"),
    ):
        pytest.fail("entered with an engine for another GPU")


def test_after_a_failed_activation_another_one_succeeds(
    engine_folder: Path, target: str, tmp_path: Path, colon: PhantomSource
) -> None:
    """The kernels are another GPU's: the engine is on the device already when they are refused.

    Damaged ones would prove less: the driver is not told where they end, and may read on.
    """
    folder = open_engine_folder(engine_folder)
    kernels = compile_cubin(another_than(target))
    certificate = replace(folder.certificate, kernels_sha256=sha256_of(kernels))
    mixed = replace(folder, certificate=certificate, kernels=kernels)
    write_engine_folder(tmp_path / "mixed", mixed)
    with pytest.raises(BackendError), TensorRTBackend(tmp_path / "mixed"):
        pytest.fail("entered with another GPU's kernels")
    with TensorRTBackend(engine_folder) as backend:
        assert backend.infer_picture(Picture(images(colon, 1)[0]), colon.area).shape == (352, 352)


def test_an_engine_that_sees_something_else_is_not_used(
    engine_folder: Path, tmp_path: Path
) -> None:
    """The proof is of another answer: to the device that is the same as a wrong one of its own."""
    folder = open_engine_folder(engine_folder)
    proof = EngineProof.from_bytes(folder.proof)
    turned = EngineProof(proof.frame, proof.probability[::-1, ::-1]).to_bytes()
    certificate = replace(folder.certificate, proof_sha256=sha256_of(turned))
    write_engine_folder(tmp_path / "turned", replace(folder, certificate=certificate, proof=turned))
    with (
        pytest.raises(BackendError, match="does not see on this GPU what it should"),
        TensorRTBackend(tmp_path / "turned"),
    ):
        pytest.fail("entered with an engine that sees something else")


@pytest.mark.slow
def test_ten_thousand_frames_leak_nothing(backend: TensorRTBackend, colon: PhantomSource) -> None:
    import pycuda.driver as cuda

    pictures = [as_picture(image, PixelFormat.NV12) for image in images(colon, 4)]
    wanted = [backend.infer_picture(picture, colon.area) for picture in pictures]
    process = psutil.Process()
    free_before, _ = cuda.mem_get_info()
    resident_before = process.memory_info().rss
    begun: deque[Callable[[], NDArray[np.uint8]]] = deque()
    for index in range(FRAMES):
        begun.append(backend.begin_picture(pictures[index % 4], colon.area))
        if len(begun) == backend.depth:
            finished = index - len(begun) + 1
            np.testing.assert_array_equal(begun.popleft()(), wanted[finished % 4])
    while begun:
        begun.popleft()()
    free_after, _ = cuda.mem_get_info()
    assert free_before - free_after <= 2 * MEBIBYTE
    assert process.memory_info().rss - resident_before <= 16 * MEBIBYTE


@pytest.mark.slow
def test_entering_and_leaving_leaks_nothing(engine_folder: Path) -> None:
    from models.backends.cuda.device import Device

    backend = TensorRTBackend(engine_folder)
    free_bytes = []
    for _ in range(6):
        with backend:
            pass
        device = Device()
        free_bytes.append(device.free_bytes())
        device.close()
    assert free_bytes[1] - free_bytes[-1] <= 2 * MEBIBYTE
