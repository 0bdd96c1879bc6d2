"""What each indicator weighs in a score, and what it really contributes to it.

A weight is what one meant; how much of the score's variance an indicator tells also depends on how
it is spread and on what it goes along with. The main effect (Karl Pearson's correlation ratio) is
`S_i = Var(E[score | part_i]) / Var(score)`: the share of the score's variance that would go if the
indicator were known and fixed.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import numpy as np
import pandas as pd
from annotated_types import Ge
from scipy.interpolate import BSpline

from targeting.model import Node

Array: TypeAlias = np.ndarray[tuple[Any, ...], np.dtype[Any]]

_FEW = 12  # as many different values as that are taken as they are, without a curve
_STILL = 1e-12
_SMOOTH = np.concatenate([[0.0], np.logspace(-6, 6, 37)])


def effective_weights(tree: Node) -> pd.DataFrame:
    """Return the stated and the effective weight of every indicator and group of a tree.

    Parameters
    ----------
    tree : Node
        Weights beside their sisters, on any scale.

    Returns
    -------
    DataFrame
        Index names, parents first. `parent`; `depth` (1 below the whole); `weight`, scaled to sum
        to 1 among sisters; `effective`, the product of the weights from the whole down: it sums to
        1 over the indicators.

    Examples
    --------
    >>> tree = Node.of({"violence": (1.0, {"rate": 1.0}), "need": (1.0, {"a": 1.0, "b": 3.0})})
    >>> effective_weights(tree)["effective"].to_dict()
    {'violence': 0.5, 'rate': 0.5, 'need': 0.5, 'a': 0.125, 'b': 0.375}
    """
    rows: list[tuple[str, str, int, float, float]] = []

    def below(node: Node, depth: int, share: float) -> None:
        total = sum(child.weight for child in node.children)
        for child in node.children:
            own = child.weight / total if total else 0.0
            rows.append((child.key, node.key, depth, own, share * own))
            below(child, depth + 1, share * own)

    below(tree, 1, 1.0)
    columns = ["name", "parent", "depth", "weight", "effective"]
    return pd.DataFrame(rows, columns=columns).set_index("name")


def main_effects(
    parts: pd.DataFrame,
    score: pd.Series[float],
    weights: pd.Series[float] | None = None,
    *,
    pieces: Annotated[int, Ge(2)] = 16,
) -> pd.DataFrame:
    """Return what each part really contributes to a score, beside what it was meant to.

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts, on any scale; blocks with a gap are left out of that part's effect.
    score : Series
        On the same index.
    weights : Series, optional
        What each part was meant to weigh; scaled to sum to 1.
    pieces : int
        How many pieces the curve `E[score | part]` may have. A penalized spline with knots at
        quantiles is fitted, its smoothness chosen by generalized cross-validation; a part of few
        different values has the mean of each.

    Returns
    -------
    DataFrame
        Index parts. `weight`, as meant (missing where none is given); `main_effect`, 0 to 1,
        corrected for the curve's own degrees of freedom; `share`, main effect over the sum of all;
        `correlation` with the score; `ratio`, share over weight: 1 where the part counts as much
        as it was meant to, beside the others. A part or a score that does not vary has effect 0
        and no correlation.

    References
    ----------
    Paruolo, Saisana and Saltelli (2013), Ratings and rankings: voodoo or science?, Journal of the
    Royal Statistical Society A 176. Eilers and Marx (1996), Flexible smoothing with B-splines and
    penalties.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.0, 0.0, 1.0, 1.0] * 5, "b": [0.0, 1.0, 0.0, 1.0] * 5})
    >>> whole = 0.8 * parts["a"] + 0.2 * parts["b"]
    >>> main_effects(parts, whole, pd.Series({"a": 0.8, "b": 0.2}))["share"].round(2).to_dict()
    {'a': 0.99, 'b': 0.01}
    """
    told = score.reindex(parts.index).to_numpy(float)
    known = np.isfinite(told)
    effects, correlations = [], []
    for name in parts.columns:
        part = parts[name].to_numpy(float)
        both = known & np.isfinite(part)
        x, y = part[both], told[both]
        effects.append(main_effect(x, y, pieces=pieces))
        correlations.append(_correlation(x, y))
    found = pd.DataFrame(
        {"main_effect": effects, "correlation": correlations}, index=parts.columns, dtype=float
    )
    total = found["main_effect"].sum()
    found["share"] = found["main_effect"] / total if total > 0 else 0.0
    if weights is None:
        meant = pd.Series(np.nan, index=parts.columns)
    else:
        meant = weights.reindex(parts.columns) / weights.reindex(parts.columns).sum()
    found.insert(0, "weight", meant)
    found["ratio"] = (found["share"] / found["weight"].where(found["weight"] > 0)).to_numpy()
    return found[["weight", "main_effect", "share", "correlation", "ratio"]]


def main_effect(x: Array, y: Array, *, pieces: int = 16) -> float:
    """Return the share of the variance of `y` that a curve in `x` tells, 0 to 1.

    Parameters
    ----------
    x, y : ndarray
        None missing.
    pieces : int
        As in `main_effects`.

    Returns
    -------
    float
        One less the residual variance over the variance, both per degree of freedom.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 201)
    >>> round(main_effect(x, x**2), 3), round(float(np.corrcoef(x, x**2)[0, 1]) ** 2, 3)
    (1.0, 0.0)
    """
    size = len(y)
    if size < 3 or _is_still(x) or _is_still(y):
        return 0.0
    about = y - y.mean()
    whole = float(about @ about)
    few = _few_values(x)
    if few is not None:
        codes, count = few
        counts = np.bincount(codes, minlength=count)
        sums = np.bincount(codes, weights=about, minlength=count)
        left, freedom = whole - float((sums**2 / counts).sum()), float(count)
    else:
        left, freedom = _smoothed(x, about, whole, pieces)
    if size - freedom < 1:
        return float("nan")
    return float(np.clip(1.0 - (left / (size - freedom)) / (whole / (size - 1)), 0.0, 1.0))


def _few_values(x: Array) -> tuple[Array, int] | None:
    """Return the code of each value and how many there are, where they are few."""
    # A first look at some of the values spares sorting all of them.
    if len(np.unique(x[:: max(1, len(x) // 1000)])) > _FEW:
        return None
    values, codes = np.unique(x, return_inverse=True)
    return (codes, len(values)) if len(values) <= _FEW else None


def _smoothed(x: Array, about: Array, whole: float, pieces: int) -> tuple[float, float]:
    """Return residual sum of squares and degrees of freedom of the curve that fits best."""
    design = _design(x, min(pieces, max(2, len(x) // 8)))
    basis, places = design
    gram = (basis.T @ basis).toarray()
    moments = basis.T @ about
    bends = _bends(places)
    gram += np.eye(len(gram)) * (_STILL * np.trace(gram))
    factor = np.linalg.cholesky(gram)
    inner = np.linalg.solve(factor, np.linalg.solve(factor, bends.T @ bends).T)
    stiffness, turned = np.linalg.eigh((inner + inner.T) / 2)
    stiffness = np.maximum(stiffness, 0.0) / max(float(stiffness[-1]), _STILL)
    told = (turned.T @ np.linalg.solve(factor, moments)) ** 2
    kept = 1.0 / (1.0 + np.outer(_SMOOTH * 1e6, stiffness))
    left = np.maximum(whole - ((2 * kept - kept**2) * told).sum(axis=1), 0.0)
    freedom = kept.sum(axis=1)
    size = len(x)
    best = int(np.argmin(left / np.maximum(size - freedom, _STILL) ** 2))
    return float(left[best]), float(freedom[best])


def _design(x: Array, pieces: int) -> tuple[Any, Array]:
    """Return the cubic B-splines at `x` (sparse) and where each has its middle."""
    low, high = float(x.min()), float(x.max())
    scaled = (x - low) / (high - low)
    inner = np.unique(np.quantile(scaled, np.linspace(0, 1, pieces + 1)[1:-1]))
    inner = inner[(inner > 0) & (inner < 1)]
    knots = np.concatenate([np.zeros(4), inner, np.ones(4)])
    basis = BSpline.design_matrix(scaled, knots, 3)
    places = np.array([knots[i + 1 : i + 4].mean() for i in range(len(knots) - 4)])
    return basis, places


def _bends(places: Array) -> Array:
    """Return the matrix of second differences of coefficients; of a straight line they are 0."""
    gaps = np.diff(places)
    slopes = np.diff(np.eye(len(places)), axis=0) / gaps[:, None]
    return np.diff(slopes, axis=0) * np.sqrt((gaps[1:] + gaps[:-1]) / 2)[:, None]


def _is_still(values: Array) -> bool:
    low, high = float(values.min()), float(values.max())
    return high - low <= _STILL * max(abs(low), abs(high))


def _correlation(x: Array, y: Array) -> float:
    if len(x) < 2 or _is_still(x) or _is_still(y):
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])
