"""Groups of neighboring blocks that are told together what happens in them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting.indicators.counting import events_by_block, kinds_known, violent_kinds
from targeting.model import Indicator, Result
from targeting.render.encode import spatial_order

BLOCKS_MIN = 3
# Where the study has no incidents of its own, only a rate somebody else has published.
PEOPLE_MIN = 1000.0


def incidents_by_block(result: Result, indicator: Indicator) -> np.ndarray | None:
    """Return the incidents an indicator of violence counts, by block; None where there are none."""
    territory = result.territory
    if territory.incidents is None and territory.incident_counts is None:
        return None
    named = indicator.settings.get("kinds") or ()
    kinds = tuple(str(one) for one in named) or violent_kinds(kinds_known(territory))
    return events_by_block(territory, kinds)[0]


def people_wanted(result: Result, indicator: Indicator) -> float:
    """Return how many people a group needs, for as many incidents as may be told to be expected.

    The rate of the whole city decides, and nothing else: which blocks are told together says
    nothing of what happens in them.
    """
    counts = incidents_by_block(result, indicator)
    if counts is None:
        return PEOPLE_MIN
    people = result.territory.blocks["population"].fillna(0.0).to_numpy(float)
    events = float(counts[people > 0].sum())
    return result.study.publish.incidents_min * float(people.sum()) / max(events, 1.0)


def neighborhoods(
    shapes: gpd.GeoSeries,
    areas: pd.Series[str],
    people: np.ndarray,
    least: float,
    blocks_min: int = BLOCKS_MIN,
) -> np.ndarray:
    """Put blocks into groups of neighbors with enough people in each.

    Blocks are walked area by area along a Hilbert curve, and a group ends as soon as it holds
    enough people in enough inhabited blocks (microaggregation of fixed size). What is left over at
    the end joins the last group.

    Parameters
    ----------
    shapes : GeoSeries
        Blocks.
    areas : Series of str
        Area of each.
    people : ndarray
        Residents of each; 0 where unknown.
    least : float
        Fewest people in a group.
    blocks_min : int
        Fewest inhabited blocks in a group.

    Returns
    -------
    ndarray of int64
        Number of each block's group, from 0.

    Examples
    --------
    >>> import shapely
    >>> row = gpd.GeoSeries([shapely.box(x, 0, x + 1, 1) for x in range(7)], crs=32613)
    >>> neighborhoods(row, pd.Series(["a"] * 7), np.full(7, 100.0), least=250).tolist()
    [0, 0, 0, 1, 1, 1, 1]
    """
    count = len(shapes)
    place = np.empty(count, np.int64)
    place[spatial_order(shapes)] = np.arange(count)
    codes = pd.factorize(areas, sort=True)[0]  # blocks of no area are one area, -1
    first = pd.Series(place).groupby(codes).transform("min").to_numpy()
    walk = np.lexsort((place, codes, first))
    held = people[walk]
    sums, inhabited = np.cumsum(held), np.cumsum(held > 0)
    ends: list[int] = []
    start = 0
    while start < count:
        before = (sums[start - 1], inhabited[start - 1]) if start else (0.0, 0)
        enough = np.searchsorted(sums, before[0] + least - 1e-9)
        several = np.searchsorted(inhabited, before[1] + blocks_min)
        start = int(max(enough, several)) + 1
        if start <= count:
            ends.append(start)
    starts = np.zeros(count, np.int64)
    starts[[end for end in ends[:-1] if end < count]] = 1
    group = np.empty(count, np.int64)
    group[walk] = np.cumsum(starts)
    return group


def group_means(values: np.ndarray, people: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return the mean of each block's group, weighted by people; missing stays missing.

    Examples
    --------
    >>> group_means(np.array([1.0, 4.0, np.nan]), np.array([200.0, 100.0, 50.0]), np.zeros(3, int))
    array([ 2.,  2., nan])
    """
    known = ~np.isnan(values)
    weight = np.where(known, np.maximum(people, 1.0), 0.0)
    count = int(group.max(initial=0)) + 1
    total = np.bincount(group, weight * np.where(known, values, 0.0), count)
    whole = np.bincount(group, weight, count)
    means = np.divide(total, whole, out=np.full(count, np.nan), where=whole > 0)
    return np.where(known, means[group], np.nan)
