"""The fast path where no engine is to be had."""

from __future__ import annotations


class NoNetwork:
    """Leaves the frame where the conversion wrote it, and the answer as it was."""

    def bind(self, input_address: int, output_address: int) -> None: ...

    def enqueue(self, stream_handle: int) -> None: ...

    def close(self) -> None: ...
