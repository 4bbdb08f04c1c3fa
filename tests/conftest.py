"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# How long an example takes depends on the machine and on what else it does.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
