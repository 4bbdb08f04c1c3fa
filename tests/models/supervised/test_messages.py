"""What crosses between the processes: it comes out as it went in, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.backends.base import BackendInfo
from models.geometry import Area
from models.picture import ColourMatrix, PixelFormat
from models.spec import ModelSpec
from models.supervised.json_messages import Failure, LogEntry, Ready
from models.supervised.messages import LARGEST_BYTES, Answer, GarbageError, Kind, PictureMessage

SIDE = st.integers(0, 2**32 - 1)
COUNT = st.integers(0, 2**64 - 1)
INDEX = st.integers(-(2**63), 2**63 - 1)
AREA = st.builds(Area, SIDE, SIDE, SIDE, SIDE)
READY = Ready(ModelSpec(), BackendInfo("name", "1", "device", "FP32", None, ("one", "two")))


@given(st.builds(Answer, COUNT, INDEX, COUNT, COUNT, SIDE, AREA, st.none() | AREA))
def test_an_answer_comes_out_as_it_went_in(answer: Answer) -> None:
    assert Answer.from_bytes(answer.to_bytes()) == answer


@given(
    st.builds(
        PictureMessage,
        COUNT,
        INDEX,
        st.sampled_from(PixelFormat),
        st.sampled_from(ColourMatrix),
        st.booleans(),
        st.lists(st.integers(1, 2**32 - 1), min_size=2, max_size=3).map(tuple),
    )
)
def test_a_picture_message_comes_out_as_it_went_in(message: PictureMessage) -> None:
    assert PictureMessage.from_bytes(message.to_bytes()) == message


@pytest.mark.parametrize("sha256", [None, "0" * 64])
def test_ready_comes_out_as_it_went_in(sha256: str | None) -> None:
    info = BackendInfo("a", "", "", "", sha256)
    for ready in (READY, Ready(ModelSpec(height=8, least_area=1), info)):
        assert Ready.from_bytes(ready.to_bytes()) == ready


@given(st.text(), st.integers(0, 50))
def test_texts_come_out_as_they_went_in(text: str, level: int) -> None:
    assert Failure.from_bytes(Failure(text).to_bytes()) == Failure(text)
    assert LogEntry.from_bytes(LogEntry(level, text).to_bytes()) == LogEntry(level, text)


def test_no_text_is_too_long_for_a_message() -> None:
    for message in (Failure("\N{BELL}\N{SNOWMAN}" * 99_999), LogEntry(30, "\x00" * 99_999)):
        assert len(message.to_bytes()) <= LARGEST_BYTES
        assert type(message).from_bytes(message.to_bytes())


@given(st.binary(max_size=200))
def test_random_bytes_are_garbage(body: bytes) -> None:
    for kind, read in ((Kind.READY, Ready), (Kind.FAILURE, Failure), (Kind.LOG, LogEntry)):
        with pytest.raises(GarbageError):
            read.from_bytes(bytes([kind]) + body)
    if len(body) + 1 != len(Answer(0, 0, 0, 0, 0, Area(0, 0, 1, 1), None).to_bytes()):
        with pytest.raises(GarbageError):
            Answer.from_bytes(bytes([Kind.ANSWER]) + body)


@pytest.mark.parametrize(
    ("part", "other"),
    [
        (b'"height": 352', b'"height": 0'),
        (b'"height": 352', b'"height": 8193'),
        (b'"height": 352', b'"height": 352.0'),
        (b'"height": 352', b'"height": true'),
        (b'"width": 352', b'"breadth": 352'),
        (b'"threshold": 0.5', b'"threshold": NaN'),
        (b'"threshold": 0.5', b'"threshold": Infinity'),
        (b'"threshold": 0.5', b'"threshold": 1' + b"0" * 400),
        (b'"mean": [0.485, ', b'"mean": ['),
        (b'"mean": [0.485, ', b'"mean": ["0.485", '),
        (b'"passed_over": ["one", "two"]', b'"passed_over": ["one", 2]'),
        (b'"passed_over": ["one", "two"]', b'"passed_over": null'),
        (b'"model_sha256": null', b'"model_sha256": 0'),
        (b'"device": "device"', b'"device": null'),
    ],
)
def test_ready_with_a_wrong_part_is_garbage(part: bytes, other: bytes) -> None:
    message = READY.to_bytes()
    assert message.count(part) == 1
    with pytest.raises(GarbageError):
        Ready.from_bytes(message.replace(part, other))
