"""Live video is recorded whatever else happens to it, and is shown whatever the recording does."""

from __future__ import annotations

import itertools
import os
import random
import threading
import time
from fractions import Fraction
from pathlib import Path

import pytest

from app.player import live_session
from app.player.live_session import LiveSession
from app.player.recorder import LONGEST_WAIT_S, RecordingState, RecordingStatus
from app.player.segmenter_thread import SegmenterError
from app.sinks.free_space import STOP_BYTES
from app.sinks.picture_video import PictureVideo
from app.sources.frame_stamp import read_stamp
from app.sources.live import SignalState
from models.picture import Picture
from tests.app.command import run_app, summary
from tests.app.player.live_watching import (
    CALM_RATE,
    SIZE,
    InTurn,
    StampSegmenter,
    calm_picture,
    watched_live,
)
from tests.app.player.recording_process import RATE, killed_recording
from tests.app.player.watching import Watcher, longer
from tests.app.recorded import LitPicture, numbers_and_times, table_of, videos
from tests.app.sources.faulty_device import FaultyDevice
from tests.app.sources.waiting import wait_for_state
from tests.waiting import wait_until

LOST_S = 1.0
"""So much video may be lost with the process."""
KILLS = 2


class LitInTurn(InTurn, LitPicture):
    """Every frame is shown, or its loss would be seen, and fills the frame."""


def start(session: LiveSession, folder: Path) -> None:
    def begun() -> bool:
        session.start_recording(folder)
        return session.recording is not None

    wait_until(begun, "the recording begins")


def stop(session: LiveSession) -> RecordingStatus:
    """What became of the recording."""
    session.stop_recording()
    return ended(session)


def ended(session: LiveSession) -> RecordingStatus:
    wait_until(lambda: status(session).state is RecordingState.ENDED, "the recording ends")
    return status(session)


def status(session: LiveSession) -> RecordingStatus:
    assert session.recording is not None
    return session.recording


def shown_numbers(watcher: Watcher) -> dict[int, float]:
    """The number in each frame that was shown, and the frame's time."""
    frames = [shown.frame for shown in list(watcher.shown)]
    return {read_stamp(frame.picture) or 0: frame.pts_s for frame in frames}


def masks_shown(watcher: Watcher) -> int:
    return sum(shown.segmentation is not None for shown in list(watcher.shown))


def wait_for_frames(watcher: Watcher, count: int) -> None:
    wait_until(longer(watcher.shown, len(watcher.shown) + count), "frames go on")


def test_every_frame_is_recorded_with_its_own_number_and_time(tmp_path: Path) -> None:
    watcher = Watcher()
    with watched_live(lambda: LitInTurn(watcher), watcher=watcher) as (session, _):
        wait_for_frames(watcher, 2)
        start(session, tmp_path)
        assert status(session).state is RecordingState.RECORDING
        wait_for_frames(watcher, 60)
        said = stop(session)
    (video,) = videos(tmp_path)
    numbers, times = numbers_and_times(video)
    captured = shown_numbers(watcher)
    # InTurn leaves out what a busy machine has no time for, so numbers may have gaps.
    first, last = numbers[0], numbers[-1]
    assert first is not None
    assert last is not None
    assert numbers == [number for number in sorted(captured) if first <= number <= last]
    assert len(numbers) >= 60
    expected_us = [round((captured[n] - captured[first]) * 1e6) for n in numbers if n is not None]
    assert [time * 1_000_000 for time in times] == expected_us
    assert said.outcome == f"The recording is {video}."
    assert (said.dropped, said.picture_found) == (0, True)
    assert said.seconds == int(times[-1])


def test_it_goes_on_while_the_picture_is_frozen_and_the_network_is_dead(tmp_path: Path) -> None:
    def broken() -> StampSegmenter:
        raise SegmenterError("There is no network.")

    with watched_live(lambda: LitPicture(SIZE, Fraction(CALM_RATE)), broken) as (session, watcher):
        wait_for_frames(watcher, 1)
        start(session, tmp_path)
        session.pause()
        frozen_s = time.monotonic()
        wait_until(lambda: status(session).seconds >= 2, "two seconds are recorded")
        assert watcher.shown[-1].frame.captured_ns < (frozen_s + 0.5) * 1e9
        stop(session)
    numbers, times = numbers_and_times(videos(tmp_path)[0])
    assert None not in numbers
    assert times[-1] >= 2


def test_the_table_holds_what_was_marked_when_its_mask_came_in_time(tmp_path: Path) -> None:
    watcher = Watcher()
    segmenter = StampSegmenter()
    with watched_live(lambda: LitInTurn(watcher), lambda: segmenter, watcher, mask_wait_ms=120) as (
        session,
        _,
    ):
        wait_until(lambda: masks_shown(watcher) > 0, "masks come")
        start(session, tmp_path)
        before = masks_shown(watcher)
        wait_until(lambda: masks_shown(watcher) >= before + 30, "masks go on")
        stop(session)
    (video,) = videos(tmp_path)
    numbers, times = numbers_and_times(video)
    marked = {
        read_stamp(shown.frame.picture): len(shown.findings.regions)
        for shown in watcher.shown
        if shown.findings is not None
    }
    rows = table_of(video)
    with_mask = [index for index, number in enumerate(numbers) if number in marked]
    # The last masks come after the recording has ended.
    assert len(rows) >= 20
    assert [int(row["index"]) for row in rows] == with_mask[: len(rows)]
    for row in rows:
        index = int(row["index"])
        assert int(row["regions"]) == marked[numbers[index]]
        assert float(row["time_s"]) == pytest.approx(float(times[index]), abs=1e-6)
    assert {int(row["regions"]) for row in rows} - {0}


def test_the_text_beside_the_picture_is_not_recorded(tmp_path: Path) -> None:
    """The test picture's number stands where an endoscope writes the patient's name."""
    with watched_live(calm_picture) as (session, watcher):
        wait_for_frames(watcher, 1)
        assert read_stamp(watcher.shown[-1].frame.picture) is not None
        start(session, tmp_path)
        wait_for_frames(watcher, 10)
        stop(session)
    numbers, _ = numbers_and_times(videos(tmp_path)[0])
    assert set(numbers) == {None}


class SlowEncoder:
    """Takes no picture until it is let go; counts what it was given then."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.let_go = threading.Event()
        write = PictureVideo.write

        def wait_and_write(video: PictureVideo, picture: Picture, time_s: float) -> None:
            self.let_go.wait()
            write(video, picture, time_s)

        monkeypatch.setattr(PictureVideo, "write", wait_and_write)


def test_a_slow_encoder_costs_recorded_frames_and_no_shown_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = SlowEncoder(monkeypatch)
    watcher = Watcher()
    with watched_live(lambda: LitInTurn(watcher), watcher=watcher) as (session, _):
        wait_for_frames(watcher, 1)
        start(session, tmp_path)
        wait_until(lambda: status(session).dropped >= 20, "frames are left out")
        assert status(session).state is RecordingState.RECORDING
        encoder.let_go.set()
        said = stop(session)
    shown = list(dict.fromkeys(watcher.indices))  # a picture is told again when its state changes
    assert shown == list(range(len(shown)))  # LitInTurn: none was displaced
    numbers, times = numbers_and_times(videos(tmp_path)[0])
    captured = shown_numbers(watcher)
    assert None not in numbers
    between = [n for n in captured if (numbers[0] or 0) <= n <= (numbers[-1] or 0)]
    assert len(between) == len(numbers) + said.dropped
    first_s = captured[numbers[0] or 0]
    for number, time_s in zip(numbers, times, strict=True):
        assert float(time_s) == pytest.approx(captured[number or 0] - first_s, abs=2e-6)
    assert f"too slow for {said.dropped} of its frames" in said.outcome


def test_a_disk_that_hangs_holds_up_neither_the_picture_nor_the_closing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_session, "SAVING_LIMIT_S", 0.1)
    most_waiting = round(LONGEST_WAIT_S * CALM_RATE)
    encoder = SlowEncoder(monkeypatch)
    with watched_live(calm_picture) as (session, watcher):
        wait_for_frames(watcher, 1)
        start(session, tmp_path)
        wait_for_frames(watcher, most_waiting + 10)
        session.stop_recording()
        assert status(session).state is RecordingState.SAVING
        session.start_recording(tmp_path)  # not before the last one has ended
        assert status(session).state is RecordingState.SAVING
        wait_for_frames(watcher, 5)
        assert not session.close(0.1)
        encoder.let_go.set()
    assert len(numbers_and_times(videos(tmp_path)[0])[0]) >= most_waiting


def test_a_lost_signal_leaves_a_gap_and_another_size_another_file(tmp_path: Path) -> None:
    device = FaultyDevice(rate=50)
    with watched_live(device.open) as (session, watcher):
        wait_for_frames(watcher, 5)
        start(session, tmp_path)
        wait_for_frames(watcher, 20)
        device.plugged = False
        source = session._source
        assert source is not None
        wait_for_state(source, SignalState.NO_SIGNAL)
        assert status(session).state is RecordingState.RECORDING
        device.plugged = True
        wait_for_frames(watcher, 20)
        device.size = (96, 64)
        before = len(watcher.shown)
        wait_until(lambda: watcher.shown[-1].frame.picture.width == 96, "the other size comes")
        wait_for_frames(watcher, 20)
        said = stop(session)
    first, second = videos(tmp_path)
    assert second.name == f"{first.stem}-2.mp4"
    assert said.outcome.startswith(f"The recording is {first} and 1 more part(s) beside it.")
    shown_s = [shown.frame.pts_s for shown in watcher.shown[:before]]
    longest_s = max(later - sooner for sooner, later in itertools.pairwise(shown_s))
    _, times = numbers_and_times(first)
    gaps = [float(later - sooner) for sooner, later in itertools.pairwise(times)]
    assert max(gaps) == pytest.approx(longest_s, abs=0.1)
    assert numbers_and_times(second)[1][0] == 0


def test_a_folder_that_cannot_be_written_is_said_and_the_picture_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with watched_live(calm_picture) as (session, watcher):
        wait_for_frames(watcher, 1)
        start(session, tmp_path / "file")
        said = ended(session)
        wait_for_frames(watcher, 5)
        assert said.outcome.startswith("The recording ended. ")
        assert "cannot be written (File exists); check the output folder" in said.outcome
        start(session, tmp_path / "folder")  # elsewhere it goes at once
        wait_until(lambda: status(session).state is RecordingState.RECORDING, "it records")
        wait_for_frames(watcher, 5)
        assert stop(session).outcome.startswith(f"The recording is {tmp_path / 'folder'}")


def test_a_full_disk_keeps_what_was_recorded_and_the_picture_goes_on(small_disk: Path) -> None:
    with watched_live(lambda: LitPicture(SIZE, Fraction(CALM_RATE))) as (session, watcher):
        wait_for_frames(watcher, 1)
        start(session, small_disk)
        wait_until(lambda: bool(status(session).warning), "scarce room is said")
        assert "GB are left" in status(session).warning
        wait_until(lambda: status(session).seconds >= 1, "a second is recorded")
        free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
        (small_disk / "filler").write_bytes(bytes(free - STOP_BYTES + 4096))
        said = ended(session)
        (video,) = videos(small_disk)
        assert "The disk is nearly full" in said.outcome
        assert said.outcome.endswith(f"What was recorded before is {video}.")
        wait_for_frames(watcher, 10)
    numbers, times = numbers_and_times(video)
    assert None not in numbers
    assert times[-1] >= 1


def test_closing_the_video_completes_the_recording_and_replay_takes_it(tmp_path: Path) -> None:
    with watched_live(lambda: LitPicture((320, 240), Fraction(CALM_RATE))) as (session, watcher):
        wait_for_frames(watcher, 1)
        start(session, tmp_path)
        wait_for_frames(watcher, 30)
    (video,) = videos(tmp_path)
    recorded = len(numbers_and_times(video)[0])
    assert recorded >= 25
    assert b"moof" not in video.read_bytes()[:1000]  # a whole file, not one that was cut off
    options = ("--backend", "onnxruntime", "--input-size", "64")
    result = run_app("replay", video, "-o", tmp_path / "out", *options)
    assert result.returncode == 0, result.stderr
    replayed = summary(tmp_path / "out" / video.stem)
    assert (replayed["outcome"], replayed["frames"]) == ("complete", recorded)


def test_nothing_is_said_to_be_recorded_where_no_picture_came(tmp_path: Path) -> None:
    device = FaultyDevice()
    device.plugged = False
    with watched_live(device.open) as (session, _):
        start(session, tmp_path)
        assert stop(session).outcome == "Nothing was recorded: no picture came."
    assert list(tmp_path.iterdir()) == []


def test_a_recording_of_nothing_but_black_is_called_so(tmp_path: Path) -> None:
    device = FaultyDevice(rate=50)
    device.black = True
    with watched_live(device.open) as (session, watcher):
        wait_for_frames(watcher, 1)
        start(session, tmp_path)
        wait_for_frames(watcher, 10)
        said = stop(session)
    assert not said.picture_found
    assert said.outcome.endswith("It is black: the endoscope's picture was not found.")


def test_a_killed_recording_opens_and_has_lost_at_most_a_second(tmp_path: Path) -> None:
    moments = random.Random(13)
    for kill in range(KILLS):
        folder = tmp_path / str(kill)
        killed = killed_recording(folder, moments.uniform(1.5, 3.0))
        (video,) = videos(folder)
        kept = [number for number in numbers_and_times(video)[0] if number is not None]
        assert kept == sorted(set(kept))
        lost_s = float((killed.last_number - kept[-1]) / RATE)
        assert 0 <= lost_s <= LOST_S + killed.processor_wait_s
