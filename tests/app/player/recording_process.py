"""``python -m tests.app.player.recording_process FOLDER``: records live video until it is killed.

It prints the number of each frame as it is captured.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from app.frame import Frame
from app.player.recorder import RecordingState
from app.sources.frame_stamp import read_stamp
from tests.app.player.live_watching import watched_live
from tests.app.recorded import LitPicture, videos
from tests.locations import ROOT
from tests.processor_wait import ProcessorWait
from tests.waiting import wait_until

SIZE, RATE = (160, 120), Fraction(30)


class _Printing(LitPicture):
    def read(self) -> Frame | None:
        frame = super().read()
        if frame is not None:
            os.write(sys.stdout.fileno(), b"%d\n" % (read_stamp(frame.picture) or 0))
        return frame


@dataclass(frozen=True, slots=True)
class Killed:
    """What is known of a process that was killed."""

    last_number: int
    """That it captured."""
    processor_wait_s: float
    """For how long its threads could have run and got no processor."""


def killed_recording(folder: Path, after_s: float) -> Killed:
    """Kills such a process ``after_s`` its file in ``folder`` is there."""
    command = [sys.executable, "-m", "tests.app.player.recording_process", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        wait_until(lambda: bool(videos(folder)), "it records")
        wait = ProcessorWait()
        time.sleep(after_s)
        wait_s = wait.s
        process.kill()
        lines = process.stdout.read().split(b"\n")
    return Killed(int(lines[-2]), wait_s)


def main(folder: Path) -> None:
    with watched_live(lambda: _Printing(SIZE, RATE)) as (session, _):
        while session.recording is None:
            session.start_recording(folder)
            time.sleep(0.001)
        while session.recording.state is not RecordingState.ENDED:
            time.sleep(0.1)
        sys.exit(session.recording.outcome)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
