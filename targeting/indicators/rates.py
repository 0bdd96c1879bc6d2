"""Rates of incidents on places with few people: drawn towards their surroundings, with bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Ge, Gt, Lt
from scipy.special import gammaincinv

from targeting.incident_kinds import incident_kinds
from targeting.indicators.measured import Measured, exact
from targeting.model import Loss, Territory
from targeting.problems import Problem, TargetingError
from targeting.registry import register


@dataclass(frozen=True)
class ShrunkRates:
    """Rates drawn towards their surroundings.

    Parameters
    ----------
    rate, low, high : ndarray
        Events per person: posterior mean and the ends of its interval; NaN without people.
    city_rate : float
        Events per person in the whole city.
    area_variance, block_variance : float
        Relative variance of the true risk between areas, and between blocks of one area.
    variance : ndarray
        Posterior variance of the rate.
    """

    rate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    city_rate: float
    area_variance: float
    block_variance: float
    variance: np.ndarray


@register("measure")
def rate_of_points(
    territory: Territory,
    *,
    kinds: tuple[str, ...] = (),
    per: Annotated[float, Gt(0)] = 1000.0,
    per_year: bool = False,
    by_severity: bool = False,
    severity: Mapping[str, Annotated[float, Ge(0)]] | None = None,
    confidence: Annotated[float, Gt(0), Lt(1)] = 0.9,
) -> Measured:
    """Incidents per inhabitant of each block, drawn towards its area and its city.

    Incidents known only for a neighborhood or an area count as the intake shared them out among
    its blocks; the result then says `allocated`. Within the place they differ by nothing but the
    number of people, so the interval leaves out how unevenly they may really lie.

    Parameters
    ----------
    territory : Territory
        With `incidents` placed in blocks, `incident_counts` shared out among them, or both.
    kinds : tuple of str
        Kinds that count. None named means all the study's incidents have, but those that are no
        violence in `incident_kinds.yaml`, such as theft; by severity, all that have a weight.
    per : float
        Per so many people.
    per_year : bool
        Divide by the years the incidents stand for.
    by_severity : bool
        Weigh each kind by its severity: the sum of the kinds' rates, each drawn in by itself, times
        their weights. A homicide weighs 10.
    severity : mapping, optional
        Kind to weight, in place of the table's; giving it asks for `by_severity`.
    confidence : float
        Probability the interval holds.

    Returns
    -------
    Measured
        Rate over the period of the data, or a year. Missing where nobody lives (the incidents of
        such blocks are counted as a loss: without residents there is no rate) and where no source
        that knows the kinds looks: no data is not none.

    Raises
    ------
    TargetingError
        `kind-without-severity`: a kind has no weight in the table nor in the study. `no-exposure`:
        the sources do not say of how many years the incidents are, or do not agree.

    See Also
    --------
    shrink_rates : the method.
    """
    blocks = territory.blocks
    if territory.incidents is None and territory.incident_counts is None:
        return exact(pd.Series(np.nan, index=blocks.index), "shrunk")
    weights = None
    if by_severity or severity is not None:
        weights = severity_weights(kinds or _kinds(territory), severity or {})
        kinds = tuple(kind for kind, weight in weights.items() if weight > 0)
    kinds = kinds or _violent(_kinds(territory))
    years = _years(territory) if per_year else 1.0
    people = blocks["population"].to_numpy(float)
    covered = _covered(territory, kinds)
    people = np.where(covered, people * years, np.nan)
    if weights is None:
        counts, allocated = _counts(territory, kinds)
        rates = shrink_rates(counts, people, blocks["area_id"], confidence=confidence)
        ends = rates.rate, rates.low, rates.high
    else:
        counts, allocated = _counts(territory, kinds)
        own = {kind: _counts(territory, (kind,))[0] for kind in kinds}
        ends = _weighted(own, weights, people, blocks["area_id"], confidence)
    value, low, high = (pd.Series(array * per, index=blocks.index) for array in ends)
    losses = _unused(territory, counts, covered)
    return Measured(value, low, high, "allocated" if allocated else "shrunk", losses)


def severity_weights(kinds: Sequence[str], severity: Mapping[str, float]) -> dict[str, float]:
    """Return the weight of each kind: the study's, else that of `incident_kinds.yaml`.

    Parameters
    ----------
    kinds : sequence of str
        Kinds that count.
    severity : mapping
        Kind to weight, as the study says.

    Returns
    -------
    dict

    Raises
    ------
    TargetingError
        `kind-without-severity`: a kind has none, or all have 0.

    Examples
    --------
    >>> severity_weights(["homicide", "graffiti"], {"graffiti": 0.5})
    {'homicide': 10.0, 'graffiti': 0.5}
    """
    table = {kind: one.weight for kind, one in incident_kinds().items()}
    known = table | {str(kind): float(weight) for kind, weight in severity.items()}
    absent = [kind for kind in kinds if kind not in known]
    if absent or not any(known[kind] for kind in kinds):
        shown = absent or list(kinds)
        values = {"given": ", ".join(shown[:12]) or "–", "known": ", ".join(sorted(table))}
        raise TargetingError([Problem("kind-without-severity", "severity", values)])
    return {kind: known[kind] for kind in kinds}


def _kinds(territory: Territory) -> tuple[str, ...]:
    """Return every kind the study's sources know."""
    found: set[str] = set()
    if territory.incident_kind_coverage is not None:
        found.update(str(kind) for kind in territory.incident_kind_coverage.columns)
    for table in (territory.incidents, territory.incident_counts):
        if table is not None:
            found.update(str(kind) for kind in table["kind"].dropna().unique())
    return tuple(sorted(found))


def _violent(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Return the kinds that are violence; a kind the table does not know is what a study says."""
    table = incident_kinds()
    return tuple(kind for kind in kinds if kind not in table or table[kind].violent) or kinds


def _covered(territory: Territory, kinds: tuple[str, ...]) -> np.ndarray:
    """Tell in which blocks somebody looks for every kind; none named means all."""
    by_kind = territory.incident_kind_coverage
    if by_kind is not None:
        known = by_kind.reindex(columns=list(kinds), fill_value=False) if kinds else by_kind
        return np.asarray(known.to_numpy(bool).all(axis=1))
    if territory.incident_coverage is not None:
        return territory.incident_coverage.to_numpy(bool)
    return np.ones(len(territory.blocks), dtype=bool)


def _years(territory: Territory) -> float:
    if not territory.incident_years:
        raise TargetingError([Problem("no-exposure", "per_year")])
    return float(territory.incident_years)


def _counts(territory: Territory, kinds: tuple[str, ...]) -> tuple[np.ndarray, bool]:
    """Return the incidents of each block, and whether any were shared out to it."""
    index = territory.blocks.index
    counts = np.zeros(len(index))
    points, shared = territory.incidents, territory.incident_counts
    if points is not None:
        chosen = points if not kinds else points[points["kind"].isin(kinds)]
        found = index.get_indexer(chosen["block_id"].dropna())
        counts += np.bincount(found[found >= 0], minlength=len(index))
    if shared is None:
        return counts, False
    chosen = shared if not kinds else shared[shared["kind"].isin(kinds)]
    found = index.get_indexer(chosen["block_id"])
    more = chosen["count"].to_numpy(float)[found >= 0]
    counts += np.bincount(found[found >= 0], more, minlength=len(index))
    return counts, bool(more.sum() > 0)


def _weighted(
    counts: Mapping[str, np.ndarray],
    weights: Mapping[str, float],
    people: np.ndarray,
    areas: pd.Series[str],
    confidence: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the weighted sum of the kinds' rates, and the interval of a gamma of its variance.

    The kinds' errors are taken as independent. A kind of which there was none adds nothing; where
    there was none of any, the upper end is the highest of the kinds'.
    """
    rate = np.where(people > 0, 0.0, np.nan)
    variance, highest = rate.copy(), rate.copy()
    for kind, events in counts.items():
        one = shrink_rates(events, people, areas, confidence=confidence)
        rate += weights[kind] * one.rate
        variance += weights[kind] ** 2 * one.variance
        highest = np.fmax(highest, weights[kind] * one.high)
    low, high = rate.copy(), highest
    known = rate > 0
    ends = _interval(rate[known], variance[known] / rate[known] ** 2, confidence)
    low[known], high[known] = ends
    return rate, low, high


def _unused(territory: Territory, counts: np.ndarray, covered: np.ndarray) -> tuple[Loss, ...]:
    """Return the incidents no rate is made of: nobody lives there, or not all kinds are known."""
    blocks = territory.blocks
    nobody = ~(blocks["population"].to_numpy(float) > 0)
    losses = []
    for reason, unused in (("no-residents", nobody), ("kinds-not-covered", ~nobody & ~covered)):
        rows = (counts > 0) & unused
        lost = round(float(counts[rows].sum()))
        if lost:
            total = round(float(counts.sum()))
            losses.append(Loss("incidents", reason, lost, total, tuple(blocks.index[rows][:5])))
    return tuple(losses)


def shrink_rates(
    events: np.ndarray,
    people: np.ndarray,
    areas: pd.Series[str],
    *,
    confidence: float = 0.9,
) -> ShrunkRates:
    """Gamma-Poisson rates in two steps: the area towards the city, the block towards its area.

    A raw rate on a block of 40 people is mostly chance. Here the relative risk of a block within
    its area, and of an area within its city, are gamma distributed around 1; their variances are
    found by the method of moments, Σ((y − μ)² − μ) / Σμ², and the posterior mean is the rate.

    Parameters
    ----------
    events : ndarray
        Events by block.
    people : ndarray
        Residents by block; NaN where unknown.
    areas : Series of str
        Area of each block; a block without one is drawn towards the city.
    confidence : float
        Probability the interval holds, between 0 and 1.

    Returns
    -------
    ShrunkRates

    References
    ----------
    Marshall, R. J. (1991). Mapping disease and mortality rates using empirical Bayes estimators.
    Applied Statistics 40(2), 283–294. Clayton, D. and Kaldor, J. (1987). Empirical Bayes estimates
    of age-standardized relative risks. Biometrics 43(3), 671–681.

    Examples
    --------
    >>> rates = shrink_rates(np.array([1.0, 0.0]), np.array([5.0, 995.0]), pd.Series(["a", "a"]))
    >>> bool(rates.rate[0] < 1 / 5)
    True
    """
    lived = people > 0
    total_people, total_events = people[lived].sum(), events[lived].sum()
    if not lived.any() or total_events == 0:
        zeros = np.where(lived, 0.0, np.nan)
        upper = zeros
        if lived.any():  # the city's own upper end, the same for every block
            upper = zeros + gammaincinv(1.0, (1 + confidence) / 2) / total_people
        return ShrunkRates(zeros, zeros, upper, 0.0, 0.0, 0.0, zeros)
    city = total_events / total_people
    codes = pd.factorize(areas, sort=True)[0][lived]
    y, n = events[lived], people[lived]
    known = codes >= 0
    area_y = np.bincount(codes[known], y[known], minlength=1)
    area_mu = np.bincount(codes[known], n[known] * city, minlength=1)
    area_variance = _relative_variance(area_y, area_mu)
    area_risk, area_spread = _posterior(area_y, area_mu, area_variance)
    area_risk = np.append(area_risk, 1.0)  # the last one, at -1: no area, the city's risk
    area_spread = np.append(area_spread, area_variance)
    mu = n * city * area_risk[codes]
    block_variance = _relative_variance(y, mu)
    risk, spread = _posterior(y, mu, block_variance)
    rate = city * area_risk[codes] * risk
    relative = spread / risk**2 + (area_spread / area_risk**2)[codes]
    low, high = _interval(rate, relative, confidence)
    return ShrunkRates(
        _placed(rate, lived),
        _placed(low, lived),
        _placed(high, lived),
        city_rate=float(city),
        area_variance=float(area_variance),
        block_variance=float(block_variance),
        variance=_placed(rate**2 * relative, lived),
    )


def _placed(held: np.ndarray, lived: np.ndarray) -> np.ndarray:
    whole = np.full(len(lived), np.nan)
    whole[lived] = held
    return whole


def _relative_variance(events: np.ndarray, expected: np.ndarray) -> float:
    """Variance of the true relative risk around 1, by moments; 0 when chance explains it all."""
    known = expected > 0
    y, mu = events[known], expected[known]
    return max(0.0, float(((y - mu) ** 2 - mu).sum() / (mu**2).sum()))


def _posterior(
    events: np.ndarray, expected: np.ndarray, variance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of the relative risk, given its prior variance around 1."""
    if variance == 0.0:
        return np.ones(len(events)), np.zeros(len(events))
    shape, scale = 1 / variance + events, 1 / variance + expected
    return shape / scale, shape / scale**2


def _interval(
    rate: np.ndarray, relative_variance: np.ndarray, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of a gamma with this mean and relative variance, the mean between them."""
    tail = (1 - confidence) / 2
    low, high = rate.copy(), rate.copy()
    open_ended = relative_variance > 0
    shape = 1 / relative_variance[open_ended]
    scale = rate[open_ended] / shape
    low[open_ended] = np.fmin(scale * gammaincinv(shape, tail), rate[open_ended])
    high[open_ended] = np.fmax(scale * gammaincinv(shape, 1 - tail), rate[open_ended])
    return low, high
