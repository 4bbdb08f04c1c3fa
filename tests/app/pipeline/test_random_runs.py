"""Thousands of runs with faults, delays and stops drawn at random; each can be run again alone."""

from __future__ import annotations

import random
import threading
import time
from itertools import pairwise

import pytest

from app.pipeline.mailbox import DropPolicy
from app.pipeline.metrics import PipelineSnapshot, PipelineState
from app.pipeline.pipeline import Pipeline
from tests.app.pipeline.synthetic import (
    WATCHDOG_S,
    NumberedSource,
    NumberReader,
    NumberReaderAhead,
    NumberSink,
    Step,
    at_once,
    hang,
    pipeline_threads,
)

BATCHES = 16
RUNS_PER_BATCH = 160
PLACES = ["read", "enter", "segment", "exit", "write", "close", "interrupt"]
OF_SEGMENTER = {"enter", "segment", "exit"}


class FaultError(Exception):
    """A fault that a run was given."""


class Faults:
    """Breaks at the drawn places, and remembers what it really broke."""

    def __init__(self, draw: random.Random) -> None:
        count = draw.choice([0, 0, 1, 1, 1, 2])
        self._planned = {place: draw.randrange(24) for place in draw.sample(PLACES, count)}
        self.raised: dict[str, list[FaultError]] = {}

    def at(self, place: str, index: int | None = None) -> None:
        if place in self._planned and index in (None, self._planned[place]):
            error = FaultError(f"{place} {index}")
            self.raised.setdefault(place, []).append(error)
            raise error

    def least_index(self, *places: str) -> int | None:
        """The first frame that could not pass because of faults at ``places``."""
        return min((self._planned[place] for place in places if place in self.raised), default=None)


class Run:
    """One pipeline with everything about it drawn from ``seed``."""

    def __init__(self, seed: int) -> None:
        draw = random.Random(seed)
        self.policy = draw.choice(list(DropPolicy))
        self.faults = Faults(draw)
        self.count = draw.choice([0, 1, 2, draw.randrange(30), 30, 1 << 20])
        self.source = NumberedSource(self.count, self._step(draw, "read"))
        self.source.on_interrupt = lambda: self.faults.at("interrupt")
        self.segmenter = self._segmenter(draw)
        self.segmenter.on_enter = lambda: self.faults.at("enter")
        self.segmenter.on_exit = lambda: self.faults.at("exit")
        self.sink = NumberSink(self._step(draw, "write"))
        self.sink.on_close = lambda: self.faults.at("close")
        self.with_segmenter = draw.random() < 0.9
        live = self.policy is DropPolicy.LATEST
        self.capacity = draw.randint(1, 2 if live else 6)
        self.pipeline = Pipeline(
            self.source,
            self.segmenter if self.with_segmenter else None,
            self.sink,
            self.policy,
            capacity=self.capacity,
            mask_wait_ms=draw.choice([None, 0.0, 0.3, 2.0]) if live else None,
            restart_delay_s=draw.choice([0.0, 0.001]),
        )
        # An endless source must be stopped; any other may be.
        self.stops = self.count > 30 or draw.random() < 0.3
        self.stop_after_s = draw.choice([0.0, draw.uniform(0.0, 0.004)])
        self.watched = draw.random() < 0.3

    def _segmenter(self, draw: random.Random) -> NumberReader:
        step = self._step(draw, "segment")
        how = draw.choice(["one by one", "fails at the begin", "fails at the end"])
        depth = draw.randint(1, 4)
        if how == "fails at the begin":
            return NumberReaderAhead(depth, step if self.policy is DropPolicy.EVERY else at_once)
        if how == "fails at the end":
            return NumberReaderAhead(depth, before=step)
        return NumberReader(step)

    def _step(self, draw: random.Random, place: str) -> Step:
        delay_s = draw.choice([0.0, 0.0, 0.0001, 0.0004])
        share = draw.choice([0.1, 0.5, 1.0])
        own = random.Random(draw.random())

        def step(index: int) -> None:
            if delay_s and own.random() < share:
                time.sleep(delay_s)
            self.faults.at(place, index)

        return step

    def carry_out(self) -> tuple[FaultError | None, list[PipelineSnapshot]]:
        """What ``join`` raised, and the snapshots taken meanwhile."""
        stopper = threading.Timer(self.stop_after_s, self.pipeline.stop)
        snapshots = []
        if self.stops:
            stopper.start()
        self.pipeline.start()
        raised: FaultError | None = None
        try:
            while self.watched and not self.pipeline.join(0.0005):
                snapshots.append(self.pipeline.snapshot())
            if not self.pipeline.join(WATCHDOG_S):
                hang("the pipeline")
        except FaultError as error:
            raised = error
        if self.stops:
            stopper.join(WATCHDOG_S)
        return raised, snapshots


def check_failures(run: Run, raised: FaultError | None) -> None:
    fail_open = run.policy is DropPolicy.LATEST
    fatal = [
        error
        for place, errors in run.faults.raised.items()
        for error in errors
        if not (fail_open and place in OF_SEGMENTER)
    ]
    if raised is None:
        assert fatal == []
    else:
        assert raised in fatal
        notes = getattr(raised, "__notes__", [])
        others = [error for error in fatal if error is not raised]
        assert sorted(notes) == sorted(
            f"the pipeline also failed with {error!r}" for error in others
        )
    assert run.pipeline.join(WATCHDOG_S), "a failure is raised once"
    if fail_open:
        planned = sum(len(run.faults.raised.get(place, [])) for place in OF_SEGMENTER)
        assert run.pipeline.snapshot().segmenter_failures == planned


def check_delivery(run: Run) -> None:
    delivered = run.sink.indices
    assert run.sink.mismatches == 0
    assert all(earlier < later for earlier, later in pairwise(delivered))
    if run.policy is DropPolicy.EVERY:
        first_lost = run.faults.least_index("segment", "write")
        expected = run.source.given if first_lost is None else first_lost
        assert delivered == list(range(0 if "enter" in run.faults.raised else expected))
        assert run.sink.masked == (delivered if run.with_segmenter else [])
    elif delivered and "write" not in run.faults.raised:
        assert delivered[-1] == run.source.given - 1, "the newest frame wins"
    if not run.faults.raised and not run.stops:
        assert run.source.given == run.count


def check_ends(run: Run) -> None:
    assert (run.source.interrupts, run.sink.closed) == (1, 1)
    assert run.segmenter.entered == run.segmenter.left
    assert len(run.source.threads) <= 1
    assert len(run.segmenter.threads) <= 1
    assert len(run.sink.threads) == 1
    assert pipeline_threads() == []


def check_figures(run: Run, raised: FaultError | None, meanwhile: list[PipelineSnapshot]) -> None:
    final = run.pipeline.snapshot()
    assert final.state is (PipelineState.FAILED if raised else PipelineState.FINISHED)
    stages = [stage for stage in (final.read, final.segment, final.deliver) if stage is not None]
    assert len(stages) == 2 + run.with_segmenter
    for stage in stages:
        assert stage.frames_in == stage.frames_out + stage.dropped
        assert stage.depth == 0
    assert final.read.frames_in == run.source.given
    assert final.deliver.frames_out == len(run.sink.indices)
    assert final.masked == len(run.sink.masked)
    if run.policy is DropPolicy.EVERY and not run.faults.raised:
        assert all(stage.dropped == 0 for stage in stages)
    if run.policy is DropPolicy.LATEST and not {"read", "write"} & run.faults.raised.keys():
        assert final.deliver.frames_in == run.source.given
    for snapshot in meanwhile:
        assert snapshot.deliver.depth <= run.capacity
        assert snapshot.deliver.frames_in >= snapshot.deliver.frames_out + snapshot.deliver.dropped


@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_runs(batch: int) -> None:
    for number in range(RUNS_PER_BATCH):
        seed = batch * RUNS_PER_BATCH + number
        run = Run(seed)
        raised, snapshots = run.carry_out()
        try:
            check_failures(run, raised)
            check_delivery(run)
            check_ends(run)
            check_figures(run, raised, snapshots)
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise
