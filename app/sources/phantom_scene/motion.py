"""Where the endoscope's tip is and where it looks, as a closed function of time.

Lengths are in radii of the colon (about 25 mm). The colon runs along +z, gravity pulls along +y:
camera axes are right, down, forward.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.sources.phantom_scene.noise import FloatArray, generator

Vector = NDArray[np.float64]

EPISODE_S = 5.0
"""The endoscopist stops to look around once in this time."""
ADVANCE = 3.4
"""Length travelled in one episode."""
APPROACH = 0.3
"""How near the tip goes to what interests, in radii."""
LOOK_BACK = 0.55
"""Amplitude of the to and fro on top of the steady advance."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The colon's bending axis ``x(z), y(z)``: two sines each, over z counted from a base."""

    reach: FloatArray
    wave: FloatArray
    phase: FloatArray

    def offset(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """``x`` and ``y`` of the axis at ``z``, any shape."""
        angle = [k * z + p for k, p in zip(self.wave, self.phase, strict=True)]
        x = self.reach[0] * np.sin(angle[0]) + self.reach[1] * np.sin(angle[1])
        y = self.reach[2] * np.sin(angle[2]) + self.reach[3] * np.sin(angle[3])
        return x, y

    def slope(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """``dx/dz`` and ``dy/dz`` at ``z``, any shape."""
        angle = [k * z + p for k, p in zip(self.wave, self.phase, strict=True)]
        steep = self.reach * self.wave
        x = steep[0] * np.cos(angle[0]) + steep[1] * np.cos(angle[1])
        y = steep[2] * np.cos(angle[2]) + steep[3] * np.cos(angle[3])
        return x, y

    def point(self, z: float) -> Vector:
        """The point of the axis at ``z``: (3,) float64."""
        x, y = self.offset(np.array([z], np.float32))
        return np.array([x[0], y[0], z])


class Course:
    """The axis over the whole length, and the travel along it."""

    def __init__(self, seed: int) -> None:
        rng = generator(seed, 1)
        self._wave = rng.uniform(0.8, 1.2, 4) * (0.80, 0.31, 0.72, 0.36)
        self._reach = rng.uniform(0.7, 1.1, 4) * (0.34, 0.80, 0.32, 0.75)
        self._phase = rng.uniform(0.0, 2.0 * np.pi, 4)
        self._sway_rate = rng.uniform(0.8, 1.25, (6, 2)) * (0.9, 2.1)
        self._sway_phase = rng.uniform(0.0, 2.0 * np.pi, (6, 2))

    def axis(self, base: float) -> Axis:
        """The axis over ``z - base``: in single precision only near z = 0 is exact."""
        phase = np.mod(self._phase + self._wave * base, 2.0 * np.pi)
        single = np.float32
        return Axis(self._reach.astype(single), self._wave.astype(single), phase.astype(single))

    def travelled(self, time_s: float) -> float:
        """z of the tip: a steady advance that comes to a stop, and back a little, every episode."""
        turn = 2.0 * np.pi * time_s / EPISODE_S
        return float(ADVANCE * time_s / EPISODE_S - LOOK_BACK * np.sin(turn))

    def sway(self, time_s: float) -> NDArray[np.float64]:
        """Six slow independent movements in [-1, 1], as a hand makes them."""
        waves = np.sin(self._sway_rate * time_s + self._sway_phase)
        return np.asarray(waves @ (0.7, 0.3))


@dataclass(frozen=True, slots=True)
class Pose:
    """``rotation`` is (3, 3): its columns are the camera's right, down and forward axes."""

    position: Vector
    rotation: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interest:
    """A point that the endoscopist turns to, and how much, in [0, 1]."""

    point: Vector
    weight: float


def _unit(vector: Vector) -> Vector:
    return vector / np.linalg.norm(vector)


def look(course: Course, axis: Axis, z: float, time_s: float, interests: list[Interest]) -> Pose:
    """The tip at ``z`` (from the axis' base), looking down the lumen and at what interests."""
    sway = course.sway(time_s)
    position = axis.point(z) + np.array((0.3 * sway[0], 0.3 * sway[1], 0.0))
    ahead = _unit(axis.point(z + 1.2) - position)
    for interest in interests:
        towards = _unit(interest.point - position)
        ahead = _unit(ahead + interest.weight * (towards - ahead))
        position = position + APPROACH * interest.weight * towards
    roll = 0.5 * sway[4]
    right = _unit(np.cross((np.sin(roll), np.cos(roll), 0.0), ahead))
    down = np.cross(ahead, right)
    ahead = _unit(ahead + 0.42 * sway[2] * right + 0.36 * sway[3] * down)
    right = _unit(np.cross(down, ahead))
    return Pose(position, np.stack([right, np.cross(ahead, right), ahead], axis=1))
