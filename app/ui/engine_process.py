"""Builds and verifies TensorRT engines in a process of their own: the window never waits."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from PyQt6.QtCore import QElapsedTimer, QObject, QProcess, QTimer, pyqtSignal

BUILDER = Path(__file__).parents[2] / "engine_builder" / "build.py"

_EVERY_MS = 1000
_ENDING_LIMIT_MS = 3000
"""For a builder that was interrupted because the window closes."""
_STAGE_END = "…"
_SENTENCE_END = "."


class EngineProcess(QObject):
    """Runs ``engine_builder/build.py``, one at a time. GUI thread only.

    Args:
        weights: deployable model that engines are built from, and verified against.
        output: folder that engines are built to.
        builder: the script.
    """

    progress_changed = pyqtSignal(str)
    """The stage and its elapsed time; empty once nothing runs any more."""
    built = pyqtSignal()
    """The engine for this machine is there, whether or not it had to be built."""
    ended = pyqtSignal(str)
    """What came of it: the builder's own sentences, which name the engine's folder or the error."""

    def __init__(
        self, weights: Path, output: Path, parent: QObject | None = None, builder: Path = BUILDER
    ) -> None:
        super().__init__(parent)
        self.output = output
        self._weights = weights
        self._builder = builder
        self._process: QProcess | None = None
        self._building = False
        self._cancelled = False
        self._stage = ""
        self._sentences: list[str] = []
        self._stage_time = QElapsedTimer()
        self._beat = QTimer(self)
        self._beat.setInterval(_EVERY_MS)
        self._beat.timeout.connect(self._tell_progress)

    @property
    def available(self) -> bool:
        """Whether the builder is installed beside the viewer."""
        return self._builder.is_file()

    @property
    def running(self) -> bool:
        return self._process is not None

    def build(self) -> None:
        """Builds an FP16 engine for the GPU that is there."""
        self._start("--fp16", "--output", str(self.output))
        self._building = True

    def verify(self, folder: Path) -> None:
        """Checks the engine in ``folder`` against its certificate."""
        self._start("--verify", str(folder))
        self._building = False

    def cancel(self) -> None:
        """Interrupts the builder, which removes what it began and ends soon."""
        if self._process is not None and not self._cancelled:
            self._cancelled = True
            number = self._process.processId()
            if number:  # 0 where it has just ended; as a process it would be this one's whole group
                os.kill(number, signal.SIGINT)
            self._begin_stage(self.tr("Cancelling"))

    def close(self) -> None:
        """Ends what runs, without a word; waits for it, bounded."""
        self.cancel()
        self.blockSignals(True)
        if self._process is not None and not self._process.waitForFinished(_ENDING_LIMIT_MS):
            self._process.kill()
            self._process.waitForFinished(_ENDING_LIMIT_MS)

    def _start(self, *arguments: str) -> None:
        if self._process is not None:
            raise RuntimeError("an engine is being built or verified already")
        process = QProcess(self)
        # Ctrl-C in the terminal goes to the viewer alone, which passes it on: a second one would
        # disturb the builder while it clears up.
        process.setUnixProcessParameters(QProcess.UnixProcessFlag.CreateNewSession)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._failed)
        self._process, self._cancelled, self._sentences = process, False, []
        self._begin_stage(self.tr("Starting the engine builder"))
        process.start(
            sys.executable, [str(self._builder), *arguments, "--onnx", str(self._weights)]
        )
        self._beat.start()

    def _begin_stage(self, title: str) -> None:
        self._stage = title
        self._stage_time.start()
        self._tell_progress()

    def _tell_progress(self) -> None:
        minutes, seconds = divmod(self._stage_time.elapsed() // 1000, 60)
        self.progress_changed.emit(f"{self._stage} … {minutes}:{seconds:02}")

    def _read(self) -> None:
        """A stage that begins, a sentence, or a row of a certificate."""
        assert self._process is not None
        while self._process.canReadLine():
            line = self._process.readLine().data().decode(errors="replace").strip()
            if line.endswith(_SENTENCE_END):
                self._sentences.append(line)
            elif line.endswith(_STAGE_END) and not self._cancelled:
                self._begin_stage(line.removesuffix(_STAGE_END).rstrip())

    def _finished(self, code: int) -> None:
        assert self._process is not None
        self._read()
        errors = self._process.readAllStandardError().data().decode(errors="replace").strip()
        if code == 0:
            self._end(" ".join(self._sentences))
            if self._building:
                self.built.emit()
        elif self._cancelled:
            self._end(self.tr("The engine builder was cancelled; nothing was left behind."))
        elif errors:
            self._end(errors.splitlines()[-1])
        else:
            sentence = self.tr("The engine builder ended unexpectedly ({code}).")
            self._end(sentence.format(code=code))

    def _failed(self, error: QProcess.ProcessError) -> None:
        """Whatever ends a process that runs is told by ``_finished``."""
        if error is QProcess.ProcessError.FailedToStart:
            assert self._process is not None
            reason = self._process.errorString()
            self._end(self.tr("The engine builder cannot start: {reason}.").format(reason=reason))

    def _end(self, sentence: str) -> None:
        assert self._process is not None
        self._beat.stop()
        self._process.deleteLater()
        self._process = None
        self.progress_changed.emit("")
        self.ended.emit(sentence)
