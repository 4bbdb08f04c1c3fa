"""From what a person typed to a source that delivers live."""

from __future__ import annotations

import time

from app.bench.paced_recording import PacedRecording
from app.sources.base import SourceError, VideoSource
from app.sources.live import CaptureWish, LiveSource
from app.sources.live_opening import TEST_PICTURE, is_live, open_live
from app.sources.opening import PHANTOM, open_source

_PATIENCE_S = 15.0
_POLL_S = 0.02


def open_paced(location: str, wish: CaptureWish) -> VideoSource:
    """``phantom`` is the live test picture; a recording comes at its own rate, or the wished one.

    Raises:
        SourceError: it cannot be opened, or gives no picture.
    """
    if location == PHANTOM:
        location = TEST_PICTURE
    if is_live(location):
        return _opened(open_live(location, wish))
    return PacedRecording(open_source(location), wish.rate)


def _opened(source: LiveSource) -> LiveSource:
    """``source``, once its size and rate are known."""
    patience_s = time.monotonic() + _PATIENCE_S
    try:
        while not source.info.width:
            if time.monotonic() > patience_s:
                raise SourceError(source.signal.sentence)
            time.sleep(_POLL_S)
    except BaseException:
        source.close()
        raise
    return source
