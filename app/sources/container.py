"""Opens a video file so that it can reach nothing but itself."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import av
from av.codec.hwaccel import HWAccel
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from app.sources.base import SourceError, SourceFormatError
from app.sources.regular_file import check_regular_file

IO_TIMEOUT_S = 5.0
"""Longest wait for the disk, in opening and in each later access."""

MAX_PIXELS = 8192 * 4320
"""Larger than any endoscope's picture; a damaged header can claim gigabytes."""

# Playlists and scripts (HLS, concat, image sequences, subtitles) name other files: containers only.
_FORMATS = ("avi", "matroska", "mov", "mpeg", "mpegts")
_DECODERS = (
    "av1",
    "dnxhd",
    "dvvideo",
    "ffv1",
    "ffvhuff",
    "h264",
    "hevc",
    "huffyuv",
    "libdav1d",
    "mjpeg",
    "mpeg1video",
    "mpeg2video",
    "mpeg4",
    "msmpeg4",
    "png",
    "prores",
    "rawvideo",
    "utvideo",
    "vp8",
    "vp9",
)
_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": ",".join(_FORMATS),
    "codec_whitelist": ",".join(_DECODERS),
    "max_pixels": str(MAX_PIXELS),
}


def new_gpu() -> HWAccel:
    """What FFmpeg is given to decode on the first NVIDIA GPU, in a CUDA context of its own.

    The network's context is not shared: FFmpeg refuses one that was made with other flags.
    """
    return HWAccel("cuda")


def open_container(path: Path, *, on_gpu: bool = False) -> tuple[InputContainer, VideoStream]:
    """The open file and its video stream; the caller closes the container.

    Args:
        on_gpu: decode on the GPU, which is there. FFmpeg has the CPU decode what the GPU cannot;
            frames that are not NV12 come from the CPU.

    Raises:
        SourceNotFoundError: there is no such file.
        SourceFormatError: the file holds no video of a known container and codec.
        SourceError: the file may not be read.
    """
    check_regular_file(path)
    try:
        # The protocol is named so that no file name can be taken for another protocol.
        container = av.open(
            f"file:{path.absolute()}",
            "r",
            options=_OPTIONS,
            metadata_errors="replace",  # a title need not be UTF-8 for the video to play
            timeout=(IO_TIMEOUT_S, IO_TIMEOUT_S),
            hwaccel=new_gpu() if on_gpu else None,
        )
    except PermissionError as error:
        raise SourceError(f"{path} may not be read; give yourself read permission.") from error
    except (av.FFmpegError, ValueError, UnicodeError) as error:
        raise SourceFormatError(
            f"{path} is not a video that can be read (MP4, MOV, MKV, WebM, AVI, MPEG and TS can); "
            "if its recording was cut off, repair it with the recorder's software, otherwise "
            "convert it to MKV."
        ) from error
    try:
        return container, _video_stream(container, path)
    except SourceError:
        container.close()
        raise


def packets_of(
    container: InputContainer, stream: VideoStream
) -> Generator[Packet[VideoStream], None, None]:
    """The packets of ``stream`` from where the container stands; an empty one ends them.

    Raises:
        av.FFmpegError: the container is damaged here; calling again goes on behind it.
    """
    try:
        yield from container.demux(stream)
    except IndexError:
        # PyAV looks for a stream that a transport stream showed only on the way. By then it has
        # given the last packet of ours.
        return


def video_streams(container: InputContainer) -> list[VideoStream]:
    """Those that hold a video; of several the first is the one that ``open_container`` gives."""
    # A cover picture of an audio file is a video stream too, of one frame.
    return [
        stream
        for stream in container.streams.video
        if not stream.disposition & av.stream.Disposition.attached_pic
    ]


def _video_stream(container: InputContainer, path: Path) -> VideoStream:
    streams = video_streams(container)
    if not streams:
        raise SourceFormatError(f"{path} holds no video stream; choose a file with a picture.")
    stream = streams[0]
    # PyAV leaves the context out where FFmpeg knows no decoder.
    codec_context = stream.codec_context
    if codec_context is None or codec_context.name not in _DECODERS:
        codec = "unknown" if codec_context is None else codec_context.name
        raise SourceFormatError(
            f"The video codec of {path} ({codec}) is not one that is read; "
            "convert the file to H.264."
        )
    codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    return stream
