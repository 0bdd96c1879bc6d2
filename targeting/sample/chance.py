"""Seeded chance: one independent stream per layer, and smooth fields over the city."""

from __future__ import annotations

import numpy as np

STREAMS = (
    "outline",
    "areas",
    "blocks",
    "warp",
    "empty",
    "people",
    "marginalization",
    "risk",
    "census",
    "unavailable",
    "facilities",
    "services",
    "incidents",
    "places",
    "decoy",
    "raster",
    "conapo",
    "tiny",
    "colonias",
    "spelling",
    "registers",
    "street_map",
    "street_environment",
    "area_tables",
    "surfaces",
    "municipal",
    "abroad",
)


def stream(seed: int, layer: str) -> np.random.Generator:
    """Return the generator of one layer; layers do not disturb each other.

    Examples
    --------
    >>> first, again = (stream(7, "people").integers(1000) for _ in range(2))
    >>> bool(first == again)
    True
    """
    key = (STREAMS.index(layer),)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def smooth_field(
    xy: np.ndarray, rng: np.random.Generator, *, length_m: float, waves: int = 48
) -> np.ndarray:
    """Return a smooth random field with mean 0 and variance near 1.

    A sum of random waves (random Fourier features of a Gaussian covariance; Rahimi and Recht
    2007), so a value depends on nothing but its own place.

    Parameters
    ----------
    xy : ndarray, shape (points, 2)
        Places, in meters.
    rng : Generator
        Source of the waves.
    length_m : float
        Distance over which values resemble each other.
    waves : int
        Number of waves.
    """
    turns = rng.normal(0.0, 1.0 / length_m, (waves, 2))
    phases = rng.uniform(0.0, 2.0 * np.pi, waves)
    total = np.zeros(len(xy))
    for (along_x, along_y), phase in zip(turns, phases, strict=True):
        total += np.cos(xy[:, 0] * along_x + xy[:, 1] * along_y + phase)
    field: np.ndarray = np.round(np.sqrt(2.0 / waves) * total, 6)
    return field
