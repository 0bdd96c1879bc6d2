"""Two results beside each other as a record: who moves, and which choice did it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from targeting.composite.compare import (
    AVERAGED_MAX,
    Attribution,
    attribute,
    compare,
    shared_members,
)
from targeting.model import NO_POLYGON, Node, Result, Scores, Values
from targeting.pipeline import scored
from targeting.problems import TargetingError
from targeting.render import public
from targeting.render.records import plain
from targeting.study import Study

# What a study chooses about the composite, and where: in the order the steps are taken.
CHOICES: dict[str, tuple[str, ...]] = {
    "treatment": ("treat", "treat_each"),
    "normalization": ("normalize", "normalize_each", "within"),
    "weights": ("weights", "indicators"),
    "aggregation": ("aggregate",),
    "coverage": ("coverage_min",),
}
# What a group of the tree may say for itself.
_GROUPS_SAY = {"aggregation": "aggregate", "coverage": "coverage_min"}
_NAMED = 10


def compare_results(
    before: Result, after: Result, *, top: float = 0.1, names: tuple[str, str] = ("", "")
) -> dict[str, Any]:
    """Return what differs between two results, ready for JSON.

    Parameters
    ----------
    before, after : Result
        Studies carried out: two of one city, or of two years.
    top : float
        Share of the blocks with a score that are the top.
    names : tuple of str
        What tells the two studies apart, such as their files.

    Returns
    -------
    dict
        `figures`; `choices` that differ, each with what it brings about (they sum to the whole);
        `inseparable` (those that cannot be changed one at a time: then nothing is attributed);
        `polygons` (who enters and leaves, and what became of each); `entering`, `leaving` (ids);
        `movers`; blocks that one alone has. Scores in their grain, no number of incidents.
    """
    comparison = compare(before.scores.score, after.scores.score, top=top)
    table = comparison.blocks
    choices = differing_choices(before, after)
    told, inseparable = _attributed(before, after, choices, top)
    entering = table.index[table["top_after"] & ~table["top_before"]]
    leaving = table.index[table["top_before"] & ~table["top_after"]]
    record = {
        "titles": [dict(one.study.title) for one in (before, after)],
        "studies": list(names),
        "top": top,
        "figures": dict(comparison.figures),
        "only_before": {
            "count": len(comparison.only_before),
            "blocks": list(comparison.only_before),
        },
        "only_after": {"count": len(comparison.only_after), "blocks": list(comparison.only_after)},
        "choices": [] if told is None else _choices(told),
        "averaged": told is None or told.averaged,
        "inseparable": inseparable,
        "delineation_differs": _delineations_differ(before.study, after.study),
        "entering": sorted(map(str, entering)),
        "leaving": sorted(map(str, leaving)),
        "movers": _movers(before, after),
        "polygons": _polygons(before, after),
    }
    told_plain: dict[str, Any] = plain(record)
    return told_plain


def _attributed(
    before: Result, after: Result, choices: list[str], top: float
) -> tuple[Attribution | None, list[str]]:
    """Return what each choice brings about, or the choices that cannot be changed one at a time.

    The aggregation of the one study may be none for the groups of the other.
    """
    if not choices:
        return None, []
    try:
        return attribute(evaluator(before, after), choices, top=top), []
    except TargetingError:
        return None, choices


def differing_choices(before: Result, after: Result) -> list[str]:
    """Return the choices that differ, the data first."""
    first, second = before.values, after.values
    both = [key for key in first.value.columns if key in second.value.columns]
    same = first.value.index.equals(second.value.index) and first.value[both].equals(
        second.value[both]
    )
    names = [] if same else ["data"]
    for name, fields in CHOICES.items():
        groups = _GROUPS_SAY.get(name)
        if any(_differs(before.study, after.study, field) for field in fields) or (
            groups and _groups_differ(before.study.weights, after.study.weights, groups)
        ):
            names.append(name)
    return names


def _groups_differ(first: Node, second: Node, field: str) -> bool:
    """Tell whether a group that both trees have says it for itself, and another way."""
    said = [
        {node.key: getattr(node, field) for node in tree.nodes() if node.children}
        for tree in (first, second)
    ]
    return any(said[0][key] != said[1][key] for key in said[0].keys() & said[1].keys())


def _weighed(tree: Node) -> Node:
    """Return a tree that says what is weighed and how, and nothing else."""
    children = tuple(_weighed(child) for child in tree.children)
    return replace(tree, children=children, aggregate=None, coverage_min=None)


def _differs(first: Study, second: Study, field: str) -> bool:
    if field == "weights":
        return _weighed(first.weights) != _weighed(second.weights)
    if field != "indicators":
        return bool(getattr(first, field) != getattr(second, field))
    # How an indicator is measured is the data; which way it is worse is weighed.
    ways = [{one.key: one.worse for one in study.indicators} for study in (first, second)]
    return ways[0] != ways[1]


def evaluator(before: Result, after: Result) -> Callable[[frozenset[str]], pd.Series[float]]:
    """Return a function that scores with some choices of the second result, the rest of the first.

    An indicator that only one of the two has brings its own values with it.
    """
    return lambda taken: rescored(before, after, taken).score


def rescored(before: Result, after: Result, taken: frozenset[str]) -> Scores:
    """Return the scores with some choices of the second result, the rest of the first.

    Their intervals are not asked for, and mean nothing.
    """
    if not taken:
        return before.scores
    study = mixed(before.study, after.study, taken)
    source = after if "data" in taken else before
    values = _values(before, after, study, newer="data" in taken)
    return scored(study, source.territory, values)[0]


def mixed(before: Study, after: Study, taken: frozenset[str]) -> Study:
    """Return a study with some choices about the composite of the second, the rest of the first."""
    chosen = {
        field: getattr(after, field)
        for name, fields in CHOICES.items()
        if name in taken
        for field in fields
    }
    study = replace(before, **chosen)
    owner = {name: after if name in taken else before for name in CHOICES}
    tree = _retold(
        study.weights, owner["aggregation"].weights, "aggregate", owner["coverage"].weights
    )
    return replace(study, weights=tree)


def _retold(tree: Node, aggregates: Node, field: str, coverages: Node) -> Node:
    """Return a tree whose groups become one as in one tree, and need data as in another."""
    said = {node.key: node for node in aggregates.nodes() if node.children}
    least = {node.key: node for node in coverages.nodes() if node.children}

    def again(node: Node) -> Node:
        if not node.children:
            return node
        return replace(
            node,
            children=tuple(again(child) for child in node.children),
            aggregate=getattr(said.get(node.key, node), field),
            coverage_min=least.get(node.key, node).coverage_min,
        )

    return again(tree)


def _values(before: Result, after: Result, study: Study, *, newer: bool) -> Values:
    """Return the values of a study's indicators, from one result where both have them."""
    source, other = (after, before) if newer else (before, after)
    index = source.values.value.index
    ends: dict[str, dict[str, pd.Series[float]]] = {"value": {}, "low": {}, "high": {}}
    origin = {}
    for one in study.indicators:
        holder = source if one.key in source.values.value.columns else other
        origin[one.key] = holder.values.origin[one.key]
        # The score alone is asked for: its interval is not, and costs more than all the rest.
        column = holder.values.value[one.key].reindex(index)
        for held in ends.values():
            held[one.key] = column
    tables = {name: pd.DataFrame(held, index=index) for name, held in ends.items()}
    return Values(tables["value"], tables["low"], tables["high"], origin)


def _choices(told: Attribution) -> list[dict[str, Any]]:
    """Return what each choice brings about; counts of blocks, averaged over orders."""
    return [
        {
            "choice": name,
            "score_change": round(float(row["score_change"]), 4),
            "score_shift": round(float(row["score_shift"]), 4),
            "rank_shift": round(float(row["rank_shift"]), 1),
            "entering": round(float(row["entering"]), 1) + 0.0,  # no -0.0
            "leaving": round(float(row["leaving"]), 1) + 0.0,
        }
        for name, row in told.figures.iterrows()
    ]


def _movers(before: Result, after: Result) -> dict[str, list[dict[str, Any]]]:
    """Return the blocks whose rank changes most, either way; ties by id.

    Ranks are those of the scores as they are shown, so that they tell no more than these do.
    """
    shown = [
        pd.Series(public.shown_points(one)[1], one.scores.score.index) for one in (before, after)
    ]
    table = compare(*shown).blocks
    known = table[table["rank_change"].notna() & (table["rank_change"] != 0)]
    known = known.sort_index(kind="stable")
    order = known["rank_change"].sort_values(ascending=False, kind="stable")
    up, down = order[order > 0].index[:_NAMED], order[order < 0].index[::-1][:_NAMED]
    columns = ["rank_before", "rank_after", "rank_change"]
    return {
        name: [
            {"block": str(block), **known.loc[block, columns].astype(int).to_dict()}
            for block in rows
        ]
        for name, rows in (("up", up), ("down", down))
    }


def _delineations_differ(first: Study, second: Study) -> bool:
    return bool(first.delineation != second.delineation or first.streets != second.streets)


def _polygons(before: Result, after: Result) -> dict[str, Any]:
    """Return who enters and leaves polygons, and what became of each polygon."""
    first, second = before.polygons.membership, after.polygons.membership
    both = first.index[first.index.isin(second.index)]
    inside = first.loc[both] != NO_POLYGON, second.loc[both] != NO_POLYGON
    moves = shared_members(first, second)
    people = after.territory.blocks["population"].reindex(both)
    entering, leaving = (inside[1] & ~inside[0]), (inside[0] & ~inside[1])
    rows = []
    for number in sorted(set(second.unique()) - {NO_POLYGON}):
        own = moves[moves["after"] == number]
        rows.append(
            {
                "polygon": int(number),
                "blocks": int(own["blocks"].sum()),
                "from": {
                    str(int(row["before"])): int(row["blocks"])
                    for _, row in own.iterrows()
                    if row["before"] != NO_POLYGON
                },
                "entering": int(own.loc[own["before"] == NO_POLYGON, "blocks"].sum()),
            }
        )
    kept = set(moves.loc[moves["after"] != NO_POLYGON, "before"])
    gone = sorted(int(n) for n in set(first.unique()) - {NO_POLYGON} if n not in kept)
    grain = public.figure_grain("population")
    told = [grain.round(np.array([people[one].sum()]))[0] for one in (entering, leaving)]
    return {
        "before": int(first.max() if len(first) else 0),
        "after": int(second.max() if len(second) else 0),
        "entering": int(entering.sum()),
        "leaving": int(leaving.sum()),
        "staying": int((inside[0] & inside[1]).sum()),
        "people_entering": told[0],
        "people_leaving": told[1],
        "now": rows,
        "gone": gone,
    }


__all__ = ["AVERAGED_MAX", "CHOICES", "compare_results", "differing_choices", "evaluator"]
