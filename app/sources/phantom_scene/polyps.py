"""Polyps: where they grow, their shape as a signed distance, and their colour."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from app.sources.phantom_scene.colon import Colon, sample_radius
from app.sources.phantom_scene.lens import Planes
from app.sources.phantom_scene.motion import EPISODE_S, Axis, Course, Vector
from app.sources.phantom_scene.noise import FloatArray, generator

PREVALENCE = 0.62
"""Share of the episodes in which there is a polyp."""
PALE = (0.68, 0.250, 0.150)
RED = (0.58, 0.120, 0.070)


class Shape(Enum):
    """Paris classification (Gastrointest Endosc 2003;58:S3-43)."""

    PEDUNCULATED = "Ip"
    SESSILE = "Is"
    FLAT = "IIa"


@dataclass(frozen=True, slots=True)
class Growth:
    """A polyp before it has its place: lengths in radii of the colon, angles in radians."""

    shape: Shape
    z: float
    theta: float
    radii: tuple[float, float, float]
    """Half axes of the head: along the colon, around it, and towards the lumen."""
    stalk: float
    """Length of the stalk; 0 without one."""
    lean: float
    """How far along z the head leans over its base."""
    lobes: float
    """Relative height of the lumps on its surface."""
    lump_phase: tuple[float, float, float]
    pale: tuple[float, float, float]
    """Linear RGB reflectance where the surface is palest."""
    red: tuple[float, float, float]
    """Linear RGB reflectance where blood shines through."""


def _grow(seed: int, episode: int, z: float) -> Growth | None:
    """The polyp met in ``episode``, or None."""
    rng = generator(seed, 3, episode)
    if rng.random() > PREVALENCE:
        return None
    shape = Shape(rng.choice(["Ip", "Is", "Is", "IIa"]))
    size = 0.13 + 0.22 * rng.random() ** 1.4
    wide, long = size * rng.uniform(0.85, 1.15, 2)
    height = {Shape.PEDUNCULATED: 0.95, Shape.SESSILE: 0.85, Shape.FLAT: 0.42}[shape] * size
    inflamed = rng.uniform(0.0, 0.75)
    pale = np.array(PALE) + inflamed * (np.array(RED) - PALE)
    return Growth(
        shape=shape,
        z=z + rng.uniform(0.85, 1.35),
        theta=rng.uniform(0.0, 2.0 * np.pi),
        radii=(float(long), float(wide), float(height)),
        stalk=float(size * rng.uniform(0.9, 1.5)) if shape is Shape.PEDUNCULATED else 0.0,
        lean=float(rng.uniform(-0.5, 0.3)),
        lobes=float(rng.uniform(0.02, 0.08)),
        lump_phase=tuple(rng.uniform(0.0, 2.0 * np.pi, 3).tolist()),
        pale=tuple(pale.tolist()),
        red=tuple((pale * (0.88, 0.52, 0.46)).tolist()),
    )


def growths_near(seed: int, course: Course, time_s: float) -> dict[int, Growth]:
    """What may be in sight at ``time_s``, by episode."""
    now = round(time_s / EPISODE_S)
    found = {}
    for episode in range(max(now - 1, 0), now + 4):
        growth = _grow(seed, episode, course.travelled(episode * EPISODE_S))
        if growth is not None:
            found[episode] = growth
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Polyp:
    """A growth in its place. ``frame`` is (3, 3); its rows are the axes: z, around, inwards."""

    growth: Growth
    base: Vector
    centre: Vector
    frame: NDArray[np.float64]

    @property
    def bound(self) -> tuple[Vector, float]:
        """Centre and radius of a sphere around the whole polyp."""
        middle = 0.5 * (self.base + self.centre)
        half = 0.5 * float(np.linalg.norm(self.centre - self.base))
        return middle, (1.05 + 2.0 * self.growth.lobes) * max(self.growth.radii) + half

    def head_coordinates(self, x: FloatArray, y: FloatArray, z: FloatArray) -> Planes:
        """World to the head's own axes, in units of its half axes."""
        axes: FloatArray = (self.frame / np.array(self.growth.radii)[:, None]).astype(np.float32)
        cx, cy, cz = self.centre.astype(np.float32)
        x, y, z = x - cx, y - cy, z - cz
        along, around, inwards = (a[0] * x + a[1] * y + a[2] * z for a in axes)
        return along, around, inwards

    def surface_coordinates(self, x: FloatArray, y: FloatArray, z: FloatArray) -> Planes:
        """Where a point of the surface lies on a map of it: two coordinates that grow from the tip
        with the arc's length, in radii of the colon, and the height over the head's middle."""
        u, v, w = self.head_coordinates(x, y, z)
        aside: FloatArray = np.sqrt(u * u + v * v) + np.float32(1e-6)
        angle: FloatArray = np.arctan2(aside, w)
        arc: FloatArray = angle / aside * np.float32(max(self.growth.radii))
        return u * arc, v * arc, w

    def distance(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        """Signed distance to the surface (a lower bound of it), negative inside."""
        u, v, w = self.head_coordinates(x, y, z)
        norm = np.sqrt(u * u + v * v + w * w)
        p, q, r = self.growth.lump_phase
        lump = np.sin(3.1 * u + p) * np.sin(2.7 * v + q) + np.sin(5.3 * v + r) * np.sin(
            4.7 * u + 2.9 * w + p
        )
        surface = 1.0 + np.float32(self.growth.lobes) * lump
        # Exact along the axes, and never more than the true distance for a round head.
        head: FloatArray = (norm - surface) * np.float32(min(self.growth.radii))
        if self.growth.stalk == 0.0:
            return head
        return smooth_min(head, self._stalk_distance(x, y, z), 0.06)

    def _stalk_distance(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        """Distance to a capsule from the base to the head's centre."""
        axis = (self.centre - self.base).astype(np.float32)
        bx, by, bz = self.base.astype(np.float32)
        x, y, z = x - bx, y - by, z - bz
        along = (x * axis[0] + y * axis[1] + z * axis[2]) / np.float32(axis @ axis)
        np.clip(along, 0.0, 1.0, out=along)
        x, y, z = x - along * axis[0], y - along * axis[1], z - along * axis[2]
        thick = np.float32(0.42 * min(self.growth.radii[:2]))
        distance: FloatArray = np.sqrt(x * x + y * y + z * z) - thick
        return distance


def smooth_min(a: FloatArray, b: FloatArray, width: float) -> FloatArray:
    """The smaller of two distances, rounded off where they differ by less than ``width``."""
    overlap = np.clip(np.float32(width) - np.abs(a - b), 0.0, None)
    rounded: FloatArray = np.minimum(a, b) - overlap * overlap * np.float32(0.25 / width)
    return rounded


def place(growth: Growth, colon: Colon, axis: Axis, base_z: float) -> Polyp:
    """Sets ``growth`` on the wall; z is counted from ``base_z``, as ``axis`` does."""
    z = growth.z - base_z
    wall = sample_radius(colon, growth.theta, z)
    outwards = np.array([np.cos(growth.theta), np.sin(growth.theta), 0.0])
    base = axis.point(z) + wall * outwards
    inwards = -outwards + (0.0, 0.0, growth.lean if growth.stalk else 0.0)
    inwards /= np.linalg.norm(inwards)
    around = np.cross((0.0, 0.0, 1.0), outwards)
    along = np.cross(around, inwards)
    sunk = {Shape.PEDUNCULATED: 0.0, Shape.SESSILE: 0.35, Shape.FLAT: 0.05}[growth.shape]
    centre = base + (growth.stalk + sunk * growth.radii[2]) * inwards
    return Polyp(growth, base, centre, np.stack([along, around, inwards]))
