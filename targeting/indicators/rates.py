"""Rates of incidents on places with few people: drawn towards their surroundings, with bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Gt, Lt
from scipy.special import gammaincinv

from targeting.indicators.measured import Measured, exact
from targeting.model import Loss, Territory
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
    """

    rate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    city_rate: float
    area_variance: float
    block_variance: float


@register("measure")
def rate_of_points(
    territory: Territory,
    *,
    kinds: tuple[str, ...] = (),
    per: Annotated[float, Gt(0)] = 1000.0,
    confidence: Annotated[float, Gt(0), Lt(1)] = 0.9,
) -> Measured:
    """Incidents per inhabitant of each block, drawn towards its area and its city.

    Parameters
    ----------
    territory : Territory
        With `incidents` placed in blocks.
    kinds : tuple of str
        Kinds that count; none named means all the study has named.
    per : float
        Per so many people.
    confidence : float
        Probability the interval holds.

    Returns
    -------
    Measured
        Rate over the period of the data; missing where nobody lives (the incidents of such blocks
        are counted as a loss: without residents there is no rate).

    See Also
    --------
    shrink_rates : the method.
    """
    blocks = territory.blocks
    if territory.incidents is None:
        return exact(pd.Series(np.nan, index=blocks.index), "shrunk")
    chosen = territory.incidents
    if kinds:
        chosen = chosen[chosen["kind"].isin(kinds)]
    found = blocks.index.get_indexer(chosen["block_id"].dropna())
    counts = np.bincount(found[found >= 0], minlength=len(blocks)).astype(float)
    people = blocks["population"].to_numpy(float)
    rates = shrink_rates(counts, people, blocks["area_id"], confidence=confidence)
    empty = (counts > 0) & ~(people > 0)
    losses: tuple[Loss, ...] = ()
    if empty.any():
        examples = tuple(blocks.index[empty][:5])
        lost = int(counts[empty].sum())
        losses = (Loss("incidents", "no-residents", lost, int(counts.sum()), examples),)
    value, low, high = (
        pd.Series(array * per, index=blocks.index) for array in (rates.rate, rates.low, rates.high)
    )
    return Measured(value, low, high, "shrunk", losses)


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
        return ShrunkRates(zeros, zeros, upper, 0.0, 0.0, 0.0)
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
