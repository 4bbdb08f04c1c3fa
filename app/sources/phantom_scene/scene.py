"""The world of one seed, and what of it there is at a given time."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.sources.phantom_scene.colon import LENGTH, Colon, grow_colon
from app.sources.phantom_scene.motion import EPISODE_S, Axis, Course, Interest, Pose, look
from app.sources.phantom_scene.polyps import Polyp, growths_near, place

IN_SIGHT = (-1.0, 4.5)
"""From where behind the tip to where ahead of it a polyp can be seen, in radii of the colon."""
INSPECTION_S = 1.1
"""How long the endoscopist stays turned to a polyp: deviation of a bell curve."""
ATTENTION = 0.75
"""How far the endoscopist turns to a polyp, of the whole way."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All that a picture shows, with z counted from the start of the repeating piece of colon."""

    colon: Colon
    axis: Axis
    pose: Pose
    polyps: tuple[Polyp, ...]


class World:
    """The colon, the polyps and the way through them that belong to ``seed``.

    Without ``with_polyps`` the same way leads through the same colon, and none grow there.
    """

    def __init__(self, seed: int, *, with_polyps: bool) -> None:
        self._seed = seed
        self._with_polyps = with_polyps
        self._colon = grow_colon(seed)
        self._course = Course(seed)

    def scene(self, time_s: float) -> Scene:
        """What is in sight at ``time_s``."""
        z = self._course.travelled(time_s)
        base = math.floor(z / LENGTH) * LENGTH
        axis = self._course.axis(base)
        polyps, interests = [], []
        for episode, growth in growths_near(self._seed, self._course, time_s).items():
            if IN_SIGHT[0] < growth.z - z < IN_SIGHT[1]:
                polyp = place(growth, self._colon, axis, base)
                polyps.append(polyp)
                away = (time_s - episode * EPISODE_S) / INSPECTION_S
                interests.append(Interest(polyp.centre, ATTENTION * math.exp(-(away**2))))
        pose = look(self._course, axis, z - base, time_s, interests)
        return Scene(self._colon, axis, pose, tuple(polyps) if self._with_polyps else ())
