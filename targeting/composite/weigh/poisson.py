"""Rates that rise with what surrounds them: a penalized Poisson regression, no slope below 0."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls
from scipy.special import xlogy

from targeting.composite.weigh.result import Array

_ROUNDS = 100
_NEAR = 1e-10


def poisson_slopes(
    x: Array, counts: Array, exposure: Array, penalty: float, start: Array | None = None
) -> Array:
    """Return the slopes of the logarithm of the rate, each 0 or more.

    They maximize the Poisson likelihood of `counts` with mean `exposure · exp(a + x b)`, the best
    `a` put in, less `penalty / 2 · events · |b|²`, by Newton's method; each step is a
    least-squares problem without negative slopes.

    Parameters
    ----------
    x : ndarray
        Blocks by parts.
    counts, exposure : ndarray
        Of each block; exposure above 0.
    penalty : float
        Above 0.
    start : ndarray, optional
        Where to begin.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> x = np.array([[0.0], [1.0]])
    >>> found = poisson_slopes(x, np.array([10.0, 20.0]), np.array([1.0, 1.0]), 1e-9)
    >>> found.round(6).tolist() == [round(float(np.log(2)), 6)]
    True
    """
    events = float(counts.sum())
    met = counts @ x / events  # mean of the parts where events are
    slopes = np.zeros(x.shape[1]) if start is None else start.copy()
    value, mean, spread = _state(x, exposure, slopes, met, penalty)
    for _ in range(_ROUNDS):
        curve = spread + penalty * np.eye(len(slopes))
        pull = met - mean - penalty * slopes
        factor = np.linalg.cholesky(curve + np.eye(len(slopes)) * 1e-12)
        aim, _ = nnls(factor.T, factor.T @ slopes + np.linalg.solve(factor, pull))
        step = aim - slopes
        gain = float(pull @ step)
        if gain <= _NEAR * max(1.0, abs(value)):
            return slopes
        share = 1.0
        while share > 1e-6:
            tried = slopes + share * step
            new, new_mean, new_spread = _state(x, exposure, tried, met, penalty)
            if new >= value + 1e-4 * share * gain:
                break
            share /= 2
        else:
            return slopes
        slopes, value, mean, spread = tried, new, new_mean, new_spread
    return slopes


def _state(
    x: Array, exposure: Array, slopes: Array, met: Array, penalty: float
) -> tuple[float, Array, Array]:
    """Return the likelihood per event, and mean and covariance of the parts by expected events."""
    line = x @ slopes
    top = float(line.max())
    expected = exposure * np.exp(line - top)
    total = float(expected.sum())
    share = expected / total
    mean = share @ x
    spread = (x * share[:, None]).T @ x - np.outer(mean, mean)
    value = float(met @ slopes) - top - np.log(total) - penalty / 2 * float(slopes @ slopes)
    return value, mean, spread


def rates(x: Array, counts: Array, exposure: Array, slopes: Array, of: Array) -> Array:
    """Return the rates that slopes and the events of one place give for another.

    Parameters
    ----------
    x, counts, exposure : ndarray
        Of the place where the events are known: they say the level.
    slopes : ndarray
        As `poisson_slopes` gives them.
    of : ndarray
        Blocks by parts of the other place.

    Returns
    -------
    ndarray
        Expected events per unit of exposure.
    """
    level = counts.sum() / (exposure @ np.exp(x @ slopes))
    found: Array = level * np.exp(of @ slopes)
    return found


def deviance(counts: Array, expected: Array) -> float:
    """Return the Poisson deviance: 0 where what is expected came.

    Examples
    --------
    >>> deviance(np.array([0.0, 2.0]), np.array([1.0, 2.0]))
    2.0
    """
    return float(2 * (xlogy(counts, counts) - xlogy(counts, expected) - counts + expected).sum())
