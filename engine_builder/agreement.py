"""How far a cast graph, or an engine, strays from the FP32 graph on reference images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from engine_builder.command_line import EngineBuilderError
from engine_builder.images import is_polyp_free, read_frame, sha256_of_files
from engine_builder.precision import FP16, FP32, INT8
from models.backends.tensorrt_backend import TensorRTBackend
from models.engine_folder import Agreement
from models.evaluation.overlap import Overlap
from models.geometry import Area, Geometry, least_level
from models.regions import find_regions
from models.segmentation import Segmentation, Timings
from models.spec import ModelSpec
from models.weights import Weights

LEAST_IMAGES = 20
LEAST_MEAN_DICE = {FP32: 0.99, FP16: 0.99, INT8: 0.95}
CAST_GRAPH_ON_CPU = "cpu, cast graph"

_DECIMALS = 6
_ERRORS = 3
"""ONNX Runtime's log level; below it come remarks on single nodes."""

Infer = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
"""(H, W, 3) uint8 RGB to probability, (H, W) uint8."""


def on_cpu(graph: bytes, spec: ModelSpec) -> Infer:
    """Runs a serialised ONNX model in ONNX Runtime.

    Raises:
        EngineBuilderError: ONNX Runtime refuses the graph.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS
    # Fused integer operators know no half precision; unfused ones round at the very same places.
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    try:
        session = onnxruntime.InferenceSession(graph, options, ["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors share no base class of their own
        raise EngineBuilderError(f"ONNX Runtime refuses the graph: {error}") from error

    def infer(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        (probability,) = session.run([spec.output_name], {spec.input_name: frame[None]})
        return np.asarray(probability, np.uint8).reshape(spec.height, spec.width)

    return infer


def compare(
    infer: Infer,
    infer_fp32: Infer,
    files: Sequence[Path],
    spec: ModelSpec,
    *,
    measured_on: str,
    on_image: Callable[[], None],
) -> Agreement:
    """Compares two ways to run a model on the images ``files``; ``on_image`` follows each.

    Raises:
        EngineBuilderError: fewer than ``LEAST_IMAGES`` images, or a damaged one.
    """
    if len(files) < LEAST_IMAGES:
        raise EngineBuilderError(
            f"Only {len(files)} reference images were found where {LEAST_IMAGES} are needed; "
            "add a folder of them with --reference DIR."
        )
    level = least_level(spec.threshold)
    flipped_pixels, largest_difference, dices = 0, 0, []
    empty_images, empty_images_marked = 0, 0
    for path in files:
        frame = read_frame(path, spec)
        probability, fp32 = infer(frame), infer_fp32(frame)
        mask, fp32_mask = probability >= level, fp32 >= level
        flipped_pixels += int(np.count_nonzero(mask != fp32_mask))
        difference = np.abs(probability.astype(np.int16) - fp32)
        largest_difference = max(largest_difference, int(difference.max()))
        if _is_marked(fp32, spec):
            dices.append(Overlap.of(mask, fp32_mask).dice)
        else:
            # Of specks that nobody sees, one pixel would decide.
            marked = _is_marked(probability, spec)
            dices.append(float(not marked))
            if is_polyp_free(path):
                empty_images += 1
                empty_images_marked += marked
        on_image()
    return Agreement(
        measured_on=measured_on,
        reference_sha256=sha256_of_files(files),
        images=len(files),
        flipped_pixels=flipped_pixels,
        flipped_share=round(flipped_pixels / (len(files) * spec.height * spec.width), _DECIMALS),
        mean_dice=round(float(np.mean(dices)), _DECIMALS),
        least_dice=round(min(dices), _DECIMALS),
        largest_probability_difference=round(largest_difference / 255, _DECIMALS),
        empty_images=empty_images,
        empty_images_marked=empty_images_marked,
    )


def engine_agreement(
    folder: Path, weights: Weights, files: Sequence[Path], on_image: Callable[[], None]
) -> Agreement:
    """Compares the engine in ``folder``, run on the GPU, with ``weights`` in FP32.

    Raises:
        EngineBuilderError: see ``compare``.
        models.backends.base.BackendError: the engine does not run here.
    """
    with TensorRTBackend(folder) as backend:
        return compare(
            backend.infer,
            on_cpu(weights.content, weights.spec),
            files,
            weights.spec,
            measured_on=backend.info.device,
            on_image=on_image,
        )


def require_agreement(agreement: Agreement, precision: str) -> None:
    """Refuses a precision whose masks are not those of FP32.

    Raises:
        EngineBuilderError: the mean Dice is below ``LEAST_MEAN_DICE``.
    """
    least = LEAST_MEAN_DICE[precision]
    if agreement.mean_dice < least:
        raise EngineBuilderError(
            f"{precision} strays from FP32: mean Dice {agreement.mean_dice:.4f} on "
            f"{agreement.images} reference images ({agreement.measured_on}), where {least} is "
            "needed; use a higher precision, or more calibration images."
        )


def _is_marked(probability: NDArray[np.uint8], spec: ModelSpec) -> bool:
    whole = Geometry(
        spec.height, spec.width, Area(0, 0, spec.width, spec.height), spec.height, spec.width
    )
    answer = Segmentation(probability, 0, whole, Timings(0, 0))
    return bool(find_regions(answer, spec.threshold, spec.least_area, spec.core_margin).regions)
