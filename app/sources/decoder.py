"""Decodes one video file, past damage, and tallies what the damage cost."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from app.sources.base import SourceError
from app.sources.container import open_container, packets_of, video_streams
from app.sources.timeline import Keyframe

_STALL_LIMIT_S = 8.0
_READ_ERRORS_LIMIT = 16
"""Errors of the container in a row, after which the rest of the file is given up."""

_GPU_ERRORS_LIMIT = 8
"""Errors of the GPU in a row, after which it is taken for lost; damaged pictures come fewer."""
_GPU_ERRORS = (av.error.ExternalError, av.error.BlockingIOError)

_HEADER_TOLERANCE_S = 0.5
_PROGRESSIVE = (0, 1)  # AVFieldOrder: unknown, progressive

# Codecs whose every packet is a frame, unless it is interlaced and a packet may be one field.
_FRAME_PER_PACKET = frozenset({"ffv1", "h264", "hevc", "mjpeg", "mpeg2video", "mpeg4"})


class Decoder:
    """Frames of the file in presentation order. Belongs to one thread.

    Args:
        on_gpu: as in ``open_container``. A GPU does not tell what is damaged within a picture:
            such frames are given, and not counted.

    Raises:
        SourceError: the file cannot be opened.
    """

    def __init__(self, path: Path, *, on_gpu: bool = False) -> None:
        self._path = path
        self.on_gpu = on_gpu
        self._container, self.stream = open_container(path, on_gpu=on_gpu)
        self.video_tracks = len(video_streams(self._container))
        # Half the cores: the network needs the others, and each thread holds a frame more. Whole
        # frames come out the same for any number; damaged ones are patched up differently.
        self.stream.thread_count = max(1, min(4, (os.cpu_count() or 1) // 2))
        self.stream.thread_type = "FRAME"
        self._packets: Iterator[Packet[VideoStream]] = packets_of(self._container, self.stream)
        self._ready: deque[VideoFrame] = deque()
        self._ended = False
        self._from_start = True
        self._sent = 0
        self._given = 0
        self._errors = 0
        self._read_errors_in_row = 0
        self._gpu_errors_in_row = 0
        self._end_reached: int | None = None
        self.damaged = 0
        """Frames given although parts of them are damaged."""
        self.cut_off = False
        """Known once the end is reached: the file ends before its header says."""

    @property
    def format_name(self) -> str:
        return self._container.format.name

    @property
    def duration_s(self) -> float | None:
        """From the first frame to the end, as far as the header tells."""
        if self._container.duration is None:
            return None
        return self._container.duration / av.time_base - self._late_s

    @property
    def undecodable(self) -> int:
        """Packets without a picture; at the end also those that the decoder dropped silently."""
        if self._ended and self._from_start and self._one_frame_per_packet():
            return max(self._errors, self._sent - self._given)
        return self._errors

    def next(self, interrupted: Callable[[], bool]) -> VideoFrame | None:
        """The next frame; None at the end or when interrupted.

        Raises:
            SourceError: the disk, or the decoder, gives nothing for seconds; or the GPU fails.
        """
        deadline_s = time.monotonic() + _STALL_LIMIT_S
        while not self._ready:
            if self._ended or interrupted():
                return None
            if time.monotonic() > deadline_s:
                raise self._stalled()
            self._advance()
        return self._ready.popleft()

    def start_at(self, keyframe: Keyframe, interrupted: Callable[[], bool]) -> bool:
        """Goes to this very keyframe; False if the container cannot get there."""
        self._ready.clear()
        self._ended = self._from_start = False
        # A demuxing in progress would have its time limit, long over, cut the seek short.
        self._packets = iter(())
        stamp = keyframe.pts if keyframe.dts is None else keyframe.dts
        try:
            self._container.seek(stamp, stream=self.stream)
            self._packets = packets_of(self._container, self.stream)
            for packet in self._packets:
                if interrupted() or packet.pts is None:
                    break
                if packet.is_keyframe and packet.pts >= keyframe.pts:
                    if packet.pts > keyframe.pts:
                        break
                    self._decode(packet)
                    return True
        except av.FFmpegError:
            pass
        return False

    def finish(self) -> None:
        """Makes ``next`` give None."""
        self._ready.clear()
        self._ended = True
        self._from_start = False

    def close(self) -> None:
        self.finish()
        self._packets = iter(())
        self._container.close()

    def _advance(self) -> None:
        """Reads and decodes one packet."""
        try:
            packet = next(self._packets)
        except StopIteration:
            self._ended = True
            self.cut_off = self.cut_off or self._ends_early()
        except av.error.ExitError as error:
            raise self._stalled() from error
        except av.FFmpegError:
            self._errors += 1
            self._read_errors_in_row += 1
            if self._read_errors_in_row < _READ_ERRORS_LIMIT:
                self._packets = packets_of(self._container, self.stream)
            else:
                self._ended = self.cut_off = True
                self._decode(None)
        else:
            self._read_errors_in_row = 0
            self._decode(packet)

    def _decode(self, packet: Packet[VideoStream] | None) -> None:
        """Decodes a packet; None, and the empty packet at the end, fetch what is still inside."""
        if packet is not None and packet.size:
            self._sent += not packet.is_discard
            if packet.pts is not None:
                end = packet.pts + (packet.duration or 0)
                self._end_reached = max(end, self._end_reached or end)
        try:
            frames = self.stream.decode(packet)
        except (av.FFmpegError, ValueError, MemoryError) as error:
            self._errors += 1
            if self.on_gpu and isinstance(error, _GPU_ERRORS):
                self._count_gpu_error(error)
            return
        if frames:
            self._gpu_errors_in_row = 0
        self._given += len(frames)
        self.damaged += sum(frame.is_corrupt for frame in frames)
        self._ready.extend(frames)

    def _count_gpu_error(self, error: Exception) -> None:
        self._gpu_errors_in_row += 1
        if self._gpu_errors_in_row == _GPU_ERRORS_LIMIT:
            self.finish()
            raise SourceError(
                f"The GPU stopped decoding {self._path.name}; "
                "have the CPU decode it (--decoder cpu)."
            ) from error

    @property
    def _late_s(self) -> float:
        """What Matroska's duration, which counts from 0, holds before the first frame."""
        start, end = self._container.start_time or 0, self._container.duration or 0
        is_late = self.format_name.startswith("matroska") and 0 < start < end
        return start / av.time_base if is_late else 0.0

    def _ends_early(self) -> bool:
        """Whether the header tells of more than was there. TS and MPEG have no such header."""
        if self._end_reached is None:
            return False
        if self.format_name.startswith("mov"):
            entries = self.stream.index_entries
            last = entries[len(entries) - 1] if len(entries) else None
            return last is not None and last.pos + last.size > self._container.size
        if self.format_name == "avi":
            return self._end_reached < self.stream.frames  # AVI counts time in frames
        if self.format_name.startswith("matroska") and self.duration_s is not None:
            reached_s = float(self._end_reached * (self.stream.time_base or 0)) - self._late_s
            return reached_s + _HEADER_TOLERANCE_S < self.duration_s
        return False

    def _one_frame_per_packet(self) -> bool:
        context = self.stream.codec_context
        return context.name in _FRAME_PER_PACKET and context.field_order in _PROGRESSIVE

    def _stalled(self) -> SourceError:
        self.finish()
        return SourceError(
            f"{self._path.name} gave no picture for {_STALL_LIMIT_S:g} s; copy it to a local disk, "
            "or cut the damaged part out."
        )
