"""Shares on blocks of few people, drawn towards their area and their city, the doubt included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from targeting.indicators.beta_spreads import OPEN, Bounded, Cells, Node, fitted


@dataclass(frozen=True)
class ShrunkShares:
    """Shares drawn towards their surroundings.

    Parameters
    ----------
    share, low, high : ndarray
        Posterior mean and the ends of its interval, 0 to 1; NaN where there is nobody.
    reliability : ndarray
        n / (n + M), times the part of the count its mask leaves known: the weight of the block's
        own share, 0 to 1.
    city_share : float
        Middle of the areas' shares.
    area_worth, block_worth : float
        A and M: how many people the city's share is worth beside an area's own, and an area's
        beside a block's.
    """

    share: np.ndarray
    low: np.ndarray
    high: np.ndarray
    reliability: np.ndarray
    city_share: float
    area_worth: float
    block_worth: float


def shrink_shares(
    part: Bounded, whole: Bounded, areas: pd.Series[str], *, confidence: float = 0.9
) -> ShrunkShares:
    """Draw each block's share towards its area's, and that towards the city's.

    Parameters
    ----------
    part, whole : Bounded
        Those with the trait, and all, by block.
    areas : Series of str
        Area of each block; a block without one is drawn towards the city.
    confidence : float
        Probability the interval holds. The ends of a masked count go through the posterior one by
        one, so that its interval holds more.

    Returns
    -------
    ShrunkShares
        Never missing where there are people: a count that is not known leaves its area's share,
        with reliability 0.

    Examples
    --------
    >>> y, n = np.array([0.0, 1.0] + [5.0, 15.0] * 10), np.array([2.0, 2.0] + [100.0] * 20)
    >>> drawn = shrink_shares(Bounded(y, y, y), Bounded(n, n, n), pd.Series(["a"] * 22))
    >>> drawn.share[:4].round(2).tolist()  # 0 and 1 of 2 tell little, 5 and 15 of 100 more
    [0.1, 0.13, 0.06, 0.14]
    """
    nothing = np.full(len(whole.value), np.nan)
    lived = whole.value > 0
    if not lived.any():
        return ShrunkShares(nothing, nothing, nothing, nothing, np.nan, np.nan, np.nan)
    part, whole = part[lived], whole[lived]
    cells = cells_of(part, whole, areas[lived])
    cells, nodes, grid = fitted(cells)
    mean, variance = _moments(cells.y, cells.n, cells.area, nodes)
    low, high = beta_interval(mean, variance, confidence)
    masked = np.flatnonzero((part.high != part.low) | (whole.high != whole.low))
    least, most = _ends(part[masked], whole[masked], cells.n[masked])
    lowest = beta_interval(*_moments(*least, cells.area[masked], nodes), confidence)[0]
    highest = beta_interval(*_moments(*most, cells.area[masked], nodes), confidence)[1]
    low[masked] = np.fmin(lowest, low[masked])
    high[masked] = np.fmax(highest, high[masked])
    worth = sum(node.weight * cells.n / (cells.n + node.worth) for node in nodes)
    known = np.clip(1 - (cells.high - cells.low) / cells.n, 0.0, 1.0)
    reliability = np.where(np.isnan(part.value), 0.0, worth * known)
    guess = grid.guess()
    return ShrunkShares(
        _placed(mean, lived),
        _placed(np.fmin(low, mean), lived),
        _placed(np.fmax(high, mean), lived),
        _placed(reliability, lived),
        city_share=guess.city,
        area_worth=guess.area_worth,
        block_worth=guess.block_worth,
    )


def beta_interval(
    mean: np.ndarray, variance: np.ndarray, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of an interval of a beta of this mean and variance.

    They leave out equal tails; where the beta is highest at 0 or at 1 the interval starts there.

    Parameters
    ----------
    mean, variance : ndarray
        The mean between 0 and 1; the variance less than mean · (1 − mean).
    confidence : float
        Probability between the ends.

    Returns
    -------
    low, high : ndarray

    Examples
    --------
    >>> low, high = beta_interval(np.array([0.5]), np.array([1 / 12]), 0.9)  # uniform
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.05], [0.95])
    """
    worth = np.maximum(mean * (1 - mean) / variance - 1, 1e-6)
    a, b = worth * mean, worth * (1 - mean)
    falls, rises = (a < 1) & (b >= 1), (b < 1) & (a >= 1)
    out = 1 - confidence
    below = np.where(falls, 0.0, np.where(rises, out, out / 2))
    low, high = betaincinv(a, b, below), betaincinv(a, b, below + confidence)
    return low, high


def _placed(held: np.ndarray, lived: np.ndarray) -> np.ndarray:
    whole = np.full(len(lived), np.nan)
    whole[lived] = held
    return whole


def _ends(
    part: Bounded, whole: Bounded, n: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return count and people at the smallest share the masks allow, and at the largest."""
    least = np.where(np.isnan(part.low), 0.0, np.minimum(part.low, whole.high))
    most = np.where(np.isnan(part.high), n, np.minimum(part.high, whole.high))
    return (least, whole.high), (most, np.fmax(whole.low, most))


def _moments(
    y: np.ndarray, n: np.ndarray, area: np.ndarray, nodes: list[Node]
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of each block's share."""
    mean, square = np.zeros(len(y)), np.zeros(len(y))
    for node in nodes:
        total = node.worth + n
        one = (node.worth * node.mean[area] + y) / total
        carried = (node.worth / total) ** 2 * node.variance[area]
        spread = (one * (1 - one) - carried) / (total + 1) + carried
        mean += node.weight * one
        square += node.weight * (spread + one**2)
    return mean, square - mean**2


def cells_of(part: Bounded, whole: Bounded, areas: pd.Series[str]) -> Cells:
    """Return the blocks as the fit takes them; one without an area is an area of its own."""
    code, names = pd.factorize(areas, sort=True)
    alone = code < 0
    code = np.where(alone, len(names) - 1 + np.cumsum(alone), code)
    n = whole.value
    unknown = np.isnan(part.value)
    low = np.where(unknown, 0.0, np.clip(part.low, 0.0, n))
    high = np.where(unknown, n, np.clip(part.high, low, n))
    y = np.clip(np.where(unknown, 0.0, part.value), low, high)
    told = ~unknown & (high - low <= OPEN)
    return Cells(y, n, low, high, code, told, int(code.max()) + 1)
