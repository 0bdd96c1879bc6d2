"""The circular scan statistic."""

from __future__ import annotations

from typing import Annotated

import geopandas as gpd
import numpy as np
import pandas as pd
from annotated_types import Ge, Gt, Le
from scipy.spatial import KDTree

from targeting.delineation.scan.prepared import take
from targeting.delineation.scan.result import ScanClusters
from targeting.delineation.scan.scanning import (
    LANES,
    Best,
    Rates,
    Rule,
    clusters_of,
    looked_through,
    raise_by,
    refuse_outside,
    replicated,
)
from targeting.delineation.scan.windows import circles, nearest
from targeting.registry import register


@register("scan")
def circular_scan(
    cases: pd.Series[float],
    population: pd.Series[float],
    geometry: gpd.GeoSeries,
    *,
    rates: Rates = "high",
    population_share_max: Annotated[float, Gt(0), Le(0.5)] = 0.5,
    radius_max_m: Annotated[float, Gt(0)] | None = None,
    cases_min: Annotated[int, Ge(1)] = 2,
    replicates: Annotated[int, Ge(0)] = 999,
    seed: Annotated[int, Ge(0)] = 1,
) -> ScanClusters:
    """Find the circles with more cases than their people expect, and how rare that is by chance.

    Kulldorff, M. (1997), A spatial scan statistic, Communications in Statistics: Theory and Methods
    26(6), 1481–1496: circles around the middle of every block, each wide enough to take in one
    block more, up to a share of the people; the log-likelihood ratio of the Poisson model says how
    much better two rates explain the cases than one. All cases are then shared out by chance over
    the same people, many times: the p-value says how often the best circle of the whole city is as
    good. Settings, report and clusters are SaTScan's by default: one candidate for each center,
    and none that shares a block with a more likely one or that every replicate surpasses.

    Parameters
    ----------
    cases : Series
        Index block ids; whole numbers of events. A block where nothing is known (missing) is left
        out and named.
    population : Series
        Same index. People, or expected cases on any scale (by age, say). Blocks without any, or
        where they are not known, are left out and named, and so are their cases.
    geometry : GeoSeries
        Same index; in meters. A block lies where its middle (centroid) does.
    rates : str
        `"high"`, `"low"` or `"both"`.
    population_share_max : float
        Largest share of all people in a circle, above 0, at most 0.5.
    radius_max_m : float, optional
        Largest radius. Default: none.
    cases_min : int
        Fewest cases of a cluster with a high rate.
    replicates : int
        How many; 0 leaves the p-values out. No p-value is below 1 in (replicates + 1).
    seed : int
        Of the chance.

    Returns
    -------
    ScanClusters
        The same for every order of the rows.

    Raises
    ------
    TargetingError
        `out-of-range`, `cases-not-whole`, `cases-too-many`.

    Examples
    --------
    >>> import shapely
    >>> row = gpd.GeoSeries(shapely.points(np.arange(8) * 100.0, 0.0))
    >>> found = circular_scan(pd.Series([6, 7, 6, 1, 0, 1, 1, 0]), pd.Series([90.0] * 8), row)
    >>> found.membership.tolist(), found.clusters["expected"].tolist()
    ([1, 1, 1, 0, 0, 0, 0, 0], [8.25])
    """
    refuse_outside(
        population_share_max=(population_share_max, 0 < population_share_max <= 0.5, "> 0, ≤ 0.5"),
        radius_max_m=(radius_max_m or 1.0, radius_max_m is None or radius_max_m > 0, "> 0"),
        cases_min=(cases_min, cases_min >= 1, "≥ 1"),
        replicates=(replicates, replicates >= 0, "≥ 0"),
        seed=(seed, seed >= 0, "≥ 0"),
        rates=(rates, rates in ("high", "low", "both"), "high, low, both"),
    )
    scanned = take(cases, population, geometry)
    rule = Rule(scanned.total, rates, cases_min)
    best = Best.none(len(scanned.place))
    drawn = np.empty(0)
    if scanned.total and len(scanned.place):
        counts = replicated(scanned, replicates, seed)
        highest = np.zeros((len(counts), LANES))
        chunks = circles(
            scanned.points,
            scanned.values,
            share_max=population_share_max,
            radius_max_m=np.inf if radius_max_m is None else radius_max_m,
        )
        for given in looked_through(chunks):
            best.add(given, rule, np.asarray)
            raise_by(given, rule, counts, highest)
        drawn = highest.ravel()[:replicates]

    def members(center: int, count: int) -> np.ndarray:
        found, _ = nearest(scanned.points, np.array([center]), count, KDTree(scanned.points))
        return np.asarray(found[0])

    notes = {
        "method": "circular_scan",
        "rates": rates,
        "population_share_max": population_share_max,
        "radius_max_m": radius_max_m,
        "cases_min": cases_min,
        "replicates": replicates,
        "seed": seed,
    }
    return clusters_of(scanned, best, drawn, np.asarray, members, cases=cases, notes=notes)
