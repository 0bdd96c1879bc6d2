"""Names of neighborhoods as two publishers write them, matched with caution.

A name is tried in steps, from the strictest to the loosest, and stops at the first step where
anything fits. Where two places fit equally, none is taken: a wrong neighborhood is worse than none.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd

from targeting.sources.text import fold
from targeting.strict_yaml import read_yaml

STEPS = ("same", "words", "core", "order", "joined", "sound")
SPELLING, AMBIGUOUS, UNMATCHED = "spelling", "ambiguous", "unmatched"
# Steps at which a name was read as another one: each is listed for somebody to check.
LOOSE = ("core", "order", "joined", "sound", SPELLING)
_ROMAN = {
    text: str(number)
    for number, text in enumerate(
        "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx".split(), start=1
    )
}
_SHORT, _MIDDLE, _LONG = 4, 7, 9


@dataclass(frozen=True)
class _Words:
    """The table of `name_words.yaml`, ready to look up."""

    words: dict[str, str]
    types: re.Pattern[str]
    articles: frozenset[str]


@cache
def _table() -> _Words:
    text = (resources.files("targeting") / "sources" / "name_words.yaml").read_text("utf-8")
    held = read_yaml(text, where="name_words.yaml")
    words = {str(given): str(read) for given, read in held["words"].items()}
    for number, names in held["numbers"].items():
        words |= dict.fromkeys((str(name) for name in names), str(number))
    types = "|".join(sorted((re.escape(t) for t in held["types"]), key=len, reverse=True))
    return _Words(words | _ROMAN, re.compile(rf"\b(?:{types})\b"), frozenset(held["articles"]))


@cache
def _forms(name: str) -> tuple[str, ...]:
    """Return a name as each step compares it, strictest first."""
    table = _table()
    plain = " ".join(re.sub(r"[^a-z0-9ñ]+", " ", fold(name)).split())
    words = " ".join(table.words.get(word, word) for word in plain.split())
    bare = " ".join(table.types.sub(" ", plain).split()) or plain
    core = [
        table.words.get(word, word)
        for word in bare.split()
        if word not in table.articles or len(bare.split()) == 1
    ]
    joined = "".join(core)
    return plain, words, " ".join(core), " ".join(sorted(core)), joined, _sound(joined)


def _sound(text: str) -> str:
    """Return a text with one letter for each sound of American Spanish.

    Examples
    --------
    >>> _sound("hacienda") == _sound("asienda"), _sound("valle") == _sound("baye")
    (True, True)
    """
    heard = re.sub(r"c(?=[ei])|z", "s", text.replace("ch", "x").replace("ll", "y"))
    heard = re.sub(r"qu(?=[ei])|c", "k", heard)
    heard = re.sub(r"g(?=[ei])", "j", heard).replace("v", "b").replace("h", "").replace("w", "u")
    return re.sub(r"([a-z])\1+", r"\1", heard)


def edits(first: str, second: str) -> int:
    """Return how many letters must be put in, left out, changed or swapped with the next one.

    Damerau's distance, in the form in which no letter is touched twice.

    Examples
    --------
    >>> edits("infonavit", "infovanit"), edits("valle", "vale"), edits("", "ab")
    (2, 1, 2)
    """
    before, row = [0] * (len(second) + 1), list(range(len(second) + 1))
    for i, letter in enumerate(first, start=1):
        after = [i] + [0] * len(second)
        for j, other in enumerate(second, start=1):
            after[j] = min(row[j] + 1, after[j - 1] + 1, row[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == second[j - 2] and first[i - 2] == other:
                after[j] = min(after[j], before[j - 2] + 1)
        before, row = row, after
    return row[-1]


def slips(first: str, second: str) -> int | None:
    """Return how many slips of the pen part two names, None where they part too far.

    The names must have as many words. Numbers and words of up to three letters must be equal; in
    a word of four to six letters one may be left out, put in or swapped; from seven on one may
    also be changed (`puesta` and `puerta` are two words); from nine on two slips are one word's
    limit. Three slips in all are too many.

    Examples
    --------
    >>> slips("lomas porvenir", "lomas porbenir"), slips("santa maria", "santa marta")
    (1, None)
    >>> slips("seccion 1", "seccion 2") is None
    True
    """
    ours, theirs = first.split(), second.split()
    if len(ours) != len(theirs):
        return None
    total = 0
    for one, other in zip(ours, theirs, strict=True):
        if one == other:
            continue
        size = min(len(one), len(other))
        if size < _SHORT or not (one.isalpha() and other.isalpha()):
            return None
        count = edits(one, other)
        changed_only = len(one) == len(other) and sorted(one) != sorted(other)
        if size < _MIDDLE and changed_only or count > (2 if size >= _LONG else 1):
            return None
        total += count
    return total if total <= 2 else None


def match_names(given: pd.Series[str], names: pd.Series[str]) -> pd.DataFrame:
    """Match names to places: by text, abbreviation, order of words, sound, and at last spelling.

    Parameters
    ----------
    given : Series of text
        Names of a table.
    names : Series of text
        Name of each place; index its id. A name that several places bear matches none.

    Returns
    -------
    DataFrame
        Index as `given`. `place_id` (missing where none), `how`: `same` (accents and case aside),
        `words` (abbreviations, ordinals and Roman numerals read), `core` (without the kind of
        settlement and articles), `order`, `joined`, `sound`, `spelling`; or `ambiguous` or
        `unmatched`.

    Examples
    --------
    >>> places = pd.Series({"a": "Colonia Santa María 1a Sección", "b": "El Tule",
    ...                     "c": "Bellavista", "d": "Lomas del Sol", "e": "Centro", "f": "Centro"})
    >>> given = pd.Series(["STA MARIA PRIMERA SECC.", "TULE EL", "Vella Vista", "Lomas del Sur",
    ...                    "CENTRO"])
    >>> match_names(given, places)["how"].tolist()
    ['core', 'core', 'sound', 'unmatched', 'ambiguous']
    """
    different = given.dropna().astype(str).unique()
    known = names.dropna().astype(str).sort_index()
    steps = [_index(known, step) for step in range(len(STEPS))]
    near = _Near(known)
    found = {name: _match(name, steps, near) for name in different}
    pairs = [found.get(name, (None, UNMATCHED)) for name in given.fillna("").astype(str)]
    table = pd.DataFrame(pairs, columns=["place_id", "how"], index=given.index, dtype=object)
    return table.astype("str").assign(place_id=table["place_id"])


def _index(names: pd.Series[str], step: int) -> dict[str, list[Any]]:
    held: dict[str, list[Any]] = defaultdict(list)
    for place_id, name in names.items():
        held[_forms(name)[step]].append(place_id)
    return held


def _match(name: str, steps: list[dict[str, list[Any]]], near: _Near) -> tuple[Any, str]:
    forms = _forms(name)
    if not forms[0]:
        return None, UNMATCHED
    for step, places in enumerate(steps):
        found = places.get(forms[step], [])
        if len(found) == 1:
            return found[0], STEPS[step]
        if found:
            return None, AMBIGUOUS
    return near.match(forms[2])


class _Near:
    """Places by the letters of their names, to try the spelling of few of them."""

    def __init__(self, names: pd.Series[str]) -> None:
        self.ids = list(names.index)
        self.cores = [_forms(name)[2] for name in names]
        self.letters = np.array([_letters(core) for core in self.cores], dtype=np.int16)

    def match(self, core: str) -> tuple[Any, str]:
        """Return the one place whose name is a slip away, and clearly nearer than any other."""
        if not self.ids:
            return None, UNMATCHED
        # Two slips change at most four counts of letters.
        close = np.abs(self.letters - np.array(_letters(core))).sum(axis=1) <= 4
        counted = [(slips(core, self.cores[at]), at) for at in np.flatnonzero(close)]
        found = sorted((count, at) for count, at in counted if count is not None)
        if not found:
            return None, UNMATCHED
        if len(found) > 1:
            return None, AMBIGUOUS
        return self.ids[found[0][1]], SPELLING


def _letters(text: str) -> list[int]:
    counts = [0] * 37
    for letter in text:
        if letter.isdigit():
            counts[26 + int(letter)] += 1
        elif "a" <= letter <= "z":
            counts[ord(letter) - 97] += 1
    return counts


def bearing(names: pd.Series[str], given: pd.Series[str]) -> np.ndarray:
    """Tell which places bear one of the names, kinds of settlement and articles aside.

    Examples
    --------
    >>> bearing(pd.Series(["Centro", "Col. Centro", "El Tule"]), pd.Series(["CENTRO"])).tolist()
    [True, True, False]
    """
    cores = {_forms(str(name))[2] for name in given.dropna()}
    return np.array([_forms(str(name))[2] in cores for name in names.fillna("")], dtype=bool)
