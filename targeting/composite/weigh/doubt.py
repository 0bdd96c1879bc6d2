"""Each block judged by the weights that suit it best: benefit of the doubt, by its corners.

The best weights of a block solve a linear program, and all blocks' programs share one set of
admissible weights: only the objective differs. So the corners of that set are found once, and each
block takes the best of them.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import HalfspaceIntersection

from targeting.composite.weigh.result import Array

_DUST = 1e-10
_AT_ONCE = 2_000_000  # numbers held while blocks are compared with corners


def most_favorable(numbers: Array, middle: Array, low: float, high: float) -> tuple[Array, Array]:
    """Return the best composite each row can reach against all others, and the weights for it.

    A row's composite is `v · row` over the largest `v · other`, with the weights `v` (which sum
    to 1) that make it largest.

    Parameters
    ----------
    numbers : ndarray
        Rows by members, 0 or more, larger is better; none missing, no row twice.
    middle : ndarray
        Stated weights, above 0, sum 1.
    low, high : float
        How far a weight may go from the stated one, as multiples: below 1 and above.

    Returns
    -------
    (ndarray, ndarray)
        0 to 1 for each row; rows by members, each row of weights sums to 1. Where several choices
        do equally well, the mean of their corners.

    Examples
    --------
    >>> numbers = np.array([[1.0, 0.0], [0.0, 1.0], [0.4, 0.4]])
    >>> best, weights = most_favorable(numbers, np.array([0.5, 0.5]), 0.1, 1.9)
    >>> best.round(3).tolist(), weights.round(3).tolist()
    ([1.0, 1.0, 0.8], [[0.725, 0.275], [0.275, 0.725], [0.5, 0.5]])
    """
    if not numbers.any():
        return np.zeros(len(numbers)), np.tile(middle, (len(numbers), 1))
    if len(middle) == 1:
        return numbers[:, 0] / numbers.max(), np.ones((len(numbers), 1))
    corners = _corners(_undominated(numbers), middle, low, high)
    shares = corners / corners.sum(axis=1, keepdims=True)
    best = np.empty(len(numbers))
    weights = np.empty(numbers.shape)
    step = max(1, _AT_ONCE // len(corners))
    for start in range(0, len(numbers), step):
        held = numbers[start : start + step]
        reached = held @ corners.T
        top = reached.max(axis=1)
        equal = reached >= (top - _DUST)[:, None]
        best[start : start + step] = top
        weights[start : start + step] = (equal @ shares) / equal.sum(axis=1)[:, None]
    return np.clip(best, 0.0, 1.0), weights


def _undominated(numbers: Array) -> Array:
    """Return the rows that no other row surpasses or equals in every member."""
    left = numbers[np.lexsort(numbers.T)]
    left = left[np.argsort(-left.sum(axis=1), kind="stable")]
    kept = []
    while len(left):
        kept.append(left[0])
        left = left[1:][(left[1:] > left[0]).any(axis=1)]
    return np.array(kept)


def _corners(best: Array, middle: Array, low: float, high: float) -> Array:
    """Return the corners of the admissible weights at which no row surpasses 1, but the origin."""
    size = len(middle)
    least = low * middle
    most = np.minimum(high * middle, 1.0 - (least.sum() - least))
    total = np.ones((size, size))
    sides = np.vstack(
        [best, np.eye(size) - most[:, None] * total, least[:, None] * total - np.eye(size)]
    )
    ends = np.concatenate([-np.ones(len(best)), np.zeros(2 * size)])
    sides = np.column_stack([sides, ends])
    length = np.linalg.norm(sides[:, :-1], axis=1)
    sides = sides[length > _DUST] / length[length > _DUST][:, None]
    inside = 0.5 * middle / (best @ middle).max()
    found = HalfspaceIntersection(sides, inside).intersections
    found = found[np.isfinite(found).all(axis=1) & (found.sum(axis=1) > 1e-6)]
    found = np.unique(np.round(found, 10), axis=0)
    # Rounded corners may stick out by dust; put each on the line again.
    return np.asarray(found / np.maximum((found @ best.T).max(axis=1), _DUST)[:, None])
