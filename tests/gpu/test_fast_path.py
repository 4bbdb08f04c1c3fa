"""The fast path on the device: kernels against the CPU, and the graph against single steps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from models.backends.base import BackendError
from models.backends.cuda.compile import compile_cubin
from models.geometry import Area
from models.picture import ColourMatrix, Picture, PixelFormat
from models.preprocess import model_input
from models.spec import ModelSpec
from tests.models.pictures import as_picture, scene

pytestmark = pytest.mark.gpu

SPEC = ModelSpec()
GEOMETRIES = [
    ((1080, 1920), Area(0, 0, 1920, 1080)),
    ((1080, 1920), Area(562, 30, 1012, 1018)),
    ((480, 640), Area(0, 0, 640, 480)),
    ((240, 320), Area(10, 6, 202, 130)),
]


class Converter:
    """A fast path without an engine: its answer is the model's input."""

    def __init__(self, target: str) -> None:
        from models.backends.cuda.device import Device
        from models.backends.cuda.fast_path import FastPath

        self._device = Device()
        self.path = FastPath(compile_cubin(target), SPEC, lambda stream: None)

    def model_input(self, picture: Picture, area: Area) -> NDArray[np.uint8]:
        import pycuda.driver as cuda

        self.path.load(picture, area)
        self.path.run()
        frame = np.empty((SPEC.height, SPEC.width, 3), np.uint8)
        cuda.memcpy_dtoh(frame, self.path.input_address)
        return frame

    def close(self) -> None:
        self.path.close()
        self._device.close()


@pytest.fixture
def converter(target: str) -> Iterator[Converter]:
    converter = Converter(target)
    yield converter
    converter.close()


@pytest.mark.parametrize("pixel_format", PixelFormat)
@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", ColourMatrix)
@pytest.mark.parametrize(("size", "area"), GEOMETRIES)
def test_the_device_makes_the_frame_that_the_cpu_makes(
    converter: Converter,
    size: tuple[int, int],
    area: Area,
    matrix: ColourMatrix,
    full_range: bool,
    pixel_format: PixelFormat,
) -> None:
    picture = as_picture(scene(*size), pixel_format, matrix, full_range)
    difference = np.abs(
        converter.model_input(picture, area).astype(np.int16) - model_input(picture, area, SPEC)
    )
    assert difference.mean() <= 0.1
    assert np.mean(difference > 1) < 0.001


def test_pictures_of_changing_size_and_format_each_get_their_own_frame(
    converter: Converter,
) -> None:
    """Three times each: step by step, captured, launched again; then the next one."""
    for seed, (size, area) in enumerate(GEOMETRIES * 2):
        for pixel_format in PixelFormat:
            for repeat in range(3):
                picture = as_picture(scene(*size, seed=10 * seed + repeat), pixel_format)
                frame = converter.model_input(picture, area)
                wanted = model_input(picture, area, SPEC)
                assert np.abs(frame.astype(np.int16) - wanted).mean() <= 0.1


def test_a_step_that_cannot_be_captured_is_refused_and_the_stream_stays_usable(
    converter: Converter,
) -> None:
    from models.backends.cuda.graph import CapturedGraph

    stream = converter.path.stream
    with pytest.raises(BackendError, match="refused a captured graph"):
        CapturedGraph(stream, lambda: _synchronise_quietly(stream))
    picture, area = Picture(scene(480, 640)), Area(0, 0, 640, 480)
    frame = converter.model_input(picture, area)
    assert np.abs(frame.astype(np.int16) - model_input(picture, area, SPEC)).mean() <= 0.1


def _synchronise_quietly(stream: object) -> None:
    """Waiting invalidates a capture; the driver's own complaint is not what is tested."""
    from cuda.bindings import driver

    driver.cuStreamSynchronize(driver.CUstream(stream.handle))  # type: ignore[attr-defined]
