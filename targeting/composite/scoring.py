"""The score of every block: normalize, weigh, combine up the tree, and keep the account."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from targeting.composite.weigh.regression import Outcome
from targeting.model import Indicator, MethodSpec, Node, Scores, Values
from targeting.problems import Problem, TargetingError
from targeting.registry import method, traits

Parts = Mapping[str, pd.DataFrame]
_FLIPPED = {"value": "value", "low": "high", "high": "low"}
# Weights are scaled: the last digit of a coverage is not the study's.
_DUST = 1e-12


@dataclass(frozen=True)
class Combined:
    """A group's value, what each leaf adds to it, and the share of its weight that has data.

    Parameters
    ----------
    value : Series
        0 to 1; missing where too little weight has data.
    contributions : DataFrame
        Blocks by leaves; the columns sum to the value.
    coverage : Series
        0 to 1.
    groups : mapping
        Group below to its own value.
    """

    value: pd.Series[float]
    contributions: pd.DataFrame
    coverage: pd.Series[float]
    groups: Mapping[str, pd.Series[float]]


@dataclass(frozen=True)
class _Rule:
    """What holds for a group that does not say otherwise."""

    aggregate: MethodSpec
    coverage_min: float


def score(
    values: Values,
    indicators: Sequence[Indicator],
    weights: Node | Mapping[str, Any],
    *,
    normalize: MethodSpec,
    aggregate: MethodSpec,
    coverage_min: float = 0.5,
    normalize_each: Mapping[str, MethodSpec] | None = None,
    reference: pd.DataFrame | None = None,
    groups: pd.Series[str] | None = None,
    outcome: Outcome | None = None,
) -> Scores:
    """Combine indicator values into the urgency of each block.

    Parameters
    ----------
    values : Values
        Indicator values by block, with their intervals.
    indicators : sequence of Indicator
        Direction and dimension of each.
    weights : Node or mapping
        What is weighed against what; scaled to sum to 1 among sisters. A mapping is read as
        `Node.of` reads it. A group that names a weigher is weighed by it, from its parts.
    normalize, aggregate : MethodSpec
        Registered methods whose results lie between 0 and 1.
    coverage_min : float
        A group or a score is missing when less than this share of its weight has data.
    normalize_each : mapping, optional
        Indicator to its own normalizer, in place of `normalize`.
    reference : DataFrame, optional
        Values the normalizers look for ends and ranks in, such as those of several cities or years
        together. Default: the city's own.
    groups : Series, optional
        Group of each block, such as its municipality: normalized within each.
    outcome : Outcome, optional
        Incidents by block, for a weigher that learns from them.

    Returns
    -------
    Scores
        `low` and `high` move each indicator alone to the end of its interval and add the shifts
        as independent errors (root of the sum of squares), cut off at 0 and 1.

    Raises
    ------
    TargetingError
        `no-scores` when no block has enough data; `not-a-part` for a normalizer whose results do
        not lie between 0 and 1; what a weigher refuses.

    Examples
    --------
    >>> one = Indicator("rate", {"es": "tasa", "en": "rate"}, "per_1k", "higher", "violence", "r")
    >>> held = pd.DataFrame({"rate": [0.0, 5.0, 10.0]}, index=["a", "b", "c"])
    >>> values = Values(held, held, held, {"rate": "shrunk"})
    >>> score(values, [one], {"violence": (1.0, {"rate": 1.0})}, normalize=MethodSpec("minmax"),
    ...       aggregate=MethodSpec("arithmetic")).score.tolist()
    [0.0, 0.5, 1.0]
    """
    tree = weights if isinstance(weights, Node) else Node.of(weights)
    chosen = {one.key: (normalize_each or {}).get(one.key, normalize) for one in indicators}
    parts = urgent_parts(values, indicators, chosen, reference=reference, groups=groups)
    rule = _Rule(aggregate, coverage_min)
    tree, notes = weighed(tree.scaled(), parts["value"], aggregate, coverage_min, outcome)
    combined = _combine(tree, parts["value"], rule)
    if combined.value.isna().all():
        raise TargetingError([Problem("no-scores", "composite.coverage_min")])
    low, high = (_end(parts["value"], parts[end], combined.value, tree, rule) for end in _ENDS)
    tops = {child.key: child.weight for child in tree.children}
    inner = {key: held for key, held in combined.groups.items() if key not in tops}
    first = {
        child.key: combined.groups[child.key] if child.children else parts["value"][child.key]
        for child in tree.children
    }
    return Scores(
        score=combined.value,
        low=(combined.value - low).clip(0.0, 1.0),
        high=(combined.value + high).clip(0.0, 1.0),
        parts=parts["value"],
        dimensions=pd.DataFrame(first),
        weights=pd.Series(tree.final_weights(), dtype=float).reindex(parts["value"].columns),
        dimension_weights=pd.Series(tops, dtype=float),
        contributions=combined.contributions,
        coverage=combined.coverage,
        groups=pd.DataFrame(inner, index=combined.value.index),
        weighing=notes,
        tree=tree,
    )


_ENDS = ("low", "high")


def urgent_parts(
    values: Values,
    indicators: Sequence[Indicator],
    normalize: Mapping[str, MethodSpec],
    *,
    reference: pd.DataFrame | None = None,
    groups: pd.Series[str] | None = None,
) -> dict[str, pd.DataFrame]:
    """Return the parts of the values and of both ends of their intervals; 1 is the most urgent.

    Parameters
    ----------
    values : Values
        Indicator values by block, with their intervals.
    indicators : sequence of Indicator
        Direction of each.
    normalize : mapping
        Indicator to its normalizer.
    reference : DataFrame, optional
        Where ends and ranks are looked for. Default: the values.
    groups : Series, optional
        Group of each block.

    Returns
    -------
    dict of DataFrame
        `value`, `low` (the least urgent end of each interval) and `high`.

    Raises
    ------
    TargetingError
        `not-a-part`.
    """
    loose = sorted({one.use for one in normalize.values() if not _unit(one)})
    if loose:
        raise TargetingError(
            Problem("not-a-part", "composite.normalize", {"given": use}) for use in loose
        )
    columns: dict[str, dict[str, pd.Series[float]]] = {"value": {}, "low": {}, "high": {}}
    for indicator in indicators:
        key, spec = indicator.key, normalize[indicator.key]
        function = method("normalizer", spec.use)
        own = values.value[key] if reference is None else reference[key]
        middle: pd.Series[float] | None = None
        for name, held in columns.items():
            end = name if indicator.worse == "higher" else _FLIPPED[name]
            taken = getattr(values, end)[key]
            if middle is not None and taken.equals(values.value[key]):
                held[key] = middle
                continue
            more = () if groups is None else (groups,)
            part = function(taken, own, *more, **spec.settings)
            held[key] = part if indicator.worse == "higher" else 1.0 - part
            if name == "value":
                middle = held[key]
    return {
        name: pd.DataFrame(held, index=values.value.index, copy=False)
        for name, held in columns.items()
    }


def _unit(spec: MethodSpec) -> bool:
    return traits("normalizer", spec.use).unit


def weighed(
    tree: Node,
    parts: pd.DataFrame,
    aggregate: MethodSpec,
    coverage_min: float,
    outcome: Outcome | None = None,
) -> tuple[Node, dict[str, Mapping[str, Any]]]:
    """Return a tree whose weights are those its weighers find, and what they note.

    Parameters
    ----------
    tree : Node
        Scaled.
    parts : DataFrame
        Parts by block, 0 to 1.
    aggregate : MethodSpec
        How groups that do not say otherwise become one.
    coverage_min : float
        The same for the share of the weight that must have data.
    outcome : Outcome, optional
        What a weigher that learns from incidents learns from.

    Returns
    -------
    (Node, dict)
        The tree, nothing left to weigh; group to the notes of its weigher.

    Raises
    ------
    TargetingError
        What a weigher refuses.
    """
    notes: dict[str, Mapping[str, Any]] = {}
    rule = _Rule(aggregate, coverage_min)

    def settle(node: Node) -> Node:
        if not node.children:
            return node
        children = tuple(settle(child) for child in node.children)
        node = replace(node, children=children)
        if node.weigh is None:
            return node
        # What is stated to weigh nothing is not weighed again.
        counted = [child for child in children if child.weight > 0]
        held = pd.DataFrame(
            {
                child.key: _combine(child, parts, rule).value
                if child.children
                else parts[child.key]
                for child in counted
            }
        )
        given = pd.Series({child.key: child.weight for child in counted}, dtype=float)
        weigher = method("weigher", node.weigh.use)
        more = (outcome,) if "outcome" in inspect.signature(weigher).parameters else ()
        with _placed(node.key, tree.key):
            found = weigher(held, given, *more, **node.weigh.settings)
        notes[node.key] = found.notes
        settled = tuple(
            replace(child, weight=float(found.weights.get(child.key, 0.0))) for child in children
        )
        return replace(node, children=settled, weigh=None)

    return settle(tree), notes


@contextmanager
def _placed(group: str, whole: str) -> Iterator[None]:
    """Tell what a weigher refuses with the group that it was to weigh."""
    try:
        yield
    except TargetingError as error:
        place = "weights" if group == whole else f"weights.{group}"
        raise TargetingError(
            replace(one, where=f"{place}.{one.where}") for one in error.problems
        ) from error


def combine(
    parts: pd.DataFrame, tree: Node, *, aggregate: MethodSpec, coverage_min: float = 0.5
) -> Combined:
    """Combine parts up a tree whose weights are known.

    Parameters
    ----------
    parts : DataFrame
        Blocks by indicators, 0 to 1, 1 worst.
    tree : Node
        Scaled, nothing left to weigh.
    aggregate : MethodSpec
        How groups that do not say otherwise become one.
    coverage_min : float
        The same for the share of the weight that must have data.

    Returns
    -------
    Combined

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [1.0, 0.0], "b": [0.5, None]})
    >>> combine(parts, Node.of({"a": 1.0, "b": 1.0}).scaled(),
    ...         aggregate=MethodSpec("arithmetic")).value.tolist()
    [0.75, 0.0]
    """
    return _combine(tree, parts, _Rule(aggregate, coverage_min))


def _combine(node: Node, parts: pd.DataFrame, rule: _Rule) -> Combined:
    """Combine the leaves below a group."""
    spec = node.aggregate or rule.aggregate
    enough_share = (rule.coverage_min if node.coverage_min is None else node.coverage_min) - _DUST
    below = {child.key: _combine(child, parts, rule) for child in node.children if child.children}
    held = pd.DataFrame(
        {
            child.key: below[child.key].value if child.children else parts[child.key]
            for child in node.children
        },
        copy=False,
    )
    weights = pd.Series({child.key: child.weight for child in node.children}, dtype=float)
    whole = method("aggregator", spec.use)(held, weights, **spec.settings)
    if not below:
        enough = whole.coverage >= enough_share
        told_of = _only(whole.contributions, enough)
        return Combined(_of(whole.value, enough), told_of, whole.coverage, {})
    told, coverage = [], np.zeros(len(parts))
    for child in node.children:
        known = held[child.key].notna()
        if not child.children:
            told.append(whole.contributions[[child.key]])
            coverage += known.to_numpy(float) * child.weight
            continue
        one = below[child.key]
        with np.errstate(divide="ignore", invalid="ignore"):
            within = one.contributions.div(_of(one.value, one.value > 0), axis=0).fillna(0.0)
        told.append(within.mul(whole.contributions[child.key], axis=0))
        coverage += np.where(known, one.coverage, 0.0) * child.weight
    share = pd.Series(coverage, index=parts.index)
    enough = share >= enough_share
    groups: dict[str, pd.Series[float]] = {}
    for key, one in below.items():
        groups |= {key: one.value, **one.groups}
    contributions = pd.concat(told, axis=1)
    order = [column for column in parts.columns if column in contributions.columns]
    return Combined(
        _of(whole.value, enough),
        _only(contributions[order], enough),
        share,
        groups,
    )


def _of(column: pd.Series[float], rows: pd.Series[bool]) -> pd.Series[float]:
    """Return the column with nothing in the other rows (`where` would look the index up)."""
    held = np.where(rows.to_numpy(), column.to_numpy(), np.nan)
    return pd.Series(held, index=column.index, name=column.name)


def _only(table: pd.DataFrame, rows: pd.Series[bool]) -> pd.DataFrame:
    """Return the table with nothing in the other rows."""
    held = np.where(rows.to_numpy()[:, None], table.to_numpy(), np.nan)
    return pd.DataFrame(held, index=table.index, columns=table.columns)


def _end(
    middle: pd.DataFrame,
    end: pd.DataFrame,
    score_: pd.Series[float],
    tree: Node,
    rule: _Rule,
) -> pd.Series[float]:
    """Distance from the score to one end of its interval."""
    squares = pd.Series(0.0, index=middle.index)
    for key in middle.columns:
        if end[key] is middle[key] or end[key].equals(middle[key]):
            continue
        moved = _combine(tree, middle.assign(**{key: end[key]}), rule).value
        squares += (moved - score_).fillna(0.0) ** 2
    return squares**0.5
