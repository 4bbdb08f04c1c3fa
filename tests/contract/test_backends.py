"""What every runtime has to do, held against each of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.backends.base import Aim, Backend, BackendError
from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.backends.openvino_backend import OpenVinoBackend
from models.backends.tensorrt_backend import TensorRTBackend
from models.geometry import Area, Geometry
from models.picture import Picture, PixelFormat
from models.preprocess import model_input
from models.regions import find_regions
from models.segmentation import Segmentation, Timings
from models.segmenter import Segmenter
from models.spec import ModelSpec
from models.weights import DEFAULT_WEIGHTS, WeightsError, sealed
from tests.gpu.device import NoGpuError, device_facts
from tests.gpu.engine import build_engine
from tests.locations import ROOT, SHARED
from tests.models.pictures import as_picture, scene
from tests.models.tiny_model import tiny_answer, tiny_model, write_tiny_model

SPEC = ModelSpec()
PHANTOM = ROOT / "assets" / "reference" / "phantom_003_0240.png"
"""A rendered frame with a polyp."""

# Levels of 255 by which a probability may differ from torch in FP32: anywhere, and on average.
TOLERANCE = {"FP32": (1, 0.01), "FP16": (12, 0.5), "BF16": (60, 3.0), "INT8": (255, 8.0)}


@cache
def engine_folder() -> Path:
    """The FP16 engine of the shipped weights for the GPU here; skips where there is none."""
    try:
        target = device_facts().target
    except NoGpuError as error:
        pytest.skip(str(error))
    return build_engine(target)


MAKERS: dict[str, Callable[[], Backend]] = {
    "onnxruntime": lambda: OnnxRuntimeBackend(DEFAULT_WEIGHTS),
    "openvino": lambda: OpenVinoBackend(DEFAULT_WEIGHTS),
    "openvino for throughput": lambda: OpenVinoBackend(DEFAULT_WEIGHTS, Aim.THROUGHPUT),
    "tensorrt": lambda: TensorRTBackend(engine_folder()),
}


@pytest.fixture(
    scope="module",
    params=[
        "onnxruntime",
        "openvino",
        "openvino for throughput",
        pytest.param("tensorrt", marks=pytest.mark.gpu),
    ],
)
def make(request: pytest.FixtureRequest) -> Callable[[], Backend]:
    return MAKERS[str(request.param)]


@pytest.fixture(scope="module")
def active(make: Callable[[], Backend]) -> Iterator[Backend]:
    with make() as backend:
        yield backend


def real_images() -> list[NDArray[np.uint8]]:
    """Some frames of every set beside this checkout; none where there are none."""
    paths = [
        path
        for name in ("kvasir-seg", "polypgen")
        for path in sorted((SHARED / "data" / name / "images").glob("*.jpg"))[::500]
    ]
    return [np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR_RGB), np.uint8) for path in paths]


@pytest.fixture(scope="module")
def frames() -> list[NDArray[np.uint8]]:
    """Model inputs, (352, 352, 3): made up, and real ones where they are to be had."""
    images = [scene(480, 640, seed) for seed in range(2)] + real_images()
    pictures = [as_picture(image, PixelFormat.RGB24) for image in images]
    return [
        model_input(picture, Area(0, 0, picture.width, picture.height), SPEC)
        for picture in pictures
    ]


@pytest.fixture(scope="module")
def torch_answers(frames: list[NDArray[np.uint8]]) -> list[NDArray[np.float64]]:
    """The shipped weights run by torch in FP32, in levels of 255."""
    torch = pytest.importorskip("torch", reason="needs torch, the reference")
    from models.hardnet_mseg import load_checkpoint

    network = load_checkpoint(DEFAULT_WEIGHTS)
    answers = []
    for frame in frames:
        normalised = (frame / 255 - SPEC.mean) / SPEC.deviation
        batch = torch.from_numpy(normalised.transpose(2, 0, 1).astype(np.float32))[None]
        with torch.inference_mode():
            answers.append(torch.sigmoid(network(batch)).numpy()[0, 0].astype(np.float64) * 255)
    return answers


def test_it_agrees_with_torch(
    active: Backend, frames: list[NDArray[np.uint8]], torch_answers: list[NDArray[np.float64]]
) -> None:
    anywhere, on_average = TOLERANCE[active.info.precision]
    for frame, answer in zip(frames, torch_answers, strict=True):
        # torch's answer is not rounded to a level; the runtime's is.
        beyond_rounding = (np.abs(active.infer(frame) - answer) - 0.5).clip(0)
        assert beyond_rounding.max() <= anywhere
        assert beyond_rounding.mean() <= on_average


def test_the_answer_is_a_byte_for_each_pixel(
    active: Backend, frames: list[NDArray[np.uint8]]
) -> None:
    probability = active.infer(frames[0])
    assert probability.shape == (active.spec.height, active.spec.width)
    assert probability.dtype == np.uint8
    assert probability.flags.c_contiguous


def test_the_same_frame_gives_the_same_bytes(
    make: Callable[[], Backend], active: Backend, frames: list[NDArray[np.uint8]]
) -> None:
    first = [active.infer(frame) for frame in frames[:2]]
    again = [active.infer(frame) for frame in frames[:2]]
    assert all((one == other).all() for one, other in zip(first, again, strict=True))
    with make() as other_backend:
        other = [other_backend.infer(frame) for frame in frames[:2]]
    assert all((one == two).all() for one, two in zip(first, other, strict=True))


def test_the_answer_is_the_callers_own(active: Backend, frames: list[NDArray[np.uint8]]) -> None:
    kept = active.infer(frames[0])
    before = kept.copy()
    active.infer(frames[1])
    assert (kept == before).all()
    kept[:] = 7
    assert (active.infer(frames[0]) == before).all()


def test_the_frame_is_left_as_it_was(active: Backend, frames: list[NDArray[np.uint8]]) -> None:
    frame = frames[0].copy()
    frame.setflags(write=False)
    active.infer(frame)
    assert (frame == frames[0]).all()


def test_a_frame_need_not_be_contiguous(active: Backend, frames: list[NDArray[np.uint8]]) -> None:
    mirrored = frames[0][:, ::-1]
    assert (active.infer(mirrored) == active.infer(mirrored.copy())).all()


@pytest.mark.parametrize(
    "frame",
    [
        np.zeros((1, 352, 352, 3), np.uint8),
        np.zeros((352, 351, 3), np.uint8),
        np.zeros((3, 352, 352), np.uint8),
        np.zeros((352, 352, 3), np.float32),
        np.zeros((0, 0, 3), np.uint8),
    ],
)
def test_a_frame_of_another_size_or_type_is_refused(
    active: Backend, frame: NDArray[np.uint8]
) -> None:
    with pytest.raises(ValueError, match=r"the model takes uint8 \(352, 352, 3\)"):
        active.infer(frame)


def test_it_takes_pictures_as_they_are_decoded(active: Backend) -> None:
    rgb = scene(540, 960)
    area = Area(100, 20, 700, 500)
    for pixel_format in PixelFormat:
        picture = as_picture(rgb, pixel_format)
        from_picture = active.infer_picture(picture, area).astype(int)
        from_frame = active.infer(model_input(picture, area, active.spec))
        # A device resizes with roundings of its own.
        assert np.abs(from_picture - from_frame).mean() < 1.0


def test_a_black_frame_marks_nothing(active: Backend) -> None:
    picture = as_picture(np.zeros((480, 640, 3), np.uint8), PixelFormat.YUV420P)
    area = Area(0, 0, 640, 480)
    probability = active.infer_picture(picture, area)
    answer = Segmentation(probability, 0, Geometry(480, 640, area, 352, 352), Timings(0, 0))
    spec = active.spec
    findings = find_regions(answer, spec.threshold, spec.least_area, spec.core_margin)
    assert findings.regions == ()


def test_before_and_after_it_is_active_it_refuses(make: Callable[[], Backend]) -> None:
    frame = np.zeros((352, 352, 3), np.uint8)
    picture = as_picture(frame, PixelFormat.RGB24)
    backend = make()
    with pytest.raises(RuntimeError, match="with statement"):
        backend.infer(frame)
    with backend:
        backend.infer(frame)
        with pytest.raises(RuntimeError, match="already"), backend:
            pass
        backend.infer(frame)
    with pytest.raises(RuntimeError, match="with statement"):
        backend.infer(frame)
    with pytest.raises(RuntimeError, match="with statement"):
        backend.infer_picture(picture, Area(0, 0, 352, 352))


def test_it_can_be_entered_again(
    make: Callable[[], Backend], frames: list[NDArray[np.uint8]]
) -> None:
    backend = make()
    answers = []
    for _ in range(2):
        with backend:
            answers.append(backend.infer(frames[0]))
    assert (answers[0] == answers[1]).all()


def test_an_error_inside_leaves_it_usable(make: Callable[[], Backend]) -> None:
    backend = make()
    with pytest.raises(KeyError), backend:
        raise KeyError
    with backend:
        backend.infer(np.zeros((352, 352, 3), np.uint8))


def test_it_lives_on_any_one_thread(
    make: Callable[[], Backend], active: Backend, frames: list[NDArray[np.uint8]]
) -> None:
    def whole_life() -> NDArray[np.uint8]:
        with make() as backend:
            return backend.infer(frames[0])

    with ThreadPoolExecutor(1) as other_thread:
        answer = other_thread.submit(whole_life).result()
    assert (answer == active.infer(frames[0])).all()


def test_several_pictures_on_their_way_change_no_byte(
    make: Callable[[], Backend], active: Backend
) -> None:
    pictures = [as_picture(scene(288, 384, seed), PixelFormat.YUV420P) for seed in range(8)]
    area = Area(0, 0, 384, 288)
    alone = [active.infer_picture(picture, area).tobytes() for picture in pictures]
    together = []
    begun: deque[Callable[[], NDArray[np.uint8]]] = deque()
    for picture in pictures:
        begun.append(active.begin_picture(picture, area))
        if len(begun) == active.depth:
            together.append(begun.popleft()().tobytes())
    together += [finish().tobytes() for finish in begun]
    assert together == alone


def test_what_was_begun_need_not_be_finished(make: Callable[[], Backend]) -> None:
    picture, area = as_picture(scene(288, 384), PixelFormat.YUV420P), Area(0, 0, 384, 288)
    backend = make()
    with pytest.raises(KeyError), backend:
        for _ in range(backend.depth):
            backend.begin_picture(picture, area)
        raise KeyError
    with backend:
        again = backend.infer_picture(picture, area)
    assert again.any()


def test_pictures_in_pinned_memory_get_the_same_answer(make: Callable[[], Backend]) -> None:
    pictures = [as_picture(scene(288, 384, seed), PixelFormat.NV12) for seed in range(2)]
    memory = np.zeros((2, *pictures[0].pixels.shape), np.uint8)
    area = Area(0, 0, 384, 288)
    backend = make()
    with pytest.raises(RuntimeError, match="with statement"):
        backend.pin(memory)
    for _ in range(2):
        with backend:
            alone = [backend.infer_picture(picture, area) for picture in pictures]
            backend.pin(memory)
            for slot, picture, answer in zip(memory, pictures, alone, strict=True):
                slot[:] = picture.pixels
                pinned = Picture(slot, PixelFormat.NV12)
                assert (backend.infer_picture(pinned, area) == answer).all()


def test_a_second_thread_is_refused(active: Backend) -> None:
    frame = np.zeros((352, 352, 3), np.uint8)
    with ThreadPoolExecutor(1) as other_thread:
        intruding = other_thread.submit(active.infer, frame)
    with pytest.raises(RuntimeError, match="another thread"):
        intruding.result()


def test_it_says_what_runs(active: Backend) -> None:
    info = active.info
    assert info.backend == active.name
    assert info.version[0].isalnum()
    assert info.device
    assert info.precision in TOLERANCE


def test_a_video_gives_the_same_bytes_twice(make: Callable[[], Backend]) -> None:
    pictures = [as_picture(scene(288, 384, seed), PixelFormat.YUV420P) for seed in range(3)]
    runs = []
    for _ in range(2):
        with Segmenter(make()) as segmenter:
            answers = [segmenter.segment(picture, 10 + i) for i, picture in enumerate(pictures)]
        assert [answer.frame_index for answer in answers] == [10, 11, 12]
        runs.append([answer.probability.tobytes() for answer in answers])
    assert runs[0] == runs[1]


@pytest.mark.parametrize("maker", [OnnxRuntimeBackend, OpenVinoBackend])
def test_a_broken_model_file_is_refused_in_one_sentence(
    tmp_path: Path, maker: type[OnnxRuntimeBackend | OpenVinoBackend]
) -> None:
    path = tmp_path / "broken.onnx"
    for content in (b"", b"no model", DEFAULT_WEIGHTS.read_bytes()[:-1000]):
        path.write_bytes(content)
        with pytest.raises(WeightsError, match=r"broken\.onnx") as caught:
            maker(path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("maker", [OnnxRuntimeBackend, OpenVinoBackend])
def test_a_model_that_the_runtime_cannot_run_is_refused_in_one_sentence(
    tmp_path: Path, maker: type[OnnxRuntimeBackend | OpenVinoBackend]
) -> None:
    model = tiny_model()
    model.graph.node[2].op_type = "NoSuchOperator"
    path = tmp_path / "unknown.onnx"
    path.write_bytes(sealed(model))
    backend = maker(path)
    with pytest.raises(BackendError, match=r"unknown\.onnx") as caught, backend:
        pass
    assert "\n" not in str(caught.value)
    with pytest.raises(RuntimeError, match="with statement"):
        backend.infer(np.zeros((24, 32, 3), np.uint8))


@pytest.mark.parametrize("maker", [OnnxRuntimeBackend, OpenVinoBackend])
def test_a_model_of_another_size_runs(
    tmp_path: Path, maker: type[OnnxRuntimeBackend | OpenVinoBackend]
) -> None:
    frame = scene(24, 32)
    with maker(write_tiny_model(tmp_path)) as backend:
        assert np.abs(backend.infer(frame) - tiny_answer(frame)).max() <= 1.0


@pytest.mark.parametrize("maker", [OnnxRuntimeBackend, OpenVinoBackend])
def test_the_same_weights_run_at_another_input_size(
    maker: type[OnnxRuntimeBackend | OpenVinoBackend],
) -> None:
    """As torch runs them. 256 is what the viewer offers; a polyp of the phantom is marked there."""
    torch = pytest.importorskip("torch", reason="needs torch, the reference")
    from models.hardnet_mseg import load_checkpoint

    picture = Picture(np.asarray(cv2.imread(str(PHANTOM), cv2.IMREAD_COLOR_RGB), np.uint8))
    whole = Area(0, 0, picture.width, picture.height)
    with maker(DEFAULT_WEIGHTS, input_size=256) as backend:
        assert (backend.spec.height, backend.spec.width) == (256, 256)
        answer = backend.infer_picture(picture, whole)
        anywhere, on_average = TOLERANCE[backend.info.precision]
        frame = model_input(picture, whole, backend.spec)
    normalised = (frame / 255 - SPEC.mean) / SPEC.deviation
    batch = torch.from_numpy(normalised.transpose(2, 0, 1).astype(np.float32))[None]
    with torch.inference_mode():
        reference = torch.sigmoid(load_checkpoint(DEFAULT_WEIGHTS)(batch)).numpy()[0, 0] * 255
    beyond_rounding = (np.abs(answer - reference) - 0.5).clip(0)
    assert beyond_rounding.max() <= anywhere
    assert beyond_rounding.mean() <= on_average
    assert (answer > 127).any()


@pytest.mark.parametrize("maker", [OnnxRuntimeBackend, OpenVinoBackend])
def test_a_size_that_the_network_cannot_take_is_refused(
    maker: type[OnnxRuntimeBackend | OpenVinoBackend],
) -> None:
    with pytest.raises(WeightsError, match="no input of 200 pixels; use 224"):
        maker(DEFAULT_WEIGHTS, input_size=200)
