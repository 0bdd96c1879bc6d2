"""Planted truth: four hard corners and one decoy, known block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy import spatial

CORNERS = ("violent_not_poor", "poor_not_violent", "both", "lacks_facilities")
DECOY = "decoy"
PEOPLE_IN_CORNER = 9_500
LARGEST_SHARE = 0.05
LINK_M = 50.0
REACH_M = 700.0
CANDIDATES, SEEDS = 4000, 60

VIOLENT_TIMES = 6.5
POOR_Z = 2.4
RICH_Z = -1.2


@dataclass(frozen=True)
class Plants:
    """Which blocks carry which planted truth.

    Parameters
    ----------
    corner : ndarray of str
        Name of the corner each block is in, `decoy`, or empty.
    """

    corner: np.ndarray


def choose(
    shapes: np.ndarray,
    people: np.ndarray,
    sector: np.ndarray,
    tiny: np.ndarray,
    radius_m: float,
) -> Plants:
    """Choose the corners: compact, connected, far apart, away from river, rail and avenues.

    Parameters
    ----------
    shapes : ndarray of polygons
        Blocks.
    people : ndarray
        People per block.
    sector : ndarray of int
        Sector of each block: river, rail and avenues run between sectors.
    tiny : ndarray of bool
        The tiny blocks, which are the decoy.
    radius_m : float
        Radius of the city.
    """
    corner = np.full(len(shapes), "", dtype="U16")
    corner[tiny] = DECOY
    goal = min(PEOPLE_IN_CORNER, int(LARGEST_SHARE * people.sum()))
    middle = shapely.get_coordinates(shapely.centroid(shapes))
    linked = _links(shapes)
    taken = middle[tiny]
    for name in CORNERS:
        rows = _corner(middle, people, sector, corner != "", taken, linked, goal, radius_m)
        corner[rows] = name
        taken = np.concatenate([taken, middle[rows]])
    return Plants(corner)


def _links(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=LINK_M)
    keep = first < second
    return first[keep], second[keep]


def _seeds(
    middle: np.ndarray, sector: np.ndarray, taken: np.ndarray, radius_m: float
) -> np.ndarray:
    """Return blocks in order of how well a corner could grow around them."""
    candidates = np.arange(0, len(middle), max(1, len(middle) // CANDIDATES))
    reach = min(0.16 * radius_m, REACH_M)
    places = spatial.cKDTree(middle)
    near = places.query_ball_point(middle[candidates], reach)
    first = np.repeat(candidates, [len(held) for held in near])
    second = np.concatenate([np.array(held) for held in near])
    around = np.bincount(first, minlength=len(middle))[candidates]
    same = sector[first] == sector[second]
    alike = np.bincount(first, weights=same, minlength=len(middle))[candidates]
    gap = spatial.cKDTree(taken).query(middle[candidates])[0]
    apart = np.clip(gap / (0.55 * radius_m), 0.0, 1.0)
    worth = (alike / around) ** 2 * apart * np.sqrt(around)
    order: np.ndarray = candidates[np.argsort(-np.round(worth, 9), kind="stable")]
    return order


def _corner(
    middle: np.ndarray,
    people: np.ndarray,
    sector: np.ndarray,
    used: np.ndarray,
    taken: np.ndarray,
    linked: tuple[np.ndarray, np.ndarray],
    goal: int,
    radius_m: float,
) -> np.ndarray:
    """Return the nearest blocks around the first seed that gives a corner of the usual size."""
    best = np.zeros(0, dtype=np.int64)
    usual = goal / people.mean()
    worst = np.inf
    for seed in _seeds(middle, sector, taken, radius_m)[:SEEDS]:
        free = np.flatnonzero((sector == sector[seed]) & ~used)
        reach = np.hypot(*(middle[free] - middle[seed]).T)
        close = reach < 4.0 * REACH_M
        free, reach = free[close], reach[close]
        order = free[np.argsort(np.round(reach, 3), kind="stable")]
        enough = int(np.searchsorted(np.cumsum(people[order]), goal)) + 1
        rows = _connected(np.sort(order[:enough]), linked, int(seed))
        lacking = abs(people[rows].sum() / goal - 1.0) + abs(np.log(len(rows) / usual))
        if lacking < worst:
            best, worst = rows, lacking
        if worst < 0.25:
            break
    return best


def _connected(rows: np.ndarray, linked: tuple[np.ndarray, np.ndarray], seed: int) -> np.ndarray:
    """Return the blocks that can be reached from the seed without leaving the set."""
    inside = np.zeros(int(max(rows.max(), linked[1].max(initial=0))) + 1, dtype=bool)
    inside[rows] = True
    both = inside[linked[0]] & inside[linked[1]]
    first, second = linked[0][both], linked[1][both]
    reached = np.zeros(len(inside), dtype=bool)
    reached[seed] = True
    while True:
        before = int(reached.sum())
        reached[second[reached[first]]] = True
        reached[first[reached[second]]] = True
        if int(reached.sum()) == before:
            found: np.ndarray = np.flatnonzero(reached)
            return found


def apply(corner: np.ndarray, want: np.ndarray, risk: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return marginalization and risk with the corners planted."""
    want, risk = want.copy(), risk.copy()
    poor = np.isin(corner, ["poor_not_violent", "both"])
    violent = np.isin(corner, ["violent_not_poor", "both"])
    want[poor] = POOR_Z + 0.25 * want[poor]
    want[corner == "violent_not_poor"] = RICH_Z + 0.25 * want[corner == "violent_not_poor"]
    risk[violent] = VIOLENT_TIMES * risk[violent] ** 0.25
    risk[corner == "poor_not_violent"] = 0.6 * risk[corner == "poor_not_violent"] ** 0.25
    plain = corner == "lacks_facilities"
    want[plain] = 0.25 * want[plain]
    risk[plain] = risk[plain] ** 0.25
    risk[corner == DECOY] = 1.0
    want[corner == DECOY] = 0.25 * want[corner == DECOY]
    return want, risk
