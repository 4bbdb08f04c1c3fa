"""Which GPU is said to be here."""

from __future__ import annotations

from typing import Any

import pytest

from models.backends.cuda.present import present_target

driver: Any = pytest.importorskip("cuda.bindings.driver", reason="needs cuda-bindings")

DONE = driver.CUresult.CUDA_SUCCESS
FAILED = driver.CUresult.CUDA_ERROR_INVALID_DEVICE


@pytest.mark.parametrize(
    ("initialised", "answers", "target"),
    [
        (DONE, [(DONE, 12), (DONE, 0)], "sm_120"),
        (DONE, [(DONE, 7), (FAILED, None)], None),
        (DONE, [(FAILED, None)], None),
        (FAILED, [], None),
    ],
)
def test_a_gpu_is_here_where_its_driver_answers_every_question(
    monkeypatch: pytest.MonkeyPatch,
    initialised: object,
    answers: list[tuple[object, int | None]],
    target: str | None,
) -> None:
    left = iter(answers)
    monkeypatch.setattr(driver, "cuInit", lambda _flags: (initialised,))
    monkeypatch.setattr(driver, "cuDeviceGetAttribute", lambda _attribute, _device: next(left))
    assert present_target() == target
    assert next(left, None) is None
