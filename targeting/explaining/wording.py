"""Accounts and comparisons in the reader's language, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from targeting.explaining.plan_changes import plan_lines
from targeting.i18n import catalogue, say
from targeting.model import Indicator, Result
from targeting.units import UNITS

_DIMENSION = "page.dimension."
_FEW = 10


def account_lines(
    result: Result, records: Sequence[Mapping[str, Any]], language: str, *, top: float | None = None
) -> list[str]:
    """Return the accounts of some blocks in words.

    Parameters
    ----------
    result : Result
        For names.
    records : sequence of mapping
        From `block_accounts`.
    language : str
        `"es"` or `"en"`.
    top : float, optional
        As for `block_accounts`.

    Returns
    -------
    list of str
    """
    lines = [result.study.title[language], say("account.internal", language)]
    if result.study.made:
        lines.append(say("account.made", language))
    by_key = {one.key: one for one in result.indicators}
    for record in records:
        lines += ["", *_account(record, by_key, language, top)]
    return [printable(line) for line in lines]


def _account(
    record: Mapping[str, Any], by_key: Mapping[str, Indicator], language: str, top: float | None
) -> Iterator[str]:
    def told(key: str, **values: Any) -> str:
        return "  " + say(f"account.{key}", language, **values)

    def name(key: str) -> str:
        return by_key[key].label(language)

    yield say("account.block", language, block=record["block"], area=record["area"] or "–")
    if record["score"] is None:
        yield told("no-score")
    else:
        yield told("score", **_only(record, "score", "score_low", "score_high"))
        yield told("rank", **_only(record, "rank_first", "rank_last", "ranked"))
    if record.get("rank_low") is not None:
        yield told("doubt", **_only(record, "draws", "rank_low", "rank_high"))
        yield told("doubt-top", top=record["top_share"], share=record["in_top_share"])
    people = record["population"]
    few = "people-few" if record["population_few"] else "people-unknown"
    yield told(few) if people is None else told("people", people=people)
    reason = record["reason"]
    yield "  " + say(f"reason.{reason['code']}", language, polygon=reason["polygon"])
    if reason["price_share"] is not None:
        yield told("other-way", share=reason["price_share"])
    if reason["flip_score"] is not None:
        way = "flip-out" if record["polygon"] else "flip-in"
        yield told(way, score=reason["flip_score"])
    if record["margin"] is not None and record["score"] is not None:
        side = "above" if record["margin"] > 0 else "below" if record["margin"] < 0 else "on"
        yield told(f"line-{side}", line=record["line"], margin=abs(record["margin"]))
    yield told("coverage", share=record["coverage"])
    dimensions = [
        say("account.dimension", language, name=_group(one["key"], language), weight=one["weight"])
        + ": "
        + ("–" if one["score"] is None else f"{one['score']:.2f}")
        for one in record["dimensions"]
    ]
    yield told("dimensions", list="; ".join(dimensions))
    if record["score"] is not None:
        yield from _parts(record, by_key, language)
    if record["missing"]:
        yield told("missing", list="; ".join(name(key) for key in record["missing"]))
    for kind in ("weaknesses", "strengths"):
        if record[kind]:
            yield told(kind)
            yield from (f"    {_standing(row, by_key, language)}" for row in record[kind])
    if "changes" in record:
        yield from _changes(record["changes"], by_key, language, top)


def _only(record: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: record[key] for key in keys}


def _group(key: str, language: str) -> str:
    if key == "score":
        return say("account.whole", language)
    return catalogue(language).get(_DIMENSION + key, key)


def _parts(
    record: Mapping[str, Any], by_key: Mapping[str, Indicator], language: str
) -> Iterator[str]:
    """Yield what each indicator adds, the most first."""
    yield "  " + say(f"account.added-{record['how']}", language, baseline=record["baseline"])
    if record["how"] == "sampled":
        yield "  " + say("account.error", language, error=record["points_error"])
    known = [one for one in record["indicators"] if one["part"] is not None]
    for one in sorted(known, key=lambda one: (-(one["points"] or 0.0), one["key"])):
        points = "–" if one["points"] is None else f"{one['points']:.0f}"
        values = {
            "name": by_key[one["key"]].label(language),
            "value": _value(one, language),
            "part": one["part"],
            "weight": one["weight"],
            "origin": say(f"origin.{one['origin']}", language),
        }
        line = say("account.indicator", language, **values)
        source = ", ".join(text for text in (one["source"], one["year"]) if text)
        yield f"    {points:>3}  {line}" + (f" · {source}" if source else "")


def _value(one: Mapping[str, Any], language: str) -> str:
    unit = UNITS[one["unit"]]
    if one["level"] is not None:
        return say("account.level", language, level=one["level"])
    if one["value"] is not None:
        return unit.shown(one["value"])
    if one["low"] is None:
        return "–"
    return say(
        "account.between", language, low=unit.shown(one["low"]), high=unit.shown(one["high"])
    )


def _standing(row: Mapping[str, Any], by_key: Mapping[str, Indicator], language: str) -> str:
    name = by_key[row["key"]].label(language)
    text = say("account.standing", language, name=name, part=row["part"], city=row["city"])
    if row["rank"] is None:
        return text
    return text + say("account.standing-rank", language, rank=row["rank"], of=row["of"])


def _changes(
    changes: Mapping[str, Any],
    by_key: Mapping[str, Indicator],
    language: str,
    top: float | None,
) -> Iterator[str]:
    """Yield the smallest changes, and what no change of its own can do."""
    if changes["above"] is None:
        return
    line = say("account.line-study", language)
    if top is not None:
        line = say("account.line-top", language, top=top)
    key = "account.changes-down" if changes["above"] else "account.changes-up"
    yield "  " + say(key, language, line=line)
    found = [one for one in changes["weights"] if one["found"]]
    for one in found:
        moves = ", ".join(
            say(
                "account.weight",
                language,
                name=_child(child, by_key, language),
                before=_percent(one["before"][child]),
                after=_percent(after),
            )
            for child, after in one["after"].items()
            if _percent(one["before"][child]) != _percent(after)
        )
        values = {"group": _group(one["group"], language), "moves": moves}
        yield "    - " + say("account.change-weights", language, **values)
    for one in (one for one in changes["indicators"] if one["found"]):
        yield "    - " + _value_change(one, by_key[one["key"]].label(language), language)
    if not any(one["found"] for one in (*changes["weights"], *changes["indicators"])):
        yield "    " + say("account.no-change", language)
    for reason in ("out_of_reach", "not_found"):
        groups = [
            say("account.weights-of", language, group=_group(one["group"], language))
            for one in changes["weights"]
            if one.get("reason") == reason
        ]
        names = [
            by_key[one["key"]].label(language)
            for one in changes["indicators"]
            if one.get("reason") == reason
        ]
        if groups or names:
            text = "; ".join([*groups, *names])
            yield "    " + say(f"account.not-{reason.replace('_', '-')}", language, list=text)


def _percent(share: float) -> str:
    """Return a share as percent, with the decimals it has."""
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + "%"


def _child(key: str, by_key: Mapping[str, Indicator], language: str) -> str:
    return by_key[key].label(language) if key in by_key else _group(key, language)


def _value_change(one: Mapping[str, Any], name: str, language: str) -> str:
    if "level_after" in one:
        before, after = one["level_before"], one["level_after"]
        key = "account.change-level" if before != after else "account.change-within-level"
        return say(key, language, name=name, before=before, after=after)
    unit = UNITS[one["unit"]]
    after = unit.shown(one["after"])
    if one["before"] is None:
        return say("account.change-to", language, name=name, after=after)
    before = unit.shown(one["before"])
    if before == after:  # the grain hides how little it is
        return say("account.change-little", language, name=name, after=after)
    return say("account.change-value", language, name=name, before=before, after=after)


def comparison_lines(record: Mapping[str, Any], language: str) -> list[str]:
    """Return what differs between two results in words.

    Parameters
    ----------
    record : mapping
        From `compare_results`.
    language : str
        `"es"` or `"en"`.

    Returns
    -------
    list of str
    """

    def told(key: str, **values: Any) -> str:
        return say(f"compare.{key}", language, **values)

    before, after = (
        f"{title[language]} ({name})" if name else title[language]
        for title, name in zip(record["titles"], record["studies"], strict=True)
    )
    figures = record["figures"]
    lines = [told("title", before=before, after=after), say("account.internal", language)]
    lines.append(told("blocks", blocks=figures["blocks"], scored=figures["scored"]))
    for key in ("only_before", "only_after"):
        if record[key]["count"]:
            values = {"count": record[key]["count"], "list": few(record[key]["blocks"])}
            lines.append("  " + told(key.replace("_", "-"), **values))
    for key in ("appeared", "vanished"):
        if figures[key]:
            lines.append("  " + told(key, count=figures[key]))
    keys = ("rank_shift", "rank_shift_max")
    if figures["rank_shift"] is not None:
        lines.append(told("ranks", **{key: figures[key] for key in keys}))
    if figures["rank_correlation"] is not None:
        lines.append(told("correlation", value=figures["rank_correlation"]))
    counts = {key: figures[key] for key in ("entering", "leaving", "staying")}
    lines.append(told("top", top=record["top"], **counts))
    for key in ("entering", "leaving"):
        if record[key]:
            lines.append("  " + told(f"top-{key}", list=few(record[key])))
    lines += _polygon_lines(record, language)
    for way in ("up", "down"):
        if record["movers"][way]:
            lines.append(told(f"movers-{way}"))
            lines += ["  " + told("mover", **one) for one in record["movers"][way][:5]]
    return [printable(line) for line in (*lines, *_choice_lines(record, language))]


def few(names: Sequence[str]) -> str:
    """Return the first names of many, and how many more there are."""
    rest = len(names) - _FEW
    return ", ".join(names[:_FEW]) + (f" … (+{rest:,})" if rest > 0 else "")


def _polygon_lines(record: Mapping[str, Any], language: str) -> Iterator[str]:
    held = record["polygons"]
    keys = ("before", "after", "entering", "leaving", "staying")
    people = {key: held[key] for key in ("people_entering", "people_leaving")}
    values = {key: held[key] for key in keys} | people
    yield say("compare.polygons", language, **values)
    if "plan" in record:
        yield from plan_lines(record["plan"], language)
        return
    for one in held["now"]:
        sources = ", ".join(
            say("compare.from", language, polygon=number, blocks=blocks)
            for number, blocks in one["from"].items()
        )
        key = "compare.polygon" if sources else "compare.polygon-new"
        values = {"number": one["polygon"], "blocks": one["blocks"], "sources": sources}
        yield "  " + say(key, language, entering=one["entering"], **values)
    if held["gone"]:
        yield "  " + say("compare.gone", language, list=", ".join(map(str, held["gone"])))
    if record["delineation_differs"]:
        yield "  " + say("compare.delineation", language)


def _choice_lines(record: Mapping[str, Any], language: str) -> Iterator[str]:
    if record["inseparable"]:
        names = "; ".join(say(f"compare.choice-{one}", language) for one in record["inseparable"])
        yield say("compare.inseparable", language, list=names)
        return
    if not record["choices"]:
        yield say("compare.no-choices", language)
        return
    yield say("compare.choices" if record["averaged"] else "compare.choices-in-order", language)
    for one in record["choices"]:
        name = say(f"compare.choice-{one['choice']}", language)
        values = {key: value for key, value in one.items() if key != "choice"}
        yield "  " + say("compare.choice", language, name=name, **values)
    yield "  " + say("compare.choices-sum", language)


def printable(line: str) -> str:
    """Return a line without what a text of a file could do to a terminal."""
    return "".join(
        letter if letter.isprintable() else " " if letter == "\u00a0" else "·" for letter in line
    )
