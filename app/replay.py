"""Runs every frame of a recorded input through the pipeline, into files."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import cv2

from app.config import AppConfig
from app.installed import package_versions
from app.overlay import Marker
from app.pipeline.mailbox import DropPolicy
from app.pipeline.metrics import PipelineSnapshot
from app.pipeline.pipeline import Pipeline
from app.sinks.output_folder import claim, clear, sole_use
from app.sinks.replay_sink import Look, ReplaySink
from app.sinks.summary import InputSummary, Outcome, RuntimeSummary, Summary, write_summary
from app.sources.base import SourceError, SourceInfo, VideoSource
from app.sources.decoding import Decoding
from app.sources.excerpt import Excerpt
from app.sources.opening import open_source
from app.version import version
from models.backends.base import Backend
from models.segmenter import Segmenter

Progress = Callable[[SourceInfo, PipelineSnapshot], None]
"""Called now and then with the source and the figures so far."""

_POLL_S = 0.2
_PACKAGES = ("av", "numpy", "onnxruntime", "opencv-python-headless", "openvino", "pyarrow")


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """What to replay, and what to write of it."""

    start_s: float
    end_s: float | None
    """None: to the source's end."""
    marker: Marker
    marked_pictures: bool
    screen_text: bool
    force: bool
    decoding: Decoding = Decoding.AUTO
    """Of video files."""


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """One replay on its way."""

    source: VideoSource
    pipeline: Pipeline
    segmenter: Segmenter
    sink: ReplaySink
    look: Look
    begun_s: float
    """On the monotonic clock."""


def replay(
    location: str,
    folder: Path,
    choose: Callable[[], Backend],
    config: AppConfig,
    options: ReplayOptions,
    progress: Progress,
) -> Summary:
    """Replays the input at ``location`` into ``folder``.

    A ``KeyboardInterrupt`` ends the reading, completes every file and gives a summary that says so.
    ``choose`` is called when input and output are there: it may take a second.

    Raises:
        app.sources.base.SourceError: the input cannot be opened or read further, or has no frame
            between start and end.
        app.sinks.base.SinkError: the output cannot be written, or is there already.
        models.backends.base.BackendError: the runtime failed.
    """
    # The stages are the threads; OpenCV's own would take the processor from the network.
    cv2.setNumThreads(1)
    with Excerpt(open_source(location, options.decoding), options.start_s, options.end_s) as source:
        if options.start_s > 0 and source.info.frame_count == 0:
            raise SourceError(
                f"{source.info.name} has no frame at --start or later; name an earlier start."
            )
        claim(folder, location, force=options.force)
        with sole_use(folder):
            try:
                return _replay(source, folder, choose(), config, options, progress)
            finally:
                with suppress(OSError):
                    folder.rmdir()  # which fails, as it should, where anything was written


def _replay(
    source: VideoSource,
    folder: Path,
    backend: Backend,
    config: AppConfig,
    options: ReplayOptions,
    progress: Progress,
) -> Summary:
    spec = backend.spec
    look = Look(
        spec.threshold if config.threshold is None else config.threshold,
        spec.least_area,
        spec.core_margin,
        options.marker,
        options.marked_pictures,
        options.screen_text,
    )

    def record(outcome: Outcome, error: str | None = None) -> Summary:
        summary = _summary(run, options, outcome, error)
        write_summary(folder, summary)
        return summary

    clear(folder)
    with ExitStack() as undo:
        undo.callback(clear, folder)
        sink = ReplaySink(folder, source.info, look)
        undo.callback(sink.close)
        segmenter = Segmenter(backend)
        pipeline = Pipeline(source, segmenter, sink, DropPolicy.EVERY)
        run = _Run(source, pipeline, segmenter, sink, look, time.monotonic())
        record(Outcome.RUNNING)
        undo.pop_all()
    try:
        outcome = _finish(pipeline, lambda: progress(source.info, pipeline.snapshot()))
    except Exception as error:
        record(Outcome.FAILED, str(error))
        raise
    summary = record(outcome)
    if outcome is Outcome.COMPLETE and not summary.frames:
        clear(folder)
        raise SourceError(
            f"{source.info.name} has no frame from --start on and before --end; name other times."
        )
    return summary


def _finish(pipeline: Pipeline, progress: Callable[[], None]) -> Outcome:
    """Runs ``pipeline`` to its end, or to the person's interruption."""
    try:
        pipeline.start()
        while not pipeline.join(_POLL_S):
            progress()
    except KeyboardInterrupt:
        pipeline.stop()
        pipeline.join()
        return Outcome.INTERRUPTED
    except Exception:
        # It may be the display of the progress that failed, with everything still running.
        pipeline.stop()
        pipeline.join()
        raise
    progress()
    return Outcome.COMPLETE


def _summary(
    run: _Run,
    options: ReplayOptions,
    outcome: Outcome,
    error: str | None,
) -> Summary:
    source, report = run.source.info, run.source.report
    runtime = run.segmenter.info
    snapshot = run.pipeline.snapshot()
    stages = {"read": snapshot.read.duration, "write": snapshot.deliver.duration}
    if snapshot.segment is not None:
        stages["segment"] = snapshot.segment.duration
    elapsed_s = time.monotonic() - run.begun_s
    return Summary(
        outcome=outcome,
        error=error,
        polyplens=version(),
        packages=package_versions(_PACKAGES),
        input=InputSummary(
            name=source.name,
            codec=source.codec,
            width=source.width,
            height=source.height,
            rate=float(source.rate),
            interlaced=source.interlaced,
            rotation=source.rotation,
            decoded_on_gpu=source.on_gpu,
            start_s=options.start_s,
            end_s=options.end_s,
            undecodable=report.undecodable,
            truncated=report.truncated,
            messages=report.messages,
        ),
        look=run.look,
        runtime=RuntimeSummary(
            backend=runtime.backend,
            version=runtime.version,
            device=runtime.device,
            precision=runtime.precision,
            model_sha256=runtime.model_sha256,
            input_height=run.segmenter.spec.height,
            input_width=run.segmenter.spec.width,
        ),
        notices=runtime.passed_over,
        frames=snapshot.deliver.frames_out,
        marked_frames=run.sink.marked_frames,
        elapsed_s=elapsed_s,
        frames_per_s=snapshot.deliver.frames_out / elapsed_s,
        stages=stages,
    )
