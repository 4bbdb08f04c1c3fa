"""What a command says about an error that is not a fault of the program."""

from __future__ import annotations


def error_sentence(error: Exception) -> str:
    """The error's own words; of the operating system's errors, with the file and the repair."""
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}; check the path, its permissions and the free space."
    return str(error)
