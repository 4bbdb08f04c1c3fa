"""What the segmenter's process says beside its answers, in JSON, and every part of it checked."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from typing import Any, Self

from models.backends.base import BackendInfo
from models.spec import ModelSpec
from models.supervised.messages import LARGEST_BYTES, GarbageError, Kind

_LARGEST_SIDE = 1 << 13
"""Of the model's input, so that no claim of a size can ask for all memory."""
_LARGEST_NUMBER = 1e300
_LARGEST_TEXT = LARGEST_BYTES // 16
"""In characters: JSON may take twelve bytes for one."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The segmenter is entered; pictures may come."""

    spec: ModelSpec
    info: BackendInfo

    def to_bytes(self) -> bytes:
        return _message(Kind.READY, {"spec": asdict(self.spec), "info": asdict(self.info)})

    @classmethod
    def from_bytes(cls, message: bytes) -> Self:
        """Raises GarbageError."""
        stored = _body(message, {"spec": asdict(ModelSpec()), "info": asdict(_ANY_INFO)})
        spec, info = stored["spec"], stored["info"]
        for side in ("height", "width"):
            if not 0 < spec[side] <= _LARGEST_SIDE:
                raise GarbageError(f"{spec[side]} as {side}")
        tuples = {name: tuple(spec[name]) for name in ("mean", "deviation")}
        passed_over = tuple(info["passed_over"])
        return cls(
            ModelSpec(**(spec | tuples)), BackendInfo(**(info | {"passed_over": passed_over}))
        )


@dataclass(frozen=True, slots=True)
class Failure:
    """The segmenter failed, and its process ends."""

    sentence: str

    def to_bytes(self) -> bytes:
        return _message(Kind.FAILURE, {"sentence": self.sentence[:_LARGEST_TEXT]})

    @classmethod
    def from_bytes(cls, message: bytes) -> Self:
        """Raises GarbageError."""
        return cls(_body(message, {"sentence": ""})["sentence"])


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Something for the log of the process that shows the picture."""

    level: int
    text: str

    def to_bytes(self) -> bytes:
        return _message(Kind.LOG, {"level": self.level, "text": self.text[:_LARGEST_TEXT]})

    @classmethod
    def from_bytes(cls, message: bytes) -> Self:
        """Raises GarbageError."""
        stored = _body(message, {"level": logging.WARNING, "text": ""})
        return cls(stored["level"], stored["text"])


_ANY_INFO = BackendInfo("", "", "", "")


def _message(kind: Kind, body: dict[str, Any]) -> bytes:
    return bytes([kind]) + json.dumps(body).encode()


def _body(message: bytes, example: dict[str, Any]) -> dict[str, Any]:
    """What the message holds; it must have the parts of ``example``, of the same types."""
    try:
        body = json.loads(message[1:])
    except (ValueError, RecursionError) as error:
        raise GarbageError("a message that is no JSON") from error
    if not _is_like(body, example):
        raise GarbageError(f"a message of other parts than {', '.join(example)}")
    assert isinstance(body, dict)
    return body


def _is_like(value: object, example: object) -> bool:
    """Whether JSON's ``value`` may stand where ``example`` stands.

    An empty tuple stands for any number of texts, None for a text or nothing.
    """
    if isinstance(example, dict):
        return (
            isinstance(value, dict)
            and value.keys() == example.keys()
            and all(_is_like(value[name], part) for name, part in example.items())
        )
    if isinstance(example, tuple):
        return (
            isinstance(value, list)
            and (not example or len(value) == len(example))
            and all(_is_like(item, example[0] if example else "") for item in value)
        )
    if example is None:
        return value is None or isinstance(value, str)
    if isinstance(example, float):
        # False for NaN and for the infinities, which JSON in Python's hands has too.
        return isinstance(value, int | float) and abs(value) < _LARGEST_NUMBER
    return type(value) is type(example)
