"""Shows on the terminal what the build is doing, and for how long it has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class BuildProgress:
    """A context manager; one line for each stage, with a bar and the elapsed time.

    Where nobody sees a bar move, in a pipe or a file, the line is the stage's title and an
    ellipsis, written as the stage begins.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    @contextmanager
    def stage(self, title: str, steps: int | None = None) -> Iterator[Stage]:
        """A stage of ``steps`` steps; without their number the bar only shows that work goes on."""
        if not self._console.is_terminal:
            self._console.print(f"{title} …", soft_wrap=True, markup=False)
        task = self._progress.add_task(title, total=steps)
        yield Stage(self._progress, task, title)
        self._progress.update(task, description=title, total=1, completed=1)


class Stage:
    """One line of the display."""

    def __init__(self, progress: Progress, task: TaskID, title: str) -> None:
        self._progress = progress
        self._task = task
        self._title = title

    def advance(self) -> None:
        """One step is done."""
        self._progress.advance(self._task)

    def describe(self, detail: str) -> None:
        """Names what is being done within the stage; callable from any thread."""
        self._progress.update(self._task, description=f"{self._title}: {detail}")
