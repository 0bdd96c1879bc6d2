"""The kinds a study names, found among a file's texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from targeting.problems import Problem, TargetingError
from targeting.sources.text import folded, texts_of


def choose_kinds(
    frame: Any,
    column: str | None,
    kinds: Mapping[str, Sequence[str]] | None,
    *,
    where: str = "kinds",
) -> tuple[Any, dict[str, Any]]:
    """Return the rows whose text a study names, with their kind, and what was not chosen.

    Parameters
    ----------
    frame : DataFrame
    column : str or None
        Column of the text; without one every row has the kind "".
    kinds : mapping or None
        Kind to texts, compared without accents and case; None keeps every text as its own kind.
    where : str
        Setting that names them, for the problems.

    Returns
    -------
    frame : DataFrame
        With the column `kind`.
    notes : dict
        `not_chosen` (rows), `not_chosen_texts` (the ten most frequent, with their number) and
        `texts_not_found` (named by the study, not in the file).

    Raises
    ------
    TargetingError
        `no-kind-found`: the file has none of the texts named.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"delito": ["ROBO", "Róbo", "CHOQUE"]})
    >>> chosen, notes = choose_kinds(rows, "delito", {"robbery": ["robo"]})
    >>> chosen["kind"].tolist(), notes
    (['robbery', 'robbery'], {'not_chosen': 1, 'not_chosen_texts': {'CHOQUE': 1}})
    """
    if column is None:
        return frame.assign(kind=""), {}
    texts = frame[column].astype("str").fillna("").str.strip()
    if kinds is None:
        return frame.assign(kind=texts), {}
    meaning = texts_of(kinds, where)
    plain = folded(texts)
    kind = plain.map(meaning)
    chosen = kind.notna()
    frequent = texts[~chosen].value_counts()
    ranked = sorted(frequent.items(), key=lambda pair: (-pair[1], pair[0]))
    notes: dict[str, Any] = {
        "not_chosen": int((~chosen).sum()),
        "not_chosen_texts": {str(text): int(count) for text, count in ranked[:10]},
    }
    present = set(plain.unique())
    absent = sorted(text for text in meaning if text not in present)
    if absent:
        notes["texts_not_found"] = absent
    if not chosen.any():
        values = {"given": column, "known": ", ".join(str(text) for text, _ in ranked[:8]) or "–"}
        raise TargetingError([Problem("no-kind-found", where, values)])
    return frame[chosen].assign(kind=kind[chosen].astype("str")), notes
