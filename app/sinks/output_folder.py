"""The folder that the replay of one input fills, and what in it is replay's own."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from glob import escape
from pathlib import Path

from app.sinks.base import SinkError, writing
from app.sinks.image_files import MARKED_FOLDER, MASKS_FOLDER, png_name
from app.sources.opening import PHANTOM
from models.folder_lock import FolderLockedError, locked

CSV_FILE = "frames.csv"
PARQUET_FILE = "frames.parquet"
SUMMARY_FILE = "summary.json"

_VIDEO = re.compile(r"(masks(-\d+)?\.mov|marked(-\d+)?\.mp4)")


def output_folders(inputs: list[str], output: Path) -> list[Path]:
    """A folder below ``output`` for each input: its name, without suffix, numbered if taken."""
    folders: list[Path] = []
    for location in inputs:
        path = Path(location).absolute()
        if path.name == "..":
            path = path.resolve()
        name = path.name if path.is_dir() else path.stem
        folder, number = output / name, 1
        while folder in folders:
            number += 1
            folder = output / f"{name}-{number}"
        folders.append(folder)
    return folders


def claim(folder: Path, location: str, *, force: bool) -> None:
    """Makes ``folder`` for the output of the input at ``location``; changes nothing in it.

    Raises:
        SinkError: it cannot be made, holds the input itself or, without ``force``, a replay.
    """
    source = Path(location).resolve()
    if location != PHANTOM and folder.resolve() in (source, *source.parents):
        raise SinkError(
            f"{location} lies in the folder that its output would go to; choose another one with "
            "--output."
        )
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if not force and any(path.is_file() for path in _replays_own(folder)):
            raise SinkError(
                f"{folder} already holds a replay; replace it with --force, or choose another "
                "folder with --output."
            )


@contextmanager
def sole_use(folder: Path) -> Iterator[None]:
    """Keeps other replays out of ``folder`` during the block; even a killed one lets go of it.

    Raises:
        SinkError: another replay is there, or ``folder`` cannot be opened.
    """
    with ExitStack() as stack:
        try:
            with writing(folder):
                stack.enter_context(locked(folder))
        except FolderLockedError as error:
            raise SinkError(
                f"Another replay is writing into {folder}; wait for its end, or choose another "
                "folder with --output."
            ) from error
        yield


def clear(folder: Path) -> None:
    """Removes what an earlier replay wrote into ``folder``, and nothing else.

    Raises:
        SinkError: something cannot be removed.
    """
    with writing(folder):
        for path in list(_replays_own(folder)):
            path.unlink(missing_ok=True)
        for images in (folder / MASKS_FOLDER, folder / MARKED_FOLDER):
            if images.is_dir() and not any(images.iterdir()):
                images.rmdir()


def _replays_own(folder: Path) -> Iterator[Path]:
    """Everything that a replay into ``folder`` may have written, whether or not it is there."""
    for name in (CSV_FILE, PARQUET_FILE, SUMMARY_FILE):
        yield from _whole_and_partial(folder / name)
    yield from (path for path in folder.iterdir() if _VIDEO.fullmatch(path.name))
    for name in _image_names(folder / CSV_FILE):
        yield from _whole_and_partial(folder / MASKS_FOLDER / name)
        yield from _whole_and_partial(folder / MARKED_FOLDER / name)


def _whole_and_partial(path: Path) -> Iterator[Path]:
    """``path``, and what a killed replay left of it."""
    yield path
    yield from path.parent.glob(f".{escape(path.name)}*.partial")


def _image_names(table: Path) -> list[str]:
    """The names under which the images of ``table`` were written."""
    if not table.is_file():
        return []
    taken: set[str] = set()
    try:
        with table.open(encoding="utf-8", errors="replace", newline="") as file:
            images = [row["file"] for row in csv.DictReader(file) if row.get("file")]
    except csv.Error:
        return []  # somebody else's table
    return [png_name(image, taken) for image in images]
