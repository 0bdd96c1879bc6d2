"""Which kind of incident each row is, and which rows a study does not ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from targeting.problems import Problem, TargetingError
from targeting.sources.kinds import choose_kinds
from targeting.sources.mx.incident_texts import LEAVE_OUT, kind_of
from targeting.sources.text import fold, folded, require_rows, texts_of

Kinds = Mapping[str, Sequence[str]] | Literal["mexico"]


def group_kinds(
    frame: Any,
    column: str | None,
    kinds: Kinds | None,
    changes: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Any, dict[str, Any]]:
    """Return the rows whose text is of a kind, with their kind, and what was not chosen.

    Parameters
    ----------
    frame : DataFrame
    column : str or None
        Column that says what happened.
    kinds : mapping, `"mexico"` or None
        Kind to texts; or the table of Mexican texts; None keeps every text as its own kind.
    changes : mapping, optional
        Kind to texts that are that kind whatever the table of Mexican texts says; the kind
        `leave_out` sets texts aside.

    Returns
    -------
    frame : DataFrame
        With the column `kind`.
    notes : dict
        As of `choose_kinds`; with the table of Mexican texts also `texts_by_kind`.

    Raises
    ------
    TargetingError
        `no-kind-found`, `kind-without-rows`, `text-in-two-kinds`, `kinds-need-a-column`,
        `changes-without-table`.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"delito": ["HOMICIDIO DOLOSO", "ROBO REPARTIDOR", "AMENAZAS"]})
    >>> changes = {"robbery": ["robo repartidor"], "leave_out": ["amenazas"]}
    >>> group_kinds(rows, "delito", "mexico", changes)[0]["kind"].tolist()
    ['homicide', 'robbery']
    """
    if kinds is not None and column is None:
        raise TargetingError([Problem("kinds-need-a-column", "kinds")])
    if changes is not None and kinds != "mexico":
        raise TargetingError([Problem("changes-without-table", "kind_changes")])
    if kinds is None or isinstance(kinds, Mapping):
        chosen, notes = choose_kinds(frame, column, kinds)
        if column is not None and kinds is not None:
            require_rows(kinds, frame[column])
        return chosen, notes
    texts = frame[column].astype("str").fillna("").str.strip()
    held: dict[str, list[str]] = {}
    changed = texts_of(changes or {}, "kind_changes")
    for text in sorted(texts.unique()):
        kind = changed.get(fold(text)) or kind_of(text)
        if kind is not None and kind != LEAVE_OUT:
            held.setdefault(kind, []).append(text)
    chosen, notes = choose_kinds(frame, column, held)
    require_rows(changes or {}, texts)
    notes["texts_by_kind"] = {kind: ", ".join(held[kind]) for kind in sorted(held)}
    return chosen, notes


def keep_rows(
    frame: Any, keep_where: Mapping[str, Sequence[str]] | None
) -> tuple[Any, int, dict[str, int]]:
    """Return the rows whose cells hold one of the texts a study asks for, such as a closing code.

    Parameters
    ----------
    frame : DataFrame
    keep_where : mapping or None
        Column to the texts to keep, compared without accents and case; a row must fit each column.

    Returns
    -------
    frame : DataFrame
    set_aside : int
        Rows left out.
    texts : dict
        The ten most frequent texts among those left out, with their number.

    Raises
    ------
    TargetingError
        `no-row-kept`: a column has none of its texts.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"codigo_cierre": ["A", "D", "a"]})
    >>> kept, set_aside, texts = keep_rows(rows, {"codigo_cierre": ["A"]})
    >>> kept.index.tolist(), set_aside, texts
    ([0, 2], 1, {'D': 1})
    """
    fits = np.ones(len(frame), dtype=bool)
    texts: dict[str, int] = {}
    problems = []
    for column, wanted in (keep_where or {}).items():
        cells = frame[column].astype("str").fillna("").str.strip()
        good = folded(cells).isin({fold(str(text)) for text in wanted}).to_numpy()
        frequent = sorted(cells[~good].value_counts().items(), key=lambda pair: (-pair[1], pair[0]))
        if not good.any():
            known = ", ".join(str(text) for text, _ in frequent[:8]) or "–"
            values = {"given": ", ".join(str(text) for text in wanted) or "–", "known": known}
            problems.append(Problem("no-row-kept", f"keep_where.{column}", values))
        texts |= {str(text): int(count) for text, count in frequent[:10]}
        fits &= good
    if problems:
        raise TargetingError(problems)
    return frame[fits], int((~fits).sum()), texts


def where_columns(keep_where: Mapping[str, Sequence[str]] | None) -> dict[str, str | None]:
    """Return the columns of `keep_where` by the setting that names them."""
    return {f"keep_where.{column}": column for column in keep_where or {}}


def refusing_municipal(path: Path, error: TargetingError) -> TargetingError:
    """Return the reason a file of municipal totals cannot be read, or the error as it was."""
    from targeting.sources.mx.sesnsp import is_municipal, municipal_problem

    return TargetingError([municipal_problem(path)]) if is_municipal(path) else error
