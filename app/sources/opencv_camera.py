"""Cameras and capture cards through OpenCV: the way in on Windows and macOS."""

from __future__ import annotations

import logging
import sys
import threading
import time
from fractions import Fraction

import cv2
import numpy as np

from app.frame import Frame
from app.sources.base import ReadReport, SourceError, SourceInfo, SourceNotFoundError, VideoSource
from app.sources.frame_rate import LARGEST_RATE, LEAST_RATE, UNKNOWN_RATE
from app.sources.live import CaptureWish, SourceLostError
from app.sources.live_times import TIME_BASE
from models.picture import Picture, PixelFormat

_INTERFACES = {"linux": cv2.CAP_V4L2, "darwin": cv2.CAP_AVFOUNDATION, "win32": cv2.CAP_MSMF}
"""Named, because otherwise OpenCV tries others, among them files of that number."""

_log = logging.getLogger(__name__)


class OpenCvCamera(VideoSource):
    """One opening of a camera. Pictures are BGR24, converted by OpenCV from what the camera gives.

    OpenCV tells neither the moment of capture nor of frames that were lost: ``captured_ns`` is the
    time of arrival. A waiting ``read`` ends with the next frame, or when OpenCV gives it up, which
    on Linux is after 10 s.

    Args:
        number: of the camera, from 0, in the system's own order.
        wish: what is wanted; the camera gives what comes nearest.

    Raises:
        SourceNotFoundError: no such camera can be opened.
    """

    def __init__(self, number: int, wish: CaptureWish) -> None:
        self._lock = threading.Lock()
        self._interrupted = threading.Event()
        self._closed = False
        self._index = 0
        self._origin_ns = 0
        self._name = f"Camera {number}"
        self._capture = cv2.VideoCapture(number, _INTERFACES.get(sys.platform, cv2.CAP_ANY))
        if not self._capture.isOpened():
            raise SourceNotFoundError(
                f"Camera {number} cannot be opened; plug it in, close other programmes that use "
                "it, or choose another from: python run_app.py devices"
            )
        try:
            self._info = self._set_up(wish)
        except BaseException:
            self._capture.release()
            raise
        _log.info("%s gives %dx%d", self._name, self._info.width, self._info.height)

    @property
    def info(self) -> SourceInfo:
        return self._info

    @property
    def report(self) -> ReadReport:
        return ReadReport()

    def read(self) -> Frame | None:
        with self._lock:
            if self._closed:
                raise SourceError(f"{self._name} is closed; open it again.")
            if self._interrupted.is_set():
                return None
            came, pixels = self._capture.read()
            if self._interrupted.is_set():
                return None
            if not came:
                raise SourceLostError(f"{self._name} gives no more pictures; plug it in again.")
            captured_ns = time.monotonic_ns()
            if self._index == 0:
                self._origin_ns = captured_ns
            ticks = (captured_ns - self._origin_ns) // 1000
            index = self._index
            self._index += 1
        frozen = np.ascontiguousarray(pixels, np.uint8)
        frozen.setflags(write=False)
        picture = Picture(frozen, PixelFormat.BGR24)
        return Frame(picture, index, float(ticks * TIME_BASE), captured_ns)

    def interrupt(self) -> None:
        self._interrupted.set()

    def close(self) -> None:
        self._interrupted.set()
        with self._lock:
            self._closed = True
            self._capture.release()

    def _set_up(self, wish: CaptureWish) -> SourceInfo:
        for what, value in (
            (cv2.CAP_PROP_FRAME_WIDTH, wish.width),
            (cv2.CAP_PROP_FRAME_HEIGHT, wish.height),
            (cv2.CAP_PROP_FPS, wish.rate),
        ):
            if value is not None:
                self._capture.set(what, float(value))
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        is_known = LEAST_RATE <= rate <= LARGEST_RATE
        return SourceInfo(
            name=self._name,
            width=int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            height=int(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
            rate=Fraction(rate).limit_denominator(1001) if is_known else UNKNOWN_RATE,
            time_base=TIME_BASE,
            live=True,
            codec=PixelFormat.BGR24.value,
        )
