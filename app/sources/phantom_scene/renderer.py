"""From a scene to the light on the sensor, and to the truth about where the polyps are."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from app.sources.phantom_scene.colon import (
    FAR_SHRINK,
    MARGIN_COLUMNS,
    TEXTURE_SCALE,
    Colon,
    relief_coordinates,
)
from app.sources.phantom_scene.lens import Planes, camera_rays, turned
from app.sources.phantom_scene.march import (
    COARSE,
    FILLET,
    POLYP_STEP,
    first_hits,
    polyp_boxes,
    wall_distance,
)
from app.sources.phantom_scene.noise import FloatArray
from app.sources.phantom_scene.polyps import Polyp
from app.sources.phantom_scene.scene import Scene

CONTACT_SHADOW = 0.12
CONTACT_WIDTH = 1.0 / 14.0
"""How far from a polyp its contact shadow reaches, in radii of the colon."""
POLYP_TEXELS = np.float32(330.0)
"""Texels of a polyp's surface per radius of the colon."""
POLYP_FILM = np.float32(2.5)
BLED = np.array((1.0, 0.7, 0.6), np.float32)
"""Colour of light that has gone through tissue."""
LAMP_REACH = 4.4
"""Distance at which haze has swallowed most of the light, in radii of the colon."""
FILM = np.float32(0.20)
"""Deviation of the wet film's slope, in radians."""
GLINT = np.float32(1.0 / 0.05**2)
"""Inverse square of the angle, in radians, within which the lamp is mirrored into the lens."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """``light`` (height, width, 3) float32, linear RGB from 0; ``polyp`` (height, width) float32,
    1 where a polyp is seen, else 0.
    """

    light: FloatArray
    polyp: FloatArray


@dataclass(slots=True, eq=False)
class _Surface:
    """What is seen at each pixel: inward ``normal`` (not of unit length until the end), linear RGB
    ``reflectance``, slope of the wet ``film`` (height, width, 2), how deep it lies in a ``hollow``.
    """

    normal: tuple[FloatArray, FloatArray, FloatArray]
    reflectance: FloatArray
    film: FloatArray
    hollow: FloatArray


class Renderer:
    """Renders ``width`` x ``height`` pixels. It keeps nothing between pictures."""

    def __init__(self, width: int, height: int) -> None:
        self._coarse = camera_rays(-(-width // COARSE), -(-height // COARSE))
        self._fine = camera_rays(width, height)

    def render(self, scene: Scene) -> View:
        rays = turned(self._fine, scene.pose)
        t = first_hits(scene, turned(self._coarse, scene.pose), rays)
        ox, oy, oz = scene.pose.position.astype(np.float32)
        at = (ox + t * rays[0], oy + t * rays[1], oz + t * rays[2])
        axis_x, axis_y = scene.axis.offset(at[2])
        radius, theta = cv2.cartToPolar(at[0] - axis_x, at[1] - axis_y)
        outward = ((at[0] - axis_x) / radius, (at[1] - axis_y) / radius)

        surface = _wall(scene, at[2], t, radius, theta, outward)
        polyp_share = np.zeros_like(t)
        for polyp, box in zip(scene.polyps, polyp_boxes(scene, t.shape), strict=True):
            if box is not None:
                near = (at[0][box], at[1][box], at[2][box])
                behind = wall_distance(scene.colon, radius[box], theta[box], near[2])
                part = _Surface(
                    (surface.normal[0][box], surface.normal[1][box], surface.normal[2][box]),
                    surface.reflectance[box],
                    surface.film[box],
                    surface.hollow[box],
                )
                seen = _cover(scene.colon, polyp, near, behind, part)
                np.maximum(polyp_share[box], seen, out=polyp_share[box])
        return View(_lit(surface, rays, t, outward), polyp_share)


def _wall(
    scene: Scene,
    z: FloatArray,
    t: FloatArray,
    radius: FloatArray,
    theta: FloatArray,
    outward: tuple[FloatArray, FloatArray],
) -> _Surface:
    """The wall of the colon at cylindrical coordinates, seen from ``t`` away."""
    colon = scene.colon
    columns, rows = relief_coordinates(theta, z)
    relief = cv2.remap(colon.relief, columns, rows, cv2.INTER_LINEAR)
    ux, uy = outward
    turn = relief[..., 0] / radius
    slope_x, slope_y = scene.axis.slope(z)
    # Minus the gradient of (distance from the bent axis - R(theta, z)).
    normal = (-ux - turn * uy, -uy + turn * ux, relief[..., 1] + ux * slope_x + uy * slope_y)
    length = np.sqrt(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2)

    columns -= np.float32(MARGIN_COLUMNS)
    fine = (columns * TEXTURE_SCALE + MARGIN_COLUMNS, rows * TEXTURE_SCALE)
    shrunk = np.float32(TEXTURE_SCALE / FAR_SHRINK)
    coarse = (columns * shrunk + MARGIN_COLUMNS, rows * shrunk)
    near = cv2.remap(colon.mucosa, *fine, cv2.INTER_LINEAR).astype(np.float32)
    far = cv2.remap(colon.mucosa_far, *coarse, cv2.INTER_LINEAR).astype(np.float32)
    nearness = np.clip(np.float32(1.6) - np.float32(0.6) * t, 0.0, 1.0)[..., None]
    return _Surface(
        normal=(normal[0] / length, normal[1] / length, normal[2] / length),
        reflectance=(far + nearness * (near - far)) * np.float32(1.0 / 255.0),
        film=np.asarray(cv2.remap(colon.film, *fine, cv2.INTER_LINEAR), np.float32),
        hollow=np.ascontiguousarray(relief[..., 2]),
    )


def _cover(
    colon: Colon, polyp: Polyp, at: Planes, behind: FloatArray, surface: _Surface
) -> FloatArray:
    """Lets ``polyp`` cover ``surface`` in place, and gives where it is seen: 0 or 1.

    ``behind`` is the safe distance to the wall at the points ``at``.
    """
    distance = polyp.distance(*at)
    lead = behind - POLYP_STEP * distance
    inside = np.clip(0.5 + 0.5 * lead / np.float32(FILLET), 0.0, 1.0)
    step = np.float32(0.01)
    gradient = (
        polyp.distance(at[0] + step, at[1], at[2]) - distance,
        polyp.distance(at[0], at[1] + step, at[2]) - distance,
        polyp.distance(at[0], at[1], at[2] + step) - distance,
    )
    length = np.sqrt(gradient[0] ** 2 + gradient[1] ** 2 + gradient[2] ** 2) + np.float32(1e-6)
    for wall, own in zip(surface.normal, gradient, strict=True):
        wall += inside * (own / length - wall)
    skin = np.clip(2.0 * inside - 0.5, 0.0, 1.0)
    reflectance, film = _polyp_skin(colon, polyp, at)
    surface.reflectance += skin[..., None] * (reflectance - surface.reflectance)
    surface.film += skin[..., None] * (film - surface.film)
    shadow = np.exp(-np.clip(distance, 0.0, None) / np.float32(CONTACT_WIDTH))
    surface.hollow += (1.0 - skin) * shadow * np.float32(CONTACT_SHADOW)
    return (lead > 0.0).astype(np.float32)


def _polyp_skin(colon: Colon, polyp: Polyp, at: Planes) -> tuple[FloatArray, FloatArray]:
    """Reflectance (rows, columns, 3) of a polyp, and slope of its wet film (rows, columns, 2)."""
    east, north, up = polyp.surface_coordinates(*at)
    tile = cv2.remap(
        colon.polyp_surface,
        east * POLYP_TEXELS,
        north * POLYP_TEXELS,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )
    redness, brightness, film = cv2.split(tile.astype(np.float32) * np.float32(1.0 / 255.0))
    # The foot is redder than the tip.
    redness = np.clip(redness + 0.25 * np.clip(0.1 - up, 0.0, 1.0), 0.0, 1.0)[..., None]
    pale, red = np.array(polyp.growth.pale, np.float32), np.array(polyp.growth.red, np.float32)
    reflectance = (pale + redness * (red - pale)) * (2.0 * brightness)[..., None]
    film = POLYP_FILM * (film - np.float32(0.5))
    return reflectance, np.stack([film, np.roll(film, 3, axis=1)], axis=-1)


def _lit(
    surface: _Surface, rays: Planes, t: FloatArray, outward: tuple[FloatArray, FloatArray]
) -> FloatArray:
    """The light that comes back to the lens, the lamp being beside it: (height, width, 3)."""
    nx, ny, nz = surface.normal
    length = np.sqrt(nx * nx + ny * ny + nz * nz)
    nx, ny, nz = nx / length, ny / length, nz / length
    facing = -(nx * rays[0] + ny * rays[1] + nz * rays[2])
    shade = np.clip(1.0 - np.float32(2.2) * surface.hollow, 0.45, 1.25)
    # Inverse square law; valleys get less, and haze takes the rest far away.
    lamp = shade * np.exp(-((t / np.float32(LAMP_REACH)) ** 4)) / (t * t + np.float32(0.03))
    direct = (lamp * np.clip(facing, 0.0, None))[..., None]
    # What enters the tissue elsewhere comes out where little falls in: at edges, reddened.
    bled = (lamp * np.clip(0.30 - 0.24 * facing, 0.0, 0.3))[..., None]
    light: FloatArray = surface.reflectance * (direct + bled * BLED)
    # The wet film mirrors the lamp where it lies square to the view, and so breaks up into glints.
    ux, uy = outward
    across = ux * (rays[1] + facing * ny) - uy * (rays[0] + facing * nx)
    across += FILM * surface.film[..., 0]
    along = rays[2] + facing * nz + FILM * surface.film[..., 1]
    mirrored = np.clip(1.4 - GLINT * (across * across + along * along), 0.0, 1.0)
    light += (np.float32(0.9) * mirrored * np.clip(2.5 * lamp, 0.0, 12.0))[..., None]
    return light
