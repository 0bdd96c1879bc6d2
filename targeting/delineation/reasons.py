"""Why each block is in or out: one code a block, computed from what the search left behind."""

from __future__ import annotations

import numpy as np
import pandas as pd

from targeting.delineation.graph import City, Limits
from targeting.model import NO_POLYGON

CODES = (
    "chosen",
    "bridge",
    "hole",
    "no_score",
    "no_people",
    "below_line",
    "isolated",
    "polygon_limit",
    "population_max",
    "area_max",
    "shape",
    "no_group",
)


def explain(
    score: np.ndarray,
    population: np.ndarray,
    membership: np.ndarray,
    city: City,
    limits: Limits | None,
    *,
    threshold: float,
    surrounded: np.ndarray,
    spare: np.ndarray,
) -> pd.DataFrame:
    """Give every block the reason why it is in or out.

    Inside: `chosen` (people live there and its score is above the line), `hole` (it is not, but
    the polygon surrounds it), `bridge` (it is not, but the polygon needs it).

    Outside, the first that holds: `no_people` (nobody lives there), `no_score` (score or
    population unknown), `below_line` (its score is not above the line), `isolated` (no neighbors),
    `polygon_limit` (it is in a further group that keeps all rules), then, of the polygon it shares
    most of its outline with, `population_max` or `area_max` (with it that polygon would pass its
    maximum) or `shape` (it would cost more perimeter than it brings, or make it less compact than
    asked), and `no_group` (no group around it keeps all rules).

    Parameters
    ----------
    score, population : ndarray
        Of each block; missing where unknown.
    membership : ndarray of int64
        Number of the polygon each block is in, 0 for none.
    city, limits : City, Limits
        What the search worked on. Without limits nothing is said about joining a polygon: for
        methods that do not grow.
    threshold : float
        Score at the line.
    surrounded, spare : ndarray of bool
        Blocks inside that no rim touches; blocks outside that are in a further feasible group.

    Returns
    -------
    DataFrame
        `code`, `polygon` (the one the reason speaks of, 0 for none) and `margin` (score less
        threshold), in the order of the blocks.
    """
    margin = score - threshold
    people = np.nan_to_num(population) > 0
    urgent = people & (np.nan_to_num(margin, nan=-1.0) > 0)
    inside = membership != NO_POLYGON
    joined, holder = _joining(membership, city, limits, urgent & ~inside)
    degree = np.diff(city.starts)
    conditions = [
        (inside & urgent, "chosen"),
        (inside & surrounded, "hole"),
        (inside, "bridge"),
        (population == 0, "no_people"),
        (np.isnan(score) | np.isnan(population), "no_score"),
        (~urgent, "below_line"),
        (degree == 0, "isolated"),
        (spare, "polygon_limit"),
        (joined == "population_max", "population_max"),
        (joined == "area_max", "area_max"),
        (joined == "shape", "shape"),
    ]
    code = np.select([c for c, _ in conditions], [name for _, name in conditions], "no_group")
    speaks = np.isin(code, ("population_max", "area_max", "shape"))
    polygon = np.where(inside, membership, np.where(speaks, holder, NO_POLYGON))
    return pd.DataFrame({"code": code, "polygon": polygon.astype(np.int64), "margin": margin})


def _joining(
    membership: np.ndarray, city: City, limits: Limits | None, asking: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Tell what keeps each asking block out of the polygon it shares most with, and which."""
    count = len(membership)
    answer = np.full(count, "", dtype="<U16")
    holder = np.zeros(count, dtype=np.int64)
    block = np.repeat(np.arange(count), np.diff(city.starts))
    number = membership[city.neighbor]
    touching = asking[block] & (number != NO_POLYGON)
    if limits is None or not touching.any():
        return answer, holder
    pair, slot = np.unique(
        np.stack([block[touching], number[touching]], axis=1), axis=0, return_inverse=True
    )
    shared = np.bincount(slot.ravel(), city.facing[touching], minlength=len(pair))
    order = np.lexsort((pair[:, 1], -shared, pair[:, 0]))
    asked, first = np.unique(pair[order, 0], return_index=True)
    holder[asked] = pair[order[first], 1]
    people = np.bincount(membership, city.population)
    ground = np.bincount(membership, city.area)
    more_people = people[holder[asked]] + city.population[asked]
    more_ground = ground[holder[asked]] + city.area[asked]
    answer[asked] = np.select(
        [more_people > limits.population_max, more_ground > limits.area_max_m2],
        ["population_max", "area_max"],
        "shape",
    )
    return answer, holder
