"""How sure a study's ranking is: its choices and its data, drawn anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from targeting.composite.uncertainty import (
    Anywhere,
    Missing,
    Within,
    draw,
    of_parts,
    prepare,
    summarize,
    what_if,
)
from targeting.composite.uncertainty.choices import Spread
from targeting.model import Doubt, DoubtSpec, Indicator, MethodSpec, Scores, Values
from targeting.problems import Problem, TargetingError

_COLUMNS = ("rank", "rank_low", "rank_median", "rank_high", "rank_shift", "top_share")


def doubt_of(
    values: Values,
    indicators: Sequence[Indicator],
    scores: Scores,
    spec: DoubtSpec,
    *,
    seed: int,
    normalize: MethodSpec,
    aggregate: MethodSpec,
    coverage_min: float = 0.5,
    treat: MethodSpec | None = None,
    normalize_each: Mapping[str, MethodSpec] | None = None,
    grouped: bool = False,
) -> Doubt:
    """Draw a study's choices and data anew, and say how sure each block's rank is.

    Weights a weigher found stay where it found them, but for the spread asked for.

    Parameters
    ----------
    values : Values
        Indicator values by block, with their intervals.
    indicators : sequence of Indicator
        Direction of each.
    scores : Scores
        As the study has them; their tree holds the weights used.
    spec : DoubtSpec
        What is drawn, and how often.
    seed : int
        Of the draws.
    normalize, aggregate, coverage_min, treat, normalize_each
        As for `score`: the stated choices.
    grouped : bool
        The parts were normalized within groups of blocks. Then only weights and aggregations are
        drawn.

    Returns
    -------
    Doubt

    Raises
    ------
    TargetingError
        `doubt-within-groups`; what `prepare` refuses.

    Examples
    --------
    >>> import pandas as pd
    >>> from targeting.composite import score
    >>> one = Indicator("a", {"es": "a", "en": "a"}, "share", "higher", "violence", "share")
    >>> two = Indicator("b", {"es": "b", "en": "b"}, "share", "higher", "violence", "share")
    >>> held = pd.DataFrame({"a": [0.0, 0.4, 1.0], "b": [0.0, 1.0, 0.9]}, index=["x", "y", "z"])
    >>> values = Values(held, held, held, {"a": "block", "b": "block"})
    >>> how = {"normalize": MethodSpec("minmax"), "aggregate": MethodSpec("arithmetic")}
    >>> scores = score(values, [one, two], {"a": 1.0, "b": 1.0}, **how)
    >>> spec = DoubtSpec(draws=100, weights="anywhere", top_share=0.34)
    >>> found = doubt_of(values, [one, two], scores, spec, seed=1, **how)
    >>> found.blocks[["rank_low", "rank_high"]].astype(int).values.tolist()
    [[3, 3], [1, 2], [1, 2]]
    """
    tree = scores.tree
    assert tree is not None
    chosen: dict[str, Any] = {
        "aggregate": (aggregate, *spec.aggregate),
        "missing": (Missing(coverage_min=coverage_min),),
        "weights": _spread(spec),
    }
    if grouped:
        if spec.normalize or spec.treat:
            raise TargetingError([Problem("doubt-within-groups", "uncertainty")])
        model = of_parts({(0, 0): scores.parts}, tree, **chosen)
    else:
        model = prepare(
            values,
            indicators,
            tree,
            normalize=(normalize, *spec.normalize),
            treat=(treat, *spec.treat),
            data=spec.data,
            normalize_each=normalize_each,
            **chosen,
        )
    made = summarize(draw(model, draws=spec.draws, seed=seed), top_share=spec.top_share)
    choices = what_if(model, draws=min(spec.draws, 100), seed=seed, top_share=spec.top_share)
    return Doubt(made.blocks[list(_COLUMNS)], choices, spec.draws, spec.top_share)


def _spread(spec: DoubtSpec) -> Spread | None:
    if spec.weights == "anywhere":
        return Anywhere()
    return Within(spec.weights_within) if spec.weights == "within" else None
