"""Opens a network stream so that it can reach nothing but the address it was given."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from app.sources.base import SourceError, SourceFormatError
from app.sources.container import MAX_PIXELS
from app.sources.live import NoSignalError
from app.sources.regular_file import check_regular_file
from app.sources.srt import SrtReceiver
from app.sources.stream_address import StreamAddress, Transport
from app.sources.stream_socket import SILENCE_LIMIT_S, StreamSocket

WAKE_S = 0.25
"""FFmpeg's own network code returns this often, so that an interrupt is seen."""

_OPTIONS = {
    "codec_whitelist": "av1,h264,hevc,libdav1d,mjpeg,mpeg2video,mpeg4,vp8,vp9",
    "max_pixels": str(MAX_PIXELS),
    # What is read for probing is decoded right afterwards, so it costs no frame, and no delay.
    "analyzeduration": "100000",
    "probesize": "500000",
    "fpsprobesize": "0",
    "max_delay": "0",
}
_MPEGTS_OPTIONS = {"format_whitelist": "mpegts", "protocol_whitelist": "none"}
# A redirection to another server would need the protocol "rtsp" too, and is refused.
_RTSP_OPTIONS = {
    "format_whitelist": "rtsp",
    "protocol_whitelist": "tcp",
    "rtsp_transport": "tcp",
    "allowed_media_types": "video",
}
_SDP_OPTIONS = {
    "format_whitelist": "sdp",
    "protocol_whitelist": "rtp,udp",
    "allowed_media_types": "video",
    "reorder_queue_size": "0",
}


@dataclass(frozen=True, slots=True)
class StreamInput:
    """An open stream. ``receiver`` is None where FFmpeg does the networking."""

    container: InputContainer
    stream: VideoStream
    receiver: StreamSocket | SrtReceiver | None

    @property
    def failure(self) -> SourceError | None:
        """Why nothing more comes, where it is known."""
        return None if self.receiver is None else self.receiver.failure

    def interrupt(self) -> None:
        if self.receiver is not None:
            self.receiver.interrupt()

    def close(self) -> None:
        self.container.close()
        if self.receiver is not None:
            self.receiver.close()


def open_stream(address: StreamAddress) -> StreamInput:
    """
    Raises:
        NoSignalError: nothing comes from there.
        SourceError: it cannot be opened, or carries no video that can be decoded.
    """
    receiver: StreamSocket | SrtReceiver | None = None
    try:
        if address.transport is Transport.RTSP:
            container = _open_container(address.target, "rtsp", _RTSP_OPTIONS)
        elif address.transport is Transport.SDP:
            # Handed over as text: the description itself cannot make FFmpeg open a file.
            container = _open_container(io.BytesIO(_read_sdp(address)), "sdp", _SDP_OPTIONS)
        else:
            is_srt = address.transport is Transport.SRT
            receiver = SrtReceiver(address) if is_srt else StreamSocket(address)
            container = _open_container(receiver, "mpegts", _MPEGTS_OPTIONS)
        try:
            return StreamInput(container, _video_stream(container, address), receiver)
        except BaseException:
            container.close()
            raise
    except BaseException as error:
        if receiver is not None:
            receiver.close()
            if receiver.failure is not None:
                raise receiver.failure from error
        if isinstance(error, av.FFmpegError | ValueError):
            # FFmpeg's own text holds the address with its password.
            raise _opening_error(address, error) from None
        raise


def _open_container(
    source: str | io.BytesIO | StreamSocket | SrtReceiver,
    format_name: str,
    options: Mapping[str, str],
) -> InputContainer:
    return av.open(
        source,
        "r",
        format=format_name,
        options={**_OPTIONS, **options},
        metadata_errors="replace",
        timeout=(SILENCE_LIMIT_S, WAKE_S),
    )


def _read_sdp(address: StreamAddress) -> bytes:
    path = Path(address.target)
    check_regular_file(path)
    return path.read_bytes()


def _video_stream(container: InputContainer, address: StreamAddress) -> VideoStream:
    if not container.streams.video:
        if address.transport is Transport.SDP:
            raise SourceFormatError(
                f"{address.name} describes no video; give the .sdp file that the encoder writes."
            )
        raise NoSignalError(f"{address.name} carries no video; start the encoder's picture.")
    stream = container.streams.video[0]
    context = stream.codec_context
    if context is None:
        raise SourceFormatError(
            f"The video codec of {address.name} is not one that is read; set the encoder to H.264."
        )
    context.options = {"max_pixels": str(MAX_PIXELS)}
    # Threads for slices add no delay, threads for frames one frame each. The flag low_delay would
    # win nothing for H.264 and HEVC, and shows MPEG-2's B-frames in the wrong order.
    context.thread_type = "SLICE"
    return stream


def _opening_error(address: StreamAddress, error: Exception) -> SourceError:
    name = address.name
    if isinstance(error, av.error.HTTPUnauthorizedError):
        return SourceError(
            f"{name} wants a user and a password; give them as rtsp://user:password@host/path."
        )
    if isinstance(error, av.error.HTTPNotFoundError):
        return SourceError(f"The server has no {name}; check the path behind its address.")
    if isinstance(error, OSError | av.error.ExitError):
        return NoSignalError(
            f"{name} does not answer ({error.strerror}); start the encoder, or check the address."
        )
    return SourceFormatError(
        f"{name} sends nothing that can be read; set the encoder to H.264 in MPEG-TS, RTP or RTSP."
    )
