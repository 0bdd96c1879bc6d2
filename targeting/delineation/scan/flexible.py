"""The flexibly shaped scan statistic."""

from __future__ import annotations

from typing import Annotated

import geopandas as gpd
import numpy as np
import pandas as pd
from annotated_types import Ge, Gt, Le
from scipy.special import gammaln, pdtrc, xlogy
from tqdm import tqdm

from targeting.delineation.scan.prepared import links_among, take
from targeting.delineation.scan.result import ScanClusters
from targeting.delineation.scan.scanning import (
    LANES,
    Best,
    Rule,
    clusters_of,
    looked_through,
    raise_by,
    refuse_outside,
    replicated,
)
from targeting.delineation.scan.windows import (
    Surroundings,
    connected_sets,
    surroundings,
)
from targeting.model import Links
from targeting.registry import register

NEAREST_MAX = 15
SPREADS = 4.0


@register("scan")
def flexible_scan(
    cases: pd.Series[float],
    population: pd.Series[float],
    geometry: gpd.GeoSeries,
    links: Links,
    *,
    nearest_blocks: Annotated[int, Ge(1), Le(15)] = 15,
    restricted_alpha: Annotated[float, Gt(0), Le(1)] | None = 0.2,
    cases_min: Annotated[int, Ge(1)] = 2,
    replicates: Annotated[int, Ge(0)] = 999,
    seed: Annotated[int, Ge(0)] = 1,
) -> ScanClusters:
    """Find the connected groups of any shape with more cases than their people expect.

    Tango, T. and Takahashi, K. (2005), A flexibly shaped spatial scan statistic for detecting
    clusters, International Journal of Health Geographics 4:11: every connected set of the blocks
    nearest to a block that holds it. Tango, T. (2008), A spatial scan statistic with a restricted
    likelihood ratio, Japanese Journal of Biometrics 29(2), 75–95: only blocks with many cases of
    their own may be in a set, so that a cluster does not swallow quiet blocks, and far fewer sets
    have to be looked at. Likelihood, replicates and report as in `circular_scan`; high rates only.

    Parameters
    ----------
    cases, population, geometry
        As in `circular_scan`. Blocks left out join nobody.
    links : Links
        Neighbors, by position in `cases`.
    nearest_blocks : int
        How many blocks a set is chosen from, its center included; at most 15.
    restricted_alpha : float, optional
        Only blocks whose own cases are this rare (middle p-value of the Poisson distribution below
        it) may be in a set. None: all blocks, as in 2005.
    cases_min : int
        Fewest cases of a cluster.
    replicates, seed : int
        As in `circular_scan`.

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
    >>> links = Links(np.arange(7), np.arange(1, 8), np.zeros(7), np.zeros(7))
    >>> cases = pd.Series([6, 7, 6, 1, 0, 1, 1, 0])
    >>> flexible_scan(cases, pd.Series([90.0] * 8), row, links).membership.tolist()
    [1, 1, 1, 0, 0, 0, 0, 0]
    """
    alpha = 1.0 if restricted_alpha is None else restricted_alpha
    refuse_outside(
        nearest_blocks=(nearest_blocks, 1 <= nearest_blocks <= NEAREST_MAX, "≥ 1, ≤ 15"),
        restricted_alpha=(alpha, 0 < alpha <= 1, "> 0, ≤ 1"),
        cases_min=(cases_min, cases_min >= 1, "≥ 1"),
        replicates=(replicates, replicates >= 0, "≥ 0"),
        seed=(seed, seed >= 0, "≥ 0"),
    )
    scanned = take(cases, population, geometry)
    rule = Rule(scanned.total, "high", cases_min)
    best = Best.none(len(scanned.place))
    drawn = np.empty(0)
    around = Surroundings(np.empty((0, 1), dtype=np.int64), np.empty((0, 1), dtype=np.int64))
    if scanned.total and len(scanned.place):
        among = links_among(links, scanned, len(cases))
        around = surroundings(scanned.points, among, nearest_blocks)
        counts = replicated(scanned, replicates, seed)
        highest = np.zeros((len(counts), LANES))
        values = scanned.values
        if restricted_alpha is None:
            every = np.ones(len(scanned.place), dtype=bool)
            for given in looked_through(connected_sets(around, values, every)):
                best.add(given, rule, np.bitwise_count)
                raise_by(given, rule, counts, highest)
        else:
            fewest = fewest_rare(values[1], restricted_alpha)
            for given in connected_sets(around, values, values[0] >= fewest):
                best.add(given, rule, np.bitwise_count)
            highest = _restricted(around, values, fewest, rule, counts, replicates)
        drawn = highest.ravel()[:replicates]

    def members(center: int, bits: int) -> np.ndarray:
        inside = (bits >> np.arange(around.near.shape[1])) & 1
        return np.asarray(around.near[center][inside.astype(bool)])

    notes = {
        "method": "flexible_scan",
        "nearest_blocks": nearest_blocks,
        "restricted_alpha": restricted_alpha,
        "cases_min": cases_min,
        "replicates": replicates,
        "seed": seed,
    }
    return clusters_of(scanned, best, drawn, np.bitwise_count, members, cases=cases, notes=notes)


def _restricted(
    around: Surroundings,
    values: np.ndarray,
    fewest: np.ndarray,
    rule: Rule,
    counts: np.ndarray,
    replicates: int,
) -> np.ndarray:
    """Highest ratio of each replicate: its own cases say which blocks may be in a set."""
    highest = np.zeros(replicates)
    told = tqdm(range(replicates), desc="scan", delay=2, disable=None, leave=False)
    for turn in told:
        group, lane = divmod(turn, LANES)
        drawn = np.stack([counts[group, :, lane].astype(float), values[1]])
        for given in connected_sets(around, drawn, drawn[0] >= fewest):
            ratio = rule.ratio(given.sums, given.usable)
            highest[turn] = max(highest[turn], float(ratio.max(initial=0.0)))
    return highest


def fewest_rare(expected: np.ndarray, alpha: float) -> np.ndarray:
    """Return the fewest cases whose middle p-value lies below `alpha`, block by block.

    The middle p-value is the chance of more cases plus half the chance of just as many.

    Parameters
    ----------
    expected : ndarray
        Expected cases, above 0.
    alpha : float
        Above 0, at most 1.

    Examples
    --------
    With 1 expected: 0 cases 0.816, 1 case 0.448, 2 cases 0.172 (1 − 2.5/e + 0.5 · 0.5/e).

    >>> fewest_rare(np.array([1.0]), 0.2).tolist()
    [2.0]
    """
    fewest = np.maximum(np.floor(expected - SPREADS * np.sqrt(expected) - SPREADS), 0.0)
    while True:
        exactly = np.exp(xlogy(fewest, expected) - expected - gammaln(fewest + 1))
        common = pdtrc(fewest, expected) + exactly / 2 >= alpha
        if not common.any():
            return np.asarray(fewest)
        fewest = fewest + common
