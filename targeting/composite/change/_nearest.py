"""The nearest weights that meet a condition: on the simplex, and by search."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

_STEPS = 17
_HALVINGS = 60
_DRAWN, _NEAREST = 48, 4


def nearest(start: np.ndarray, leaning: np.ndarray, norm: str) -> np.ndarray | None:
    """Return the weights nearest to `start` for which `leaning · weights` is not negative.

    Parameters
    ----------
    start : ndarray
        0 or more, summing to 1.
    leaning : ndarray
        What each weight is worth to the condition.
    norm : str
        `"l2"`: the projection on the simplex cut by a half-space; it is the projection on the
        simplex of `start + t leaning` for the smallest `t` that meets the condition. `"l1"`: weight
        goes from the children worth least to the one worth most until the condition is met.

    Returns
    -------
    ndarray or None
        None when no weights meet it.

    Examples
    --------
    >>> nearest(np.array([0.5, 0.5]), np.array([-0.3, 0.1]), "l2").round(6).tolist()
    [0.25, 0.75]
    """
    if float(leaning @ start) >= 0:
        return start.copy()
    if leaning.max() <= 0:
        return None
    return _moved(start, leaning) if norm == "l1" else _projected(start, leaning)


def _moved(start: np.ndarray, leaning: np.ndarray) -> np.ndarray:
    weights = start.copy()
    best = int(np.argmax(leaning))
    lacking = -float(leaning @ start)
    for one in np.argsort(leaning, kind="stable"):
        gain = leaning[best] - leaning[one]
        if lacking <= 0 or gain <= 0:
            break
        step = min(weights[one], lacking / gain)
        weights[one] -= step
        weights[best] += step
        lacking -= step * gain
    return weights


def _projected(start: np.ndarray, leaning: np.ndarray) -> np.ndarray:
    scale = leaning / np.abs(leaning).max()
    low, high = 0.0, 1.0
    while float(scale @ on_simplex(start + high * scale)) < 0:
        low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        met = float(scale @ on_simplex(start + middle * scale)) >= 0
        low, high = (low, middle) if met else (middle, high)
    return on_simplex(start + high * scale)


def on_simplex(point: np.ndarray) -> np.ndarray:
    """Return the nearest point whose coordinates are 0 or more and sum to 1.

    Examples
    --------
    >>> on_simplex(np.array([0.8, 0.8, -1.0])).tolist()
    [0.5, 0.5, 0.0]
    """
    falling = np.sort(point)[::-1]
    over = (np.cumsum(falling) - 1) / np.arange(1, len(point) + 1)
    last = int(np.flatnonzero(falling > over)[-1])
    return np.asarray(np.maximum(point - over[last], 0.0))


def searched(
    start: np.ndarray,
    margin: Callable[[np.ndarray], float],
    norm: str,
    *,
    clear: float,
    tried: Sequence[np.ndarray] = (),
) -> np.ndarray | None:
    """Return the nearest weights with a margin of at least `clear` that rays from `start` meet.

    Parameters
    ----------
    start : ndarray
        0 or more, summing to 1.
    margin : callable
        Weights to how far they are beyond the line; missing where they cannot be used.
    norm : str
        `"l1"` or `"l2"`.
    clear : float
        What counts as beyond.
    tried : sequence of ndarray
        Weights to look towards, beside every child's own corner, its opposite, and the nearest of
        some drawn by a fixed seed.

    Returns
    -------
    ndarray or None
        None when no ray meets the line.
    """
    order = 1 if norm == "l1" else 2
    corners = list(np.eye(len(start)))
    away = [_without(start, one) for one in range(len(start)) if 0 < start[one] < 1]
    best: np.ndarray | None = None
    far = np.inf
    drawn = np.random.default_rng(0).dirichlet(np.ones(len(start)), _DRAWN)
    met = np.array([margin(end) >= clear for end in drawn])
    near = np.argsort(np.linalg.norm(drawn[met] - start, order, axis=1), kind="stable")
    some = drawn[met][near[:_NEAREST]]
    for end in (*tried, *some, *corners, *away):
        length = float(np.linalg.norm(end - start, order))
        if length == 0:
            continue
        steps = np.linspace(0, 1, _STEPS)[1:]
        steps = steps[steps * length <= far + length / (_STEPS - 1)]
        before = 0.0
        for step in steps:
            if margin(start + step * (end - start)) >= clear:
                reached = _halved(start, end, margin, before, float(step), clear)
                if reached * length < far:
                    best, far = start + reached * (end - start), reached * length
                break
            before = float(step)
    return best


def _without(start: np.ndarray, one: int) -> np.ndarray:
    rest = start.copy()
    rest[one] = 0.0
    return np.asarray(rest / rest.sum())


def _halved(
    start: np.ndarray,
    end: np.ndarray,
    margin: Callable[[np.ndarray], float],
    low: float,
    high: float,
    clear: float,
) -> float:
    for _ in range(24):
        middle = (low + high) / 2
        met = margin(start + middle * (end - start)) >= clear
        low, high = (low, middle) if met else (middle, high)
    return high
