from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from app.frame import Annotated, Frame
from app.pipeline.deliver_stage import DeliverStage
from app.pipeline.mailbox import DropPolicy, Mailbox
from app.pipeline.mask_wait import MaskWait
from app.pipeline.segment_stage import SegmentStage
from app.pipeline.ticket import Ticket
from models.picture import Picture
from tests.app.pipeline.synthetic import (
    WATCHDOG_S,
    NumberReader,
    NumberSink,
    drawn,
    segmentation_of,
)


def new_ticket(index: int = 0, read_ns: int = 0) -> Ticket:
    picture = Picture(np.repeat(drawn(index)[:, :, None], 3, axis=2))
    return Ticket(Frame(picture, index, 0.0, captured_ns=0), read_ns)


def masked(ticket: Ticket) -> Annotated:
    index = ticket.frame.index
    return Annotated(ticket.frame, segmentation_of(drawn(index), index))


def test_the_first_answer_stands() -> None:
    ticket = new_ticket()
    answer = masked(ticket)
    ticket.show(answer)
    ticket.cancel()
    ticket.show_unmasked()
    assert ticket.answered
    assert ticket.wait(None) is answer


def test_a_cancelled_frame_is_not_shown() -> None:
    ticket = new_ticket()
    ticket.cancel()
    ticket.show(masked(ticket))
    assert ticket.wait(None) is None


@pytest.mark.parametrize("timeout_s", [0.0, 0.01])
def test_a_mask_after_its_time_is_not_seen(timeout_s: float) -> None:
    ticket = new_ticket()
    shown = ticket.wait(timeout_s)
    ticket.show(masked(ticket))
    assert shown is not None
    assert shown.segmentation is None
    assert ticket.wait(None) is shown


def test_of_many_answers_at_once_all_see_the_same() -> None:
    for index in range(200):
        ticket = new_ticket(index)
        together = threading.Barrier(3)
        seen: list[Annotated | None] = []

        def mask(ticket: Ticket = ticket, together: threading.Barrier = together) -> None:
            together.wait()
            ticket.show(masked(ticket))

        def cancel(ticket: Ticket = ticket, together: threading.Barrier = together) -> None:
            together.wait()
            ticket.cancel()

        threads = [threading.Thread(target=mask), threading.Thread(target=cancel)]
        for thread in threads:
            thread.start()
        together.wait()
        seen.append(ticket.wait(0.0))
        for thread in threads:
            thread.join()
        seen.append(ticket.wait(None))
        assert seen[0] is seen[1]


def fail(error: BaseException) -> None:
    raise error


def test_a_frame_displaced_before_segmentation_goes_on_at_once() -> None:
    inbox = Mailbox[Ticket](1, DropPolicy.LATEST)
    stage = SegmentStage(
        NumberReader(), inbox, DropPolicy.LATEST, MaskWait(lambda: 1.0), 1.0, None, fail
    )
    stage.entered = True
    older, newer = new_ticket(0), new_ticket(1)
    stage.accept(older)
    assert not older.answered
    stage.accept(newer)
    assert older.answered
    assert not newer.answered
    shown = older.wait(None)
    assert shown is not None
    assert shown.segmentation is None


def test_a_frame_that_comes_before_the_segmenter_is_entered_goes_on_at_once() -> None:
    inbox = Mailbox[Ticket](1, DropPolicy.LATEST)
    stage = SegmentStage(
        NumberReader(), inbox, DropPolicy.LATEST, MaskWait(lambda: 1.0), 1.0, None, fail
    )
    ticket = new_ticket(0)
    stage.accept(ticket)
    assert ticket.answered
    shown = ticket.wait(None)
    assert shown is not None
    assert shown.segmentation is None
    assert stage.snapshot().frames_in == 1


def test_a_frame_displaced_before_delivery_is_not_segmented_any_more() -> None:
    stage = DeliverStage(
        NumberSink(), Mailbox[Ticket](1, DropPolicy.LATEST), MaskWait(lambda: 1.0), fail
    )
    older, newer = new_ticket(0), new_ticket(1)
    stage.accept(older)
    stage.accept(newer)
    assert older.answered
    assert older.wait(None) is None
    assert not newer.answered


def test_a_frame_that_was_read_long_ago_waits_no_longer() -> None:
    mask_wait_s = 2 * WATCHDOG_S
    sink, inbox = NumberSink(), Mailbox[Ticket](1, DropPolicy.LATEST)
    stage = DeliverStage(sink, inbox, MaskWait(lambda: mask_wait_s), fail)
    stage.accept(new_ticket(0, time.monotonic_ns() - int(mask_wait_s * 1e9)))
    stage.close()
    stage.start()
    assert stage.wait(WATCHDOG_S)
    assert (sink.indices, sink.masked, sink.closed) == ([0], [], 1)
