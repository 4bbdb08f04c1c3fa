"""What every file must be before a decoder sees it."""

from __future__ import annotations

from pathlib import Path

from app.sources.base import SourceError, SourceFormatError, SourceNotFoundError


def check_regular_file(path: Path) -> None:
    """Refuses what is not a file with something in it.

    Raises:
        SourceNotFoundError, SourceFormatError, SourceError: see the sentence.
    """
    try:
        if not path.exists():
            raise SourceNotFoundError(f"There is no {path}; check the spelling and the folder.")
        if not path.is_file():
            raise SourceFormatError(f"{path} is not a regular file; give a video or image file.")
        if path.stat().st_size == 0:
            raise SourceFormatError(f"{path} is empty (0 bytes); copy or record it again.")
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be reached ({error}); check the path.") from error
