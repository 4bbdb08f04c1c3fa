"""Video files."""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from app.frame import Frame
from app.sources.base import ReadReport, SeekableSource, SourceError, SourceInfo
from app.sources.decoded_picture import PictureMaker
from app.sources.decoder import Decoder
from app.sources.decoding import Decoding
from app.sources.file_name import shown_name
from app.sources.frame_clock import FrameClock
from app.sources.gpu_decoding import open_decoder
from app.sources.ticks import first_not_before, seconds
from app.sources.timeline import Keyframe, Timeline, read_timeline

_DEFAULT_RATE = Fraction(25)
_RATE_LIMIT = 1000
"""Frames per second; more is a time base that was taken for a rate."""
_KEYFRAMES_TRIED = 4


class FileSource(SeekableSource):
    """A video file: MP4, MOV, MKV, WebM, AVI, MPEG or TS, and nothing outside it.

    Pictures are YUV420P, NV12 where a GPU decodes, with the file's own matrix and range, or RGB24
    for odd sizes and for RGB and grey video; rotation is applied, 10-bit becomes 8-bit. Where the
    resolution changes within the file, the pictures' sizes do. Damage is passed over and counted
    in ``report``; after a ``seek``, a damaged part that is read twice may count twice. A GPU does
    not tell what is damaged within a picture, so that is not counted then.

    Raises:
        SourceNotFoundError: there is no such file.
        SourceFormatError: no frame of it can be decoded.
        SourceError: it may not be read, or the GPU is to decode it and does not.
    """

    def __init__(self, path: Path, decoding: Decoding = Decoding.CPU) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._interrupted = threading.Event()
        self._closed = False
        self._decoder, first = open_decoder(path, decoding)
        self._info = _describe(path, self._decoder, first)
        self._pictures = PictureMaker(self._info.rotation)
        self._clock = self._new_clock()
        self._origin = self._stamp(first) or 0
        self._waiting: _Timed | None = _Timed(first, self._clock.ticks(self._origin))
        self._index = 0
        self._unconvertible = 0
        self._timeline: Timeline | None = None
        self._timeline_sought = False
        self._report = self._new_report()

    @property
    def info(self) -> SourceInfo:
        return self._info

    @property
    def report(self) -> ReadReport:
        return self._report

    @property
    def frame_times_s(self) -> NDArray[np.float64] | None:
        timeline = self._timeline
        if timeline is None:
            return None
        time_base = self._info.time_base
        ticks = timeline.pts - self._origin
        times_s: NDArray[np.float64] = ticks * time_base.numerator / time_base.denominator
        times_s.setflags(write=False)
        return times_s

    def read(self) -> Frame | None:
        with self._lock:
            self._require_open()
            try:
                return self._read()
            finally:
                self._report = self._new_report()

    def seek(self, pts_s: float) -> None:
        with self._lock:
            self._require_open()
            try:
                self._seek(first_not_before(pts_s, self._info.time_base))
            finally:
                self._report = self._new_report()

    def list_frames(self, on_progress: Callable[[float], None]) -> None:
        with self._lock:
            self._require_open()
            self._seek_timeline(on_progress)

    def interrupt(self) -> None:
        self._interrupted.set()

    def close(self) -> None:
        self._interrupted.set()
        with self._lock:
            self._closed = True
            self._waiting = None
            self._decoder.close()

    def _read(self) -> Frame | None:
        while not self._interrupted.is_set():
            timed = self._next()
            if timed is None:
                return None
            try:
                picture = self._pictures.picture(timed.frame)
            except (av.FFmpegError, ValueError, MemoryError):
                self._unconvertible += 1
                continue
            index = self._index
            self._index += 1
            return Frame(
                picture, index, seconds(timed.ticks, self._info.time_base), time.monotonic_ns()
            )
        return None

    def _next(self) -> _Timed | None:
        if self._waiting is not None:
            timed, self._waiting = self._waiting, None
            return timed
        frame = self._decoder.next(self._interrupted.is_set)
        return None if frame is None else _Timed(frame, self._clock.ticks(self._stamp(frame)))

    def _stamp(self, frame: VideoFrame) -> int | None:
        if self._decoder.format_name != "avi":
            return frame.pts
        # AVI times its packets in decoding order, and has no presentation times. The last frames
        # leave the decoder without a packet; they follow at the mean rate.
        return self._clock.expected if frame.dts is None else frame.dts

    def _seek(self, wanted: int) -> None:
        """``wanted`` in ticks."""
        self._seek_timeline(lambda _: None)
        self._waiting = None
        if self._timeline is None or not self._seek_by(self._timeline, wanted):
            self._seek_from_start(wanted)

    def _seek_timeline(self, on_progress: Callable[[float], None]) -> None:
        if not self._timeline_sought:
            self._timeline = read_timeline(
                self._path, self._origin, self._interrupted.is_set, on_progress
            )
            self._timeline_sought = not self._interrupted.is_set()

    def _seek_by(self, timeline: Timeline, wanted: int) -> bool:
        """Decodes from the keyframe before; False if the frame does not come out of that."""
        place = int(np.searchsorted(timeline.pts, self._origin + wanted))
        if place == len(timeline.pts):
            self._decoder.finish()
            return True
        stamp = int(timeline.pts[place])
        before = bisect_right(timeline.keyframes, stamp, key=lambda keyframe: keyframe.pts)
        # An earlier keyframe helps where decoding recovers only some frames after the nearest.
        for keyframe in reversed(timeline.keyframes[max(0, before - _KEYFRAMES_TRIED) : before]):
            frame = self._first_frame_from(keyframe, stamp)
            if frame is not None:
                self._clock.jump(stamp - self._origin)
                self._waiting = _Timed(frame, self._clock.ticks(stamp))
                self._index = place
                return True
        return False

    def _first_frame_from(self, keyframe: Keyframe, stamp: int) -> VideoFrame | None:
        """The frame with this stamp, decoded from this keyframe; None if that fails."""
        if not self._decoder.start_at(keyframe, self._interrupted.is_set):
            return None
        while (frame := self._decoder.next(self._interrupted.is_set)) is not None:
            if frame.pts is None or frame.pts > stamp:
                return None
            if frame.pts == stamp:
                return frame
        return None

    def _seek_from_start(self, wanted: int) -> None:
        """Decodes from the first frame on: slow, but right for every file."""
        if self._interrupted.is_set():
            return
        self._decoder.close()
        self._decoder = Decoder(self._path, on_gpu=self._decoder.on_gpu)
        self._clock = self._new_clock()
        self._index = 0
        while (timed := self._next()) is not None:
            if timed.ticks >= wanted:
                self._waiting = timed
                return
            self._index += 1

    def _new_clock(self) -> FrameClock:
        return FrameClock(step=round(1 / (self._info.rate * self._info.time_base)))

    def _require_open(self) -> None:
        if self._closed:
            raise SourceError(f"{self._info.name} is closed; open it again.")

    def _new_report(self) -> ReadReport:
        undecodable = self._decoder.undecodable + self._unconvertible
        sentences = (
            (undecodable, "{} left out, not being decodable."),
            (self._clock.skipped - undecodable, "{} missing where the times leave gaps."),
            (self._decoder.damaged, "{} decoded from damaged data and may show errors."),
            (self._clock.mended, "{} moved to the time after the last, having none that is later."),
        )
        messages = []
        tracks = self._decoder.video_tracks
        if tracks > 1:
            messages.append(f"The file holds {tracks} video tracks, of which the first is shown.")
        messages += [
            sentence.format("1 frame was" if count == 1 else f"{count} frames were")
            for count, sentence in sentences
            if count > 0
        ]
        if self._decoder.cut_off:
            messages.append("The file ends before its own header says: its recording was cut off.")
        return ReadReport(undecodable, self._decoder.cut_off, tuple(messages))


@dataclass(frozen=True, slots=True)
class _Timed:
    """A decoded frame and its ticks from the first one."""

    frame: VideoFrame
    ticks: int


def _describe(path: Path, decoder: Decoder, first: VideoFrame) -> SourceInfo:
    stream = decoder.stream
    rate = _mean_rate(stream)
    # A display matrix turns counter-clockwise; FFmpeg's angle for it may be off by rounding.
    rotation = round(-first.rotation / 90) % 4 * 90
    width, height = first.width, first.height
    if rotation % 180:
        width, height = height, width
    duration_s = decoder.duration_s
    estimate = None if duration_s is None else round(duration_s * rate)
    return SourceInfo(
        name=shown_name(path),
        width=width,
        height=height,
        rate=rate,
        time_base=stream.time_base or 1 / rate,
        frame_count=stream.frames or estimate,
        duration_s=duration_s,
        interlaced=first.interlaced_frame,
        rotation=rotation,
        codec=stream.codec_context.name,
        on_gpu=decoder.on_gpu,
    )


def _mean_rate(stream: VideoStream) -> Fraction:
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate is not None and 0 < rate <= _RATE_LIMIT:
            return rate
    return _DEFAULT_RATE
