"""What a benchmark says: as JSON for machines, as a table for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from app.bench.figures import Figures
from app.bench.gpu_clocks import GpuClocks
from app.bench.latencies import LatencySummary
from app.bench.soak import SoakRow
from app.sinks.base import replace_file

DEFINITIONS = {
    "capture": "the moment at which the driver, or what stands for it, has the frame",
    "mask": "the segmenter has answered",
    "screen": "the frame and the regions on it are handed over to be drawn; drawing them and the "
    "display's own refresh come after it",
    "late_share": "frames that were not on the screen within one frame time, dropped ones included",
    "cpu_share_of_one_core": "processor time of all processes, the measuring and a network that "
    "runs on the processor included; with the stand-in there is no network",
}
"""Written into every report: a figure is worth what it is a figure of."""


@dataclass(frozen=True, slots=True)
class Machine:
    processor: str
    cores: int
    system: str
    python: str
    polyplens: str
    packages: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Subject:
    """What was measured."""

    source: str
    width: int
    height: int
    rate: float
    """Frames per second."""
    backend: str
    """``stand-in`` where no network ran."""
    device: str
    precision: str
    stand_in_ms: float | None
    """The stand-in's fixed latency; None for a real runtime."""
    own_process: bool
    """Whether the segmenter ran in a supervised process of its own."""


@dataclass(frozen=True, slots=True)
class Extent:
    """One quantity over the run."""

    start: float
    most: float
    end: float

    def then(self, value: float) -> Extent:
        return Extent(self.start, max(self.most, value), value)

    @property
    def growth(self) -> float:
        """From start to end, as a share."""
        return self.end / self.start - 1


@dataclass(frozen=True, slots=True)
class SoakResult:
    rows: Sequence[SoakRow]
    broken_promises: Sequence[str]
    """One sentence each."""


@dataclass(frozen=True, slots=True)
class Report:
    """One benchmark, as far as it came."""

    finished: bool
    machine: Machine
    subject: Subject
    figures: Figures
    memory_mb: Extent
    handles: Extent
    threads: Extent
    gpus: Sequence[GpuClocks]
    """Half-way through, under load; empty without NVIDIA's driver."""
    soak: SoakResult | None


def write_report(path: Path, report: Report) -> None:
    """Writes JSON; the figures lie at the top. Raises SinkError."""
    content = asdict(report)
    content |= content.pop("figures")
    content["memory_mb"]["growth"] = report.memory_mb.growth
    content["definitions"] = DEFINITIONS
    replace_file(path, f"{json.dumps(content, indent=2)}\n".encode())


def table(report: Report) -> str:
    figures, subject = report.figures, report.subject
    where = "a process of its own" if subject.own_process else "a thread"
    drops = ", ".join(f"{count} {stage}" for stage, count in figures.dropped_by_stage.items())
    lines = [
        f"{subject.source}, {subject.width}x{subject.height} at {subject.rate:g} frames/s, "
        f"for {figures.seconds:.0f} s",
        f"{subject.backend} ({subject.device}) in {where}",
        "",
        f"{'milliseconds':20} {'p50':>8} {'p95':>8} {'p99':>8} {'worst':>8}",
        _latency_line("capture to mask", figures.capture_to_mask_ms),
        _latency_line("capture to screen", figures.capture_to_screen_ms),
        "",
        *_columns(
            [
                ("frames", f"{figures.frames}, {figures.frames_per_s:.1f} a second"),
                ("late", f"{figures.late_share:.2%}, dropped ones included"),
                ("dropped", f"{figures.dropped} (by stage: {drops})"),
                ("with their mask", f"{figures.masked_share:.2%}"),
                ("segmenter failures", f"{figures.segmenter_failures}"),
                ("processor", f"{figures.cpu_share_of_one_core:.1%} of one core"),
                *((f"  {name}", f"{cpu:.1%}") for name, cpu in _busiest(figures)),
                ("memory", f"{_extent(report.memory_mb)} MB, {report.memory_mb.growth:+.1%}"),
                ("handles", _extent(report.handles)),
                ("threads", _extent(report.threads)),
                *((gpu.name, _clocks(gpu)) for gpu in report.gpus),
            ]
        ),
        "",
        f"Screen: {DEFINITIONS['screen']}.",
    ]
    if report.soak is not None:
        verdict = report.soak.broken_promises or ["Every promise of endurance was kept."]
        lines += ["", *verdict]
    return "\n".join(lines)


def _latency_line(name: str, summary: LatencySummary) -> str:
    numbers = (summary.p50, summary.p95, summary.p99, summary.worst)
    return f"{name:20} " + " ".join(f"{number:8.2f}" for number in numbers)


def _columns(rows: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{name:28} {value}" for name, value in rows]


def _busiest(figures: Figures) -> list[tuple[str, float]]:
    return [each for each in figures.cpu_share_by_thread.items() if each[1] >= 0.001]


def _extent(extent: Extent) -> str:
    return f"{extent.start:.0f} at first, {extent.most:.0f} at most, {extent.end:.0f} in the end"


def _clocks(gpu: GpuClocks) -> str:
    told = (
        (gpu.sm_mhz, "MHz"),
        (gpu.memory_mhz, "MHz memory"),
        (gpu.temperature_c, "°C"),
        (gpu.power_w, "W"),
    )
    return ", ".join(f"{number:g} {unit}" for number, unit in told if number is not None)
