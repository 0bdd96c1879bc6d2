"""What in an intake deserves a planner's look before trusting the result."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from targeting.i18n import catalogue
from targeting.render.figures import is_number, label, number_text, share_text, telling, value_text

# Below these nobody needs to look: a share of rows lost, of cells masked, of people outside.
_LOST, _MASKED, _OUTSIDE = 0.01, 0.05, 0.01
_MATCHED = 0.99
_YEARS_APART = 5
# Counts of which one is enough to look at the shapes, the names or the sums of a file.
_COUNTED = re.compile(
    r"mismatch$|^overlapping_pairs$|^nested_shapes$|^enclosing_shapes$|^slivers$|^far_shapes$"
    r"|^repaired_geometries$|^damaged_names$|^unreadable_|_unreadable$"
    r"|^texts_not_found$|contradict"
)


@dataclass(frozen=True)
class Finding:
    """One thing to look at.

    Parameters
    ----------
    layer : str
        Name of the input; empty for the city.
    text : str
        What was found, in the reader's language.
    """

    layer: str
    text: str


def findings(record: Mapping[str, Any], language: str) -> list[Finding]:
    """Return what deserves a look, the city first, then input by input.

    Parameters
    ----------
    record : mapping
        From `intake_record`.
    language : str
        `"es"` or `"en"`.

    Returns
    -------
    list of Finding
        Files of years far apart, inputs without a year or source, keys that do not match, rows
        lost, cells masked, people outside any block, shapes or texts that are not sound.
    """
    found = [Finding("", text) for text in _of_the_city(record, language)]
    for layer in record["layers"]:
        found += [Finding(layer["layer"], text) for text in _of_a_layer(layer, language)]
    return found


def _of_the_city(record: Mapping[str, Any], language: str) -> Iterator[str]:
    words = catalogue(language)
    years = [re.search(r"\b(?:19|20)\d\d\b", layer["year"]) for layer in record["layers"]]
    known = sorted(int(year[0]) for year in years if year)
    if known and known[-1] - known[0] >= _YEARS_APART:
        yield words["intake.look.years"].format(first=known[0], last=known[-1])
    outside = record["city"].get("people_outside_blocks_share")
    if is_number(outside) and outside >= _OUTSIDE:
        yield _figure("people_outside_blocks_share", share_text(outside), language)


def _of_a_layer(layer: Mapping[str, Any], language: str) -> Iterator[str]:
    words = catalogue(language)
    if not layer["year"]:
        yield words["intake.look.no_year"]
    if not layer["source"]:
        yield words["intake.look.no_source"]
    for loss in layer["losses"]:
        if loss["share"] >= _LOST:
            counts = {"count": number_text(loss["count"]), "of": number_text(loss["of"])}
            why = label(loss["reason"], language)
            share = share_text(loss["share"])
            yield words["intake.terminal.loss"].format(why=why, share=share, **counts)
    notes = layer["notes"]
    for name in sorted(notes, key=lambda name: (telling(name), name)):
        value = notes[name]
        if name == "piled_up_share" and value:
            yield _figure(name, value_text(name, value, language), language)
        elif isinstance(value, list) and value and _COUNTED.search(name):
            yield _figure(name, number_text(len(value)), language)
        elif not is_number(value):
            continue
        elif (name.endswith("match_share") and value < _MATCHED) or (
            name == "masked_share" and value >= _MASKED
        ):
            yield _figure(name, share_text(value), language)
        elif value and _COUNTED.search(name):
            yield _figure(name, number_text(value), language)


def _figure(name: str, text: str, language: str) -> str:
    return f"{label(name, language)}: {text}"
