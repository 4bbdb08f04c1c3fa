"""What is installed on this machine, and which runtimes give the right answer on it."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import av
import cv2
import numpy as np
from av.codec.codec import UnknownCodecError
from numpy.typing import NDArray

from app.installed import package_versions
from app.sources.base import SourceError
from app.sources.decoding import Decoding
from app.sources.opening import open_source
from app.version import version
from models.backends.base import BackendError
from models.backends.processor import processor_name
from models.backends.selection import AUTO, BACKEND_NAMES, choose_backend
from models.engine_folder import EngineFolderError
from models.geometry import mask_on_source
from models.picture import Picture
from models.segmentation import Segmentation
from models.segmenter import Segmenter
from models.weights import DEFAULT_WEIGHTS

GOLDEN_FRAME = Path(__file__).parents[1] / "assets" / "golden" / "frame.png"
GOLDEN_MASK = GOLDEN_FRAME.with_name("mask.png")
LEAST_IOU = 0.99
_DEMO_CLIP = Path(__file__).parents[1] / "assets" / "demo.mp4"

_PACKAGES = (
    "av",
    "numpy",
    "onnx",
    "onnxruntime",
    "onnxruntime-gpu",
    "opencv-python-headless",
    "openvino",
    "pillow",
    "pyarrow",
    "pycuda",
    "PyQt6",
    "tensorrt",
    "tensorrt-rtx-cu13",
    "tqdm",
)
_DECODERS = ("h264", "hevc", "mpeg2video", "mjpeg", "ffv1")
_ENCODERS = ("libx264", "png")


class CheckError(Exception):
    """The check itself cannot be made; the message is one sentence with the repair."""


@dataclass(frozen=True, slots=True)
class RuntimeReport:
    """One runtime, really run on the golden frame."""

    name: str
    works: bool
    """It ran, and its mask is the stored one but for ``LEAST_IOU``."""
    detail: str
    """What ran, or why it did not."""
    iou: float | None
    """Of its mask and the stored one, in [0, 1]; None where it did not run."""
    load_ms: float | None
    segment_ms: float | None
    """Of one frame, after a first one."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What was found."""

    polyplens: str
    python: str
    system: str
    processor: str
    gpus: tuple[str, ...]
    """Name and driver of each NVIDIA GPU."""
    gpu_decoding: str
    """``works``, or the sentence that says why no GPU decodes video here."""
    packages: Mapping[str, str]
    """Installed versions."""
    codecs: Mapping[str, bool]
    """What FFmpeg has of what is needed."""
    runtimes: tuple[RuntimeReport, ...]

    @property
    def works(self) -> bool:
        """Whether at least one runtime works."""
        return any(runtime.works for runtime in self.runtimes)


def check() -> CheckReport:
    """Looks around, and runs every runtime.

    Raises:
        CheckError: the golden frame or its mask is missing.
        models.weights.WeightsError: the shipped weights are missing or were changed.
    """
    codecs = {f"{name} (read)": _has_codec(name, "r") for name in _DECODERS}
    codecs |= {f"{name} (write)": _has_codec(name, "w") for name in _ENCODERS}
    return CheckReport(
        polyplens=version(),
        python=platform.python_version(),
        system=platform.platform(),
        processor=processor_name(),
        gpus=_gpus(),
        gpu_decoding=_gpu_decoding(),
        packages=package_versions(_PACKAGES),
        codecs=codecs,
        runtimes=tuple(_try(name) for name in BACKEND_NAMES if name != AUTO),
    )


def golden_picture() -> Picture:
    """The known frame on which a runtime is tried.

    Raises:
        CheckError: it is missing.
    """
    return Picture(_read(GOLDEN_FRAME, cv2.IMREAD_COLOR_RGB))


def golden_iou(segmentation: Segmentation, threshold: float) -> float:
    """Of the mask in ``segmentation``, of ``golden_picture``, and the stored one; in [0, 1].

    Raises:
        CheckError: the stored mask is missing.
    """
    mask = mask_on_source(segmentation.probability, segmentation.geometry, threshold)
    return _iou(mask, _read(GOLDEN_MASK, cv2.IMREAD_GRAYSCALE) > 0)


def as_json(report: CheckReport) -> str:
    return json.dumps(asdict(report) | {"works": report.works}, indent=2)


def as_table(report: CheckReport) -> str:
    """For a person, in lines."""
    lines = [
        f"PolypLens {report.polyplens} on Python {report.python}, {report.system}",
        f"Processor  {report.processor}",
        f"GPU        {'; '.join(report.gpus) or 'no NVIDIA GPU was found'}",
        f"Decoding   on the GPU: {report.gpu_decoding}",
        "",
        *_columns(report.packages.items()),
        "",
        *_columns((name, "yes" if there else "MISSING") for name, there in report.codecs.items()),
        "",
        f"Golden frame: the mask must agree with the stored one, IoU at least {LEAST_IOU}.",
        *_columns((runtime.name, _verdict(runtime)) for runtime in report.runtimes),
    ]
    return "\n".join(lines)


def _columns(rows: Iterable[tuple[str, str]]) -> list[str]:
    rows = list(rows)
    width = max((len(name) for name, _ in rows), default=0)
    return [f"{name:{width}}  {value}" for name, value in rows]


def _verdict(runtime: RuntimeReport) -> str:
    if runtime.iou is None:
        return f"does not run: {runtime.detail}"
    verdict = "passed" if runtime.works else "FAILED"
    return f"{verdict}, IoU {runtime.iou:.4f}, {runtime.segment_ms:.0f} ms, {runtime.detail}"


def _try(name: str) -> RuntimeReport:
    picture = golden_picture()
    begun_s = time.monotonic()
    try:
        with Segmenter(choose_backend(name, DEFAULT_WEIGHTS, None)) as segmenter:
            load_ms = (time.monotonic() - begun_s) * 1000
            segmenter.segment(picture, 0)
            begun_s = time.monotonic()
            segmentation = segmenter.segment(picture, 1)
            segment_ms = (time.monotonic() - begun_s) * 1000
            info, threshold = segmenter.info, segmenter.spec.threshold
    except (BackendError, EngineFolderError) as error:
        return RuntimeReport(name, False, str(error), None, None, None)
    iou = golden_iou(segmentation, threshold)
    detail = f"{info.version}, {info.precision}, {info.device}"
    return RuntimeReport(name, iou >= LEAST_IOU, detail, iou, load_ms, segment_ms)


def _read(path: Path, mode: int) -> NDArray[np.uint8]:
    image = cv2.imread(str(path), mode)
    if image is None:
        raise CheckError(f"{path} is missing or damaged; fetch it again.")
    return np.asarray(image, np.uint8)


def _iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    union = int(np.count_nonzero(one | other))
    return int(np.count_nonzero(one & other)) / union if union else 1.0


def _gpus() -> tuple[str, ...]:
    """What NVIDIA's own tool names; nothing where it is not installed or finds none."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ()
    query = [tool, "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(answer.stdout.splitlines())


def _gpu_decoding() -> str:
    try:
        open_source(_DEMO_CLIP, Decoding.GPU).close()
    except SourceError as error:
        return str(error)
    return "works"


def _has_codec(name: str, mode: Literal["r", "w"]) -> bool:
    try:
        av.Codec(name, mode)
    except UnknownCodecError:
        return False
    return True
