"""Which choice changed which polygon: a study's choices switched one after the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import shapely

from targeting import registry
from targeting.delineation.plans import Matching, PlanDifference, diff_plans, match_plans
from targeting.explaining.comparing import differing_choices, mixed, rescored
from targeting.i18n import say
from targeting.model import NO_POLYGON, Links, MethodSpec, Result
from targeting.pipeline import delineated, neighbors
from targeting.problems import TargetingError
from targeting.render import public
from targeting.render.records import plain
from targeting.study import plain as plain_setting

TOGETHER = "together"
_METHOD = "delineation.use"  # brings all its settings, so it comes last and alone
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Choice:
    """One choice two studies differ in; settings are told with their two values."""

    name: str
    before: Any = None
    after: Any = None


@dataclass(frozen=True)
class _Step:
    """Choices switched at once (several only where none of them alone can be carried out)."""

    choices: tuple[Choice, ...]
    membership: pd.Series[int]

    @property
    def name(self) -> str:
        return "+".join(choice.name for choice in self.choices)


def plan_changes(
    before: Result, after: Result, *, tell: Tell = lambda step: None
) -> dict[str, Any]:
    """Return what became of each polygon, and which choice did it, ready for JSON.

    The choices that differ are switched from the first study's to the second's, one after the
    other: the data, those of the composite, the streets, the delineation; after each the polygons
    are drawn again. A block that ends in another polygon than it began in (or in none) is put down
    to the last switch that changed that: every changed block has one cause, so the causes sum to
    the whole. What each choice does depends on the order, which is told.

    Parameters
    ----------
    before, after : Result
        Studies carried out.
    tell : callable
        Gets `"replan"` whenever polygons are drawn again.

    Returns
    -------
    dict
        `share_min` and `weighed` of the matching; `polygons` (each with its identity, its numbers
        before and after, what it shares with its match, what it gains and loses, and `causes`);
        `causes` (blocks and people by choice: they sum to the whole); `steps` (in order: what the
        switch changed from the plan before it); `only_before`, `only_after`. A cause `together`
        is that of a change which no single switch made. People in the grain they are shown in.
    """
    first, second = before.polygons.membership, after.polygons.membership
    people = _people(before, after)
    matching = match_plans(first, second, people)
    difference = diff_plans(first, second, people, matching)
    steps = _steps(before, after, tell)
    plans = [first, *(step.membership for step in steps)]
    told, keyed = _followed(plans, people)
    cause = _causes(difference, [step.name for step in steps], keyed)
    names = [*(step.name for step in steps), TOGETHER]
    record = {
        "share_min": matching.share_min,
        "weighed": matching.weighed,
        "only_before": dict(matching.only_before),
        "only_after": dict(matching.only_after),
        "polygons": _polygons(difference, cause, names),
        "causes": [
            {"cause": name, **_ways(difference.blocks[cause == name])}
            for name in names
            if bool((cause == name).any())
        ],
        "steps": [
            {**_named(step), "polygons": int(step.membership.max()), **_ways(one.blocks)}
            | {"changed": _changed(one)}
            for step, one in zip(steps, told, strict=True)
        ],
    }
    out: dict[str, Any] = plain(record)
    return out


def _people(before: Result, after: Result) -> pd.Series[float]:
    """People by block: those of the second study, where it has the block."""
    first, second = (one.territory.blocks["population"].astype(float) for one in (before, after))
    people: pd.Series[float] = second.combine_first(first)
    return people


def plan_choices(before: Result, after: Result) -> list[Choice]:
    """Return the choices that differ, in the order they are switched."""
    names = differing_choices(before, after)
    if "data" not in names and not _same_ground(before, after):
        names.insert(0, "data")
    choices = [Choice(name) for name in names]
    one, two = before.study.streets, after.study.streets
    streets = [("streets", key, one.get(key), two.get(key)) for key in sorted({*one, *two})]
    ways = before.study.delineation, after.study.delineation
    if ways[0].use != ways[1].use:
        choices += _unlike(streets)
        return [*choices, Choice(_METHOD, ways[0].use, ways[1].use)]
    own = registry.settings("delineator", ways[0].use)
    settings = [
        ("delineation", key, *(way.settings.get(key, told.default) for way in ways))
        for key, told in own.items()
    ]
    return choices + _unlike([*streets, *settings])


def _unlike(settings: Sequence[tuple[str, str, Any, Any]]) -> list[Choice]:
    return [Choice(f"{of}.{key}", one, two) for of, key, one, two in settings if one != two]


def _same_ground(before: Result, after: Result) -> bool:
    """Tell whether blocks and barriers are the same, whatever is measured on them."""
    one, two = before.territory, after.territory
    if one is two:
        return True
    tables = [territory.blocks.drop(columns="geometry") for territory in (one, two)]
    if not tables[0].equals(tables[1]):
        return False
    shapes = [np.asarray(territory.blocks.geometry.array) for territory in (one, two)]
    walls = [
        np.empty(0, dtype=object) if lines is None else np.asarray(lines.geometry.array)
        for lines in (one.barriers, two.barriers)
    ]
    return all(
        len(a) == len(b) and bool(shapely.equals_exact(a, b).all()) for a, b in (shapes, walls)
    )


def _steps(before: Result, after: Result, tell: Tell) -> list[_Step]:
    """Switch the choices one after the other; the last plan is the second study's own."""
    choices = plan_choices(before, after)
    linked: dict[str, Links] = {}
    steps: list[_Step] = []
    waiting: tuple[Choice, ...] = ()
    for place, choice in enumerate(choices):
        waiting = (*waiting, choice)
        if place == len(choices) - 1:
            steps.append(_Step(waiting, after.polygons.membership))
            break
        tell("replan")
        try:
            membership = _drawn(before, after, choices, place + 1, linked)
        except TargetingError:
            continue  # what one study chooses does not go with what the other does
        steps.append(_Step(waiting, membership))
        waiting = ()
    return steps


def _drawn(
    before: Result,
    after: Result,
    choices: Sequence[Choice],
    count: int,
    linked: dict[str, Links],
) -> pd.Series[int]:
    """Draw the polygons with the first so many choices as in the second study."""
    taken = choices[:count]
    composite, every = (
        frozenset(one.name for one in some if "." not in one.name) for some in (taken, choices)
    )
    scores = after.scores if composite == every else rescored(before, after, composite)
    territory = (after if "data" in composite else before).territory
    study = mixed(before.study, after.study, composite)
    streets = dict(study.streets) | _settings(taken, "streets")
    way = study.delineation
    settings = dict(way.settings) | _settings(taken, "delineation")
    spec = after.study.delineation if taken[-1].name == _METHOD else MethodSpec(way.use, settings)
    study = replace(study, streets=streets, delineation=spec)
    key = f"{'data' in composite} {sorted(streets.items())}"
    if key not in linked:
        linked[key] = neighbors(study, territory)
    return delineated(study, territory, scores, linked[key]).membership


def _settings(taken: Sequence[Choice], of: str) -> dict[str, Any]:
    start = f"{of}."
    return {
        choice.name.removeprefix(start): choice.after
        for choice in taken
        if choice.name.startswith(start) and choice.name != _METHOD
    }


def _followed(
    plans: Sequence[pd.Series[int]], people: pd.Series[float]
) -> tuple[list[PlanDifference], list[pd.Series[int]]]:
    """Follow polygons from plan to plan: what each step changes, and every block's key after it."""
    told: list[PlanDifference] = []
    keys = {int(n): int(n) for n in np.unique(plans[0]) if n != NO_POLYGON}
    used = max(keys.values(), default=0)
    keyed = [_keyed(plans[0], keys)]
    for one, two in zip(plans, plans[1:], strict=False):
        matching: Matching = match_plans(one, two, people, keys=keys, next_key=used + 1)
        told.append(diff_plans(one, two, people, matching))
        keys = matching.keys
        used = max([used, *keys.values()])
        keyed.append(_keyed(two, keys))
    return told, keyed


def _keyed(membership: pd.Series[int], keys: Mapping[int, int]) -> pd.Series[int]:
    return membership.map({**keys, NO_POLYGON: NO_POLYGON}).astype(np.int64)


def _causes(
    difference: PlanDifference, names: Sequence[str], keyed: Sequence[pd.Series[int]]
) -> pd.Series[str]:
    """Return the switch each changed block is put down to: the last that did what came out."""
    changed = difference.blocks
    cause = pd.Series(TOGETHER, index=changed.index, dtype="object")
    crossing = changed["way"] != "moving"
    for name, one, two in zip(names, keyed, keyed[1:], strict=False):
        held = [
            part.reindex(changed.index, fill_value=NO_POLYGON).astype(np.int64)
            for part in (one, two)
        ]
        crossed = (held[0] == NO_POLYGON) != (held[1] == NO_POLYGON)
        moved = held[0] != held[1]
        cause[crossed.where(crossing, moved)] = name
    return cause


def _ways(blocks: pd.DataFrame) -> dict[str, Any]:
    grain = public.figure_grain("population")
    out: dict[str, Any] = {}
    for way in ("entering", "leaving", "moving"):
        mine = blocks[blocks["way"] == way]
        out[way] = len(mine)
        out[f"people_{way}"] = grain.round(np.array([mine["people"].sum()]))[0]
    return out


def _named(step: _Step) -> dict[str, Any]:
    return {
        "cause": step.name,
        "choices": [
            {"name": one.name, "before": _text(one.before), "after": _text(one.after)}
            for one in step.choices
        ],
    }


def _text(value: Any) -> Any:
    """Return a value of a setting as one value: lists and tables as JSON."""
    known = plain_setting(value)
    return json.dumps(known, ensure_ascii=False) if isinstance(known, (dict, list)) else known


def _changed(difference: PlanDifference) -> list[dict[str, Any]]:
    """Return the polygons a step changed."""
    table = difference.polygons
    return [_row(key, row) for key, row in table[table["fate"] != "same"].to_dict("index").items()]


def _row(key: Any, row: Mapping[Any, Any]) -> dict[str, Any]:
    grain = public.figure_grain("population")
    counts = {name: int(row[name]) for name in ("blocks_kept", "blocks_gained", "blocks_lost")}
    people = {
        name: grain.round(np.array([row[name]]))[0] for name in ("people_gained", "people_lost")
    }
    shares = {
        name: round(float(row[name]), 3) for name in ("share_before", "share_after", "jaccard")
    }
    numbers = {"before": int(row["before"]), "after": int(row["after"])}
    marks = {name: bool(row[name]) for name in ("split", "merged")}
    return {
        "key": int(key),
        **numbers,
        "fate": str(row["fate"]),
        **marks,
        **counts,
        **people,
        **shares,
    }


def _polygons(
    difference: PlanDifference, cause: pd.Series[str], names: Sequence[str]
) -> list[dict[str, Any]]:
    blocks = difference.blocks
    rows = []
    for key, row in difference.polygons.to_dict("index").items():
        gained, lost = blocks["key_after"] == key, blocks["key_before"] == key
        mine = set(cause[gained | lost])
        rows.append(
            _row(key, row)
            | {
                "causes": [
                    {
                        "cause": name,
                        "gained": int((gained & (cause == name)).sum()),
                        "lost": int((lost & (cause == name)).sum()),
                    }
                    for name in names
                    if name in mine
                ]
            }
        )
    return rows


def plan_lines(record: Mapping[str, Any], language: str) -> Iterator[str]:
    """Yield what became of each polygon and which choice did it, in words.

    Parameters
    ----------
    record : mapping
        From `plan_changes`.
    language : str
        `"es"` or `"en"`.

    Yields
    ------
    str
    """

    def told(key: str, /, **values: Any) -> str:
        return say(f"compare.plan-{key}", language, **values)

    named = _labels(record["steps"], language)
    yield told("identity", share_min=record["share_min"])
    for one in record["polygons"]:
        yield "  " + told(one["fate"], **one)
        for mark in ("split", "merged"):
            if one[mark]:
                yield "    " + told(mark)
        for cause in one["causes"]:
            counts = {key: cause[key] for key in ("gained", "lost")}
            yield "    " + told("cause", name=named[cause["cause"]], **counts)
    for end in ("before", "after"):
        alone = record[f"only_{end}"]
        if alone["blocks"]:
            yield "  " + told(f"only-{end}", blocks=alone["blocks"], inside=alone["inside"])
    if not record["steps"]:
        yield told("no-steps")
        return
    yield told("steps")
    for place, one in enumerate(record["steps"], start=1):
        counts = {key: one[key] for key in ("entering", "leaving", "moving", "polygons")}
        yield "  " + told("step", place=place, name=named[one["cause"]], **counts)
    yield told("causes")
    for one in record["causes"]:
        values = {key: value for key, value in one.items() if key != "cause"}
        yield "  " + told("by-cause", name=named[one["cause"]], **values)


def _labels(steps: Sequence[Mapping[str, Any]], language: str) -> dict[str, str]:
    """Return the words for each cause; settings with their two values."""
    out = {TOGETHER: say("compare.plan-together", language)}
    for step in steps:
        texts = []
        for one in step["choices"]:
            if "." not in one["name"]:
                texts.append(say(f"compare.choice-{one['name']}", language))
                continue
            ends = {end: _shown(one[end]) for end in ("before", "after")}
            texts.append(say("compare.plan-setting", language, name=one["name"], **ends))
        out[step["cause"]] = " + ".join(texts)
    return out


def _shown(value: Any) -> str:
    return "–" if value is None else f"{value:,g}" if isinstance(value, float) else str(value)
