"""Video files of every kind, whole, damaged and hostile."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from app.frame import Frame
from app.sources import container, decoder
from app.sources.base import SourceError, SourceFormatError, SourceNotFoundError
from app.sources.file import FileSource
from models.picture import ColourMatrix, PixelFormat
from tests.app.sources.videos import (
    CODINGS,
    HEIGHT,
    MP4,
    TS,
    WIDTH,
    X264,
    Coding,
    number_in,
    numbered_picture,
    write_video,
)

LOSSLESS = Coding(".mp4", "libx264", options=X264 | {"qp": "0"})
FFV1 = Coding(".mkv", "ffv1")
VARIABLE_MS = [0, 33, 50, 150, 151, 400, 433, 1000, 1001, 1500, 1533, 1566]


def read_all(source: FileSource) -> list[Frame]:
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    return frames


def numbers(frames: list[Frame]) -> list[int]:
    return [number_in(frame.picture) for frame in frames]


@pytest.fixture(params=[1, 4], ids=["one thread", "four threads"])
def _decoding_threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2 * request.param)


@pytest.mark.usefixtures("_decoding_threads")
@pytest.mark.parametrize("coding", CODINGS.values(), ids=CODINGS)
def test_every_frame_comes_once_in_order_with_its_time(coding: Coding, tmp_path: Path) -> None:
    with FileSource(write_video(tmp_path / f"video{coding.suffix}", coding)) as source:
        frames = read_all(source)
        assert numbers(frames) == list(range(70))
        assert [frame.pts_s for frame in frames] == pytest.approx(
            [number / 30 for number in range(70)], abs=0.00051 if ".mkv" in coding.suffix else 1e-9
        )
        assert source.report.messages == ()
        assert source.info.rate == 30
        assert source.info.duration_s == pytest.approx(70 / 30, abs=0.5)
        assert not source.info.interlaced
        assert source.info.rotation == 0


@pytest.mark.usefixtures("_decoding_threads")
@pytest.mark.parametrize("coding", CODINGS.values(), ids=CODINGS)
def test_seek_gives_the_very_frame(coding: Coding, tmp_path: Path) -> None:
    with FileSource(write_video(tmp_path / f"video{coding.suffix}", coding)) as source:
        times_s = [frame.pts_s for frame in read_all(source)]
        for number in (0, 69, 1, 58, 59, 60, 61, 33, 5):
            source.seek(times_s[number])
            for index in range(number, min(number + 3, 70)):
                frame = source.read()
                assert frame is not None
                assert number_in(frame.picture) == frame.index == index
                assert frame.pts_s == times_s[index]
        source.seek((times_s[40] + times_s[41]) / 2)
        between = source.read()
        assert between is not None
        assert between.index == 41
        source.seek(times_s[-1] + 0.001)
        assert source.read() is None
        source.seek(-1.0)
        again = read_all(source)
        assert numbers(again) == list(range(70))
        assert source.report.messages == ()


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_seek_decodes_from_the_nearest_keyframe(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = FileSource(write_video(tmp_path / f"video{suffix}", MP4, 200))
    given: list[av.VideoFrame] = []
    original = decoder.Decoder.next

    def counted(self: decoder.Decoder, interrupted: Callable[[], bool]) -> av.VideoFrame | None:
        frame = original(self, interrupted)
        if frame is not None:
            given.append(frame)
        return frame

    monkeypatch.setattr(decoder.Decoder, "next", counted)
    with source:
        source.seek(189.5 / 30)
        frame = source.read()
        assert frame is not None
        assert frame.index == number_in(frame.picture) == 190
        # The keyframe before 190 is 180, with groups of 60.
        assert len(given) <= 15


def test_frame_times_are_known_after_a_seek(tmp_path: Path) -> None:
    path = write_video(tmp_path / "video.mkv", FFV1, 12, times_ms=VARIABLE_MS)
    with FileSource(path) as source:
        assert source.frame_times_s is None
        source.seek(0.0)
        times_s = source.frame_times_s
        assert times_s is not None
        assert times_s.tolist() == [frame.pts_s for frame in read_all(source)]


@pytest.mark.parametrize("coding", [MP4, TS, FFV1], ids=["mp4", "ts", "mkv"])
def test_variable_frame_rate_keeps_exact_times(coding: Coding, tmp_path: Path) -> None:
    offset_ms = 5000
    path = write_video(
        tmp_path / f"video{coding.suffix}",
        coding,
        len(VARIABLE_MS),
        times_ms=[offset_ms + time_ms for time_ms in VARIABLE_MS],
    )
    with FileSource(path) as source:
        frames = read_all(source)
        assert numbers(frames) == list(range(len(VARIABLE_MS)))
        assert [frame.pts_s for frame in frames] == [time_ms / 1000 for time_ms in VARIABLE_MS]
        assert source.report.messages == ()
        source.seek(0.5)
        frame = source.read()
        assert frame is not None
        assert (frame.index, frame.pts_s) == (7, 1.0)


@pytest.mark.parametrize("clockwise", [0, 90, 180, 270])
@pytest.mark.parametrize("size", [(WIDTH, HEIGHT), (WIDTH + 1, HEIGHT + 1)], ids=["even", "odd"])
def test_rotation_is_applied(clockwise: int, size: tuple[int, int], tmp_path: Path) -> None:
    coding = LOSSLESS if size == (WIDTH, HEIGHT) else Coding(".mkv", "ffv1", "yuv444p")
    path = write_video(tmp_path / f"video{coding.suffix}", coding, 2, size=size)
    turned = write_video(
        tmp_path / f"turned{coding.suffix}", coding, 2, size=size, rotation=-clockwise
    )
    with FileSource(path) as upright, FileSource(turned) as source:
        plain, frame = upright.read(), source.read()
        assert plain is not None
        assert frame is not None
        picture = frame.picture
        assert source.info.rotation == clockwise
        assert (source.info.width, source.info.height) == (picture.width, picture.height)
        expected_size = size if clockwise % 180 == 0 else size[::-1]
        assert (picture.width, picture.height) == expected_size
        turns = -clockwise // 90
        if picture.pixel_format is PixelFormat.RGB24:
            assert np.array_equal(picture.pixels, np.rot90(plain.picture.pixels, turns))
            return
        for after, before in zip(planes(picture.pixels), planes(plain.picture.pixels), strict=True):
            assert np.array_equal(after, np.rot90(before, turns))


def planes(packed: np.ndarray) -> list[np.ndarray]:
    """Y, U and V of a packed YUV420P buffer."""
    height, width = packed.shape[0] * 2 // 3, packed.shape[1]
    luma, chroma = height * width, height * width // 4
    flat = packed.reshape(-1)
    return [
        flat[:luma].reshape(height, width),
        flat[luma : luma + chroma].reshape(height // 2, width // 2),
        flat[luma + chroma :].reshape(height // 2, width // 2),
    ]


def test_8_bit_420_is_the_decoders_own_samples(tmp_path: Path) -> None:
    # A width whose lines the decoder pads.
    path = write_video(tmp_path / "video.mkv", FFV1, 3, size=(134, 70))
    with FileSource(path) as source, av.open(str(path)) as reference:
        for decoded in reference.decode(video=0):
            frame = source.read()
            assert frame is not None
            assert frame.picture.pixel_format is PixelFormat.YUV420P
            assert np.array_equal(frame.picture.pixels, decoded.to_ndarray())
            assert frame.picture.pixels.flags.c_contiguous
            assert not frame.picture.pixels.flags.writeable


@pytest.mark.parametrize(
    ("pixel_format", "size", "expected"),
    [
        ("yuv420p", (129, 65), PixelFormat.RGB24),
        ("yuv422p", (129, 65), PixelFormat.RGB24),
        ("yuv422p", (WIDTH, HEIGHT), PixelFormat.YUV420P),
        ("yuv444p", (WIDTH, HEIGHT), PixelFormat.YUV420P),
        ("yuv420p10le", (WIDTH, HEIGHT), PixelFormat.YUV420P),
        ("yuv422p10le", (WIDTH, HEIGHT), PixelFormat.YUV420P),
        ("yuv420p10le", (129, 65), PixelFormat.RGB24),
        ("bgr0", (WIDTH, HEIGHT), PixelFormat.RGB24),
        ("gray", (WIDTH, HEIGHT), PixelFormat.RGB24),
    ],
)
def test_other_formats_are_converted_without_a_change_of_colour(
    pixel_format: str, size: tuple[int, int], expected: PixelFormat, tmp_path: Path
) -> None:
    path = write_video(tmp_path / "video.mkv", Coding(".mkv", "ffv1", pixel_format), 3, size=size)
    with FileSource(path) as source:
        frames = read_all(source)
    assert numbers(frames) == [0, 1, 2]
    picture = frames[0].picture
    assert picture.pixel_format is expected
    assert (picture.width, picture.height) == size
    drawn = numbered_picture(0, *size)[40, 40].astype(float)
    if expected is PixelFormat.RGB24:
        grey = np.full(3, drawn @ (0.299, 0.587, 0.114))
        assert picture.pixels[40, 40] == pytest.approx(
            grey if pixel_format == "gray" else drawn, abs=3
        )
    else:
        luma, u, v = planes(picture.pixels)
        assert luma[40, 40] == pytest.approx(16 + drawn[0] * 219 / 255, abs=2)
        assert (u[20, 20], v[20, 20]) == pytest.approx((128, 128), abs=2)


@pytest.mark.parametrize(
    ("size", "tags", "matrix", "full_range"),
    [
        ((WIDTH, HEIGHT), {}, ColourMatrix.BT601, False),
        ((WIDTH, 720), {}, ColourMatrix.BT709, False),
        ((WIDTH, HEIGHT), {"colorspace": 1}, ColourMatrix.BT709, False),
        ((WIDTH, 720), {"colorspace": 5}, ColourMatrix.BT601, False),
        ((WIDTH, 720), {"colorspace": 6}, ColourMatrix.BT601, False),
        ((WIDTH, 720), {"colorspace": 9}, ColourMatrix.BT709, False),
        ((WIDTH, HEIGHT), {"color_range": 2}, ColourMatrix.BT601, True),
    ],
)
def test_matrix_and_range_are_the_files_own(
    size: tuple[int, int],
    tags: dict[str, int],
    matrix: ColourMatrix,
    full_range: bool,
    tmp_path: Path,
) -> None:
    path = write_video(tmp_path / "video.mp4", MP4, 2, size=size, tags=tags)
    with FileSource(path) as source:
        frame = source.read()
    assert frame is not None
    assert frame.picture.matrix is matrix
    assert frame.picture.full_range is full_range


def test_mjpeg_is_full_range(tmp_path: Path) -> None:
    with FileSource(write_video(tmp_path / "video.avi", CODINGS["mjpeg-avi"], 2)) as source:
        frame = source.read()
    assert frame is not None
    assert frame.picture.full_range


def test_bt2020_is_converted_and_not_only_renamed(tmp_path: Path) -> None:
    coding = Coding(".mkv", "ffv1", "yuv444p")
    tagged = write_video(tmp_path / "2020.mkv", coding, 1, tags={"colorspace": 9})
    with FileSource(tagged) as source, av.open(str(tagged)) as reference:
        frame = source.read()
        decoded = next(reference.decode(video=0))
        assert decoded.colorspace == 9
        before = [int(plane[20, 5]) for plane in decoded.to_ndarray()]
    assert frame is not None
    # The samples of the bar, turned to RGB by BT.2020 and back by BT.709, by hand.
    y, u, v = (before[0] - 16) / 219, (before[1] - 128) / 224, (before[2] - 128) / 224
    red, blue = y + 1.4746 * v, y + 1.8814 * u
    green = (y - 0.2627 * red - 0.0593 * blue) / 0.678
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    after = (
        16 + 219 * luma,
        128 + 224 * (blue - luma) / 1.8556,
        128 + 224 * (red - luma) / 1.5748,
    )
    samples = planes(frame.picture.pixels)
    assert (samples[0][21, 5], samples[1][11, 2], samples[2][11, 2]) == pytest.approx(after, abs=3)


def test_interlaced_video_says_so(tmp_path: Path) -> None:
    coding = Coding(".ts", "libx264", options=X264 | {"x264-params": "tff=1:log-level=none"})
    with FileSource(write_video(tmp_path / "video.ts", coding, 20)) as source:
        assert source.info.interlaced
        assert numbers(read_all(source)) == list(range(20))
        assert source.report.undecodable == 0


def test_joined_recordings_play_on_with_rising_times(tmp_path: Path) -> None:
    part = write_video(tmp_path / "part.ts", TS, 30).read_bytes()
    joined = tmp_path / "joined.ts"
    joined.write_bytes(part + part)
    with FileSource(joined) as source:
        frames = read_all(source)
        assert numbers(frames) == [*range(30), *range(30)]
        times_s = np.array([frame.pts_s for frame in frames])
        assert np.diff(times_s) == pytest.approx(np.full(59, 1 / 30), abs=1e-4)
        assert "moved to the time after" in source.report.messages[0]
        source.seek(frames[40].pts_s)
        sought = source.read()
        assert sought is not None
        assert (sought.index, sought.pts_s) == (40, frames[40].pts_s)
        assert number_in(sought.picture) == 10


@pytest.mark.parametrize("name", ["h264-mkv", "h264-avi", "mjpeg-avi", "ffv1-mkv", "ffv1-avi"])
def test_a_cut_file_plays_to_the_cut_and_says_so(name: str, tmp_path: Path) -> None:
    coding = CODINGS[name]
    path = write_video(tmp_path / f"video{coding.suffix}", coding, 70)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    with FileSource(path) as source:
        frames = read_all(source)
        assert 10 < len(frames) < 60
        assert numbers(frames[:-2]) == list(range(len(frames) - 2))
        assert source.report.truncated
        assert any("cut off" in message for message in source.report.messages)


def test_a_cut_mp4_with_its_index_in_front_plays_to_the_cut(tmp_path: Path) -> None:
    path = write_video(tmp_path / "video.mp4", MP4, 70, container_options={"movflags": "faststart"})
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 8 // 10])
    with FileSource(path) as source:
        frames = read_all(source)
        assert 10 < len(frames) < 69
        assert source.report.truncated


def test_a_cut_mp4_without_its_index_names_the_repair(tmp_path: Path) -> None:
    path = write_video(tmp_path / "video.mp4", MP4)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(SourceFormatError, match="repair it with the recorder's software"):
        FileSource(path)


@pytest.mark.parametrize("name", ["mjpeg-avi", "mpeg2-ts", "h264-ts", "ffv1-mkv"])
def test_damage_in_the_middle_is_passed_over_and_reported(name: str, tmp_path: Path) -> None:
    coding = CODINGS[name]
    path = write_video(tmp_path / f"video{coding.suffix}", coding, 100)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 1500] = random.Random(1).randbytes(1500)
    path.write_bytes(content)
    with FileSource(path) as source:
        frames = read_all(source)
        assert numbers(frames)[0] == 0
        assert numbers(frames)[-1] == 99, "play goes on behind the damage"
        assert [frame.index for frame in frames] == list(range(len(frames)))
        assert source.report.messages


def test_lost_packets_are_counted(tmp_path: Path) -> None:
    path = write_video(tmp_path / "video.avi", CODINGS["mjpeg-avi"], 40)
    content = bytearray(path.read_bytes())
    # Every JPEG begins with FF D8; two lose that and all their tables.
    starts = [at for at in range(len(content)) if content[at : at + 3] == b"\xff\xd8\xff"]
    for at in (starts[10], starts[20]):
        content[at : at + 300] = bytes(300)
    path.write_bytes(content)
    with FileSource(path) as source:
        frames = read_all(source)
        assert numbers(frames) == [n for n in range(40) if n not in (10, 20)]
        assert [round(frame.pts_s * 30) for frame in frames] == numbers(frames)
        assert source.report.undecodable == 2
        assert source.report.messages == ("2 frames were left out, not being decodable.",)


def test_a_transport_stream_that_starts_within_a_group_counts_what_it_leaves_out(
    tmp_path: Path,
) -> None:
    path = write_video(tmp_path / "video.ts", TS, 130)
    content = path.read_bytes()
    start = 188 * (len(content) // 188 // 4)
    # The tables come again before every keyframe; without the first ones the rest still plays.
    path.write_bytes(content[: 3 * 188] + content[start:])
    with FileSource(path) as source:
        frames = read_all(source)
        assert numbers(frames)[-1] == 129
        assert frames[0].pts_s == 0.0
        assert source.report.undecodable + len(frames) > 70


def test_a_change_of_resolution_changes_the_pictures(tmp_path: Path) -> None:
    small = write_video(tmp_path / "small.ts", TS, 10).read_bytes()
    large = write_video(tmp_path / "large.ts", TS, 10, size=(256, 144)).read_bytes()
    joined = tmp_path / "joined.ts"
    joined.write_bytes(small + large)
    with FileSource(joined) as source:
        widths = [frame.picture.width for frame in read_all(source)]
    assert widths == [128] * 10 + [256] * 10


def sound_only(path: Path) -> None:
    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=48000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        silence.sample_rate = 48000
        output.mux(stream.encode(silence))
        output.mux(stream.encode())


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda path: None, SourceNotFoundError, "There is no"),
        (lambda path: path.write_bytes(b""), SourceFormatError, "is empty"),
        (lambda path: path.write_text("a text\n" * 99), SourceFormatError, "not a video"),
        (lambda path: path.mkdir(), SourceFormatError, "not a regular file"),
        (sound_only, SourceFormatError, "no video stream"),
        (lambda path: path.write_bytes(b"\0" * 99999), SourceFormatError, "not a video"),
    ],
    ids=["missing", "empty", "text", "folder", "sound", "zeros"],
)
def test_what_is_no_video_gets_one_sentence(
    make: Callable[[Path], object], error: type[SourceError], sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "video.mp4"
    make(path)
    with pytest.raises(error, match=sentence) as raised:
        FileSource(path)
    message = str(raised.value)
    assert str(path) in message
    assert message.endswith(".")
    assert "\n" not in message


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)
    with pytest.raises(SourceFormatError, match="not a regular file"):
        FileSource(pipe)


@pytest.mark.parametrize(
    "playlist",
    [
        "ffconcat version 1.0\nfile 'other.ts'\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nother.ts\n#EXT-X-ENDLIST\n",
        "<?xml version='1.0'?><MPD type='static'><BaseURL>other.ts</BaseURL></MPD>",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n",
    ],
    ids=["concat", "hls", "dash", "sdp"],
)
@pytest.mark.parametrize("suffix", [".ts", ".mp4", ".m3u8", ".sdp"])
def test_a_playlist_reaches_no_other_file(playlist: str, suffix: str, tmp_path: Path) -> None:
    write_video(tmp_path / "other.ts", TS, 5)
    path = tmp_path / f"playlist{suffix}"
    path.write_text(playlist)
    with pytest.raises(SourceFormatError):
        FileSource(path)


def test_a_file_name_is_never_taken_for_a_protocol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "a.ts", TS, 5).rename("concat:a.ts|b.ts")
    with FileSource(Path("concat:a.ts|b.ts")) as source:
        assert len(read_all(source)) == 5
    with pytest.raises(SourceNotFoundError):
        FileSource(Path("pipe:0"))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
def test_a_title_in_another_encoding_does_no_harm(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"video{suffix}"
    with av.open(str(path), "w") as output:
        output.metadata["title"] = "TITLE TO CHANGE"
        stream = output.add_stream("mpeg4", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = 64, 64
        output.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        output.mux(stream.encode())
    content = path.read_bytes()
    assert b"TITLE TO CHANGE" in content
    path.write_bytes(content.replace(b"TITLE TO CHANGE", b"Koloskopie \xe4\xf6\xfc\xff"))
    with FileSource(path) as source:
        assert len(read_all(source)) == 1


def test_a_cover_picture_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuvj420p"
        stream.disposition = av.stream.Disposition.attached_pic
        output.mux(stream.encode(av.VideoFrame(64, 64, "yuvj420p")))
        output.mux(stream.encode())
    with pytest.raises(SourceFormatError, match="no video stream"):
        FileSource(path)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_of_several_video_tracks_it_says_which_one_is_shown(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"two{suffix}"
    with av.open(str(path), "w") as output:
        streams = []
        for width in (64, 128):
            stream = output.add_stream("mpeg4", rate=25)
            stream.width, stream.height, stream.pix_fmt = width, 48, "yuv420p"
            streams.append(stream)
        for stream in streams:
            # Noise: FFmpeg takes a transport stream of a few packets for none.
            noise = np.random.default_rng(0).integers(0, 256, (72, stream.width), np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(noise, format="yuv420p")))
            output.mux(stream.encode())
    with FileSource(path) as source:
        assert [frame.picture.width for frame in read_all(source)] == [64]
        assert source.report.messages == (
            "The file holds 2 video tracks, of which the first is shown.",
        )


def test_a_seek_after_a_long_pause_is_not_cut_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "IO_TIMEOUT_S", 0.3)
    with FileSource(write_video(tmp_path / "video.ts", TS)) as source:
        source.seek(0.0)
        assert source.read() is not None
        time.sleep(0.5)
        source.seek(2.0)
        frame = source.read()
        assert frame is not None
        assert frame.index == number_in(frame.picture) == 60


def test_interrupt_ends_a_seek_that_decodes_from_the_start(tmp_path: Path) -> None:
    path = write_video(tmp_path / "video.avi", CODINGS["h264-avi"], 250, size=(640, 360))
    with FileSource(path) as source:
        seeking = threading.Thread(target=source.seek, args=(249 / 30,))
        seeking.start()
        source.interrupt()
        seeking.join(10)
        assert not seeking.is_alive()
        assert source.read() is None


def test_a_file_that_vanishes_plays_on_but_cannot_be_searched(tmp_path: Path) -> None:
    path = write_video(tmp_path / "video.mp4", MP4)
    with FileSource(path) as source:
        path.unlink()
        assert numbers(read_all(source)) == list(range(70))
        with pytest.raises(SourceNotFoundError):
            source.seek(1.0)


def test_listing_the_frames_of_a_long_file_tells_how_far_it_is(tmp_path: Path) -> None:
    path = write_video(tmp_path / "video.mp4", MP4, 1200)
    with FileSource(path) as source:
        shares: list[float] = []
        source.list_frames(shares.append)
        assert shares == sorted(shares)
        assert len(shares) >= 2
        assert 0.2 < shares[-1] <= 1.0
        times_s = source.frame_times_s
        assert times_s is not None
        assert len(times_s) == 1200


def test_interrupt_ends_the_listing(tmp_path: Path) -> None:
    path = write_video(tmp_path / "video.mp4", MP4, 1200)
    with FileSource(path) as source:
        source.list_frames(lambda _: source.interrupt())
        assert source.frame_times_s is None
        assert source.read() is None


def test_a_file_that_starts_late_is_as_long_as_what_it_shows(tmp_path: Path) -> None:
    """Matroska counts its duration from 0, wherever its first frame is."""
    times_ms = [3_600_000 + 40 * number for number in range(30)]
    path = write_video(tmp_path / "late.mkv", CODINGS["h264-mkv"], 30, rate=25, times_ms=times_ms)
    with FileSource(path) as source:
        assert source.info.duration_s == pytest.approx(1.2, abs=0.1)
        assert source.info.frame_count == pytest.approx(30, abs=2)
        assert len(read_all(source)) == 30
        assert not source.report.truncated
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with FileSource(cut) as source:
        assert 0 < len(read_all(source)) < 30
        assert source.report.truncated
