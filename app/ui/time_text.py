"""Times as a person reads them."""

from __future__ import annotations


def clock_text(seconds: float) -> str:
    """``0:03.2``, ``12:07.5`` or ``1:02:03.0``: to a tenth, rounded down as clocks do."""
    tenths = int(max(seconds, 0.0) * 10 + 1e-6)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    rest = f"{tenths // 10:02d}.{tenths % 10}"
    return f"{hours}:{minutes:02d}:{rest}" if hours else f"{minutes}:{rest}"


def timer_text(seconds: int) -> str:
    """``00:03``, ``12:07`` or ``1:02:03``: whole seconds that count up."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    rest = f"{minutes:02d}:{seconds:02d}"
    return f"{hours}:{rest}" if hours else rest


def length_text(seconds: float) -> str:
    """``0.8 s`` below a minute, otherwise ``1:23.4``."""
    return f"{seconds:.1f} s" if seconds < 59.95 else clock_text(seconds)
