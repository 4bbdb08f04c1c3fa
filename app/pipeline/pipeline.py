"""Source, segmenter and sink joined: every frame for recorded video, the newest for live video."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from threading import Lock

from app.pipeline.base import FrameSegmenter, Sink
from app.pipeline.deliver_stage import DeliverStage
from app.pipeline.mailbox import DropPolicy, Mailbox
from app.pipeline.mask_wait import MaskWait
from app.pipeline.metrics import PipelineSnapshot, PipelineState, Ring, percentiles
from app.pipeline.read_stage import ReadStage
from app.pipeline.segment_stage import SegmentStage
from app.sources.base import VideoSource

CAPACITY = {DropPolicy.EVERY: 8, DropPolicy.LATEST: 2}
"""Frames that may wait for the sink. Live video never queues more, so latency cannot build up."""
POLL_S = 0.2
"""Longest single wait of the caller's thread: some systems hold signals back during a wait."""


class Pipeline:
    """Three threads: read, segment, deliver. Each frame goes to the last two at the same time.

    The deliver stage takes the frames in order and waits for each one's segmentation. Under EVERY
    it waits as long as that takes, and no frame is left out: what is delivered is always the
    frames from 0 to some last one. Under LATEST it waits as ``MaskWait`` says, by default one frame
    time, then delivers the frame without; a segmentation that comes later is not seen. The policy
    changes nothing else but what a failing segmenter does: it ends recorded video; live video goes
    on without segmentation and enters the segmenter again later.

    Args:
        source: read on one thread and interrupted exactly once. Whoever opened it closes it, after
            ``join``.
        segmenter: entered, used and left on one thread; None delivers every frame without
            segmentation.
        sink: written to on one thread; closed exactly once by a pipeline that was started.
        policy: what happens when a stage cannot keep up.
        capacity: frames that may wait for the sink; by default ``CAPACITY`` of the policy, which is
            also the most under LATEST.
        mask_wait_ms: how long after it was read a live frame waits for its segmentation, at most
            ``LONGEST_MASK_WAIT_MS``; by default one frame time of the source. With more than that,
            frames for which the segmenter has no time are left out.
        restart_delay_s: pause before a live segmenter that failed is entered again; it doubles
            with each time within a minute, and after ``segment_stage.RESTARTS`` the segmenter stays
            out.
        on_segmenter_failure: called under LATEST with each failure, on the segmenter's thread; the
            snapshot has the latest one too.

    Raises:
        ValueError: ``capacity`` or ``mask_wait_ms`` does not fit the policy.
    """

    def __init__(
        self,
        source: VideoSource,
        segmenter: FrameSegmenter | None,
        sink: Sink,
        policy: DropPolicy,
        *,
        capacity: int | None = None,
        mask_wait_ms: float | None = None,
        restart_delay_s: float = 0.25,
        on_segmenter_failure: Callable[[Exception], None] | None = None,
    ) -> None:
        capacity = CAPACITY[policy] if capacity is None else capacity
        if policy is DropPolicy.LATEST and capacity > CAPACITY[policy]:
            raise ValueError(f"live video queues at most {CAPACITY[policy]} frames, not {capacity}")
        if policy is DropPolicy.EVERY and mask_wait_ms is not None:
            raise ValueError("mask_wait_ms is for live video; recorded video waits for every mask")

        self._source = source
        self._policy = policy
        self._mask_wait = MaskWait(lambda: float(1 / source.info.rate))
        self._mask_wait.longest_ms = mask_wait_ms if segmenter is not None else 0.0
        self._interrupt_claim = Lock()
        self._interrupt_under_way = Lock()
        self._interrupt_under_way.acquire()
        self._failures: list[BaseException] = []
        self._raise_claim = Lock()
        self._start_claim = Lock()
        self._launched = False

        self._segment: SegmentStage | None = None
        self._deliver = DeliverStage(
            sink,
            Mailbox(capacity, policy),
            None if segmenter is not None and policy is DropPolicy.EVERY else self._mask_wait,
            self._fail,
        )
        if segmenter is not None:
            self._segment = SegmentStage(
                segmenter,
                Mailbox(capacity if policy is DropPolicy.EVERY else 1, policy),
                policy,
                self._mask_wait,
                restart_delay_s,
                on_segmenter_failure,
                self._fail,
            )
        followers = [stage for stage in (self._segment, self._deliver) if stage is not None]
        self._read = ReadStage(
            source, followers, self._interrupt_claim.locked, self._finish_interrupt, self._fail
        )
        self._stages = [*followers, self._read]

    def start(self) -> None:
        """Starts the threads and returns.

        Raises:
            RuntimeError: the pipeline was started before, or the machine has no thread to give; in
                the second case everything has ended and the sink is closed.
        """
        self._claim_start()
        try:
            self._launch()
        except BaseException as error:
            self._give_up(error)
            raise

    def stop(self) -> None:
        """Ends the reading; frames already read are still segmented and delivered.

        Returns at once. May be called at any time, from any thread and from a signal handler, and
        again.
        """
        # Takes no lock that the interrupted thread could hold.
        self._interrupt()

    def set_mask_wait(self, mask_wait_ms: float | None) -> None:
        """From the next frame on; only for live video, with a segmenter."""
        self._mask_wait.longest_ms = mask_wait_ms

    @property
    def segment_p50_ms(self) -> float:
        """Median of what the segmenter took for each of the last frames; 0 while it is not known.

        ``snapshot`` has it too, with everything else that is measured, and costs many times more.
        """
        return 0.0 if self._segment is None else self._segment.p50_ms

    @property
    def segmenter_stays_out(self) -> bool:
        """Whether a live segmenter failed too often to be entered before ``retry_segmenter``."""
        return self._segment is not None and self._segment.stays_out

    def retry_segmenter(self) -> None:
        """Enters a segmenter again that stays out; otherwise does nothing. Any thread."""
        if self._segment is not None:
            self._segment.retry()

    def join(self, timeout_s: float | None = None) -> bool:
        """Waits for the end; True once every thread has ended, False after ``timeout_s``.

        Raises:
            BaseException: the first failure of any stage, as itself and once; later ones are its
                notes.
            RuntimeError: the pipeline was not started.
        """
        if not self._start_claim.locked():
            raise RuntimeError("the pipeline was not started; call start before join")
        if not self._wait(timeout_s):
            return False
        failures = self._take_failures()
        if failures:
            _add_notes(failures[0], failures[1:])
            raise failures[0]
        return True

    def run(self) -> PipelineSnapshot:
        """Starts, waits for the end and gives the final figures.

        When the calling thread is interrupted, such as by Ctrl-C, the pipeline is stopped, the
        frames on their way are delivered, and the interruption is raised; a second one does not
        wait for that.

        Raises:
            BaseException: as ``join``.
        """
        self._claim_start()
        try:
            self._launch()
            self._wait(None)
        except BaseException as error:
            self._give_up(error)
            raise
        self.join()
        return self.snapshot()

    def snapshot(self) -> PipelineSnapshot:
        """The figures of this moment; may be called from any thread at any time."""
        # Later stages first, so that no frame is seen out of a stage before it was seen in.
        state = self._state()
        deliver = self._deliver.snapshot()
        segment = self._segment.snapshot() if self._segment else None
        return PipelineSnapshot(
            state=state,
            read=self._read.snapshot(),
            segment=segment,
            deliver=deliver,
            masked=self._deliver.masked,
            latency=percentiles(self._deliver.latencies_ns),
            mask_latency=percentiles(self._segment.latencies_ns if self._segment else Ring()),
            segmenter_entered=self._segment is not None and self._segment.entered,
            segmenter_error=self._segment.error if self._segment else None,
            segmenter_failures=self._segment.failures if self._segment else 0,
        )

    def _state(self) -> PipelineState:
        if not self._start_claim.locked():
            return PipelineState.NEW
        if all(stage.ended for stage in self._stages):
            return PipelineState.FAILED if self._failures else PipelineState.FINISHED
        if self._interrupt_claim.locked():
            return PipelineState.STOPPING
        return PipelineState.RUNNING

    def _claim_start(self) -> None:
        if not self._start_claim.acquire(blocking=False):
            raise RuntimeError("a pipeline runs once; make a new one")

    def _launch(self) -> None:
        for stage in self._stages:
            stage.start()
        self._launched = True

    def _give_up(self, error: BaseException) -> None:
        """Ends everything because the calling thread met ``error``, which keeps the first place."""
        self.stop()
        if not self._launched:
            for stage in self._stages:
                stage.abandon()
        self._wait(None)
        _add_notes(error, self._take_failures())

    def _wait(self, timeout_s: float | None) -> bool:
        until_s = math.inf if timeout_s is None else time.monotonic() + timeout_s
        for stage in self._stages:
            while not stage.wait(min(POLL_S, max(0.0, until_s - time.monotonic()))):
                if time.monotonic() >= until_s:
                    return False
        return True

    def _fail(self, error: BaseException) -> None:
        self._failures.append(error)
        self._interrupt()

    def _interrupt(self) -> None:
        if not self._interrupt_claim.acquire(blocking=False):
            return
        try:
            self._source.interrupt()
        except BaseException as error:  # noqa: BLE001 - kept for the caller of join
            self._failures.append(error)
        finally:
            self._interrupt_under_way.release()

    def _finish_interrupt(self) -> None:
        """Returns once the source was interrupted, by whichever thread: it may then be closed."""
        self._interrupt()
        with self._interrupt_under_way:
            pass

    def _take_failures(self) -> list[BaseException]:
        """What went wrong, to the first who asks after the end; nothing to anyone later."""
        return self._failures if self._raise_claim.acquire(blocking=False) else []


def _add_notes(error: BaseException, others: Iterable[BaseException]) -> None:
    for other in others:
        error.add_note(f"the pipeline also failed with {other!r}")
