"""The fast path on the device: kernels against the CPU, lanes, pinned memory, graphs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from models.backends.base import BackendError
from models.backends.cuda.compile import compile_cubin
from models.geometry import Area
from models.picture import Picture, PixelFormat
from models.preprocess import model_input
from models.spec import ModelSpec
from tests.gpu.no_network import NoNetwork
from tests.models.pictures import EVERY_FORM, Form, as_picture, scene

pytestmark = pytest.mark.gpu

FRAMES = 10_000
MEBIBYTE = 2**20
SPEC = ModelSpec()
GEOMETRIES = [
    ((1080, 1920), Area(0, 0, 1920, 1080)),
    ((1080, 1920), Area(562, 30, 1012, 1018)),
    ((480, 640), Area(0, 0, 640, 480)),
    ((240, 320), Area(10, 6, 202, 130)),
]


class Converter:
    """A fast path without an engine: its answer is the model's input."""

    def __init__(self, kernels: bytes) -> None:
        from models.backends.cuda.device import Device
        from models.backends.cuda.fast_path import FastPath

        self._device = Device()
        self.path = FastPath(kernels, SPEC, NoNetwork)

    def model_input(self, picture: Picture, area: Area) -> NDArray[np.uint8]:
        self.path.begin(picture, area)()
        return self.frame_of_lane(0)

    def frame_of_lane(self, index: int) -> NDArray[np.uint8]:
        """What the last picture on that lane became."""
        import pycuda.driver as cuda

        frame = np.empty((SPEC.height, SPEC.width, 3), np.uint8)
        cuda.memcpy_dtoh(frame, self.path.lanes[index].input_address)
        return frame

    def close(self) -> None:
        self.path.close()
        self._device.close()


@pytest.fixture(scope="module")
def kernels(target: str) -> bytes:
    return compile_cubin(target)


@pytest.fixture
def converter(kernels: bytes) -> Iterator[Converter]:
    converter = Converter(kernels)
    yield converter
    converter.close()


@pytest.mark.parametrize("form", EVERY_FORM)
@pytest.mark.parametrize(("size", "area"), GEOMETRIES)
def test_the_device_makes_the_frame_that_the_cpu_makes(
    converter: Converter, size: tuple[int, int], area: Area, form: Form
) -> None:
    picture = as_picture(scene(*size), *form)
    frame = converter.model_input(picture, area)
    assert_same_frame(frame, picture, area)
    assert np.mean(np.abs(frame.astype(np.int16) - model_input(picture, area, SPEC)) > 1) < 0.001


def test_pictures_of_changing_size_and_format_each_get_their_own_frame(
    converter: Converter,
) -> None:
    for seed, (size, area) in enumerate(GEOMETRIES * 2):
        for pixel_format in PixelFormat:
            for repeat in range(2):
                picture = as_picture(scene(*size, seed=10 * seed + repeat), pixel_format)
                assert_same_frame(converter.model_input(picture, area), picture, area)


def test_two_pictures_on_their_way_do_not_mix(converter: Converter) -> None:
    """Another picture begins on each lane as soon as the one before it is finished."""
    pictures = [
        as_picture(scene(*size, seed=seed), PixelFormat.NV12)
        for seed, (size, _) in enumerate(GEOMETRIES * 4)
    ]
    areas = [area for _, area in GEOMETRIES * 4]
    earlier = converter.path.begin(pictures[0], areas[0])
    for index in range(1, len(pictures)):
        later = converter.path.begin(pictures[index], areas[index])
        earlier()
        lane = (index - 1) % 2
        assert_same_frame(converter.frame_of_lane(lane), pictures[index - 1], areas[index - 1])
        earlier = later
    earlier()


def test_more_pictures_than_lanes_are_refused(converter: Converter) -> None:
    picture = Picture(scene(480, 640))
    finish = [converter.path.begin(picture, picture.whole) for _ in range(2)]
    with pytest.raises(RuntimeError, match="2 pictures are on their way"):
        converter.path.begin(picture, picture.whole)
    for each in finish:
        each()
    converter.path.begin(picture, picture.whole)()


def test_a_picture_in_pinned_memory_is_uploaded_from_there(converter: Converter) -> None:
    memory = np.zeros(4 * 1080 * 1920 * 3 // 2 + 100, np.uint8)
    converter.path.pin(memory)
    size = 1080 * 1920 * 3 // 2
    for index in range(4):
        # Slots begin anywhere.
        slot = memory[index * size + index : (index + 1) * size + index]
        slot[:] = as_picture(scene(1080, 1920, seed=index), PixelFormat.NV12).pixels.reshape(-1)
        picture = Picture(slot.reshape(1620, 1920), PixelFormat.NV12)
        lock = converter.path._page_locks[0]
        assert lock.holds(picture.pixels)
        assert not lock.holds(picture.pixels.copy())
        assert_same_frame(converter.model_input(picture, picture.whole), picture, picture.whole)


def test_memory_that_cannot_be_pinned_is_only_slower(
    converter: Converter, caplog: pytest.LogCaptureFixture
) -> None:
    memory = np.zeros(480 * 640 * 3, np.uint8)
    converter.path.pin(memory)
    converter.path.pin(memory)  # twice is refused
    assert "pictures are copied once more than needed" in caplog.text
    picture = Picture(memory.reshape(480, 640, 3))
    assert_same_frame(converter.model_input(picture, picture.whole), picture, picture.whole)


def test_a_step_that_cannot_be_captured_is_refused_and_the_stream_stays_usable(
    converter: Converter,
) -> None:
    from models.backends.cuda.graph import CapturedGraph

    stream = converter.path.lanes[0].stream
    with pytest.raises(BackendError, match="refused a captured graph"):
        CapturedGraph(stream, lambda: _synchronise_quietly(stream))
    picture, area = Picture(scene(480, 640)), Area(0, 0, 640, 480)
    assert_same_frame(converter.model_input(picture, area), picture, area)


@pytest.mark.slow
def test_ten_thousand_pictures_leak_nothing(converter: Converter) -> None:
    """Of changing size and format, every other one in pinned memory."""
    import pycuda.driver as cuda

    pictures = [
        as_picture(scene(*size), pixel_format)
        for size, _ in GEOMETRIES
        for pixel_format in (PixelFormat.NV12, PixelFormat.BGR24)
    ]
    for index, picture in enumerate(pictures[::2]):
        memory = np.array(picture.pixels)
        converter.path.pin(memory)
        pictures[2 * index] = Picture(memory, picture.pixel_format)
    for picture in pictures:
        converter.path.begin(picture, picture.whole)()
    process = psutil.Process()
    free_before, _ = cuda.mem_get_info()
    resident_before = process.memory_info().rss
    for index in range(FRAMES):
        picture = pictures[index % len(pictures)]
        converter.path.begin(picture, picture.whole)()
    free_after, _ = cuda.mem_get_info()
    assert free_before - free_after <= 2 * MEBIBYTE
    assert process.memory_info().rss - resident_before <= 16 * MEBIBYTE


def assert_same_frame(frame: NDArray[np.uint8], picture: Picture, area: Area) -> None:
    """That it is the frame which the CPU makes, but for roundings."""
    assert np.abs(frame.astype(np.int16) - model_input(picture, area, SPEC)).mean() <= 0.1


def _synchronise_quietly(stream: object) -> None:
    """Waiting invalidates a capture; the driver's own complaint is not what is tested."""
    from cuda.bindings import driver

    driver.cuStreamSynchronize(driver.CUstream(stream.handle))  # type: ignore[attr-defined]
