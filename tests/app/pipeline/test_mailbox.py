"""The bounded hand-over: what waits, what is displaced, who is woken."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from app.pipeline.mailbox import DropPolicy, Mailbox, MailboxClosedError, MailboxCounts
from tests.threads import on_a_thread


@pytest.mark.parametrize("policy", DropPolicy)
def test_what_fits_is_taken_in_order(policy: DropPolicy) -> None:
    mailbox = Mailbox[int](3, policy)
    assert [mailbox.put(number) for number in range(3)] == [None, None, None]
    assert mailbox.counts() == MailboxCounts(accepted=3, displaced=0, depth=3)
    assert [mailbox.take() for _ in range(3)] == [0, 1, 2]
    assert mailbox.counts() == MailboxCounts(accepted=3, displaced=0, depth=0)


def test_latest_displaces_the_oldest_and_counts_it() -> None:
    mailbox = Mailbox[int](2, DropPolicy.LATEST)
    assert [mailbox.put(number) for number in range(5)] == [None, None, 0, 1, 2]
    assert mailbox.counts() == MailboxCounts(accepted=5, displaced=3, depth=2)
    assert [mailbox.take(), mailbox.take()] == [3, 4]


def test_every_waits_for_room() -> None:
    mailbox = Mailbox[int](1, DropPolicy.EVERY)
    mailbox.put(0)
    with on_a_thread(lambda: mailbox.put(1)) as displaced:
        time.sleep(0.05)
        assert displaced == []
        assert mailbox.counts().accepted == 1
        assert mailbox.take() == 0
    assert mailbox.take() == 1


def test_take_waits_for_an_item() -> None:
    mailbox = Mailbox[int](1, DropPolicy.EVERY)
    with on_a_thread(mailbox.take) as taken:
        time.sleep(0.05)
        assert taken == []
        mailbox.put(7)
    assert taken == [7]


@pytest.mark.parametrize("policy", DropPolicy)
def test_after_close_what_waits_is_taken_then_none(policy: DropPolicy) -> None:
    mailbox = Mailbox[int](2, policy)
    mailbox.put(0)
    mailbox.put(1)
    mailbox.close()
    mailbox.close()
    with pytest.raises(MailboxClosedError):
        mailbox.put(2)
    assert [mailbox.take() for _ in range(4)] == [0, 1, None, None]
    assert mailbox.counts() == MailboxCounts(accepted=2, displaced=0, depth=0)


def test_close_wakes_the_taker() -> None:
    mailbox = Mailbox[int](1, DropPolicy.EVERY)
    with on_a_thread(mailbox.take) as taken:
        time.sleep(0.02)
        mailbox.close()
    assert taken == [None]


def test_discard_gives_back_what_waits_and_refuses_the_waiting_giver() -> None:
    mailbox = Mailbox[int](2, DropPolicy.EVERY)
    mailbox.put(0)
    mailbox.put(1)

    def give() -> None:
        with pytest.raises(MailboxClosedError):
            mailbox.put(2)

    with on_a_thread(give) as given:
        time.sleep(0.02)
        assert mailbox.discard() == [0, 1]
    assert given == [None], "it was refused"
    assert mailbox.take() is None
    assert mailbox.discard() == []


@pytest.mark.parametrize("capacity", [0, -1])
def test_no_room_at_all_is_refused(capacity: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Mailbox[int](capacity, DropPolicy.EVERY)


@pytest.mark.parametrize("capacity", [1, 2, 5])
def test_every_hands_ten_thousand_over_without_loss(capacity: int) -> None:
    mailbox = Mailbox[int](capacity, DropPolicy.EVERY)
    taken: list[int] = []
    deepest = 0

    def take() -> None:
        nonlocal deepest
        while (number := mailbox.take()) is not None:
            taken.append(number)
            deepest = max(deepest, mailbox.counts().depth)

    with on_a_thread(take):
        for number in range(10_000):
            mailbox.put(number)
        mailbox.close()
    assert taken == list(range(10_000))
    assert deepest <= capacity


def test_latest_never_delays_the_giver_and_loses_nothing_uncounted() -> None:
    mailbox = Mailbox[int](2, DropPolicy.LATEST)
    taken: list[int] = []

    def take() -> None:
        while (number := mailbox.take()) is not None:
            taken.append(number)
            time.sleep(0.0005)

    with on_a_thread(take):
        displaced = [mailbox.put(number) for number in range(10_000)]
        mailbox.close()
    lost = [number for number in displaced if number is not None]
    assert sorted(taken + lost) == list(range(10_000))
    assert taken[-2:] == [9998, 9999]
    assert all(earlier < later for earlier, later in pairwise(taken))
    assert mailbox.counts() == MailboxCounts(10_000, len(lost), 0)


def test_a_full_mailbox_stays_full_while_nobody_takes() -> None:
    mailbox = Mailbox[int](2, DropPolicy.LATEST)
    for number in range(1000):
        mailbox.put(number)
    assert mailbox.counts() == MailboxCounts(accepted=1000, displaced=998, depth=2)
