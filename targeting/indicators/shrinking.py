"""Rates drawn towards their area and their city, their interval, and the chance of a high one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import gammaincc, gammaincinv

from targeting.indicators.hierarchy import hierarchical_posterior


@dataclass(frozen=True)
class ShrunkRates:
    """Rates drawn towards their surroundings.

    Parameters
    ----------
    rate : ndarray
        Events per person; NaN without people.
    low, high : ndarray
        Ends of the interval of the true rate; the rate lies between them.
    city_rate : float
        Events per person in the whole city.
    area_variance, block_variance : float
        Relative variance of the true risk between areas, and between blocks of one area, by the
        moments that made `rate`.
    mean, variance : ndarray
        Of the true rate, after the counts; the doubt about the two variances is in them.
    reliability : ndarray
        Share of the variance of the true risk that the counts tell, 0 to 1.
    """

    rate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    city_rate: float
    area_variance: float
    block_variance: float
    mean: np.ndarray
    variance: np.ndarray
    reliability: np.ndarray


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

    The interval does not take those variances as known. Put in as if they were, and often as 0
    where events are rare, they leave out of it a quarter of the true rates and more; see
    `hierarchical_posterior`.

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
        Without any event the rate is 0, and the upper end that of the whole city's rate.

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
        return ShrunkRates(zeros, zeros, upper, 0.0, 0.0, 0.0, zeros, zeros, zeros)
    city = total_events / total_people
    codes = pd.factorize(areas, sort=True)[0][lived]
    y, n = events[lived], people[lived]
    rate, area_variance, block_variance = _by_moments(y, n, codes)
    after = hierarchical_posterior(y, n, codes)
    low, high = gamma_interval(after.mean, after.variance, confidence)
    return ShrunkRates(
        _placed(rate, lived),
        _placed(np.fmin(low, rate), lived),
        _placed(np.fmax(high, rate), lived),
        city_rate=float(city),
        area_variance=area_variance,
        block_variance=block_variance,
        mean=_placed(after.mean, lived),
        variance=_placed(after.variance, lived),
        reliability=_placed(after.reliability, lived),
    )


def chance_above(rates: ShrunkRates, times: float = 1.0) -> np.ndarray:
    """Return the probability that each true rate is above so many times the city's.

    Parameters
    ----------
    rates : ShrunkRates
    times : float
        How many times the rate of the whole city.

    Returns
    -------
    ndarray
        0 to 1, of a gamma of the rate's mean and variance; NaN without people, 0 in a city without
        an event.

    References
    ----------
    Richardson, S., Thomson, A., Best, N. and Elliott, P. (2004). Interpreting posterior relative
    risk estimates in disease-mapping studies. Environmental Health Perspectives 112(9), 1016–1025:
    probability above 0.8 as a rule for calling a place high.

    Examples
    --------
    >>> areas = pd.Series(["a"] * 30)
    >>> rates = shrink_rates(np.r_[40.0, np.full(29, 2.0)], np.full(30, 100.0), areas)
    >>> chance = chance_above(rates, 2.0)
    >>> bool(chance[0] > 0.99 and chance[1] < 0.2)
    True
    """
    if rates.city_rate == 0:
        return np.asarray(rates.mean * 0.0)
    scale = rates.variance / rates.mean
    return np.asarray(gammaincc(rates.mean / scale, times * rates.city_rate / scale))


def gamma_interval(
    mean: np.ndarray, variance: np.ndarray, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends that leave out equal tails of a gamma of this mean and variance.

    Parameters
    ----------
    mean, variance : ndarray
        Where the variance is 0 both ends are the mean.
    confidence : float
        Probability between the ends.

    Returns
    -------
    low, high : ndarray

    Examples
    --------
    >>> low, high = gamma_interval(np.array([1.0]), np.array([1.0]), 0.9)  # an exponential
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.0513], [2.9957])
    """
    tail = (1 - confidence) / 2
    low, high = mean.copy(), mean.copy()
    known = variance > 0
    shape, scale = mean[known] ** 2 / variance[known], variance[known] / mean[known]
    low[known] = scale * gammaincinv(shape, tail)
    high[known] = scale * gammaincinv(shape, 1 - tail)
    return low, high


def _by_moments(y: np.ndarray, n: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Return the rates, and the relative variances between areas and between blocks."""
    city = y.sum() / n.sum()
    known = codes >= 0
    area_y = np.bincount(codes[known], y[known], minlength=1)
    area_mu = np.bincount(codes[known], n[known] * city, minlength=1)
    area_variance = _relative_variance(area_y, area_mu)
    area_risk = np.append(_drawn_in(area_y, area_mu, area_variance), 1.0)  # at −1: no area
    mu = n * city * area_risk[codes]
    block_variance = _relative_variance(y, mu)
    return city * area_risk[codes] * _drawn_in(y, mu, block_variance), area_variance, block_variance


def _relative_variance(events: np.ndarray, expected: np.ndarray) -> float:
    """Variance of the true relative risk around 1, by moments; 0 when chance explains it all."""
    known = expected > 0
    y, mu = events[known], expected[known]
    return max(0.0, float(((y - mu) ** 2 - mu).sum() / (mu**2).sum())) if known.any() else 0.0


def _drawn_in(events: np.ndarray, expected: np.ndarray, variance: float) -> np.ndarray:
    """Mean of the relative risk, given its prior variance around 1."""
    if variance == 0.0:
        return np.ones(len(events))
    return np.asarray((1 / variance + events) / (1 / variance + expected))


def _placed(held: np.ndarray, lived: np.ndarray) -> np.ndarray:
    whole = np.full(len(lived), np.nan)
    whole[lived] = held
    return whole
