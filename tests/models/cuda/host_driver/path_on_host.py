"""The fast path on the host driver: order, lanes, pinned memory, and what failures leave behind.

In a process of its own, which ``tests/models/cuda/test_path_on_host.py`` starts: whatever asks for
a driver here finds the host's.
"""

from __future__ import annotations

import ctypes
import logging
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from cuda.bindings import driver
from numpy.typing import NDArray

from models.engine_folder import EngineFolder, sha256_of, write_engine_folder
from models.engine_proof import EngineProof
from models.geometry import Area
from models.picture import Picture, PixelFormat
from models.preprocess import model_input
from models.spec import ModelSpec
from tests.models.cuda.host_driver import pycuda_on_host
from tests.models.engine_folders import KERNELS, PLAN, certificate
from tests.models.pictures import as_picture, scene

package = ModuleType("pycuda")
vars(package)["driver"] = pycuda_on_host
sys.modules.update({"pycuda": package, "pycuda.driver": pycuda_on_host})

from models.backends.base import BackendError  # noqa: E402 - pycuda had to be there first
from models.backends.cuda.device import Device, device_errors, require_success  # noqa: E402
from models.backends.cuda.fast_path import LANES, FastPath  # noqa: E402
from models.backends.cuda.graph import CapturedGraph  # noqa: E402
from models.backends.cuda.lane import Network  # noqa: E402
from models.backends.cuda.present import present_target  # noqa: E402
from models.backends.tensorrt_backend import TensorRTBackend  # noqa: E402

SPEC = ModelSpec(height=48, width=64)
ALLOCATIONS = 1 + 5 * LANES
"""Of the context; and of a lane: its input, and picture and probability on both sides."""

host = ctypes.CDLL("libcuda.so.1")


class FirstBytes:
    """A network whose probability is the beginning of its input."""

    def bind(self, input_address: int, output_address: int) -> None:
        self._addresses = output_address, input_address

    def enqueue(self, stream_handle: int) -> None:
        stream = driver.CUstream(stream_handle)
        require_success(
            driver.cuMemcpyDtoDAsync(*self._addresses, SPEC.height * SPEC.width, stream)
        )

    def close(self) -> None: ...


class WaitingFirstBytes(FirstBytes):
    """It waits for its stream, which nothing that is captured may do."""

    def enqueue(self, stream_handle: int) -> None:
        driver.cuStreamSynchronize(driver.CUstream(stream_handle))
        super().enqueue(stream_handle)


@contextmanager
def open_path(network: Callable[[], Network] = FirstBytes) -> Iterator[FastPath]:
    """As the TensorRT backend does."""
    with device_errors(), ExitStack() as cleanup:
        device = Device()
        cleanup.callback(device.close)
        path = FastPath(b"the host has its own kernels", SPEC, network)
        cleanup.callback(path.close)
        yield path


@pytest.fixture
def path() -> Iterator[FastPath]:
    with open_path() as path:
        yield path


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    before = host.host_left_behind()
    yield
    host.host_lose_device(False)
    host.host_limit_allocations(-1)
    assert host.host_left_behind() == before
    assert not host.host_is_current()


def assert_answers(probability: NDArray[np.uint8], picture: Picture, area: Area) -> None:
    """That ``probability`` is of this picture."""
    frame = model_input(picture, area, SPEC).reshape(-1)[: probability.size]
    assert np.abs(probability.reshape(-1).astype(np.int16) - frame).mean() <= 0.1


def pictures() -> list[tuple[Picture, Area]]:
    """Of changing size, area and format."""
    made = []
    for seed, pixel_format in enumerate([*PixelFormat] * 3):
        height, width = (96, 128) if seed % 2 else (180, 240)
        picture = as_picture(scene(height, width, seed), pixel_format)
        made.append((picture, picture.whole if seed % 3 else Area(10, 8, 100, 80)))
    return made


def test_each_picture_gets_its_own_answer(path: FastPath) -> None:
    for picture, area in pictures():
        for _ in range(2):
            assert_answers(path.begin(picture, area)(), picture, area)


def test_pictures_on_their_way_together_do_not_mix(path: FastPath) -> None:
    begun: deque[tuple[Callable[[], NDArray[np.uint8]], Picture, Area]] = deque()

    def finish_oldest() -> None:
        finish, picture, area = begun.popleft()
        assert_answers(finish(), picture, area)

    for picture, area in pictures():
        begun.append((path.begin(picture, area), picture, area))
        if len(begun) == LANES:
            finish_oldest()
    while begun:
        finish_oldest()


def test_the_answer_is_the_callers_own(path: FastPath) -> None:
    (one, area), (other, other_area) = pictures()[:2]
    answer = path.begin(one, area)()
    path.begin(other, other_area)()
    assert_answers(answer, one, area)


def test_more_pictures_than_lanes_are_refused(path: FastPath) -> None:
    picture, area = pictures()[0]
    begun = [path.begin(picture, area) for _ in range(LANES)]
    with pytest.raises(RuntimeError, match=f"{LANES} pictures are on their way"):
        path.begin(picture, area)
    for finish in begun:
        assert_answers(finish(), picture, area)


def test_an_area_outside_the_picture_takes_no_lane(path: FastPath) -> None:
    picture, area = pictures()[0]
    for _ in range(LANES + 1):
        with pytest.raises(ValueError, match="leaves the 240x180 picture"):
            path.begin(picture, Area(0, 0, 242, 180))
    assert_answers(path.begin(picture, area)(), picture, area)


def test_only_a_picture_in_pinned_memory_is_needed_until_the_end(path: FastPath) -> None:
    """The host driver uploads as late as it may: then it finds what was written meanwhile."""
    before, after = (scene(96, 128, seed) for seed in range(2))
    memory = np.zeros((2, 96, 128, 3), np.uint8)
    path.pin(memory)
    for pixels, seen in ((memory[1], after), (np.zeros_like(before), before)):
        pixels[:] = before
        picture = Picture(pixels)
        finish = path.begin(picture, picture.whole)
        pixels[:] = after
        assert_answers(finish(), Picture(seen), picture.whole)


def test_memory_that_cannot_be_pinned_is_only_slower(
    path: FastPath, caplog: pytest.LogCaptureFixture
) -> None:
    memory = np.zeros((96, 128, 3), np.uint8)
    path.pin(memory)
    assert caplog.messages == []
    path.pin(memory)
    (message,) = caplog.messages
    assert message.startswith("pictures are copied once more than needed: ")
    assert "(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED); raise the limit" in message
    assert caplog.records[0].levelno == logging.WARNING
    picture = Picture(memory)
    assert_answers(path.begin(picture, picture.whole)(), picture, picture.whole)


def test_it_can_be_left_with_pictures_on_their_way() -> None:
    picture, area = pictures()[0]
    with open_path() as path:
        for _ in range(LANES):
            path.begin(picture, area)


@pytest.mark.parametrize("allocations", range(ALLOCATIONS))
def test_wherever_memory_runs_out_nothing_is_left_behind(allocations: int) -> None:
    host.host_limit_allocations(allocations)
    with pytest.raises(BackendError, match="memory is full"), open_path():
        pytest.fail("opened without memory")
    host.host_limit_allocations(-1)
    picture, area = pictures()[0]
    with open_path() as path:
        assert_answers(path.begin(picture, area)(), picture, area)


@pytest.mark.parametrize("allocations", [0, 1])
def test_a_picture_that_does_not_fit_leaves_room_for_the_next(
    path: FastPath, allocations: int
) -> None:
    """A larger picture needs larger buffers, on both sides."""
    picture = Picture(scene(180, 240))
    host.host_limit_allocations(allocations)
    with pytest.raises(BackendError, match="memory is full"):
        path.begin(picture, picture.whole)
    smaller = Picture(scene(SPEC.height, SPEC.width))
    assert_answers(path.begin(smaller, smaller.whole)(), smaller, smaller.whole)
    host.host_limit_allocations(-1)
    assert_answers(path.begin(picture, picture.whole)(), picture, picture.whole)


def test_a_lost_device_is_an_error_each_time_and_comes_back() -> None:
    picture, area = pictures()[0]
    for _ in range(2):
        sentence = r"^The GPU failed \(.*\); start again"
        with pytest.raises(BackendError, match=sentence), open_path() as path:
            begun = [path.begin(picture, area) for _ in range(LANES)]
            host.host_lose_device(True)
            begun[0]()
        with pytest.raises(BackendError, match="The GPU failed"), open_path():
            pytest.fail("opened without a device")
        host.host_lose_device(False)
    with open_path() as path:
        assert_answers(path.begin(picture, area)(), picture, area)


@pytest.mark.parametrize("is_right", [True, False])
def test_an_engine_is_used_only_if_it_sees_what_it_should(
    path: FastPath, tmp_path: Path, is_right: bool
) -> None:
    frame = scene(SPEC.height, SPEC.width)
    seen = frame.reshape(-1)[: SPEC.height * SPEC.width].reshape(SPEC.height, SPEC.width)
    proof = EngineProof(frame, seen if is_right else 255 - seen).to_bytes()
    certified = certificate(spec=SPEC, proof_sha256=sha256_of(proof))
    write_engine_folder(tmp_path / "engine", EngineFolder(certified, PLAN, KERNELS, proof))
    backend = TensorRTBackend(tmp_path / "engine")
    refused = pytest.raises(BackendError, match=r"does not see .* \(Dice 0\.\d\d, .* --force$")
    with nullcontext() if is_right else refused:
        backend._prove(path)


def test_what_cannot_be_captured_is_refused_and_the_stream_stays_usable(path: FastPath) -> None:
    def wait_while_capturing() -> None:
        driver.cuStreamSynchronize(driver.CUstream(path.lanes[0].stream.handle))

    with pytest.raises(BackendError, match="refused a captured graph"):
        CapturedGraph(path.lanes[0].stream, wait_while_capturing)
    picture, area = pictures()[0]
    assert_answers(path.begin(picture, area)(), picture, area)


def test_a_network_that_cannot_be_captured_runs_all_the_same(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with open_path(WaitingFirstBytes) as path:
        for picture, area in pictures():
            assert_answers(path.begin(picture, area)(), picture, area)
    assert len(caplog.messages) == LANES
    for record in caplog.records:
        assert record.levelno == logging.WARNING
        assert record.message.startswith("each launch of the network costs its own time: The GPU")


def test_a_step_that_fails_while_it_is_captured_leaves_nothing_behind(path: FastPath) -> None:
    lane = path.lanes[0]

    def fail_half_way() -> None:
        lane.network.enqueue(lane.stream.handle)
        raise BackendError("the engine failed")

    with pytest.raises(BackendError, match="the engine failed"):
        CapturedGraph(lane.stream, fail_half_way)
    picture, area = pictures()[0]
    assert_answers(path.begin(picture, area)(), picture, area)


@pytest.mark.parametrize("asked", ["name", "compute_capability"])
def test_a_device_that_does_not_say_what_it_is_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    def refuse(device: pycuda_on_host.Device) -> None:
        raise pycuda_on_host.LogicError("it fell off the bus")

    monkeypatch.setattr(pycuda_on_host.Device, asked, refuse)
    with pytest.raises(BackendError, match="it fell off the bus"):
        Device()


def test_the_gpu_that_is_built_for_is_the_one_that_is_taken() -> None:
    device = Device()
    assert present_target() == device.target == "sm_75"
    device.close()
