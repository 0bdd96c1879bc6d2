"""The score of every block: normalize, weigh by dimension, combine, and keep the account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from targeting.model import Indicator, MethodSpec, Scores, Values
from targeting.problems import Problem, TargetingError
from targeting.registry import method

Tree = Mapping[str, tuple[float, Mapping[str, float]]]


@dataclass(frozen=True)
class _Composite:
    score: pd.Series[float]
    dimensions: pd.DataFrame
    contributions: pd.DataFrame
    coverage: pd.Series[float]


def score(
    values: Values,
    indicators: Sequence[Indicator],
    weights: Tree,
    *,
    normalize: MethodSpec,
    aggregate: MethodSpec,
    coverage_min: float = 0.5,
) -> Scores:
    """Combine indicator values into the urgency of each block.

    Parameters
    ----------
    values : Values
        Indicator values by block, with their intervals.
    indicators : sequence of Indicator
        Direction and dimension of each.
    weights : mapping
        Dimension to `(weight, {indicator: weight})`; scaled to sum to 1 at each level.
    normalize, aggregate : MethodSpec
        Registered methods.
    coverage_min : float
        A dimension or a score is missing when less than this share of its weight has data.

    Returns
    -------
    Scores
        `low` and `high` move each indicator alone to the end of its interval and add the shifts
        as independent errors (root of the sum of squares), cut off at 0 and 1.

    Raises
    ------
    TargetingError
        `no-scores` when no block has enough data.

    Examples
    --------
    >>> one = Indicator("rate", {"es": "tasa", "en": "rate"}, "per_1k", "higher", "violence", "r")
    >>> held = pd.DataFrame({"rate": [0.0, 5.0, 10.0]}, index=["a", "b", "c"])
    >>> values = Values(held, held, held, {"rate": "shrunk"})
    >>> score(values, [one], {"violence": (1.0, {"rate": 1.0})}, normalize=MethodSpec("minmax"),
    ...       aggregate=MethodSpec("arithmetic")).score.tolist()
    [0.0, 0.5, 1.0]
    """
    tree = _scaled(weights)
    parts = {name: _parts(values, indicators, normalize, name) for name in ("value", "low", "high")}
    combined = _combine(parts["value"], tree, aggregate, coverage_min)
    if combined.score.isna().all():
        raise TargetingError([Problem("no-scores", "composite.coverage_min")])
    low = _end(parts["value"], parts["low"], combined.score, tree, aggregate, coverage_min)
    high = _end(parts["value"], parts["high"], combined.score, tree, aggregate, coverage_min)
    final = {key: top * w for top, inside in tree.values() for key, w in inside.items()}
    return Scores(
        score=combined.score,
        low=(combined.score - low).clip(0.0, 1.0),
        high=(combined.score + high).clip(0.0, 1.0),
        parts=parts["value"],
        dimensions=combined.dimensions,
        weights=pd.Series(final, dtype=float).reindex(parts["value"].columns),
        dimension_weights=pd.Series({name: top for name, (top, _) in tree.items()}, dtype=float),
        contributions=combined.contributions,
        coverage=combined.coverage,
    )


def _scaled(weights: Tree) -> dict[str, tuple[float, dict[str, float]]]:
    total = sum(weight for weight, _ in weights.values())
    scaled = {}
    for dimension, (weight, inside) in weights.items():
        within = sum(inside.values())
        scaled[dimension] = (weight / total, {key: w / within for key, w in inside.items()})
    return scaled


def _parts(
    values: Values, indicators: Sequence[Indicator], normalize: MethodSpec, name: str
) -> pd.DataFrame:
    """Parts of the values, or of one end of their intervals (for `low`, the least urgent end)."""
    function = method("normalizer", normalize.use)
    columns = {}
    for indicator in indicators:
        middle = values.value[indicator.key]
        flipped = {"value": "value", "low": "high", "high": "low"}
        end = name if indicator.worse == "higher" else flipped[name]
        taken = getattr(values, end)[indicator.key]
        part = function(taken, middle, **normalize.settings)
        columns[indicator.key] = part if indicator.worse == "higher" else 1.0 - part
    return pd.DataFrame(columns, index=values.value.index)


def _combine(
    parts: pd.DataFrame, tree: Tree, aggregate: MethodSpec, coverage_min: float
) -> _Composite:
    function = method("aggregator", aggregate.use)
    enough_share = coverage_min - 1e-12  # weights are scaled: the last digit is not the study's
    inside = {}
    for dimension, (_, weights) in tree.items():
        own = pd.Series(dict(weights), dtype=float)
        inside[dimension] = function(parts[list(weights)], own, **aggregate.settings)
    dimensions = pd.DataFrame(
        {name: one.value.where(one.coverage >= enough_share) for name, one in inside.items()}
    )
    tops = pd.Series({name: top for name, (top, _) in tree.items()}, dtype=float)
    whole = function(dimensions, tops, **aggregate.settings)
    known = dimensions.notna()
    coverage = sum(
        (one.coverage.where(known[name], 0.0) * tops[name] for name, one in inside.items()),
        start=pd.Series(0.0, index=parts.index),
    )
    enough = coverage >= enough_share
    shares = []
    for name, one in inside.items():
        with np.errstate(divide="ignore", invalid="ignore"):
            within = one.contributions.div(one.value.where(one.value > 0), axis=0).fillna(0.0)
        shares.append(within.mul(whole.contributions[name], axis=0))
    contributions = pd.concat(shares, axis=1)[list(parts.columns)]
    return _Composite(
        whole.value.where(enough),
        dimensions,
        contributions.where(enough, np.nan),
        coverage,
    )


def _end(
    middle: pd.DataFrame,
    end: pd.DataFrame,
    score_: pd.Series[float],
    tree: Tree,
    aggregate: MethodSpec,
    coverage_min: float,
) -> pd.Series[float]:
    """Distance from the score to one end of its interval."""
    squares = pd.Series(0.0, index=middle.index)
    for key in middle.columns:
        if end[key].equals(middle[key]):
            continue
        moved = _combine(middle.assign(**{key: end[key]}), tree, aggregate, coverage_min).score
        squares += (moved - score_).fillna(0.0) ** 2
    return squares**0.5
