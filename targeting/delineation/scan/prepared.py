"""Cases and people of the blocks as a scan takes them; what cannot be scanned, by name."""

from __future__ import annotations

import math
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from targeting.model import Links, Loss
from targeting.problems import Problem, TargetingError

LAYER = "blocks"
EXAMPLES = 5
# Sums of cases are kept as single numbers, which are whole up to here.
CASES_MAX = 2**24


@dataclass(frozen=True)
class Scanned:
    """The blocks a scan looks at, sorted by id.

    Parameters
    ----------
    place : ndarray of int64
        Their positions in the tables given.
    points : ndarray, shape (blocks, 2)
        Middle of each.
    values : ndarray, shape (2, blocks)
        Cases and expected cases, which sum to the same.
    population : ndarray of float64
        People of each, above 0.
    losses : tuple of Loss
        Blocks left out.
    cases_left_out : float
        Cases in the blocks left out.
    """

    place: np.ndarray
    points: np.ndarray
    values: np.ndarray
    population: np.ndarray
    losses: tuple[Loss, ...]
    cases_left_out: float

    @property
    def total(self) -> float:
        """All cases."""
        return float(self.values[0].sum())


def take(cases: pd.Series[float], population: pd.Series[float], geometry: gpd.GeoSeries) -> Scanned:
    """Sort the blocks by id, leave out those that cannot be scanned, and expect cases by people.

    Parameters
    ----------
    cases : Series
        Index block ids; whole numbers, missing where nothing is known.
    population : Series
        Same index. People, or anything cases are expected in proportion to.
    geometry : GeoSeries
        Same index.

    Raises
    ------
    TargetingError
        `cases-not-whole`, `cases-too-many`.
    ValueError
        The tables are not of the same blocks, or people are below 0.
    """
    if not (cases.index.equals(population.index) and cases.index.equals(geometry.index)):
        raise ValueError("cases, population and geometry must have the same index")
    order = np.argsort(cases.index.to_numpy(), kind="stable")
    count = cases.to_numpy(float, na_value=np.nan)[order]
    people = population.to_numpy(float, na_value=np.nan)[order]
    shape = np.asarray(geometry.array)[order]
    points = shapely.get_coordinates(shapely.centroid(shape[~_empty(shape)]))
    whole = np.full((len(order), 2), np.nan)
    whole[~_empty(shape)] = points
    _refuse_odd(count, people, cases.index.to_numpy()[order])
    why = np.full(len(order), "", dtype=object)
    why[_empty(shape)] = "scan-no-place"
    why[~(people > 0)] = "scan-no-people"
    why[np.isnan(people)] = "scan-people-unknown"
    why[np.isnan(count)] = "scan-cases-unknown"
    kept = why == ""
    ids = cases.index.to_numpy()[order]
    losses = tuple(
        Loss(
            LAYER,
            reason,
            int((why == reason).sum()),
            len(order),
            tuple(str(one) for one in ids[why == reason][:EXAMPLES]),
        )
        for reason in sorted(set(why) - {""})
    )
    total = float(count[kept].sum())
    share = people[kept] / people[kept].sum() if kept.any() else people[kept]
    return Scanned(
        place=order[kept],
        points=whole[kept],
        values=np.stack([count[kept], share * total]),
        population=people[kept],
        losses=losses,
        cases_left_out=float(np.nansum(count[~kept])),
    )


def _empty(shape: np.ndarray) -> np.ndarray:
    return np.asarray(shapely.is_missing(shape) | shapely.is_empty(shape))


def _refuse_odd(count: np.ndarray, people: np.ndarray, ids: np.ndarray) -> None:
    if bool((people < 0).any()) or bool(np.isinf(people).any()):
        raise ValueError("people must be at least 0 and finite")
    known = count[~np.isnan(count)]
    odd = ~np.isnan(count) & ((count < 0) | (count != np.floor(count)) | np.isinf(count))
    if odd.any():
        shown = zip(ids[odd][:EXAMPLES], count[odd][:EXAMPLES], strict=True)
        given = ", ".join(f"{block}: {value:g}" for block, value in shown)
        values = {"given": given + " …" * bool(odd.sum() > EXAMPLES)}
        raise TargetingError([Problem("cases-not-whole", "", values)])
    if math.fsum(known) >= CASES_MAX:
        values = {"given": f"{math.fsum(known):.0f}", "most": str(CASES_MAX - 1)}
        raise TargetingError([Problem("cases-too-many", "", values)])


def links_among(links: Links, scanned: Scanned, count: int) -> Links:
    """Return the links among the blocks of a scan, by their positions in it.

    Parameters
    ----------
    links : Links
        By position in the tables given.
    scanned : Scanned
        The blocks scanned.
    count : int
        How many blocks the tables have.
    """
    where = np.full(count, -1, dtype=np.int64)
    where[scanned.place] = np.arange(len(scanned.place))
    one, two = where[links.first], where[links.second]
    both = (one >= 0) & (two >= 0)
    first, second = np.minimum(one, two)[both], np.maximum(one, two)[both]
    order = np.lexsort((second, first))
    return Links(first[order], second[order], links.gap_m[both][order], links.facing_m[both][order])
