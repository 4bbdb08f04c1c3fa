"""Has a video file decoded by the CPU, or by the video unit of an NVIDIA GPU (NVDEC).

FFmpeg reads the stream either way, so order, times and rotation of the frames come from the same
code; with a GPU it has each picture decoded there, and brought back as NV12.
"""

from __future__ import annotations

import logging
from pathlib import Path

import av
import numpy as np
from av.codec.codec import Codec
from av.video.frame import VideoFrame

from app.sources.base import SourceError, SourceFormatError
from app.sources.container import new_gpu
from app.sources.decoded_picture import EIGHT_BIT_420, PictureMaker
from app.sources.decoder import Decoder
from app.sources.decoding import Decoding

_log = logging.getLogger(__name__)

_EXACT_CODECS = {"h264": "H.264", "hevc": "HEVC", "vp8": "VP8", "vp9": "VP9"}
"""Whose standards fix every bit of a picture, so that all decoders give the same; by name."""


class _RefusalError(Exception):
    """The GPU does not decode this file; the message is the rest of a sentence."""


def open_decoder(path: Path, decoding: Decoding) -> tuple[Decoder, VideoFrame]:
    """A decoder of ``path`` that has given its first frame, and that frame.

    Raises:
        SourceFormatError: no frame of it can be decoded.
        SourceError: it cannot be opened, or the GPU is to decode it and does not.
    """
    decoder, first = _begun(path, on_gpu=False)
    if decoding is Decoding.CPU:
        return decoder, first
    try:
        on_gpu = _begun_on_gpu(path, decoder.stream.codec_context.codec, first)
    except _RefusalError as refusal:
        if decoding is Decoding.AUTO:
            _log.info("%s is decoded on the CPU: %s.", path.name, refusal)
            return decoder, first
        decoder.close()
        raise SourceError(
            f"{path.name} is not decoded on the GPU: {refusal}; "
            "have the CPU decode it (--decoder cpu)."
        ) from refusal
    _log.info("%s is decoded on the GPU.", path.name)
    decoder.close()
    return on_gpu


def _begun_on_gpu(path: Path, codec: Codec, on_cpu: VideoFrame) -> tuple[Decoder, VideoFrame]:
    """As ``open_decoder``, with ``on_cpu`` as the first frame. Raises ``_RefusalError``."""
    if codec.name not in _EXACT_CODECS:
        names = ", ".join(_EXACT_CODECS.values())
        raise _RefusalError(f"it is {codec.name}, and none of {names}")
    if on_cpu.format.name not in EIGHT_BIT_420 or on_cpu.width % 2 or on_cpu.height % 2:
        kind = f"{on_cpu.format.name} of {on_cpu.width}x{on_cpu.height}"
        raise _RefusalError(f"its pictures are {kind}, and not 8-bit 4:2:0 of even size")
    try:
        new_gpu().create(codec)
    except av.FFmpegError as error:
        raise _RefusalError("no NVIDIA GPU with its driver was found") from error
    try:
        decoder, first = _begun(path, on_gpu=True)
    except SourceError as error:
        raise _RefusalError("the GPU fails") from error
    # Where the GPU cannot decode this kind of video, FFmpeg has the CPU do it.
    if first.format.name != "nv12":
        decoder.close()
        raise _RefusalError(
            "the GPU, or the video part of its driver, does not take "
            f"{_EXACT_CODECS[codec.name]} of this kind"
        )
    if not _same(first, on_cpu):
        decoder.close()
        raise _RefusalError("its first picture comes out differently there")
    return decoder, first


def _begun(path: Path, *, on_gpu: bool) -> tuple[Decoder, VideoFrame]:
    decoder = Decoder(path, on_gpu=on_gpu)
    try:
        first = decoder.next(lambda: False)
        if first is None:
            raise SourceFormatError(
                f"No frame of {path} can be decoded; copy it again from the recorder, "
                "or convert it to H.264."
            )
    except BaseException:
        decoder.close()
        raise
    return decoder, first


def _same(one: VideoFrame, other: VideoFrame) -> bool:
    """Whether both become the same picture at the same time. They are 8-bit 4:2:0."""
    pictures = PictureMaker(rotation=0)
    first, second = pictures.picture(one), pictures.picture(other)
    return (
        (one.pts, one.dts, one.rotation, one.interlaced_frame)
        == (other.pts, other.dts, other.rotation, other.interlaced_frame)
        and (first.matrix, first.full_range) == (second.matrix, second.full_range)
        and all(map(np.array_equal, first.planes(), second.planes()))
    )
