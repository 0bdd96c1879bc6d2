"""Other weights of the dimensions than those stated, and the scores they give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from targeting.composite.scoring import combine
from targeting.model import Indicator, MethodSpec, Node, Scores
from targeting.model.weighed import Weighting, whole_percent

# Means by level: whoever knows the parts can weigh them anew.
MEANS = ("arithmetic", "power_mean", "geometric", "harmonic")


def other_than_mean(tree: Node, aggregate: MethodSpec) -> str:
    """Return the first aggregator of a tree that is no weighted mean; empty when all are.

    Examples
    --------
    >>> other_than_mean(Node.of({"a": 1.0}), MethodSpec("copeland"))
    'copeland'
    """
    own = [node.aggregate or aggregate for node in tree.nodes() if node.children]
    return next((spec.use for spec in own if spec.use not in MEANS), "")


def weightings_around(shares: Mapping[str, float]) -> tuple[Weighting, ...]:
    """Return the weightings most asked about: each dimension doubled and halved, and all equal.

    Parameters
    ----------
    shares : mapping
        Dimension to its weight as stated; scaled.

    Returns
    -------
    tuple of Weighting
        Doubled ones first, in the order of the dimensions; those that come to the same whole
        percent as an earlier one, or as the stated weights, are left out. None for one dimension.

    Examples
    --------
    >>> found = weightings_around({"violence": 0.4, "marginalization": 0.4, "facilities": 0.2})
    >>> [(one.kind, one.dimension, tuple(one.percent.values())) for one in found][:3]
    [('double', 'violence', (57, 29, 14)), ('double', 'marginalization', (29, 57, 14)), \
('double', 'facilities', (34, 33, 33))]
    >>> len(found)
    6
    """
    known = {key: share for key, share in shares.items() if share > 0}
    wanted = [
        Weighting.of(kind, {key: s * (times if key == one else 1) for key, s in known.items()}, one)
        for kind, times in (("double", 2.0), ("half", 0.5))
        for one in known
    ]
    wanted.append(Weighting.of("equal", dict.fromkeys(known, 1.0)))
    seen = [whole_percent(known)]
    out = []
    for weighting in wanted:
        if dict(weighting.percent) not in seen:
            seen.append(dict(weighting.percent))
            out.append(weighting)
    return tuple(out)


def reweighed(
    scores: Scores,
    tree: Node,
    indicators: Sequence[Indicator],
    percent: Mapping[str, float],
    *,
    aggregate: MethodSpec,
    coverage_min: float,
) -> tuple[pd.Series[float], pd.DataFrame]:
    """Return the score of each block with other weights of the dimensions.

    Parameters
    ----------
    scores : Scores
        Whose parts are weighed anew.
    tree : Node
        What is weighed against what within the dimensions; nothing left to weigh.
    indicators : sequence of Indicator
        Dimension of each.
    percent : mapping
        Dimension to its weight; one that is not named weighs nothing.
    aggregate, coverage_min
        As in `score`.

    Returns
    -------
    (Series, DataFrame)
        The score, and what each dimension adds to it.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.2, 1.0], "b": [0.4, 0.0]})
    >>> tree = Node.of({"violence": (1.0, {"a": 1.0}), "facilities": (1.0, {"b": 1.0})})
    >>> half = pd.Series({"a": 0.5, "b": 0.5})
    >>> total = (parts * half).sum(axis=1)
    >>> scores = Scores(total, total, total, parts,
    ...                 parts.set_axis(["violence", "facilities"], axis=1), half,
    ...                 half.set_axis(["violence", "facilities"]), parts * half, total * 0 + 1)
    >>> names = {"es": "x", "en": "x"}
    >>> known = [Indicator("a", names, "share", "higher", "violence", "share"),
    ...          Indicator("b", names, "share", "higher", "facilities", "share")]
    >>> again, added = reweighed(scores, tree, known, {"violence": 75, "facilities": 25},
    ...                          aggregate=MethodSpec("arithmetic"), coverage_min=0.5)
    >>> again.round(3).tolist(), added["violence"].round(3).tolist()
    ([0.25, 0.75], [0.15, 0.75])
    """
    children = tuple(
        replace(child, weight=float(percent.get(child.key, 0.0))) for child in tree.children
    )
    found = combine(
        scores.parts,
        replace(tree, children=children).scaled(),
        aggregate=aggregate,
        coverage_min=coverage_min,
    )
    of = {one.key: one.dimension for one in indicators}
    added = found.contributions
    table: pd.DataFrame = added.T.groupby(added.columns.map(of), sort=False).sum().T
    table = table.reindex(columns=[child.key for child in tree.children]).fillna(0.0)
    return found.value, table.where(found.value.notna())
