"""A region is marked only once it has lasted for some time of the video."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from models.regions import Region

_ROUNDING_MS = 1e-3
"""Far below the time of a frame, far above what subtracting its times rounds off."""


@dataclass(frozen=True, slots=True)
class Track:
    """A region of the newest frame, and since when it is seen without a break."""

    region: Region
    since_s: float


@dataclass(frozen=True, slots=True)
class AlertState:
    """What must be remembered from one frame to the next."""

    pts_s: float = -math.inf
    """Of the newest frame."""
    tracks: tuple[Track, ...] = ()

    def advanced(self, regions: tuple[Region, ...], pts_s: float) -> AlertState:
        """With the regions of the frame at ``pts_s``.

        One whose box overlaps that of a region of the frame before has lasted as long as that one.
        A step back starts anew.
        """
        earlier = self.tracks if pts_s >= self.pts_s else ()
        tracks = (
            Track(
                region,
                min(
                    (track.since_s for track in earlier if _overlap(track.region, region)),
                    default=pts_s,
                ),
            )
            for region in regions
        )
        return AlertState(pts_s, tuple(tracks))

    def settled(self) -> AlertState:
        """As though every region had always been there: so it is on a frame that stands still."""
        return replace(
            self, tracks=tuple(replace(track, since_s=-math.inf) for track in self.tracks)
        )

    def alerts(self, minimum_ms: float) -> tuple[Region, ...]:
        """The regions of the newest frame that have lasted ``minimum_ms``, largest first."""
        return tuple(
            track.region
            for track in self.tracks
            if (self.pts_s - track.since_s) * 1000 > minimum_ms - _ROUNDING_MS
        )


def _overlap(one: Region, other: Region) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )
