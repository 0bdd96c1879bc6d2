"""A plan made by hand beside the engine's, as a record and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from targeting import registry
from targeting.delineation.plans import JudgedPlan
from targeting.explaining.wording import few, printable
from targeting.i18n import catalogue, say
from targeting.model import NO_POLYGON, Links, MethodSpec, Result
from targeting.pipeline import judged
from targeting.render import public
from targeting.render.records import plain
from targeting.sources.drawn import DrawnPlan
from targeting.study import Study

_TOLD = 10


def judge_plan(result: Result, links: Links, drawn: DrawnPlan, *, name: str = "") -> dict[str, Any]:
    """Return what a plan made by hand is worth beside the engine's, ready for JSON.

    Parameters
    ----------
    result : Result
        The study carried out.
    links : Links
        Neighbors of its blocks, as `pipeline.neighbors` gives them.
    drawn : DrawnPlan
        The plan.
    name : str
        What tells it apart, such as its file.

    Returns
    -------
    dict
        `polygons` (each with its figures and what it breaks), `broken` (by the plan as a whole),
        `figures`, `unserved`, `reading` (what there is to say of the file).
    """
    held = judged(_with_defaults(result.study), result, links, drawn.membership)
    record = {
        "title": dict(result.study.title),
        "made": result.study.made,
        "plan": name,
        "method": result.study.delineation.use,
        "polygons": _polygons(held, drawn),
        "broken": _broken(held, 0),
        "keeps_all": held.broken.empty,
        "figures": dict(held.notes),
        "unserved": _unserved(result, held),
        "reading": {
            "drawn": drawn.drawn,
            "blocks": int((drawn.membership != NO_POLYGON).sum()),
            "outside": int((drawn.membership == NO_POLYGON).sum()),
            "without_blocks": list(drawn.without_blocks),
            "overlaps": [
                {"first": one, "second": two, "area_m2": round(area)}
                for one, two, area in drawn.overlaps
            ],
            "cut_blocks": drawn.cut_blocks,
            "losses": [{"reason": one.reason, "count": one.count} for one in drawn.losses],
            **drawn.notes,
        },
    }
    told: dict[str, Any] = plain(record)
    return told


def _with_defaults(study: Study) -> Study:
    """Return a study that states every setting of its method, also those left at their default."""
    spec = study.delineation
    told = {
        key: one.default
        for key, one in registry.settings("delineator", spec.use).items()
        if one.default is not one.empty
    }
    return replace(study, delineation=MethodSpec(spec.use, told | dict(spec.settings)))


def _polygons(held: JudgedPlan, drawn: DrawnPlan) -> list[dict[str, Any]]:
    table = held.polygons.drop(columns=["geometry", "broken_count"])
    numbers = [int(number) for number in table.index]
    return [
        {
            "polygon": drawn.names[number - 1],
            **{str(key): _whole(value) for key, value in row.items()},
            "broken": _broken(held, number),
        }
        for number, row in zip(numbers, table.to_dict("records"), strict=True)
    ]


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, (int, np.integer)) else round(float(value), 4)


def _broken(held: JudgedPlan, number: int) -> list[dict[str, Any]]:
    mine = held.broken[held.broken["polygon"] == number]
    return [
        {"rule": row["rule"], **{key: round(row[key], 4) for key in ("limit", "value", "by")}}
        for row in mine.to_dict("records")
    ]


def _unserved(result: Result, held: JudgedPlan) -> dict[str, Any]:
    """Return the blocks above the line in no polygon; people and scores as coarse as shown."""
    left = held.unserved
    people, _ = public.population(left["population"])
    _, shown = public.shown_points(result)
    place = result.scores.score.index.get_indexer(left.index)
    chosen = left["engine_polygon"].to_numpy(np.int64)
    return {
        "count": len(left),
        "people": round(float(left["population"].sum())),
        "need": round(float(left["need"].sum()), 2),
        "engine_count": int((chosen != NO_POLYGON).sum()),
        "blocks": [
            {
                "block": str(block),
                "population": count,
                "score": shown[at] / 100,
                "engine_polygon": n,
            }
            for block, count, at, n in zip(left.index, people, place, chosen.tolist(), strict=True)
        ],
    }


def judgment_lines(record: Mapping[str, Any], language: str) -> list[str]:
    """Return what a plan made by hand is worth, in words.

    Parameters
    ----------
    record : mapping
        From `judge_plan`.
    language : str
        `"es"` or `"en"`.

    Returns
    -------
    list of str
    """
    return [printable(line) for line in _lines(record, language)]


def _lines(record: Mapping[str, Any], language: str) -> Iterator[str]:
    def told(key: str, **values: Any) -> str:
        return say(f"judge.{key}", language, **values)

    yield told("title", plan=record["plan"], study=record["title"][language])
    yield say("account.internal", language)
    if record["made"]:
        yield say("account.made", language)
    yield from _reading(record["reading"], language)
    figures = record["figures"]
    yield told("whole", polygons=len(record["polygons"]), **figures)
    if figures["engine_share"] is not None:
        yield told("engine" if figures["objective"] > 0 else "engine-below", **figures)
        if figures.get("engine_gap_share") is not None:
            yield told("engine-gap", gap=figures["engine_gap_share"])
    else:
        yield told("engine-none")
    if record["method"] != "grow":
        yield told("method", method=record["method"])
    yield ""
    yield from _table(record["polygons"], language)
    yield ""
    if record["keeps_all"]:
        yield told("keeps-all")
    for one in record["polygons"]:
        for rule in one["broken"]:
            yield told("breaks", polygon=one["polygon"], rule=_rule(rule, language))
        if one["objective"] <= 0:
            yield told("worthless", polygon=one["polygon"])
    for rule in record["broken"]:
        yield told("breaks-together", rule=_rule(rule, language))
    unserved = record["unserved"]
    yield told("unserved", **{key: unserved[key] for key in ("count", "people", "engine_count")})
    for one in unserved["blocks"][:_TOLD]:
        people = "<3" if one["population"] is None else f"{one['population']:,.0f}"
        key = "unserved-block-chosen" if one["engine_polygon"] else "unserved-block"
        values = {"block": one["block"], "score": one["score"], "number": one["engine_polygon"]}
        yield "  " + told(key, people=people, **values)
    if unserved["count"] > _TOLD:
        yield "  " + told("unserved-rest", count=unserved["count"] - _TOLD)


def _reading(reading: Mapping[str, Any], language: str) -> Iterator[str]:
    def told(key: str, **values: Any) -> str:
        return say(f"judge.{key}", language, **values)

    values = {"blocks": reading["blocks"], "outside": reading["outside"]}
    yield told("read-shapes" if reading["drawn"] else "read-table", **values)
    if reading["cut_blocks"]:
        yield "  " + told("cut-blocks", count=reading["cut_blocks"])
    if reading["without_blocks"]:
        yield "  " + told("without-blocks", list=few(reading["without_blocks"]))
    for one in reading["overlaps"]:
        yield "  " + told("overlap", **one)
    for one in reading["losses"]:
        yield "  " + told("loss", count=one["count"], reason=say(f"loss.{one['reason']}", language))
    for key in ("keys_padded", "repaired_geometries"):
        if key in reading:
            yield "  " + told("note", count=reading[key], note=say(f"note.{key}", language))


_COLUMNS = (
    ("block_count", "{:,}"),
    ("population", "{:,.0f}"),
    ("score", "{:.2f}"),
    ("need", "{:,.1f}"),
    ("objective", "{:,.1f}"),
    ("area_km2", "{:.2f}"),
    ("perimeter_m", "{:,.0f}"),
    ("compactness", "{:.2f}"),
    ("engine_objective", "{:,.1f}"),
)


def _table(polygons: list[dict[str, Any]], language: str) -> Iterator[str]:
    """Yield a table as wide as its cells; the last column says how many rules are broken."""
    heads = [say(f"judge.column-{key}", language) for key, _ in _COLUMNS]
    rows = [[say("judge.column-polygon", language), *heads, say("judge.column-broken", language)]]
    for one in polygons:
        cells = ["–" if one[key] is None else form.format(one[key]) for key, form in _COLUMNS]
        rows.append([str(one["polygon"]), *cells, str(len(one["broken"]))])
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        first, *rest = row
        cells = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        yield "  ".join([first.ljust(widths[0]), *cells])


def _rule(broken: Mapping[str, Any], language: str) -> str:
    kind, _, about = broken["rule"].partition(":")
    key = f"judge.rule-{kind}"
    if key not in catalogue(language):
        return str(broken["rule"])
    if kind == "floor":
        about = catalogue(language).get(f"page.dimension.{about}", about)
    values = {
        name: 0.0 if broken[name] is None else broken[name] for name in ("limit", "value", "by")
    }
    return say(key, language, about=about, **values)
