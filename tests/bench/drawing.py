"""What a 1080p frame costs the thread on which the window lives, in a window of that size."""

from __future__ import annotations

import statistics
import time

import cv2

from app.player.settings import MarkerKind
from app.player.shown import Shown
from app.sources.phantom import PhantomSource
from app.ui.marker_look import MarkerLook
from app.ui.picture_view import PictureView, Renderer
from models.picture import Picture, PixelFormat
from tests.bench.clip import HEIGHT, WIDTH
from tests.bench.report import Figure
from tests.bench.screen import application
from tests.ui.frames import in_format, shown

PICTURES = 6
"""Different frames, in the decoder's usual format; they are cycled."""
FRAMES = 60
_BAR_MS = {Renderer.RASTER: 10.0, Renderer.OPENGL: None}


def measure() -> list[Figure]:
    """Processor time of the GUI thread, by renderer and marker; means.

    What Mesa's own threads draw is not in it. OpenCV's threads would hide a part, so it gets none.
    """
    application()
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        source = PhantomSource(WIDTH, HEIGHT)
        frames = [_segmented(source, index) for index in range(PICTURES)]
        return [
            figure
            for renderer in (Renderer.RASTER, Renderer.OPENGL)
            for figure in _figures(renderer, frames)
        ]
    finally:
        cv2.setNumThreads(threads)


def _segmented(source: PhantomSource, index: int) -> Shown:
    answered = shown(Picture(source.image(index)), source.mask(index), source.area)
    return in_format(answered, PixelFormat.YUV420P)


def _figures(renderer: Renderer, frames: list[Shown]) -> list[Figure]:
    view = PictureView(None, renderer)
    view.resize(WIDTH, HEIGHT)
    view.show()
    try:
        return [_figure(renderer, kind, view, frames) for kind in MarkerKind]
    finally:
        view.close()
        view.deleteLater()
        application().processEvents()


def _figure(renderer: Renderer, kind: MarkerKind, view: PictureView, frames: list[Shown]) -> Figure:
    view.set_look(MarkerLook(kind=kind))
    application().processEvents()
    took_ms = []
    for index in range(FRAMES + PICTURES):
        begun_ns = time.thread_time_ns()
        view.show_frame(frames[index % PICTURES])
        application().processEvents()  # which paints
        if index >= PICTURES:
            took_ms.append((time.thread_time_ns() - begun_ns) / 1e6)
    took_ms.sort()
    name = "raster" if renderer is Renderer.RASTER else "OpenGL on Mesa"
    return Figure(
        f"GUI thread for a 1080p frame, {name}, {kind.value}",
        statistics.fmean(took_ms),
        "ms",
        at_most=_BAR_MS[renderer],
        note=f"p95 {took_ms[FRAMES * 95 // 100]:.1f} ms",
    )
