from __future__ import annotations

from pathlib import Path

import pytest

from models.error_sentence import error_sentence


def test_the_systems_error_names_the_file_and_the_repair(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError) as caught:
        tmp_path.read_bytes()
    sentence = error_sentence(caught.value)
    assert sentence.startswith(f"{tmp_path}: Is a directory; check the path")


def test_other_errors_speak_for_themselves() -> None:
    assert error_sentence(ValueError("The list is empty.")) == "The list is empty."
    assert error_sentence(OSError("no number")) == "no number"
