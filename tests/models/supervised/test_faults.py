"""The other process is killed, frozen, made to leak, to hang and to talk nonsense."""

from __future__ import annotations

import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.backends.base import BackendError
from models.geometry import Area
from models.picture import Picture
from models.supervised import segmenter_process
from models.supervised.json_messages import Ready
from models.supervised.messages import Answer
from models.supervised.supervised_segmenter import SupervisedSegmenter
from tests.leftovers import all_there_is, children, has_ended
from tests.locations import ROOT
from tests.models.supervised import child_segmenters as child
from tests.processor_wait import ProcessorWait
from tests.waiting import HANG_S, wait_until

PICTURES = 10_000
LONGEST_LIFE = 1_500
"""Of a process that is killed among them, in pictures."""
LEAK_BYTES = 4 << 20
"""With each picture, also while another process starts: a busy machine takes long for that."""
LEAK_LIMIT_BYTES = 200 << 20
NOTICED_WITHIN_S = 0.5
"""A network that is gone shows so soon."""
WHITE = Picture(np.full((8, 32, 3), 255, np.uint8))
GREY = Picture(np.full((8, 32, 3), 100, np.uint8))


def answers(segmenter: SupervisedSegmenter, frame_index: int = 0) -> bool:
    answer = segmenter.segment(GREY, frame_index)
    return answer.frame_index == frame_index and bool((answer.probability == 100).all())


def pid_of(segmenter: SupervisedSegmenter) -> int:
    assert segmenter.pid is not None
    return segmenter.pid


def wait_until_gone(pid: int) -> None:
    wait_until(lambda: has_ended(pid), f"the end of process {pid}")


def test_killed_between_two_pictures() -> None:
    with SupervisedSegmenter(child.echo) as segmenter:
        assert answers(segmenter)
        os.kill(pid_of(segmenter), signal.SIGKILL)
        with pytest.raises(BackendError, match=r"died \(Killed\); it has to be started again\.$"):
            segmenter.segment(GREY, 1)


def test_killed_at_work_is_noticed_before_silence_would_be() -> None:
    make = partial(child.echo_until_marked, child.hang)
    with SupervisedSegmenter(make) as segmenter:
        killer = threading.Timer(0.1, os.kill, (pid_of(segmenter), signal.SIGKILL))
        killer.start()
        with pytest.raises(BackendError, match=r"died \(Killed\)"):
            segmenter.segment(WHITE, 0)
        killer.join()


@pytest.mark.parametrize("at_work", [True, False])
def test_frozen_is_noticed_and_killed(at_work: bool) -> None:
    with SupervisedSegmenter(partial(child.echo_until_marked, child.stop)) as segmenter:
        pid = pid_of(segmenter)
        assert answers(segmenter)
        if not at_work:
            os.kill(pid, signal.SIGSTOP)
        wait = ProcessorWait()
        begun_s = time.monotonic()
        with pytest.raises(BackendError, match=r"was stopped; it has to be"):
            segmenter.segment(WHITE, 1)
        noticed_s = time.monotonic() - begun_s
        assert noticed_s >= segmenter_process.STOPPED_LIMIT_S
        assert noticed_s < NOTICED_WITHIN_S + wait.s
        wait_until_gone(pid)


def test_frozen_for_a_moment_is_nothing() -> None:
    with SupervisedSegmenter(child.echo) as segmenter:
        pid = pid_of(segmenter)
        for index in range(5):
            os.kill(pid, signal.SIGSTOP)
            thaw = threading.Timer(0.1, os.kill, (pid, signal.SIGCONT))
            thaw.start()
            assert answers(segmenter, index)
            thaw.join()
        assert segmenter.pid == pid


def test_long_work_is_no_silence() -> None:
    make = partial(child.echo_with_delays, 0, 1.5)
    with SupervisedSegmenter(make) as segmenter:
        assert all(answers(segmenter, index) for index in range(3))


@pytest.mark.parametrize(
    ("limit", "deed", "sentence"),
    [
        ("SILENCE_LIMIT_S", child.hold_all_up, "no sign of life for 1 s; it has to be"),
        ("ANSWER_LIMIT_S", child.hang, "has not answered for 1 s; it has to be"),
    ],
)
def test_silence_and_work_without_end_have_their_limits(
    limit: str, deed: child.Deed, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segmenter_process, limit, 1.0)
    with SupervisedSegmenter(partial(child.echo_until_marked, deed)) as segmenter:
        assert answers(segmenter)
        with pytest.raises(BackendError, match=sentence):
            segmenter.segment(WHITE, 1)


def test_a_start_without_end_has_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segmenter_process, "START_LIMIT_S", 1.0)
    with pytest.raises(BackendError, match="did not start within 1 s; it has to be"):
        SupervisedSegmenter(partial(child.slow_to_start, 1e6)).__enter__()


ANSWER = Answer(1, 1, 0, 0, 0, Area(0, 0, 32, 8), None)
SPEECHES = {
    "an empty kind": b"\x00",
    "an unknown kind": b"\xff" * 10,
    "the parent's own kind": bytes([2]) * 40,
    "half an answer": ANSWER.to_bytes()[:-1],
    "the answer to another number": Answer(0, 1, 0, 0, 0, Area(0, 0, 32, 8), None).to_bytes(),
    "the answer to another frame": Answer(1, 2, 0, 0, 0, Area(0, 0, 32, 8), None).to_bytes(),
    "more time than went by": Answer(1, 1, 0, 1 << 62, 0, Area(0, 0, 32, 8), None).to_bytes(),
    "an area outside": Answer(1, 1, 0, 0, 0, Area(0, 0, 33, 8), None).to_bytes(),
    "no area": Answer(1, 1, 0, 0, 0, Area(0, 0, 0, 0), None).to_bytes(),
    "a picture area outside": Answer(
        1, 1, 0, 0, 0, Area(0, 0, 32, 8), Area(1 << 31, 0, 1 << 31, 8)
    ).to_bytes(),
    "a wrong checksum": ANSWER.to_bytes(),
    "ready once more": Ready(child.SPEC, child.INFO).to_bytes(),
    "no JSON": bytes([5]) + b"{",
    "nested JSON": bytes([5]) + b"[" * 30_000,
    "other JSON": bytes([6]) + b'{"level": "high", "text": []}',
    "the longest message that is read": bytes(60_000),
}


@pytest.mark.parametrize("speech", SPEECHES)
def test_nonsense_is_refused_and_its_speaker_killed(speech: str) -> None:
    make = partial(child.echo_until_marked, partial(child.say, SPEECHES[speech]))
    with SupervisedSegmenter(make) as segmenter:
        pid = pid_of(segmenter)
        assert answers(segmenter)
        with pytest.raises(BackendError, match=r"talks nonsense \(.+\); it has to be started"):
            segmenter.segment(WHITE, 1)
        wait_until_gone(pid)


@pytest.mark.parametrize("where", ["start", "work"])
def test_who_waits_for_it_can_be_interrupted(where: str) -> None:
    make = partial(child.slow_to_start, 1e6)
    if where == "work":
        make = partial(child.echo_until_marked, child.hang)
    segmenter = SupervisedSegmenter(make)
    interrupter = threading.Timer(0.5 if where == "start" else 2.0, segmenter.interrupt)
    interrupter.start()
    with pytest.raises(BackendError, match=r"^The network was stopped\.$"), segmenter:
        segmenter.segment(WHITE, 0)
    interrupter.join()
    with pytest.raises(BackendError, match=r"^The network was stopped\.$"):
        segmenter.__enter__()


def test_an_answer_in_time_is_not_interrupted() -> None:
    with SupervisedSegmenter(child.echo) as segmenter:
        segmenter.interrupt()
        assert answers(segmenter)


def test_one_that_leaks_is_replaced_and_no_answer_is_missed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    make = partial(child.leaking, LEAK_BYTES)
    with (
        caplog.at_level(logging.WARNING),
        SupervisedSegmenter(make, memory_limit_bytes=LEAK_LIMIT_BYTES) as segmenter,
    ):
        pids = [pid_of(segmenter)]
        for index in range(2_000):
            assert answers(segmenter, index)
            if pid_of(segmenter) != pids[-1]:
                pids.append(pid_of(segmenter))
            if len(pids) == 3:
                break
            time.sleep(0.02)
    assert len(pids) == 3, "it was replaced twice"
    for pid in pids:
        wait_until_gone(pid)
    assert len(caplog.messages) >= 2
    assert all("MiB; another takes its place" in message for message in caplog.messages)


def test_a_successor_that_fails_leaves_the_old_one_its_place(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make = partial(child.leaking_and_failing_the_second_time, LEAK_BYTES, tmp_path / "started")
    with (
        caplog.at_level(logging.WARNING),
        SupervisedSegmenter(make, memory_limit_bytes=LEAK_LIMIT_BYTES) as segmenter,
    ):
        pid = pid_of(segmenter)
        index = 0
        while "keeps its place" not in caplog.text:
            assert answers(segmenter, index)
            index += 1
            time.sleep(0.02)
        assert answers(segmenter, index)
        assert segmenter.pid == pid
    assert "keeps its place: The device is gone; plug it in." in caplog.text


PARENT = """
import sys, time
import numpy as np
from functools import partial
from models.picture import Picture
from models.supervised.supervised_segmenter import SupervisedSegmenter
from tests.models.supervised import child_segmenters as child
from tests.processor_wait import ProcessorWait

with SupervisedSegmenter(partial(child.echo_until_marked, child.hang)) as segmenter:
    print(segmenter.pid, flush=True)
    if sys.argv[1] == "work":
        segmenter.segment(Picture(np.full((8, 32, 3), 255, np.uint8)), 0)
    time.sleep(1e6)
"""


@pytest.mark.parametrize("child_state", ["idle", "work", "stopped"])
def test_it_ends_with_its_parent_however_that_ends(child_state: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, child_state], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert children(parent.pid) == {pid}
        if child_state == "stopped":
            os.kill(pid, signal.SIGSTOP)
        parent.kill()
        assert parent.wait() == -signal.SIGKILL
    wait_until_gone(pid)


def test_the_terminals_interruption_is_not_for_it() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, "idle"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert os.getpgid(pid) != os.getpgid(parent.pid)
        os.killpg(parent.pid, signal.SIGINT)
        # The parent leaves the segmenter in good order, and is interrupted then.
        assert parent.wait(HANG_S) == -signal.SIGINT
    wait_until_gone(pid)


def test_it_brings_neither_qt_nor_torch() -> None:
    with SupervisedSegmenter(child.echo) as segmenter:
        libraries = Path(f"/proc/{pid_of(segmenter)}/maps").read_text()
    assert "cv2" in libraries
    assert "Qt6" not in libraries
    assert "libtorch" not in libraries


def test_twenty_restarts_leave_nothing_behind() -> None:
    segmenter = SupervisedSegmenter(child.echo)
    there: list[frozenset[str]] = []
    for number in range(20):
        with segmenter:
            assert answers(segmenter, number)
            if number % 2:
                os.kill(pid_of(segmenter), signal.SIGKILL)
                with pytest.raises(BackendError):
                    segmenter.segment(GREY, number)
        if number in (0, 19):
            there.append(all_there_is())
    assert not there[1] - there[0]


def stamped(number: int) -> Picture:
    """Every pixel's red is one byte of the number, in turn."""
    red = np.resize(np.frombuffer(number.to_bytes(4, "little"), np.uint8), (8, 32))
    return Picture(np.ascontiguousarray(np.repeat(red[:, :, np.newaxis], 3, axis=2)))


def number_in(probability: NDArray[np.uint8]) -> int:
    """Every pixel must agree."""
    copies = probability.reshape(-1, 4)
    assert (copies == copies[0]).all()
    return int.from_bytes(copies[0].tobytes(), "little")


@pytest.mark.slow
def test_stamped_pictures_have_no_mismatch_under_kills() -> None:
    draw = random.Random(7)
    segmenter = SupervisedSegmenter(partial(child.echo_with_delays, 7, 0.001))
    numbers = iter(range(PICTURES))
    answered = killed = 0
    while answered + killed < PICTURES:
        with segmenter:
            kill = (pid_of(segmenter), draw.choice([signal.SIGKILL, signal.SIGSTOP]))
            killer = threading.Timer(draw.uniform(0.0, 0.01), os.kill, kill)
            unharmed = draw.randrange(LONGEST_LIFE)
            try:
                for lived, number in enumerate(numbers):
                    if lived == unharmed:
                        killer.start()
                    answer = segmenter.segment(stamped(number), number)
                    assert number_in(answer.probability) == answer.frame_index == number
                    answered += 1
            except BackendError:
                killed += 1
            killer.cancel()
            if killer.is_alive():
                killer.join()
    assert (answered + killed, next(numbers, None)) == (PICTURES, None)
    assert killed >= 3
