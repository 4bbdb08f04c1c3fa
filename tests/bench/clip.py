"""The clip that everything is measured on: the phantom at 1080p, as a recorder would store it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av

from app.sources.phantom import PhantomSource
from models.picture import PixelFormat
from tests.locations import ROOT

FOLDER = ROOT / "build" / "bench"
WIDTH, HEIGHT = 1920, 1080
SCENE_FRAMES = 300
"""Frames that are rendered; longer clips repeat them forwards and backwards."""


def recorded_clip(frames: int, rate: int = 30) -> Path:
    """A 1080p H.264 file of ``frames`` frames at ``rate`` a second; made once, then kept."""
    path = FOLDER / f"phantom-1080p-{frames}-at-{rate}.mp4"
    if path.exists():
        return path
    FOLDER.mkdir(parents=True, exist_ok=True)
    scene = _scene(min(frames, SCENE_FRAMES))
    partial = path.with_suffix(".partial")
    with av.open(str(partial), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.options = {"preset": "veryfast", "crf": "20"}
        stream.codec_context.gop_size = 60
        for index in range(frames):
            lap, place = divmod(index, len(scene))
            picture = scene[place if lap % 2 == 0 else len(scene) - 1 - place]
            frame = picture.reformat(format="yuv420p")
            frame.pts = index
            frame.time_base = Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return partial.rename(path)


def _scene(frames: int) -> list[av.VideoFrame]:
    source = PhantomSource(WIDTH, HEIGHT, rate=30, seconds=frames / 30)
    scene = []
    with source:
        while (frame := source.read()) is not None:
            picture = frame.picture
            if picture.pixel_format is PixelFormat.RGB24:
                converted = av.VideoFrame.from_ndarray(picture.pixels, format="rgb24")
                scene.append(converted.reformat(format="yuv420p"))
            else:
                scene.append(
                    av.VideoFrame.from_ndarray(picture.pixels, format=picture.pixel_format.value)
                )
    return scene
