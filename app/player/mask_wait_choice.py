"""How long live frames wait for their masks when nobody has said it."""

from __future__ import annotations

from app.pipeline.mask_wait import LONGEST_MASK_WAIT_MS

_STEADY = 0.8
"""A network that was too slow is fast enough again when it takes this share of a frame time."""


class MaskWaitChoice:
    """One frame time, or ``LONGEST_MASK_WAIT_MS`` while the network is slower than the video.

    Holding frames back helps only where masks come within that time: a network that takes longer
    marks nothing, and the video is shown as it comes.
    """

    def __init__(self) -> None:
        self._slow = False

    def choose(self, network_ms: float, frame_ms: float) -> float | None:
        """The wait in ms; None: one frame time.

        Args:
            network_ms: what the network takes for a frame; 0: not known yet.
            frame_ms: the source's frame time.
        """
        # The network takes the newest frame, which is up to one frame time old by then.
        in_time = network_ms + frame_ms <= LONGEST_MASK_WAIT_MS
        self._slow = in_time and network_ms > frame_ms * (_STEADY if self._slow else 1.0)
        return float(LONGEST_MASK_WAIT_MS) if self._slow else None
