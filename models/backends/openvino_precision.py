"""Decides whether OpenVINO may compute in BF16: only where the masks stay what FP32 makes them."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence

from models.backends.base import Aim
from models.backends.openvino_without_telemetry import openvino
from models.backends.reference_frames import REFERENCE_FOLDER, reference_files, reference_frame
from models.cache_file import CacheFile
from models.geometry import least_level
from models.spec import ModelSpec
from models.weights import Weights

LEAST_DICE = 0.99
"""The Dice of the BF16 masks against the FP32 masks that BF16 has to exceed."""

_log = logging.getLogger(__name__)


def compile_for_cpu(
    core: openvino.Core, model: openvino.Model, precision: str, aim: Aim
) -> openvino.CompiledModel:
    """``model`` on the CPU, in ``FP32``, ``BF16`` or ``INT8``.

    OpenVINO would pick BF16 by itself; the precision is always named. Compiled models are not
    cached: that would save a fifth of a second, and leave 70 MB of native code in the user's folder
    that nothing checks against the weights' checksum.
    """
    # What a quantised graph does not quantise, it computes in FP32.
    hint = {"FP32": "f32", "BF16": "bf16", "INT8": "f32"}[precision]
    return core.compile_model(
        model, "CPU", {"PERFORMANCE_HINT": aim.name, "INFERENCE_PRECISION_HINT": hint}
    )


def offers_bf16(core: openvino.Core) -> bool:
    """Whether the processor computes in BF16; elsewhere OpenVINO would pass it over in silence."""
    return "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def permitted_precision(core: openvino.Core, model: openvino.Model, weights: Weights) -> str:
    """``BF16`` where the processor offers it and Dice stays above ``LEAST_DICE``, else ``FP32``.

    Of a quantised model it is ``INT8``.

    The comparison takes seconds; its result is kept in the user's cache folder, for these weights
    at this size, this OpenVINO, this processor and these reference frames.
    """
    if weights.precision == "INT8":
        return "INT8"
    if not offers_bf16(core):
        return "FP32"
    references = reference_files()
    if not references:
        _log.warning("FP32 is used: %s holds no frames to check BF16 on.", REFERENCE_FOLDER)
        return "FP32"
    processor = core.get_property("CPU", "FULL_DEVICE_NAME")
    size = f"{weights.spec.width}x{weights.spec.height}"
    record = _record(weights.sha256, size, openvino.get_version(), processor, *references)
    dice = _recorded_dice(record)
    if dice is None:
        _log.info("Checking BF16 against FP32 on %d frames, once.", len(references))
        dice = _dice(core, model, weights.spec, references)
        record.store(repr(dice).encode())
    if dice > LEAST_DICE:
        return "BF16"
    _log.warning("FP32 is used: BF16 changes the masks (Dice %.4f against FP32).", dice)
    return "FP32"


def _dice(
    core: openvino.Core, model: openvino.Model, spec: ModelSpec, references: Sequence[bytes]
) -> float:
    """2 |A and B| / (|A| + |B|) of the two precisions' masks, over the pixels of all frames.

    0 where neither marks anything: such frames prove nothing.
    """
    requests = [
        compile_for_cpu(core, model, precision, Aim.LATENCY).create_infer_request()
        for precision in ("FP32", "BF16")
    ]
    level = least_level(spec.threshold)
    common = marked = 0
    for reference in references:
        inputs = {spec.input_name: reference_frame(reference, spec)[None]}
        one, other = (request.infer(inputs)[spec.output_name] >= level for request in requests)
        common += int((one & other).sum())
        marked += int(one.sum()) + int(other.sum())
    return 2 * common / marked if marked else 0.0


def _record(*made_from: str | bytes) -> CacheFile:
    """Where the result for just these is kept."""
    key = hashlib.sha256()
    for part in made_from:
        key.update(hashlib.sha256(part.encode() if isinstance(part, str) else part).digest())
    return CacheFile(f"{key.hexdigest()}.bf16-dice")


def _recorded_dice(record: CacheFile) -> float | None:
    content = record.load()
    return None if content is None else float(content)
