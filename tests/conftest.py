"""What holds for every test."""

from __future__ import annotations

import signal

from hypothesis import settings

# How long an example takes depends on the machine and on what else it does.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# A shell has its background jobs ignore Ctrl-C, and what they start inherits that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
