"""What a planner should look at before trusting a score, each with a code and a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from targeting.composite.correlations import correlations, lowest_groups
from targeting.composite.effective import main_effects
from targeting.model import Finding, Indicator, Node, Scores, Values

_ORDER = {"serious": 0, "look": 1, "note": 2}

# Where a finding begins. The Joint Research Centre calls two indicators redundant from 0.92.
SAME = 0.92
AGAINST = -0.1  # a correlation that chance alone rarely gives among hundreds of blocks
MATTERS_LITTLE = 0.1  # share of the effects over share of the weight
DOMINATES = 0.2  # share of the effects beyond share of the weight
DECILE = 0.1
FEW_PEOPLE = 0.02  # of all people, in the tenth of blocks that is most urgent
ONE_VALUE = 0.95  # share of blocks that have the commonest value
HANDED_DOWN = 0.5  # share of the weight
MISSING = 0.5  # share of blocks


@dataclass(frozen=True)
class _Case:
    """All that the checks look at."""

    values: Values
    scores: Scores
    population: pd.Series[float]
    tree: Node
    weights: pd.Series[float]
    effects: pd.DataFrame
    together: pd.DataFrame


def check_composite(
    values: Values,
    indicators: Sequence[Indicator],
    tree: Node,
    scores: Scores,
    population: pd.Series[float],
) -> tuple[Finding, ...]:
    """Return what a planner should look at, the serious first.

    Parameters
    ----------
    values : Values
        As measured, with their origin.
    indicators : sequence of Indicator
        Those of the study.
    tree : Node
        What is weighed against what; only its groups are looked at, the weights are the scores'.
    scores : Scores
        As `targeting.composite.score` returns them.
    population : Series
        People of each block.

    Returns
    -------
    tuple of Finding
        Codes: `never-varies`, `matters-little`, `nearly-same`, `nearly-same-across`,
        `against-its-group`, `against-the-score`, `one-value`, `mostly-missing`, `dimension-rules`,
        `few-people-urgent`, `people-urgent` (always told where there are people), `handed-down`,
        `mostly-handed-down`.

    Examples
    --------
    >>> from targeting.composite import score
    >>> from targeting.model import MethodSpec
    >>> one = Indicator("rate", {"es": "tasa", "en": "rate"}, "per_1k", "higher", "violence", "r")
    >>> held = pd.DataFrame({"rate": np.linspace(0, 9, 10)}, index=list("abcdefghij"))
    >>> taken = Values(held, held, held, {"rate": "block"})
    >>> tree = Node.of({"violence": (1.0, {"rate": 1.0})})
    >>> scores = score(taken, [one], tree, normalize=MethodSpec("minmax"),
    ...                aggregate=MethodSpec("arithmetic"))
    >>> people = pd.Series(100.0, index=held.index)
    >>> [found.code for found in check_composite(taken, [one], tree, scores, people)]
    ['people-urgent']
    """
    keys = [one.key for one in indicators]
    weights = scores.weights.reindex(keys).fillna(0.0)
    case = _Case(
        values=values,
        scores=scores,
        population=population.reindex(scores.score.index).astype(float),
        tree=tree,
        weights=weights,
        effects=main_effects(scores.parts[keys], scores.score, weights),
        together=correlations(scores.parts[keys]),
    )
    found = [finding for check in _CHECKS for finding in check(case)]
    return tuple(sorted(found, key=lambda one: (_ORDER[one.severity], one.code, one.about)))


def _unmoved(case: _Case) -> Iterator[Finding]:
    """Weights that cannot matter, and values that are nearly all the same."""
    several = len(case.weights[case.weights > 0]) > 1
    for key, weight in case.weights[case.weights > 0].items():
        name, part = str(key), case.scores.parts[key].dropna()
        told = {"first": name, "weight": _percent(weight)}
        missing = 1 - len(part) / max(len(case.scores.parts), 1)
        if missing > MISSING:
            yield Finding("mostly-missing", "look", (name,), {**told, "share": _percent(missing)})
        if part.nunique() <= 1:
            yield Finding("never-varies", "serious", (name,), told)
            continue
        common = float(part.value_counts().to_numpy().max()) / len(part)
        if common >= ONE_VALUE:
            yield Finding("one-value", "look", (name,), {**told, "share": _percent(common)})
        share = float(case.effects["share"].to_dict()[name])
        if several and share < MATTERS_LITTLE * weight:
            yield Finding("matters-little", "look", (name,), {**told, "share": _percent(share)})


def _repeated(case: _Case) -> Iterator[Finding]:
    """Two indicators that say the same: they count twice."""
    home = lowest_groups(case.tree)
    keys = [str(key) for key, weight in case.weights.items() if weight > 0]
    for i, first in enumerate(keys):
        for second in keys[i + 1 :]:
            held = float(case.together[second].to_dict()[first])
            if not held >= SAME:
                continue
            told = {
                "first": first,
                "second": second,
                "correlation": round(held, 2),
                "weight": _percent(case.weights[first] + case.weights[second]),
            }
            apart = home.get(first) != home.get(second)
            if apart:
                told |= {"one": home.get(first, ""), "two": home.get(second, "")}
            code = "nearly-same-across" if apart else "nearly-same"
            yield Finding(
                code, "serious" if apart or held > 0.999 else "look", (first, second), told
            )


def _opposed(case: _Case) -> Iterator[Finding]:
    """Find indicators that fall where the others of their group, or the score, rise."""
    home = lowest_groups(case.tree)
    parts = case.scores.parts
    for key, weight in case.weights[case.weights > 0].items():
        name = str(key)
        others = [
            other
            for other in case.weights.index
            if other != key and home.get(str(other)) == home.get(name) and case.weights[other] > 0
        ]
        told = {"first": name, "weight": _percent(weight), "group": home.get(name, "")}
        whole = float(case.effects["correlation"].to_dict()[name])
        if whole < AGAINST:
            told["correlation"] = round(whole, 2)
            yield Finding("against-the-score", "serious", (name,), told)
            continue
        if not others:
            continue
        rest = _mean(parts[others], case.weights[others])
        held = parts[key].corr(rest) if parts[key].nunique() > 1 and rest.nunique() > 1 else np.nan
        if held < AGAINST:
            told["correlation"] = round(float(held), 2)
            yield Finding("against-its-group", "look", (name,), told)


def _ruled(case: _Case) -> Iterator[Finding]:
    """Find a dimension that decides much more than its weight says."""
    weights = case.scores.dimension_weights
    weights = weights[weights > 0]
    if len(weights) < 2:
        return
    found = main_effects(case.scores.dimensions[list(weights.index)], case.scores.score, weights)
    for key, row in found.iterrows():
        if row["share"] - row["weight"] >= DOMINATES:
            told = {
                "first": str(key),
                "weight": _percent(row["weight"]),
                "share": _percent(row["share"]),
            }
            yield Finding("dimension-rules", "look", (str(key),), told)


def _peopled(case: _Case) -> Iterator[Finding]:
    """How many people live in the tenth of the blocks that is most urgent."""
    known = case.scores.score.notna()
    people = case.population.where(known, 0.0).fillna(0.0)
    everyone = float(case.population.fillna(0.0).sum())
    blocks = int(known.sum())
    if everyone <= 0 or blocks == 0:
        return
    count = max(1, round(DECILE * blocks))
    # Blocks tied at the line are taken in part: the answer does not depend on their order.
    score = case.scores.score[known]
    line = float(score.nlargest(count).iloc[-1])
    above, at = score > line, score == line
    taken = float(people[known][above].sum())
    taken += float(people[known][at].sum()) * (count - int(above.sum())) / int(at.sum())
    told = {"people": round(taken), "share": _percent(taken / everyone), "blocks": count}
    few = taken / everyone < FEW_PEOPLE
    yield Finding(
        "few-people-urgent" if few else "people-urgent", "serious" if few else "note", (), told
    )


def _painted(case: _Case) -> Iterator[Finding]:
    """Values of an area painted on all its blocks: they tell no block from its neighbors."""
    down = [str(key) for key in case.weights.index if case.values.origin.get(str(key)) == "area"]
    down = [key for key in down if case.weights[key] > 0]
    if not down:
        return
    weight = float(case.weights[down].sum())
    told = {"first": ", ".join(down), "weight": _percent(weight)}
    if weight >= HANDED_DOWN:
        yield Finding("mostly-handed-down", "look", tuple(down), told)
    else:
        yield Finding("handed-down", "note", tuple(down), told)


_CHECKS: tuple[Callable[[_Case], Iterator[Finding]], ...] = (
    _unmoved,
    _repeated,
    _opposed,
    _ruled,
    _peopled,
    _painted,
)


def _mean(parts: pd.DataFrame, weights: pd.Series[float]) -> pd.Series[float]:
    """Weighted mean of what is known of each block."""
    held = parts.to_numpy(float)
    shares = np.where(np.isnan(held), 0.0, weights.to_numpy(float))
    total = shares.sum(axis=1)
    added = np.nansum(held * shares, axis=1)
    mean = np.divide(added, total, out=np.full(len(held), np.nan), where=total > 0)
    return pd.Series(mean, index=parts.index)


def _percent(share: float) -> float:
    """Return a share as a percentage, whole from 10 on."""
    held = 100 * float(share)
    return float(round(held)) if held >= 10 else round(held, 1)
