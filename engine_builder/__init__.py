import models  # noqa: F401 - before ONNX Runtime, which it keeps from calling home
