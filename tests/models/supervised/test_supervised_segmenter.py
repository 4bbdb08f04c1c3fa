"""A segmenter in a process of its own does what it would do here."""

from __future__ import annotations

import itertools
import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from models.backends.base import BackendError
from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.picture import Picture, PixelFormat
from models.segmenter import Segmenter
from models.supervised.supervised_segmenter import SupervisedSegmenter
from tests.models.pictures import as_picture, scene
from tests.models.supervised import child_segmenters as child
from tests.models.tiny_model import TINY_SPEC, write_tiny_model


def tiny(path: Path) -> Segmenter:
    return Segmenter(OnnxRuntimeBackend(path))


def grey(value: int, height: int = 8, width: int = 32) -> Picture:
    return Picture(np.full((height, width, 3), value, np.uint8))


def test_the_answers_are_those_of_a_segmenter_in_this_process(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path)
    # Smaller, larger and smaller again, in every format: memory grows on the way.
    pictures = [
        as_picture(scene(height, width, seed), pixel_format)
        for seed, (height, width) in enumerate([(48, 64), (240, 320), (120, 160)])
        for pixel_format in PixelFormat
    ]
    with tiny(path) as here, SupervisedSegmenter(partial(tiny, path)) as there:
        assert (there.spec, there.info) == (TINY_SPEC, here.info)
        for index, picture in enumerate(pictures):
            expected, answer = here.segment(picture, index), there.segment(picture, index)
            assert np.array_equal(answer.probability, expected.probability)
            assert answer.frame_index == index
            assert answer.geometry == expected.geometry
            assert answer.picture_area == expected.picture_area
            assert answer.timings.preprocess_ns > 0
            assert answer.timings.infer_ns > 0


def test_an_answer_is_the_callers_own() -> None:
    with SupervisedSegmenter(child.echo) as segmenter:
        answers = [segmenter.segment(grey(value), value).probability for value in range(10)]
    assert [int(answer.max()) for answer in answers] == list(range(10))
    answers[0][:] = 9


def test_it_is_another_process_and_may_be_entered_again() -> None:
    segmenter = SupervisedSegmenter(child.echo)
    assert segmenter.pid is None
    pids: set[int] = set()
    for _ in range(2):
        with segmenter:
            assert segmenter.pid is not None
            pids.add(segmenter.pid)
            assert segmenter.segment(grey(7), 0).probability.min() == 7
        assert segmenter.pid is None
        assert segmenter.info == child.INFO
    assert len(pids | {os.getpid()}) == 3
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def answers_until(segmenter: SupervisedSegmenter, condition: Callable[[], bool]) -> None:
    """Asks it picture after picture until the condition holds; no answer may be missing."""
    until_s = time.monotonic() + 60
    for index in itertools.count():
        if condition():
            return
        assert time.monotonic() < until_s
        assert segmenter.segment(grey(7, 48, 64), index).probability.min() == 7
        time.sleep(0.01)


def test_renewing_asks_for_the_segmenter_anew_and_no_answer_is_missed(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path)
    with SupervisedSegmenter(partial(tiny, path)) as segmenter:
        pid = segmenter.pid
        write_tiny_model(tmp_path, replace(TINY_SPEC, name="rebuilt"))
        segmenter.renew()
        answers_until(segmenter, lambda: segmenter.spec.name == "rebuilt")
        assert segmenter.pid != pid
        assert segmenter.info.passed_over == ()
    assert not Path(f"/proc/{pid}").exists()


def test_what_cannot_be_had_anew_leaves_the_old_one_its_place_and_says_why(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path)
    with SupervisedSegmenter(partial(tiny, path)) as segmenter:
        pid, info = segmenter.pid, segmenter.info
        path.unlink()
        segmenter.renew()
        answers_until(segmenter, lambda: segmenter.info != info)
        (notice,) = segmenter.info.passed_over
        assert notice.startswith("A new process of the network is not used: ")
        assert "There is no weights file" in notice
        assert segmenter.pid == pid


def test_outside_its_with_statement_it_refuses() -> None:
    segmenter = SupervisedSegmenter(child.echo)
    with pytest.raises(RuntimeError, match="only then is it known"):
        segmenter.spec  # noqa: B018
    with pytest.raises(RuntimeError, match="with statement"):
        segmenter.segment(grey(0), 0)
    with segmenter, pytest.raises(RuntimeError, match="entered already"):
        segmenter.__enter__()


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        (child.fail, "^The device is gone; plug it in.$"),
        (child.fail_unexpectedly, r"^The network failed \(ZeroDivisionError: by nothing\).$"),
        (child.crash, r"died \(Segmentation fault\); it has to be started again.$"),
        (child.leave, r"died \(exit code 3\); it has to be started again.$"),
    ],
)
def test_what_keeps_it_from_starting_is_said(what: child.Deed, sentence: str) -> None:
    with pytest.raises(BackendError, match=sentence):
        SupervisedSegmenter(partial(child.failing_to_start, what)).__enter__()


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        (child.fail, "^The device is gone; plug it in.$"),
        (child.fail_unexpectedly, r"^The network failed \(ZeroDivisionError: by nothing\).$"),
        (child.crash, r"died \(Segmentation fault\)"),
        (child.leave, r"died \(exit code 3\)"),
    ],
)
def test_what_ends_it_is_said_and_it_can_be_entered_again(what: child.Deed, sentence: str) -> None:
    segmenter = SupervisedSegmenter(partial(child.echo_until_marked, what))
    with segmenter:
        assert segmenter.segment(grey(7), 0).probability.min() == 7
        with pytest.raises(BackendError, match=sentence):
            segmenter.segment(grey(255), 1)
        with pytest.raises(BackendError, match="has to be started again"):
            segmenter.segment(grey(7), 2)
    with segmenter:
        assert segmenter.segment(grey(8), 3).probability.min() == 8


def test_what_it_logs_is_logged_here_and_what_it_prints_is_not_printed(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    make = partial(child.echo_until_marked, child.print_and_warn)
    with SupervisedSegmenter(make) as segmenter, caplog.at_level(logging.WARNING):
        segmenter.segment(grey(255), 0)
        segmenter.segment(grey(7), 1)
    assert caplog.messages == ["in the network's process: something to know"]
    assert caplog.records[0].levelno == logging.WARNING
    assert capfd.readouterr() == ("", "")


def test_what_cannot_reach_the_other_process_is_refused_before_one_is_started() -> None:
    with pytest.raises(AttributeError, match="local object"):
        SupervisedSegmenter(lambda: child.echo())
    with pytest.raises(ValueError, match="more than 65536 bytes"):
        SupervisedSegmenter(partial(tiny, Path("x" * 70_000)))
