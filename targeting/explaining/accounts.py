"""A block's account as a record, for the office: exact scores, told as coarsely as on the page.

Rates of incidents are told as levels, parts and scores in their grains, values that a mask leaves
open as the interval they lie in, and the people of a block only from three on. It is not for the
public all the same: parts are the block's own, where the page tells those of a group.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from targeting.composite.account import Account, Baseline, account, standing
from targeting.composite.change import Line, Recipe, at_score, in_top
from targeting.composite.treating import treated_values
from targeting.delineation.prepared import line as line_of
from targeting.explaining.changes import change_records
from targeting.model import Indicator, Result, Values
from targeting.pipeline import score_settings
from targeting.problems import Problem, TargetingError
from targeting.render import public
from targeting.render.reasons import price_columns
from targeting.render.records import plain

_NEAREST = 5
_TOLD = 5
_COMPARED = 4000


@dataclass(frozen=True)
class _City:
    """What the accounts of several blocks share."""

    result: Result
    recipe: Recipe
    line: Line
    told: Account
    points: pd.DataFrame
    shown: pd.Series[float]


def block_accounts(
    result: Result,
    blocks: Sequence[str],
    *,
    baseline: Baseline = "zero",
    top: float | None = None,
    changes: bool = True,
) -> list[dict[str, Any]]:
    """Return the account of some blocks, ready for JSON.

    Parameters
    ----------
    result : Result
        A study carried out.
    blocks : sequence of str
        Their ids.
    baseline : str
        What the indicators are raised from: `"zero"` urgency or the `"median"` of the city.
    top : float, optional
        The line is that around the most urgent share of the blocks. Default: the line the study's
        polygons are drawn with, where the share of the people above it is stated.
    changes : bool
        Whether the smallest changes are looked for too.

    Returns
    -------
    list of dict
        One record a block, in the order asked for.

    Raises
    ------
    TargetingError
        `no-such-block` for each id that is none, with the nearest ones.
    """
    refuse_unknown(result.scores.score.index, blocks)
    recipe = recipe_of(result)
    told = account(
        result.scores.parts,
        recipe.tree,
        aggregate=result.study.aggregate,
        coverage_min=result.study.coverage_min,
        baseline=baseline,
        blocks=list(dict.fromkeys(blocks)),
        seed=result.study.seed,
    )
    known = result.scores.parts.loc[told.added.index, told.added.columns].notna()
    rows = result.scores.score.index.get_indexer(told.added.index)
    hundredths, _ = public.points(
        told.added.where(known),
        told.added.sum(axis=1, min_count=1),
        steps=public.score_steps(result)[rows],
    )
    points = pd.DataFrame(hundredths, told.added.index, told.added.columns)
    _, total = public.shown_points(result)
    shown = pd.Series(total, result.scores.score.index)
    city = _City(result, recipe, _line(result, top), told, points, shown)
    return [plain(_record(city, block, changes=changes)) for block in blocks]


def recipe_of(result: Result) -> Recipe:
    """Return the composite of a result, to be made again."""
    study = result.study

    def treated(values: Values) -> Values:
        keys = values.value.columns
        each = {key: spec for key, spec in study.treat_each.items() if key in keys}
        return treated_values(values, study.treat, each)[0]

    return Recipe(
        result.values,
        result.indicators,
        study.weights,
        score_settings(study, result.territory),
        treated if study.treat is not None or study.treat_each else None,
    )


def _line(result: Result, top: float | None) -> Line:
    """Return the line a block's score is held against; it moves with the city's scores."""
    if top is not None:
        return in_top(top)
    settings = result.study.delineation.settings
    if settings.get("need", "excess") != "excess":
        return at_score(result.polygons.threshold)
    share = float(settings.get("threshold_share", 0.2))
    people = result.territory.blocks["population"].to_numpy(float)
    return Line(lambda scores, place: float(scores[place] - line_of(scores, people, share)))


def refuse_unknown(index: pd.Index, blocks: Sequence[str]) -> None:
    """Refuse ids that no block has, all at once."""
    known = pd.Index(index.astype(str))
    problems = []
    for block in dict.fromkeys(blocks):
        if block not in known:
            near = ", ".join(nearest_ids(block, known)) or "–"
            problems.append(Problem("no-such-block", "block", {"given": block, "known": near}))
    if problems:
        raise TargetingError(problems)


def nearest_ids(given: str, known: pd.Index) -> list[str]:
    """Return the ids most like one that does not exist; in a large city of those beside it.

    Examples
    --------
    >>> sorted(nearest_ids("0190", pd.Index(["0100", "0191", "0192", "0200"]))[:2])
    ['0191', '0192']
    """
    names = np.sort(known.to_numpy(str))
    at = int(np.searchsorted(names, given))
    rows = slice(max(at - _COMPARED // 2, 0), at + _COMPARED // 2)
    near = names[rows if len(names) > _COMPARED else slice(None)].tolist()
    return difflib.get_close_matches(given, near, n=_NEAREST, cutoff=0.6)


def _other_way(result: Result, place: int) -> dict[str, float | None]:
    """Return what the block the other way would cost, and the score that would flip it."""
    told = {name: float(held[place]) for name, held in price_columns(result).items()}
    return {name: None if np.isnan(value) else value for name, value in told.items()}


def _record(city: _City, block: str, *, changes: bool) -> dict[str, Any]:
    result, scores = city.result, city.result.scores
    place = int(np.flatnonzero(scores.score.index == block)[0])
    blocks = result.territory.blocks
    people, few = public.population(blocks["population"].iloc[[place]])
    shown = city.shown.iloc[place]
    low, high = public.spread_points(result)
    reason = result.polygons.reasons.iloc[place]
    told = [_indicator(city, one, block, place) for one in result.indicators]
    record: dict[str, Any] = {
        "block": block,
        "area": blocks["area_id"].iloc[place],
        "municipality": blocks["municipality_id"].iloc[place],
        "population": people[0],
        "population_few": bool(few[0]),
        "score": shown / 100,
        "score_low": low[place] / 100,
        "score_high": high[place] / 100,
        "rank_first": _places(city.shown, shown)[0],
        "rank_last": _places(city.shown, shown)[1],
        "ranked": int(city.shown.notna().sum()),
        "line": public.line_points(result) / 100,
        "margin": public.margin_points(result)[place] / 100,
        "coverage": round(float(scores.coverage.iloc[place]), 2),
        "reason": {
            "code": str(reason["code"]),
            "polygon": int(reason["polygon"]),
            "limit": str(reason["limit"]),
            **_other_way(result, place),
        },
        "polygon": int(result.polygons.membership.iloc[place]),
        "how": city.told.how,
        "baseline": None if np.isnan(shown) else round(float(city.told.baseline[block]), 2),
        "points_error": _error(city, block),
        "dimensions": _dimensions(city, place),
        "indicators": told,
        "missing": [one["key"] for one in told if np.isnan(one["part"])],
        **_doubt(result, place),
    }
    record |= _standing(city, block)
    if changes:
        record["changes"] = change_records(result, city.recipe, city.line, block)
    return record


def _doubt(result: Result, place: int) -> dict[str, Any]:
    """Return the interval of the rank, where the study drew one."""
    if result.doubt is None:
        return {}
    row = result.doubt.blocks.iloc[place]
    return {
        "rank_low": row["rank_low"],
        "rank_high": row["rank_high"],
        "top_share": result.doubt.top_share,
        "in_top_share": round(float(row["top_share"]), 2),
        "draws": result.doubt.draws,
    }


def _places(shown: pd.Series[float], own: float) -> tuple[int | None, int | None]:
    """Return the first and the last rank of the blocks that show the same score."""
    if np.isnan(own):
        return None, None
    above = int((shown > own).sum())
    return above + 1, above + int((shown == own).sum())


def _error(city: _City, block: str) -> float:
    return round(float(np.nan_to_num(city.told.error.loc[block].max())), 4)


def _dimensions(city: _City, place: int) -> list[dict[str, Any]]:
    points = public.dimension_points(city.result)
    weights = city.result.scores.dimension_weights
    return [
        {"key": str(key), "score": points[str(key)][place] / 100, "weight": float(weights[key])}
        for key in city.result.scores.dimensions.columns
    ]


def _indicator(city: _City, one: Indicator, block: str, place: int) -> dict[str, Any]:
    scores, values = city.result.scores, city.result.values
    part = public.part_grain(one.dimension).round(np.array([scores.parts[one.key].iloc[place]]))[0]
    added = city.points.loc[block].get(one.key, np.nan)
    return {
        "key": one.key,
        "names": dict(one.names),
        "dimension": one.dimension,
        "unit": one.unit,
        "worse": one.worse,
        "source": one.source,
        "year": one.year,
        "origin": values.origin[one.key],
        **_value(city.result, one, place),
        "part": part,
        "weight": round(float(scores.weights.get(one.key, 0.0)), 4),
        "points": added,
    }


def _value(result: Result, one: Indicator, place: int) -> dict[str, Any]:
    """Return a value as it may be told: a level, a number, or the interval a mask leaves open."""
    column = result.values.value[one.key]
    if public.shown_as_level(one):
        return {"level": public.levels(column)[place], "value": None, "low": None, "high": None}
    grain = public.value_grain(one)
    value, low, high = (
        getattr(result.values, end)[one.key].iloc[place] for end in ("value", "low", "high")
    )
    if low == high or np.isnan(value):
        told = grain.round(np.array([value]))[0]
        return {"level": None, "value": told, "low": None, "high": None}
    size = grain.size
    ends = np.floor(low / size + 1e-9) * size, np.ceil(high / size - 1e-9) * size
    rounded = [round(float(end), grain.decimals + 1) for end in ends]
    return {"level": None, "value": None, "low": rounded[0], "high": rounded[1]}


def _standing(city: _City, block: str) -> dict[str, list[dict[str, Any]]]:
    """Return the indicators worst and best beside the city."""
    weights = city.result.scores.weights
    counted = [key for key in weights.index if weights[key] > 0]
    by_key = {one.key: one for one in city.result.indicators}
    told = standing(city.result.scores.parts, block, keys=counted)
    rows = []
    for key, row in told.iterrows():
        one = by_key[str(key)]
        grain = public.part_grain(one.dimension)
        part, middle = grain.round(np.array([row["part"], row["city"]]))
        gap = round(float(part - middle), 2)
        # A rank among rates of incidents would tell them apart finer than their level.
        rank = None if public.shown_as_level(one) else int(row["rank"])
        rows.append(
            {
                "key": key,
                "part": part,
                "city": middle,
                "gap": gap,
                "rank": rank,
                "of": int(row["of"]),
            }
        )
    worst = [row for row in rows if row["gap"] > 0][:_TOLD]
    best = [row for row in rows[::-1] if row["gap"] < 0][:_TOLD]
    return {"weaknesses": worst, "strengths": best}
