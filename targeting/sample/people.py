"""Who lives where: people per block, and the smooth backgrounds of want and of violence."""

from __future__ import annotations

import numpy as np

from targeting.sample.chance import smooth_field, stream

EMPTY_SHARE = 0.113
"""Blocks without people; 10 to 13 % in the real files."""

PEOPLE_AT = (
    (0.0, 1.0),
    (0.05, 7.0),
    (0.1545, 28.5),
    (0.436, 67.5),
    (0.718, 119.0),
    (0.944, 216.0),
    (0.989, 305.0),
    (1.0, 900.0),
)
"""People in blocks that have any: the quantiles of Aguascalientes 2020 (0, 26, 66, 119 and 216
people at 5, 25, 50, 75 and 95 %) with empty and tiny blocks taken out."""


def people(
    xy: np.ndarray, area_m2: np.ndarray, tiny: np.ndarray, radius_m: float, seed: int
) -> np.ndarray:
    """Return the people of each block.

    Parameters
    ----------
    xy : ndarray, shape (blocks, 2)
        Middles of the blocks, from the city's center.
    area_m2 : ndarray
        Area of each block.
    tiny : ndarray of bool
        Blocks of the tiny kind: 3 to 10 people each, none empty.
    radius_m : float
        Radius of the city.
    seed : int
        Chance of the city.

    Returns
    -------
    ndarray of int
        People; 0 in empty blocks.
    """
    rng = stream(seed, "people")
    total = len(area_m2)
    log_area = np.log(np.clip(area_m2, 200.0, 14_000.0))
    room = log_area + 0.3 * smooth_field(xy, rng, length_m=900.0)
    room += 0.45 * rng.normal(size=total)
    room -= 0.25 * np.log1p(area_m2 / 30_000.0)
    out = np.hypot(xy[:, 0], xy[:, 1]) / radius_m
    weight = 0.06 + 0.10 * (area_m2 < 900.0) + 0.35 * (area_m2 > 25_000.0) + 0.05 * (out > 0.8)
    key = rng.exponential(size=total) / np.where(tiny, 1e-9, weight)
    lived = np.ones(total, dtype=bool)
    lived[np.argsort(key, kind="stable")[: round(EMPTY_SHARE * total)]] = False
    rows = np.flatnonzero(lived & ~tiny)
    share = np.empty(len(rows))
    share[np.argsort(room[rows], kind="stable")] = (np.arange(len(rows)) + 0.5) / len(rows)
    at, held = np.array(PEOPLE_AT).T
    count = np.zeros(total, dtype=np.int64)
    count[rows] = np.maximum(np.round(np.interp(share, at, held)), 1).astype(np.int64)
    count[tiny] = rng.integers(3, 11, int(tiny.sum()))
    return count


def marginalization(
    xy: np.ndarray, block_area: np.ndarray, radius_m: float, seed: int
) -> np.ndarray:
    """Return the true want of each block: mean near 0, spread near 1, more is worse."""
    rng = stream(seed, "marginalization")
    out = np.hypot(xy[:, 0], xy[:, 1]) / radius_m
    wide = smooth_field(xy, rng, length_m=1500.0)
    fine = smooth_field(xy, rng, length_m=600.0)
    by_area = rng.normal(size=int(block_area.max()) + 1)[block_area]
    want = 0.68 * wide + 0.25 * fine + 0.35 * by_area + 0.8 * (out - 0.65)
    field: np.ndarray = want + 0.22 * rng.normal(size=len(xy))
    return field


def background_risk(
    xy: np.ndarray, want: np.ndarray, people_count: np.ndarray, seed: int, *, spread: float
) -> np.ndarray:
    """Return the true risk of each block relative to the city (population mean 1).

    Parameters
    ----------
    xy : ndarray
        Middles of the blocks.
    want : ndarray
        True marginalization: weakly tied to risk.
    people_count : ndarray
        People per block.
    seed : int
        Chance of the city.
    spread : float
        Standard deviation of the logarithm, about.
    """
    rng = stream(seed, "risk")
    smooth = smooth_field(xy, rng, length_m=1100.0)
    log_risk = spread * (0.85 * smooth + 0.5 * want + 0.35 * rng.normal(size=len(xy)))
    risk = np.exp(np.clip(log_risk, -2.5, 2.5))
    mean = (risk * people_count).sum() / people_count.sum()
    relative: np.ndarray = risk / mean
    return relative
