"""What is wrong, where, what was given, what to do: all problems told at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from targeting.i18n import say

MANY = 20


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, in words that need no traceback.

    Parameters
    ----------
    code : str
        Stable code, such as `unknown-name`. The sentence is the message `problem.<code>`.
    where : str
        Place in the study (`composite.normalize`) or in a file (`census.csv, row 12`).
    values : mapping
        What the sentence names: what was given, what was expected. A value that is itself a
        message key (`expected.…`) is said in the reader's language; of a tuple of such keys and
        what they are told with (`(("loss.no-key", "3"),)`) each is.

    Examples
    --------
    >>> Problem("missing-file", "inputs.blocks", {"given": "m.shp"}).text("en")
    'inputs.blocks: the file “m.shp” does not exist. Check the path: it is read from the \
study file’s folder. [missing-file]'
    """

    code: str
    where: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    def text(self, language: str) -> str:
        """Return the sentence in the reader's language, with its place and code."""
        values = {key: _said(value, language) for key, value in self.values.items()}
        hint = str(values.get("hint", "")).strip("–")
        values["suggestion"] = say("word.suggestion", language, hint=hint) if hint else ""
        message = say(f"problem.{self.code}", language, **values)
        place = f"{self.where}: " if self.where else ""
        return f"{place}{message} [{self.code}]"


def _said(value: Any, language: str) -> Any:
    if isinstance(value, tuple):
        return "; ".join(f"{about}: {say(key, language)}" for key, about in value)
    return say(value, language) if str(value).startswith("expected.") else value


class TargetingError(Exception):
    """Everything that stops a study, told in one list.

    Parameters
    ----------
    problems : iterable of Problem
        At least one.

    Examples
    --------
    >>> error = TargetingError([Problem("empty-layer", "inputs.incidents", {"given": "a.csv"})])
    >>> len(error.problems)
    1
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        if not self.problems:
            raise ValueError("a TargetingError needs at least one problem")
        super().__init__("\n".join(problem.text("en") for problem in self.problems))

    def text(self, language: str) -> str:
        """Return all problems, a line each, in the order found."""
        return "\n".join(problem.text(language) for problem in self.problems)


def closest(given: str, known: Iterable[str]) -> str:
    """Return the known name most like `given`, or an empty text.

    Examples
    --------
    >>> closest("rnk", ["rank", "minmax"])
    'rank'
    """
    found = difflib.get_close_matches(given, sorted(known), n=1, cutoff=0.5)
    return found[0] if found else ""


def unknown_name(where: str, given: str, known: Iterable[str]) -> Problem:
    """Return the problem of a name that does not exist, with the nearest one offered.

    Examples
    --------
    >>> unknown_name("composite.normalize", "rnk", ["rank"]).values["hint"]
    'rank'
    """
    names = sorted(known)
    return Problem(
        "unknown-name",
        where,
        {"given": given, "hint": closest(given, names), "known": few(given, names)},
    )


def few(given: str, names: Iterable[str]) -> str:
    """Return the names, or where they are many those most like `given`.

    Examples
    --------
    >>> few("rnk", ["rank", "minmax"])
    'minmax, rank'
    """
    known = sorted(names)
    if len(known) <= MANY:
        return ", ".join(known) or "–"
    likest = difflib.get_close_matches(given, known, n=6, cutoff=0.0)
    return f"{', '.join(likest)} … ({len(known)})"
