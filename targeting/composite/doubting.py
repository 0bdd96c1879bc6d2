"""How sure a study's ranking is: its choices and its data, drawn anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from targeting.composite.uncertainty import (
    Anywhere,
    Draws,
    Missing,
    Sensitivity,
    Within,
    draw,
    of_parts,
    prepare,
    sensitivity,
    summarize,
    what_if,
)
from targeting.composite.uncertainty.choices import BY_ORIGIN, Noise, Spread
from targeting.model import Doubt, DoubtSpec, Indicator, MethodSpec, Scores, Values
from targeting.problems import Problem, TargetingError

_CAUSES = ("polygon", "choice", "first", "total")
_COLUMNS = ("rank", "rank_low", "rank_median", "rank_high", "rank_shift", "top_share")


def drawn(
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
    areas: pd.Series[str] | None = None,
) -> Draws | None:
    """Draw a study's choices and data anew.

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
    areas : Series, optional
        Area of each block: a value handed down from an area is wrong in all its blocks alike.

    Returns
    -------
    Draws or None
        None when nothing varies: no choice was asked to, and the data leave nothing open.

    Raises
    ------
    TargetingError
        `doubt-within-groups`; what `prepare` refuses.
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
            data=noise_of(values, indicators, areas) if spec.data else False,
            normalize_each=normalize_each,
            **chosen,
        )
    if not model.varied:
        return None
    with _placed(spec):
        return draw(model, draws=spec.draws, seed=seed)


def doubt_of(draws: Draws, spec: DoubtSpec, *, labels: pd.Series[int] | None = None) -> Doubt:
    """Say how sure each block's rank is, and which choices move it.

    Parameters
    ----------
    draws : Draws
        What `drawn` made.
    spec : DoubtSpec
        What was asked for.
    labels : Series, optional
        Number of the polygon each block is in, 0 for none: the doubt of each has its causes told.

    Returns
    -------
    Doubt

    Examples
    --------
    >>> from targeting.composite import score
    >>> one = Indicator("a", {"es": "a", "en": "a"}, "share", "higher", "violence", "share")
    >>> two = Indicator("b", {"es": "b", "en": "b"}, "share", "higher", "violence", "share")
    >>> held = pd.DataFrame({"a": [0.0, 0.4, 1.0], "b": [0.0, 1.0, 0.9]}, index=["x", "y", "z"])
    >>> values = Values(held, held, held, {"a": "block", "b": "block"})
    >>> how = {"normalize": MethodSpec("minmax"), "aggregate": MethodSpec("arithmetic")}
    >>> scores = score(values, [one, two], {"a": 1.0, "b": 1.0}, **how)
    >>> spec = DoubtSpec(draws=100, weights="anywhere", top_share=0.34)
    >>> made = drawn(values, [one, two], scores, spec, seed=1, **how)
    >>> assert made is not None
    >>> doubt_of(made, spec).blocks[["rank_low", "rank_high"]].astype(int).values.tolist()
    [[3, 3], [1, 2], [1, 2]]
    """
    model, seed = draws.model, draws.plan.seed
    assert model is not None
    causes = pd.DataFrame(columns=list(_CAUSES))
    with _placed(spec):
        made = summarize(draws, top_share=spec.top_share)
        choices = what_if(model, draws=min(spec.draws, 100), seed=seed, top_share=spec.top_share)
        if spec.sensitivity:
            found = sensitivity(model, base=spec.sensitivity, seed=seed, labels=labels)
            causes = _causes(found, model.varied)
    return Doubt(made.blocks[list(_COLUMNS)], choices, spec.draws, spec.top_share, causes)


@contextmanager
def _placed(spec: DoubtSpec) -> Iterator[None]:
    """Tell what an aggregation refuses at the alternatives: the stated one has scored the city."""
    try:
        yield
    except TargetingError as error:
        if not spec.aggregate:
            raise
        raise TargetingError(
            replace(one, where=one.where.replace("composite.aggregate", "uncertainty.aggregate"))
            for one in error.problems
        ) from error


def noise_of(
    values: Values, indicators: Sequence[Indicator], areas: pd.Series[str] | None = None
) -> dict[str, Noise]:
    """Return how each indicator is drawn within its interval: by its origin and its unit.

    Parameters
    ----------
    values : Values
        With the origin of each.
    indicators : sequence of Indicator
        With the unit of each: a share never leaves 0 to 1.
    areas : Series, optional
        Area of each block.

    Returns
    -------
    dict
        Indicator to `Noise`.

    Examples
    --------
    >>> one = Indicator("a", {"es": "a", "en": "a"}, "share", "higher", "violence", "share")
    >>> held = pd.DataFrame({"a": [0.1]})
    >>> noise_of(Values(held, held, held, {"a": "shrunk"}), [one])["a"].shape
    'beta'
    """
    chosen = {}
    for one in indicators:
        origin = values.origin[one.key]
        noise = BY_ORIGIN[origin]
        if noise.shape == "gamma" and one.unit == "share":
            noise = Noise("beta")
        chosen[one.key] = replace(noise, units=areas) if origin == "area" else noise
    return chosen


def _causes(found: Sensitivity, varied: tuple[str, ...]) -> pd.DataFrame:
    """Return the indices of the city and of every polygon, one row a choice.

    The city's are those of the blocks' own ranks, each block by how much its rank moves: the mean
    shift of a draw would tell only which choice makes some draws worse than others.
    """
    moved = found.blocks["rank_sd"].to_numpy(float) ** 2
    rows = []
    for choice in varied:
        held = [found.blocks[f"{name}_{choice}"].to_numpy(float) for name in ("first", "total")]
        known = np.isfinite(moved) & (moved > 0) & np.isfinite(held[0])
        whole = moved[known].sum()
        shares = [float((one[known] * moved[known]).sum() / whole) if whole else 0 for one in held]
        rows.append((0, choice, *shares))
    whole_city = pd.DataFrame(rows, columns=list(_CAUSES))
    tables = [whole_city]
    for choice in varied:
        own = found.groups[[f"first_{choice}", f"total_{choice}"]].set_axis(
            ["first", "total"], axis=1
        )
        tables.append(own.rename_axis("polygon").reset_index().assign(choice=choice))
    table = pd.concat(tables, ignore_index=True)[list(_CAUSES)]
    # An estimate of nothing may fall a little below 0.
    table[["first", "total"]] = table[["first", "total"]].clip(0.0, 1.0)
    table["polygon"] = table["polygon"].astype(int)
    order = {choice: place for place, choice in enumerate(varied)}
    return table.sort_values(
        ["polygon", "choice"], key=lambda held: held.map(order) if held.name == "choice" else held
    ).reset_index(drop=True)


def _spread(spec: DoubtSpec) -> Spread | None:
    if spec.weights == "anywhere":
        return Anywhere()
    return Within(spec.weights_within) if spec.weights == "within" else None
