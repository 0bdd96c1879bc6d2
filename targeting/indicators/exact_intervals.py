"""Exact intervals of counts and shares, those of zero included; nothing is assumed of a city."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from scipy.special import betaincinv, gammaincc, gammainccinv, gammaincinv, ndtri

PoissonInterval = Literal["garwood", "mid-p"]
BinomialInterval = Literal["clopper-pearson", "wilson"]
_HALVINGS = 80


def poisson_interval(
    events: np.ndarray, *, confidence: float = 0.95, method: PoissonInterval = "garwood"
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the interval of each Poisson mean.

    Parameters
    ----------
    events : ndarray
        Events counted; a fraction, of events shared out among blocks, is taken as it is. Missing
        stays missing.
    confidence : float
        `garwood` covers the true mean at least so often, whatever it is; `mid-p`, narrower, about
        so often on average.
    method : str
        `garwood`: the means for which so many events or more, or so many or fewer, are not too
        rare. `mid-p`: the same, the events seen counted by half in each tail.

    Returns
    -------
    low, high : ndarray
        In events; for 0 events the low end is 0 and the high end of `garwood` at 95 % is 3.69.

    References
    ----------
    Garwood, F. (1936). Fiducial limits for the Poisson distribution. Biometrika 28(3/4), 437–442.
    Berry, G. and Armitage, P. (1995). Mid-P confidence intervals: a brief review. The Statistician
    44(4), 417–423.

    Examples
    --------
    >>> low, high = poisson_interval(np.array([0.0, 10.0]))
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.0, 4.7954], [3.6889, 18.3904])
    """
    y, tail = np.asarray(events, dtype=float), (1 - confidence) / 2
    some = y > 0
    low = np.where(some, gammaincinv(np.where(some, y, 1.0), tail), np.where(y == 0, 0.0, np.nan))
    high = gammainccinv(y + 1, tail)
    if method == "garwood":
        return low, high
    low = _where_mid_p(y, 1 - tail, low, np.where(some, y, 0.0))
    return np.where(some, low, np.where(y == 0, 0.0, np.nan)), _where_mid_p(y, tail, y, high)


def _where_mid_p(y: np.ndarray, wanted: float, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the mean at which P(fewer) + P(as many) / 2 is `wanted`; it falls with the mean."""
    some = y > 0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        as_many_or_fewer = gammaincc(y + 1, middle)
        fewer = np.where(some, gammaincc(np.where(some, y, 1.0), middle), 0.0)
        above = (as_many_or_fewer + fewer) / 2 > wanted
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.asarray((low + high) / 2)


def rate_interval(
    events: np.ndarray,
    people: np.ndarray,
    *,
    confidence: float = 0.95,
    method: PoissonInterval = "garwood",
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the interval of each rate, in events per person.

    Parameters
    ----------
    events : ndarray
        Events counted.
    people : ndarray
        People, or people times years; where there are none the ends are missing.
    confidence, method
        As of `poisson_interval`.

    Returns
    -------
    low, high : ndarray

    Examples
    --------
    >>> low, high = rate_interval(np.array([0.0, 1.0]), np.array([100.0, 0.0]))
    >>> high.round(4).tolist()
    [0.0369, nan]
    """
    low, high = poisson_interval(events, confidence=confidence, method=method)
    divisor = np.where(np.asarray(people, dtype=float) > 0, people, np.nan)
    return low / divisor, high / divisor


def binomial_interval(
    part: np.ndarray,
    whole: np.ndarray,
    *,
    confidence: float = 0.95,
    method: BinomialInterval = "clopper-pearson",
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the interval of each share.

    Parameters
    ----------
    part, whole : ndarray
        So many out of so many; where there are none the ends are missing.
    confidence : float
        `clopper-pearson` covers the true share at least so often, whatever it is.
    method : str
        `clopper-pearson`: exact. `wilson`: narrower, from the normal approximation of the score;
        about so often on average, for some shares less.

    Returns
    -------
    low, high : ndarray
        Between 0 and 1.

    References
    ----------
    Clopper, C. J. and Pearson, E. S. (1934). The use of confidence or fiducial limits illustrated
    in the case of the binomial. Biometrika 26(4), 404–413. Wilson, E. B. (1927). Probable
    inference, the law of succession, and statistical inference. Journal of the American Statistical
    Association 22(158), 209–212. Brown, L. D., Cai, T. T. and DasGupta, A. (2001). Interval
    estimation for a binomial proportion. Statistical Science 16(2), 101–133: the two compared.

    Examples
    --------
    >>> low, high = binomial_interval(np.array([0.0, 2.0]), np.array([10.0, 10.0]))
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.0, 0.0252], [0.3085, 0.5561])
    """
    k, n = np.asarray(part, dtype=float), np.asarray(whole, dtype=float)
    known = (n > 0) & (k >= 0) & (k <= n)
    k, n = np.where(known, k, 0.0), np.where(known, n, 1.0)
    tail = (1 - confidence) / 2
    if method == "wilson":
        z = ndtri(1 - tail)
        middle = (k + z**2 / 2) / (n + z**2)
        reach = z / (n + z**2) * np.sqrt(k * (n - k) / n + z**2 / 4)
        low = np.where(k == 0, 0.0, middle - reach)
        high = np.where(k == n, 1.0, middle + reach)
    else:
        low = np.where(k > 0, betaincinv(np.where(k > 0, k, 1.0), n - k + 1, tail), 0.0)
        high = np.where(k < n, betaincinv(k + 1, np.where(k < n, n - k, 1.0), 1 - tail), 1.0)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def weighted_interval(
    events: Mapping[str, np.ndarray],
    weights: Mapping[str, float],
    people: np.ndarray,
    *,
    confidence: float = 0.95,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the interval of a weighted sum of Poisson rates, each by its own count.

    With one kind, or equal weights, it is Garwood's.

    Parameters
    ----------
    events : mapping
        Kind to the events counted by block.
    weights : mapping
        Kind to its weight, above 0.
    people : ndarray
        People, or people times years; where there are none the ends are missing.
    confidence : float
        At least so often it held in every case its authors tried.

    Returns
    -------
    low, high : ndarray

    References
    ----------
    Fay, M. P. and Feuer, E. J. (1997). Confidence intervals for directly standardized rates: a
    method based on the gamma distribution. Statistics in Medicine 16(7), 791–801.

    Examples
    --------
    >>> events = {"homicide": np.array([0.0, 1.0]), "robbery": np.array([0.0, 2.0])}
    >>> weights = {"homicide": 10.0, "robbery": 3.0}
    >>> low, high = weighted_interval(events, weights, np.ones(2))
    >>> low.round(2).tolist(), high.round(2).tolist()  # 10 · 3.69 where there is none
    ([0.0, 2.19], [36.89, 61.92])
    """
    tail = (1 - confidence) / 2
    total = np.sum([weights[kind] * y for kind, y in events.items()], axis=0)
    variance = np.sum([weights[kind] ** 2 * y for kind, y in events.items()], axis=0)
    some = total > 0
    shape = np.where(some, total, 1.0) ** 2 / np.where(some, variance, 1.0)
    low = np.where(some, np.where(some, total, 0.0) / shape * gammaincinv(shape, tail), 0.0)
    most = max(weights[kind] for kind in events)
    scale = (variance + most**2) / (total + most)
    high = scale * gammaincinv((total + most) / scale, 1 - tail)
    divisor = np.where(np.asarray(people, dtype=float) > 0, people, np.nan)
    return low / divisor, high / divisor
