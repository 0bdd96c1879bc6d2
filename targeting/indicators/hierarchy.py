"""What the counts of a city say of the rate of each block, the doubt about the spreads in it.

The model: a block's events are Poisson with mean people × rate; its rate is its area's times a
gamma of mean 1 and variance v (between blocks), an area's is the city's times a gamma of mean 1 and
variance w (between areas). The two spreads and the city's rate are not taken as known: they are
added up over a grid of their values, each weighing as much as the counts make it likely. Bounds
with the spreads put in as if known are too narrow (Morris 1983; Carlin and Gelfand 1990).

References
----------
Christiansen, C. L. and Morris, C. N. (1997). Hierarchical Poisson regression modeling. Journal of
the American Statistical Association 92(438), 618–632: the model, and a uniform shrinkage as prior.
Morris, C. N. (1983). Parametric empirical Bayes inference. Journal of the American Statistical
Association 78(381), 47–55. Carlin, B. P. and Gelfand, A. E. (1990). Approaches for empirical Bayes
confidence intervals. Journal of the American Statistical Association 85(409), 105–114. Rue, H.,
Martino, S. and Chopin, N. (2009). Approximate Bayesian inference for latent Gaussian models.
Journal of the Royal Statistical Society B 71(2), 319–392: integration over a grid of spreads.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

# Standard deviations of the relative risk are looked for up to here, on so many points a spread.
_WIDEST = 4.0
_POINTS = 9
_ROUNDS = 12
# A point of the grid that weighs less than this beside the heaviest adds nothing to be seen.
_NEGLIGIBLE = 1e-3
# Where the spreads lie is looked for on no more blocks than this; they are weighed on all.
_LOOK_AT = 20_000
_AT_ONCE = 200_000
_NODES, _NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(5)
_NODE_WEIGHTS = _NODE_WEIGHTS / _NODE_WEIGHTS.sum()


@dataclass(frozen=True)
class Posterior:
    """The rate of each block, after its counts.

    Parameters
    ----------
    mean, variance : ndarray
        Of the rate of each block, in events per person.
    area_variance, block_variance : float
        Posterior means of the relative variances of the true risk between areas and between the
        blocks of one area.
    reliability : ndarray
        Share of the variance of the true risk that counts on so many people tell, 0 to 1.
    """

    mean: np.ndarray
    variance: np.ndarray
    area_variance: float
    block_variance: float
    reliability: np.ndarray


@dataclass(frozen=True)
class _Blocks:
    """Blocks in the order of their areas; a block without one is an area of its own."""

    events: np.ndarray
    people: np.ndarray
    starts: np.ndarray  # first block of each area
    area: np.ndarray  # of each block
    teaches: np.ndarray  # areas the spreads are learned from
    numbers: np.ndarray  # the different counts, and
    number: np.ndarray  # which of them each block has

    def sums(self, by_block: np.ndarray) -> np.ndarray:
        return np.asarray(np.add.reduceat(by_block, self.starts, axis=-1))


@dataclass(frozen=True)
class _Likelihoods:
    """Of each area's rate a, as exp(offset) · a^shape · exp(−scale · a); a row a block spread."""

    shape: np.ndarray
    scale: np.ndarray
    offset: np.ndarray


@dataclass(frozen=True)
class _Grid:
    """Weights of the spreads between areas (rows) and blocks (columns); log city rates there."""

    between_areas: np.ndarray
    between_blocks: np.ndarray
    weight: np.ndarray
    log_city: np.ndarray
    log_city_deviation: np.ndarray


def hierarchical_posterior(events: np.ndarray, people: np.ndarray, areas: np.ndarray) -> Posterior:
    """Return the mean and variance of each block's rate, the doubt about the spreads included.

    Within an area the likelihood of its rate is replaced by a gamma of the same first and second
    derivative at its posterior mode; everything else is added up on grids. Prior: the city's rate
    is flat on the log scale, and 1/(1 + v) of a relative variance v is uniform on 0 to 1, which is
    the shrinkage of a place where one event is expected.

    Parameters
    ----------
    events, people : ndarray
        By block; people above 0, at least one event in all.
    areas : ndarray of int
        Code of each block's area from 0; −1 for a block without one: it is an area of its own,
        from which the spreads are not learned.

    Returns
    -------
    Posterior

    Examples
    --------
    >>> people = np.full(40, 100.0)
    >>> events = np.tile([0.0, 1.0, 2.0, 5.0], 10)
    >>> told = hierarchical_posterior(events, people, np.arange(40) // 8)
    >>> bool(events[3] / people[3] > told.mean[3] > 0.02 > told.mean[0] > 0)
    True
    """
    if not (areas >= 0).any():
        areas = np.zeros(len(areas), dtype=int)
    blocks, order = _in_areas(events, people, areas)
    city = float(events.sum() / people.sum())
    few, low, high = _sample(blocks), np.zeros(2), np.full(2, _WIDEST)
    for _ in range(_ROUNDS):
        step = (high - low) / _POINTS
        spreads = low[:, None] + step[:, None] * (np.arange(_POINTS) + 0.5)
        likelihoods = _likelihoods(few, spreads[1] ** 2, city, float(spreads[0].mean() ** 2))
        grid = _weighed(few, likelihoods, spreads)
        low, high, fine = _narrowed(grid, spreads, step)
        if fine and few is blocks:
            break
        if fine:
            few = blocks
    return _mixed(blocks, order, likelihoods, grid)


def _in_areas(
    events: np.ndarray, people: np.ndarray, areas: np.ndarray
) -> tuple[_Blocks, np.ndarray]:
    alone = areas < 0
    code = np.where(alone, areas.max() + np.cumsum(alone), areas)
    order = np.lexsort((people, events, code))
    ranked = code[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    return _grouped(events[order], people[order], starts, ~alone[order][starts]), order


def _grouped(
    events: np.ndarray, people: np.ndarray, starts: np.ndarray, teaches: np.ndarray
) -> _Blocks:
    lengths = np.diff(np.r_[starts, len(events)])
    numbers, number = np.unique(events, return_inverse=True)
    area = np.repeat(np.arange(len(starts)), lengths)
    return _Blocks(events, people, starts, area, teaches, numbers, number)


def _sample(blocks: _Blocks) -> _Blocks:
    """Return the blocks of every so-manieth area, or all where they are few."""
    every = -(-len(blocks.events) // _LOOK_AT)
    chosen = np.flatnonzero(blocks.teaches)[::every]
    if every == 1 or len(chosen) < 100:
        return blocks
    lengths = np.diff(np.r_[blocks.starts, len(blocks.events)])[chosen]
    rows = np.isin(blocks.area, chosen)
    starts = np.r_[0, np.cumsum(lengths)[:-1]]
    return _grouped(blocks.events[rows], blocks.people[rows], starts, np.ones(len(chosen), bool))


def _likelihoods(
    blocks: _Blocks, variances: np.ndarray, city: float, area_variance: float
) -> _Likelihoods:
    """Return the gamma that stands for the likelihood of each area's rate, by block variance."""
    rows = max(1, _AT_ONCE // len(blocks.events))
    found = [
        _likelihood(blocks, variances[first : first + rows], city, area_variance)
        for first in range(0, len(variances), rows)
    ]
    shape, scale, offset = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return _Likelihoods(shape, scale, offset)


def _likelihood(
    blocks: _Blocks, variances: np.ndarray, city: float, area_variance: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    k = 1 / variances[:, None]
    y, n = blocks.events, blocks.people
    prior = 1 / max(area_variance, 0.05)
    at = np.full((len(k), len(blocks.starts)), city)
    total, most = blocks.sums(y), y + k
    for turn in range(20):
        relative = n / k * at[:, blocks.area]
        part = relative / (1 + relative)
        pull = most * part
        slope = total - blocks.sums(pull)
        bend = blocks.sums(pull * (1 - part))
        shape = np.maximum(slope + bend, 0.0)
        scale = np.maximum((shape - slope) / at, 1e-300)
        after = (prior + shape) / (prior / city + scale)
        if turn and np.all(np.abs(after - at) <= 0.01 * at):
            break
        at = after
    # Negative binomial of shape k, without what does not depend on a or k.
    rising = (gammaln(blocks.numbers + k) - gammaln(k))[:, blocks.number]
    log = blocks.sums(rising - most * np.log1p(relative) - y * np.log(k))
    offset = log + total * np.log(at) - shape * np.log(at) + scale * at
    return shape, scale, offset


def _weighed(blocks: _Blocks, likelihoods: _Likelihoods, spreads: np.ndarray) -> _Grid:
    """Weigh every pair of spreads; the log of the city's rate is normal around its mode there."""
    alpha = 1 / spreads[0][:, None] ** 2
    log, mode, deviation = (np.empty((_POINTS, _POINTS)) for _ in range(3))
    for column in range(_POINTS):
        shape = likelihoods.shape[column][blocks.teaches]
        scale = likelihoods.scale[column][blocks.teaches]
        at = np.full((_POINTS, 1), np.log(max(shape.sum(), 0.5) / scale.sum()))
        for _ in range(30):
            beta = alpha * np.exp(-at)
            part = beta / (beta + scale)
            slope = ((alpha + shape) * part - alpha).sum(axis=1, keepdims=True)
            bend = ((alpha + shape) * part * (1 - part)).sum(axis=1, keepdims=True)
            step = np.clip(slope / bend, -1, 1)
            at = at + step
            if np.abs(step).max() < 1e-6:
                break
        beta = alpha * np.exp(-at)
        made = alpha * np.log(beta) - gammaln(alpha) + gammaln(alpha + shape)
        made = (made - (alpha + shape) * np.log(beta + scale)).sum(axis=1)
        deviation[:, column] = 1 / np.sqrt(bend[:, 0])
        mode[:, column] = at[:, 0]
        log[:, column] = made + likelihoods.offset[column][blocks.teaches].sum()
    log += np.log(deviation) + _prior(spreads[0])[:, None] + _prior(spreads[1])[None, :]
    weight = np.exp(log - log.max())
    return _Grid(spreads[0] ** 2, spreads[1] ** 2, weight / weight.sum(), mode, deviation)


def _prior(spread: np.ndarray) -> np.ndarray:
    """Log density of a standard deviation s for which 1/(1 + s²) is uniform."""
    return np.asarray(np.log(spread) - 2 * np.log1p(spread**2))


def _narrowed(
    grid: _Grid, spreads: np.ndarray, step: np.ndarray
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return the ends of the next grid, and whether this one was fine enough."""
    low, high, fine = np.empty(2), np.empty(2), True
    for axis in (0, 1):
        marginal = grid.weight.sum(axis=1 - axis)
        held = np.flatnonzero(marginal > _NEGLIGIBLE * marginal.max())
        fine &= len(held) >= _POINTS // 2
        low[axis] = max(spreads[axis][held[0]] - 1.5 * step[axis], 0.0)
        high[axis] = spreads[axis][held[-1]] + 1.5 * step[axis]
    return low, high, fine


def _mixed(blocks: _Blocks, order: np.ndarray, likelihoods: _Likelihoods, grid: _Grid) -> Posterior:
    """Add the blocks' moments up over the grid."""
    y, n = blocks.events, blocks.people
    mean, square, told = (np.zeros(len(n)) for _ in range(3))
    held = grid.weight.sum(axis=0)
    for column in np.flatnonzero(held > _NEGLIGIBLE * held.max()):
        first, second, area_told = _area_moments(likelihoods, grid, int(column))
        k, weight = 1 / grid.between_blocks[column], held[column]
        spread = np.log(np.maximum(second / first**2, 1.0))
        for node, part in zip(_NODES, _NODE_WEIGHTS, strict=True):
            a = (first * np.exp(np.sqrt(spread) * node - spread / 2))[blocks.area]
            scale = a / (k + n * a)
            one = (k + y) * scale
            mean += weight * part * one
            square += weight * part * one * (one + scale)
        expected = n * first[blocks.area]
        within = grid.weight[:, column] @ (1 / (grid.between_areas + 1 / k)) / k
        told += area_told[blocks.area] + within * expected / (expected + k)
    total = held[held > _NEGLIGIBLE * held.max()].sum()
    mean, square, told = mean / total, square / total, told / total
    variances = (
        float(grid.weight.sum(axis=1) @ grid.between_areas),
        float(held @ grid.between_blocks),
    )
    back = np.empty(len(order), dtype=int)
    back[order] = np.arange(len(order))
    reliability = np.clip(told, 0.0, 1.0)[back]
    return Posterior(mean[back], (square - mean**2)[back], *variances, reliability)


def _area_moments(
    likelihoods: _Likelihoods, grid: _Grid, column: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return both moments of each area's rate, and the share of all variance told of it."""
    shape, scale = likelihoods.shape[column], likelihoods.scale[column]
    first, second, told = (np.zeros(len(shape)) for _ in range(3))
    weights = grid.weight[:, column]
    for row in np.flatnonzero(weights > _NEGLIGIBLE * weights.max()):
        variance = grid.between_areas[row]
        for node, part in zip(_NODES, _NODE_WEIGHTS, strict=True):
            log_city = grid.log_city[row, column] + node * grid.log_city_deviation[row, column]
            below = np.exp(-log_city) / variance + scale
            one = (1 / variance + shape) / below
            first += weights[row] * part * one
            second += weights[row] * part * one * (one + 1 / below)
        share = scale / (scale + np.exp(-grid.log_city[row, column]) / variance)
        told += weights[row] * share * variance / (variance + grid.between_blocks[column])
    kept = weights[weights > _NEGLIGIBLE * weights.max()].sum()
    return first / kept, second / kept, told
