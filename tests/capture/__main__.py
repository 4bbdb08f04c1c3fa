"""``make capture-check``: the capture tests in the guest, with what they say as they say it."""

from __future__ import annotations

import argparse
import sys

from tests.capture.check import CYCLES, run_capture_tests
from tests.capture.debian import GuestUnavailableError
from tests.capture.guest import Guest


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.capture", description=__doc__)
    parser.add_argument(
        "--cycles",
        type=int,
        default=CYCLES,
        metavar="N",
        help="how often the card is unplugged, and its signal changed (default: %(default)s)",
    )
    arguments = parser.parse_args()
    try:
        return run_capture_tests(Guest(), sys.stdout.buffer, arguments.cycles)
    except (GuestUnavailableError, TimeoutError, RuntimeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
