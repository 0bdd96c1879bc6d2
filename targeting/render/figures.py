"""Figures of the intake in the reader's language: any note a reader leaves, shown generically."""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from targeting.facility_kinds import facility_kinds
from targeting.i18n import catalogue
from targeting.incident_kinds import incident_kinds
from targeting.model import LayerReport, PublishSpec
from targeting.render import public
from targeting.render.rows import SET_ASIDE, slot

# Told beside the rows that were set aside, not once more among the figures.
_TOLD_ELSEWHERE = (*SET_ASIDE, "not_chosen_texts")
# What a planner looks for first, by a piece of the note's name.
_TELLING = (
    "padded",
    "match",
    "masked",
    "outside",
    "differ",
    "repaired",
    "overlap",
    "inside",
    "sliver",
    "merged",
    "allocated",
    "damaged",
    "duplicate",
    "repeated",
    "not_found",
    "unreadable",
    "without",
)
WITHHELD = "withheld"
_FEW = re.compile(r"<(\d+)")
# Mappings of incidents that count nothing: nobody can be told from them.
_NO_COUNTS = re.compile(r"_(share|years?|weights?|m|m2|km2|ratio|dates?)$|^(severity|weights)")
_NAMES_ROWS = re.compile(r"(example|key|row|folio|case)s?$")
_UNITS = {"_km2": "km²", "_m2": "m²", "_m": "m"}
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_SPACE = "\u00a0"


@dataclass(frozen=True)
class Figure:
    """One note in words: a text, or a small table.

    Parameters
    ----------
    name : str
        Name of the note.
    label : str
        What it says, in the reader's language.
    text : str
        The value; of a table, its first rows on one line.
    titles : tuple of str
        Column titles of a table of more than one column of values.
    rows : tuple of tuple of str
        Rows of a table: what it is, then its values.
    """

    name: str
    label: str
    text: str
    titles: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def word(keys: Sequence[str], fallback: str, language: str) -> str:
    """Return the first message there is; without one the fallback as it stands.

    Examples
    --------
    >>> word(["note.none_such", "note.kinds"], "kinds", "en")
    'rows by kind'
    """
    words = catalogue(language)
    return next((words[key] for key in keys if key in words), fallback)


def label(name: str, language: str) -> str:
    """Return the words of a note, a figure of the city or a loss; without any the name itself."""
    return word([f"note.{name}", f"loss.{name}", f"intake.city.{name}"], name, language)


def share_text(share: float) -> str:
    """Return a share from 0 to 1 as percent; almost none is not 0 %, almost all is not 100 %.

    Examples
    --------
    >>> [share_text(share).replace(chr(160), " ") for share in (0.95648, 0.0001, 0.9999, 1.0)]
    ['95.6 %', '<0.1 %', '>99.9 %', '100 %']
    """
    percent = 100 * share
    if percent in (0, 100):
        shown = f"{percent:.0f}"
    elif 0 < percent < 0.1:
        shown = "<0.1"
    elif 99.9 < percent < 100:
        shown = ">99.9"
    else:
        shown = f"{percent:,.1f}"
    return f"{shown}{_SPACE}%"


def number_text(value: float) -> str:
    """Return a number with thousands apart and as many decimals as are worth reading.

    Examples
    --------
    >>> [number_text(value) for value in (12513, 1218542.1, 0.996979, 12.345, 0.0001234)]
    ['12,513', '1,218,542', '0.997', '12.3', '0.00012']
    """
    if float(value).is_integer() or abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:,.1f}"
    if abs(value) < 0.001:
        return f"{value:.2g}"
    return f"{value:.3f}".rstrip("0").rstrip(".")


def value_text(name: str, value: Any, language: str) -> str:
    """Return one value in words; its unit is in the name: `_share`, `_m`, `_m2`, `_km2`.

    Examples
    --------
    >>> value_text("overlap_m2", 1234.5, "en").replace(chr(160), " ")
    '1,234 m²'
    >>> value_text("first_date", "2014-03-31", "en")
    'March 31, 2014'
    """
    if isinstance(value, str):
        return _text(value, language)
    if value is None or (is_number(value) and math.isnan(value)):
        return catalogue(language)["intake.unknown"]
    if isinstance(value, bool | np.bool_):
        return catalogue(language)["intake.yes" if value else "intake.no"]
    if is_number(value):
        if name.endswith("_share") or name.startswith("masked_by_"):
            return share_text(float(value))
        if name.endswith("year"):
            return str(value)
        unit = next((sign for end, sign in _UNITS.items() if name.endswith(end)), "")
        return number_text(float(value)) + (f"{_SPACE}{unit}" if unit else "")
    if isinstance(value, Mapping):
        return "; ".join(
            f"{key_text(name, key, language)}: {value_text(name, held, language)}"
            for key, held in value.items()
        )
    if isinstance(value, Iterable):
        return ", ".join(value_text(name, held, language) for held in value)
    return str(value)


def _text(value: str, language: str) -> str:
    words = catalogue(language)
    few = _FEW.fullmatch(value)
    if few is not None:
        return words["intake.few"].format(count=few[1])
    if value == WITHHELD:
        return words["intake.withheld"]
    day = _DAY.fullmatch(value)
    if day is None:
        return value
    month = words.get(f"intake.month.{int(day[2])}", day[2])
    return words["intake.date"].format(year=day[1], month=month, day=int(day[3]))


def key_text(name: str, key: Any, language: str) -> str:
    """Return what a row of a table is: a kind, a level; else the key as it stands.

    Examples
    --------
    >>> key_text("kinds", "primary_school", "en"), key_text("kinds", "ROBO", "en")
    ('Primary school', 'ROBO')
    """
    known = facility_kinds().get(str(key))
    if known is not None:
        return known.label(language)
    return word([f"note.{name}.{key}", f"intake.key.{key}"], str(key), language)


def figure(name: str, value: Any, language: str, *, most: int | None = None) -> Figure:
    """Return a note in words.

    Parameters
    ----------
    name : str
        Name of the note; the words are the message `note.<name>`.
    value : Any
        A number, text, list, mapping, or a mapping of mappings.
    language : str
        `"es"` or `"en"`.
    most : int, optional
        Longest table or list; what is cut off is counted. Default: all of it.

    Returns
    -------
    Figure

    Examples
    --------
    >>> figure("kinds", {"primary_school": 1200, "ROBO": 3}, "en").rows
    (('Primary school', '1,200'), ('ROBO', '3'))
    >>> figure("texts_not_found", ["A", "B", "C"], "en", most=2).text
    'A, B … and 1 more'
    """
    titles, rows = _table(name, value, language)
    if rows:
        few = "; ".join(f"{row[0]}: {', '.join(row[1:])}" for row in rows[:3])
        text = few + (" …" if len(rows) > 3 else "")
        if most is not None and len(rows) > most:
            more = (_more(len(rows) - most, language), *[""] * (len(rows[0]) - 1))
            rows = (*rows[:most], more)
        return Figure(name, label(name, language), text, titles, rows)
    if isinstance(value, list | tuple | set | frozenset):
        held = sorted(value, key=str) if isinstance(value, set | frozenset) else list(value)
        cut = held if most is None else held[:most]
        text = ", ".join(value_text(name, one, language) for one in cut)
        if len(held) > len(cut):
            text = f"{text} {_more(len(held) - len(cut), language)}"
        return Figure(name, label(name, language), text)
    return Figure(name, label(name, language), value_text(name, value, language))


def _more(count: int, language: str) -> str:
    return catalogue(language)["intake.more"].format(count=f"{count:,}")


def _table(
    name: str, value: Any, language: str
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return column titles and rows of a note that is a table; of another one nothing."""
    if isinstance(value, list | tuple) and value and all(isinstance(v, Mapping) for v in value):
        value = {number: held for number, held in enumerate(value, start=1)}
    if not isinstance(value, Mapping):
        return (), ()
    if not value or not all(isinstance(held, Mapping) for held in value.values()):
        pairs = [
            (key_text(name, key, language), value_text(name, held, language))
            for key, held in value.items()
        ]
        return (), tuple(pairs)
    columns = list(dict.fromkeys(key for held in value.values() for key in held))
    rows = [
        (
            key_text(name, key, language),
            *(value_text(name, held[c], language) if c in held else "–" for c in columns),
        )
        for key, held in value.items()
    ]
    return tuple(key_text(name, column, language) for column in columns), tuple(rows)


def telling(name: str) -> int:
    """Return the place of a note among those a planner looks for first; smaller is sooner."""
    return next((place for place, part in enumerate(_TELLING) if part in name), len(_TELLING))


def figures(
    notes: Mapping[str, Any],
    language: str,
    *,
    most: int | None = None,
    zeros: bool = True,
    of_city: bool = False,
) -> list[Figure]:
    """Return the notes of a layer in words, the most telling first.

    Parameters
    ----------
    notes : mapping
        As `public_notes` gives them.
    language : str
        `"es"` or `"en"`.
    most : int, optional
        Longest table or list.
    zeros : bool
        Whether a count of none is told too.
    of_city : bool
        They are figures of the city: in the order given, and in its words.

    Returns
    -------
    list of Figure
        Without those told beside the rows set aside, and without empty ones.
    """
    if "texts_by_kind" in notes:
        notes = {name: _named(held, language) for name, held in notes.items()}
    names = list(notes) if of_city else sorted(notes, key=lambda name: (telling(name), name))
    told = [
        figure(name, notes[name], language, most=most)
        for name in names
        if name not in _TOLD_ELSEWHERE and not _nothing(notes[name], zeros=zeros)
    ]
    if of_city:
        return [
            replace(one, label=word([f"intake.city.{one.name}"], one.label, language))
            for one in told
        ]
    return told


def _named(value: Any, language: str) -> Any:
    """Return a mapping by kind of incident with the names of our table of kinds.

    Only where the file was grouped by that table: a study's own `robbery` is what the study says.
    """
    if not isinstance(value, Mapping):
        return value
    known = incident_kinds()
    return {
        known[str(key)].label(language) if str(key) in known else key: held
        for key, held in value.items()
    }


def _nothing(value: Any, *, zeros: bool) -> bool:
    """Tell whether a note has nothing to say: it is empty, or a count of none."""
    if is_number(value):
        return not zeros and value == 0
    return isinstance(value, str | Mapping | list | tuple) and not value


def is_number(value: Any) -> bool:
    """Tell a number, of Python or numpy, from a truth value and everything else.

    Examples
    --------
    >>> is_number(3.5), is_number(True)
    (True, False)
    """
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def public_notes(layer: LayerReport, publish: PublishSpec | None = None) -> dict[str, Any]:
    """Return a layer's notes as they may be written down.

    Counts of incidents by kind, or by any other word, are told from `publish.incidents_min` on,
    and those of facilities of a protected kind from three on. Where one left untold would follow
    from the total, the next smallest are withheld too.

    Examples
    --------
    >>> notes = {"kinds": {"arson": 2, "injury": 7, "robbery": 40}, "inside_share": 0.4}
    >>> public_notes(LayerReport("incidents", "a.csv", 49, 49, notes=notes))
    {'kinds': {'arson': '<5', 'injury': 'withheld', 'robbery': 40}, 'inside_share': 0.4}
    """
    if slot(layer.layer) == "facilities":
        least = public.SENSITIVE_FLOOR
        return {n: _without_few(held, least, _protected()) for n, held in layer.notes.items()}
    if slot(layer.layer) != "incidents":
        return dict(layer.notes)
    least = (publish or PublishSpec()).incidents_min
    return {
        name: value if _NO_COUNTS.search(name) else _without_few(value, least)
        for name, value in layer.notes.items()
    }


def page_notes(layer: LayerReport, publish: PublishSpec | None = None) -> dict[str, Any]:
    """Return a layer's notes as a public page may show them: no row of incidents is named.

    Examples
    --------
    >>> notes = {"merged": 2, "merged_examples": ["17", "18"]}
    >>> page_notes(LayerReport("incidents", "a.csv", 5, 5, notes=notes))
    {'merged': 2}
    """
    notes = public_notes(layer, publish)
    if slot(layer.layer) != "incidents":
        return notes
    return {name: value for name, value in notes.items() if not _NAMES_ROWS.search(name)}


def _protected() -> frozenset[str]:
    return frozenset(key for key, kind in facility_kinds().items() if kind.sensitive)


def _without_few(value: Any, least: int, of: Collection[str] | None = None) -> Any:
    """Return a note without its smallest counts: all, or those `of` some keys."""
    if isinstance(value, list | tuple):
        return [_without_few(held, least, of) for held in value]
    if not isinstance(value, Mapping):
        return value
    out = {key: _without_few(held, least, of) for key, held in value.items()}
    keys = sorted((key for key in out if is_number(out[key]) and out[key] > 0), key=str)
    counts = np.array([out[key] for key in keys], float)
    small = None if of is None else [at for at, key in enumerate(keys) if key in of]
    few, withheld = public.hidden_of_total(counts, least, small)
    told = {key: f"<{least}" for key, one in zip(keys, few, strict=True) if one}
    return out | told | {key: WITHHELD for key, one in zip(keys, withheld, strict=True) if one}


def layer_title(layer: str, language: str) -> str:
    """Return what an input is called on the page."""
    return word([f"page.layer.{slot(layer)}"], layer, language)
