"""A writer of raw video: ``python -m tests.app.sources.raw_writer PATH WIDTH HEIGHT RATE``.

Writes numbered pictures as RGB24 into a named pipe until it is killed. Says a line on standard
output before it opens the pipe.
"""

from __future__ import annotations

import itertools
import sys
import time
from contextlib import suppress

from tests.app.sources.videos import numbered_picture


def main() -> None:
    width, height, rate = map(int, sys.argv[2:])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        # Whoever read may have gone; the next open waits for somebody else.
        with suppress(BrokenPipeError), open(sys.argv[1], "wb", buffering=0) as pipe:  # noqa: PTH123
            begun_s = time.monotonic()
            for number in itertools.count():
                pipe.write(numbered_picture(number % 256, width, height).tobytes())
                time.sleep(max(0.0, begun_s + (number + 1) / rate - time.monotonic()))


if __name__ == "__main__":
    main()
