"""The network, the ways to run it, and what they share.

Importing it switches off the usage events that ONNX Runtime would send from its import on.
"""

import os

# Here, since whatever imports ONNX Runtime, its quantiser and ModelOpt included, comes after this.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
