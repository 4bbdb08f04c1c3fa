"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import argparse
import logging
import re
from pathlib import Path

from app.config import AppConfig
from app.sources.location_text import holds_secret
from models.backends.selection import AUTO, BACKEND_NAMES
from models.option_values import input_size, number_within
from models.weights import DEFAULT_WEIGHTS

_MOST_CHARACTERS = 65536
"""Of a file with an address: a device may go on for ever."""

_log = logging.getLogger(__name__)


def add_network(parser: argparse.ArgumentParser, *other_backends: str) -> None:
    """Which network runs, where, and from which probability on it marks.

    ``other_backends`` are offered beside those of every command.
    """
    parser.add_argument(
        "--threshold",
        type=number_within(0, 1),
        metavar="P",
        help="probability from 0 to 1 from which a pixel counts as polyp (default: the model's)",
    )
    parser.add_argument(
        "--backend",
        choices=(*BACKEND_NAMES, *other_backends),
        default=AUTO,
        help="the runtime (default: the fastest that works)",
    )
    parser.add_argument(
        "--weights", type=Path, default=DEFAULT_WEIGHTS, metavar="FILE", help="a deployable ONNX"
    )
    parser.add_argument(
        "--input-size",
        type=input_size,
        metavar="PIXELS",
        help="side of the network's input: less is faster and sees less (default: the model's)",
    )
    parser.add_argument(
        "--engine", type=Path, metavar="FOLDER", help="a TensorRT engine (default: one that fits)"
    )


def add_debug(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--debug", action="store_true", help="log more, and print a stack trace on failure"
    )


def config_from(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> AppConfig:
    """What ``add_network`` read. Ends the program where its options contradict each other."""
    if arguments.engine is not None and arguments.backend not in (AUTO, "tensorrt"):
        parser.error(f"--engine is for TensorRT; leave it out with --backend {arguments.backend}")
    if arguments.engine is not None and arguments.input_size is not None:
        parser.error("--engine has an input size of its own; leave out --input-size")
    return AppConfig(
        backend=arguments.backend,
        weights=arguments.weights,
        engine=arguments.engine,
        threshold=arguments.threshold,
        input_size=arguments.input_size,
    )


def location_from(typed: str, parser: argparse.ArgumentParser) -> str:
    """Where the video comes from: ``typed``, or what ``FILE`` holds where that is ``@FILE``.

    What is typed can be read in the computer's list of processes. Ends the program where the file
    does not hold one address.
    """
    if not typed.startswith("@"):
        if holds_secret(typed):
            _log.warning(
                "The password in the address shows in this computer's list of processes; write the "
                "address into a file that only you may read, and give @FILE in its place."
            )
        return typed
    path = Path(typed[1:])
    try:
        with path.open(encoding="utf-8-sig") as file:  # some editors mark UTF-8 as such
            lines = file.read(_MOST_CHARACTERS).strip().splitlines()
    except OSError as error:
        parser.error(f"{path} cannot be read ({error.strerror}); write the address into it")
    except UnicodeDecodeError:
        parser.error(f"{path} is no text; write the address into it")
    if not lines:
        parser.error(f"{path} holds no address; write it into its first line")
    if len(lines) > 1:
        parser.error(f"{path} holds more than one line; leave the address alone in it")
    if not lines[0].isprintable():
        parser.error(f"{path} is no text; write the address into it")
    return lines[0]


def seconds(text: str) -> float:
    """``90``, ``1:30`` or ``0:01:30.5``, as seconds."""
    if not re.fullmatch(r"(\d{1,9}:)?(\d{1,9}:)?\d{1,9}(\.\d{1,9})?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write seconds or h:mm:ss")
    parts = [float(part) for part in text.split(":")]
    if any(part >= 60 for part in parts[1:]):
        raise argparse.ArgumentTypeError(f"{text!r} has more than 59 minutes or seconds")
    total = 0.0
    for part in parts:
        total = total * 60 + part
    return total
