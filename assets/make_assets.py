"""Makes everything in this folder that shows the phantom; run as ``python -m assets.make_assets``.

``demo.mp4`` and ``reference/`` are rendered; ``golden/mask.png`` is what the shipped weights say of
``golden/frame.png`` in 32-bit floating point, so it is made anew whenever the weights change.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from app.sources.phantom import DEMO, PhantomSource
from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.geometry import mask_on_source
from models.picture import Picture
from models.segmenter import Segmenter
from models.weights import DEFAULT_WEIGHTS

FOLDER = Path(__file__).parent
REFERENCE_SIZE = (512, 384)
REFERENCE_FRAMES = {
    1: (0, 120, 210, 330),
    3: (20, 240, 285),
    8: (90, 150, 250),
    20: (60, 270),
    25: (40, 150),
    35: (10, 210, 250, 280),
    46: (225, 270),
}
"""Frames by seed."""
EMPTY_FRAMES = {3: (1089, 1122), 8: (693,), 10: (198, 891), 11: (1089,)}
"""Frames by seed in which there is no polyp, and in which the shipped weights find none."""
GOLDEN_SIZE = (640, 480)
GOLDEN_SEED, GOLDEN_FRAME = 35, 280


def main() -> None:
    make_demo(FOLDER / "demo.mp4")
    shutil.rmtree(FOLDER / "reference", ignore_errors=True)
    make_reference(FOLDER / "reference")
    make_golden(FOLDER / "golden")


def make_demo(path: Path) -> None:
    """The demo clip, H.264 in MP4."""
    with PhantomSource(**DEMO) as source, av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=source.info.rate)
        stream.width, stream.height = source.info.width, source.info.height
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "22", "preset": "medium"}
        stream.codec_context.colorspace = Colorspace.ITU709
        stream.codec_context.color_range = ColorRange.MPEG
        while (frame := source.read()) is not None:
            picture = av.VideoFrame.from_ndarray(frame.picture.pixels, format="rgb24").reformat(
                format="yuv420p",
                dst_colorspace=Colorspace.ITU709,
                src_color_range=ColorRange.JPEG,
                dst_color_range=ColorRange.MPEG,
            )
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def make_reference(folder: Path) -> None:
    """Pictures on which engines are compared; those named ``*_empty.png`` show no polyp."""
    folder.mkdir(parents=True, exist_ok=True)
    width, height = REFERENCE_SIZE
    for seeds, ending in ((REFERENCE_FRAMES, ""), (EMPTY_FRAMES, "_empty")):
        for seed, indices in seeds.items():
            with PhantomSource(width, height, seed=seed) as source:
                for index in indices:
                    name = f"phantom_{seed:03d}_{index:04d}{ending}.png"
                    write_png(folder / name, source.image(index))


def make_golden(folder: Path) -> None:
    """The frame on which every runtime proves itself, and the mask that it must give."""
    folder.mkdir(parents=True, exist_ok=True)
    width, height = GOLDEN_SIZE
    with PhantomSource(width, height, seed=GOLDEN_SEED) as source:
        picture = Picture(source.image(GOLDEN_FRAME))
    with Segmenter(OnnxRuntimeBackend(DEFAULT_WEIGHTS)) as segmenter:
        answer = segmenter.segment(picture, 0)
        mask = mask_on_source(answer.probability, answer.geometry, segmenter.spec.threshold)
    write_png(folder / "frame.png", picture.pixels)
    write_png(folder / "mask.png", mask.astype(np.uint8) * np.uint8(255))


def write_png(path: Path, image: NDArray[np.uint8]) -> None:
    """``image`` is RGB or grey.

    Raises:
        OSError: it could not be written.
    """
    if image.ndim == 3:
        image = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), np.uint8)
    if not cv2.imwrite(str(path), image, [cv2.IMWRITE_PNG_COMPRESSION, 9]):
        raise OSError(f"{path} could not be written; check the free space and the folder's rights.")


if __name__ == "__main__":
    main()
