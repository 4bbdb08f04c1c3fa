"""OpenVINO, imported so that it keeps what it does to itself.

``import openvino`` sends a usage event to an address on the network, from a process that it forks,
unless its package for that is missing; it is made to look missing before the import.
"""

from __future__ import annotations

import sys

sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

import openvino  # noqa: E402

__all__ = ["openvino"]
