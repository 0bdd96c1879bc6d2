"""What a person reads of a reproduction, and what a program reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from targeting.i18n import say
from targeting.problems import Problem, TargetingError
from targeting.published.catalog import listing
from targeting.published.comparing import ColumnAgreement
from targeting.published.reproducing import Reproduction
from targeting.settings import shown
from targeting.strict_yaml import read_yaml

_NAMED = 3


def report_json(answer: Reproduction) -> str:
    """Return a reproduction as JSON: `id`, `rows`, `max_abs_diff`, `ranks_equal` and the rest."""
    return json.dumps(answer.as_record(), ensure_ascii=False, indent=2, allow_nan=False)


def report_lines(answer: Reproduction, language: str) -> list[str]:
    """Return a reproduction in lines for a person.

    Parameters
    ----------
    answer : Reproduction
    language : str
        `"es"` or `"en"`.

    Returns
    -------
    list of str
    """
    record = answer.record
    title = {"name": getattr(record.name, language), "level": getattr(record.level, language)}
    lines = [say("reproduce.title", language, rows=answer.rows, **title)]
    if answer.max_abs_diff is not None:
        lines.append("  " + say("reproduce.index", language, diff=answer.max_abs_diff))
    for kind, share in (("ranks", answer.ranks_equal), ("classes", answer.classes_equal)):
        if share is not None:
            lines.append("  " + say(f"reproduce.{kind}", language, share=_percent(share)))
    whole = [one for one in answer.columns if one.equal_share == 1]
    indices = frozenset(one.name for one in answer.columns if one.kind == "index")
    for one in answer.columns:
        if one.equal_share < 1:
            lines += [f"  {line}" for line in _column_lines(one, language, indices=indices)]
    if whole:
        lines.append("  " + say("reproduce.whole", language, count=len(whole)))
    if answer.left_out:
        lines.append("  " + say("reproduce.left-out", language, count=len(answer.left_out)))
    if answer.left_undone:
        undone = ", ".join(answer.left_undone[:8]) + (" …" if len(answer.left_undone) > 8 else "")
        lines.append("  " + say("reproduce.undone", language, names=undone))
    for heading, count in (answer.unreadable or {}).items():
        lines.append("  " + say("reproduce.unreadable", language, name=heading, count=count))
    if record.note is not None:
        lines.append("  " + getattr(record.note, language))
    lines.append(say("reproduce.agrees" if answer.agrees else "reproduce.differs", language))
    return lines


def _percent(share: float) -> str:
    """Return a share in percent; 100 only when it is whole."""
    return "100 %" if share == 1 else f"{min(share * 100, 99.999):.3f} %"


def _column_lines(
    one: ColumnAgreement, language: str, *, indices: frozenset[str] = frozenset()
) -> list[str]:
    diff = "–" if one.max_abs_diff != one.max_abs_diff else f"{one.max_abs_diff:.6g}"
    values = {"name": one.name, "share": _percent(one.equal_share), "diff": diff}
    # Ranks that nobody publishes are told by the column they are ranks of.
    unpublished = one.kind == "rank" and one.name in indices
    lines = [say(f"reproduce.{'ranks-of' if unpublished else 'column'}", language, **values)]
    if one.worst:
        lines.append("  " + say("reproduce.worst", language, keys=", ".join(one.worst[:_NAMED])))
    for side, keys in (("published", one.only_published), ("made", one.only_made)):
        if keys:
            named = {"count": len(keys), "keys": ", ".join(keys[:_NAMED])}
            lines.append("  " + say(f"reproduce.only-{side}", language, **named))
    return lines


def listing_lines(language: str) -> list[str]:
    """Return a line for each record: its id, its years where they are several, its name."""
    lines = []
    for one in listing():
        years = f"{one.years[0]}–{one.years[-1]}" if one.years else str(one.record.year)
        name = getattr(one.record.name, language)
        lines.append(f"{one.key:26} {years:10} {name} ({getattr(one.record.level, language)})")
    return lines


def read_columns(path: Path | None) -> Mapping[str, str]:
    """Read a map from the record's columns, or the publisher's headings, to a table's own.

    Raises
    ------
    TargetingError
        `no-such-file`, `bad-yaml` or `wrong-type`.
    """
    if path is None:
        return {}
    if not path.is_file():
        raise TargetingError([Problem("no-such-file", "--columns", {"given": path})])
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TargetingError([Problem("not-utf8", path.name)]) from error
    raw = read_yaml(text, where=path.name)
    if not isinstance(raw, Mapping):
        values = {"given": shown(raw), "expected": "expected.mapping"}
        raise TargetingError([Problem("wrong-type", path.name, values)])
    return {str(name): shown(heading) for name, heading in raw.items()}
