"""What an interval of a soak comes to."""

from __future__ import annotations

from dataclasses import replace

from app.bench.measurement import Measurement
from app.bench.report import Subject
from app.bench.soak import SoakRow
from tests.app.bench.test_figures import after, before

SUBJECT = Subject("source", 64, 64, 60.0, "stand-in", "none", "none", 3.0, own_process=True)


def rows(measurement: Measurement) -> list[SoakRow]:
    soak = measurement.report(after(), finished=True).soak
    assert soak is not None
    return list(soak.rows)


def test_a_process_that_was_missing_for_a_moment_is_not_missing_from_the_interval() -> None:
    measurement = Measurement(SUBJECT, before(), soak=True)
    usage = after().usage
    dead = replace(usage, resident_mb=110.0, own_mb=80.0, handles=11, threads=4)
    twice = replace(usage, resident_mb=310.0, own_mb=230.0, handles=29, threads=14)
    for sample in (usage, dead, usage, twice):
        measurement.sample(sample)
    measurement.end_interval(after())
    (row,) = rows(measurement)
    assert (row.resident_mb, row.own_mb) == (usage.resident_mb, usage.own_mb)
    assert (row.handles, row.threads) == (usage.handles, usage.threads)


def test_an_interval_is_of_its_own_samples() -> None:
    measurement = Measurement(SUBJECT, before(), soak=True)
    for seconds, own_mb in enumerate((160.0, 200.0, 160.0), start=1):
        taken = replace(after().usage, at_s=before().usage.at_s + seconds, own_mb=own_mb)
        measurement.end_interval(replace(after(), usage=taken))
    assert [row.own_mb for row in rows(measurement)] == [160.0, 200.0, 160.0]
