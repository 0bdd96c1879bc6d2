"""Carry out a recipe: each step makes new columns out of those there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from targeting import registry
from targeting.model.index import Index
from targeting.problems import Problem, TargetingError
from targeting.published.record import Record, Step
from targeting.published.record_file import settings_of


@dataclass(frozen=True)
class Built:
    """Everything a recipe makes.

    Parameters
    ----------
    table : DataFrame
        The columns taken and the columns made, in order.
    made : tuple of str
        Those made.
    left_undone : tuple of str
        Columns that were not made, for want of a column that is optional.
    weights : dict of str to Series
        Weights used or found, by the column they make.
    """

    table: pd.DataFrame
    made: tuple[str, ...]
    left_undone: tuple[str, ...]
    weights: dict[str, pd.Series[float]]


def build(record: Record, columns: pd.DataFrame) -> Built:
    """Carry out a record's steps.

    Parameters
    ----------
    record : Record
    columns : DataFrame
        Index the units' keys; the record's columns, the units left out already taken away.

    Returns
    -------
    Built

    Raises
    ------
    TargetingError
        What a method raises, its place the step.
    """
    table = {str(name): columns[name] for name in columns.columns}
    made: list[str] = []
    undone: list[str] = []
    weights: dict[str, pd.Series[float]] = {}
    for step in record.steps:
        if step.some and any(name in table for name in step.of):
            step = replace(step, of=tuple(name for name in step.of if name in table))
        if any(name not in table for name in step.takes):
            undone.extend(step.make)
            continue
        answer, used = _answer(step, table, columns.index)
        for name, part in step.make.items():
            values = answer if not part else _part(answer, part, step)
            table[name] = pd.Series(values).reindex(columns.index)
            made.append(name)
            if used is not None:
                weights[name] = used
    frame = pd.DataFrame(table, index=columns.index)
    return Built(frame, tuple(made), tuple(undone), weights)


def _answer(
    step: Step, table: dict[str, Any], index: pd.Index
) -> tuple[Any, pd.Series[float] | None]:
    """Return what a step's method says of the units it looks at, and the weights it used."""
    rows = _among(step, table, index)
    frame = pd.DataFrame({name: table[name] for name in step.of}, index=index)[rows]
    given = None if step.weights is None else pd.Series(dict(step.weights), dtype=float)
    function = registry.method(step.kind, step.use)
    try:
        answer = function(*_arguments(step, frame, given, table, rows), **settings_of(step))
    except TargetingError as error:
        problems = [
            Problem(one.code, f"{step.where} {one.where}".strip(), one.values)
            for one in error.problems
        ]
        raise TargetingError(problems) from error
    found = getattr(answer, "weights", None)
    return answer, found if isinstance(found, pd.Series) else given


def _arguments(
    step: Step,
    frame: pd.DataFrame,
    weights: pd.Series[float] | None,
    table: dict[str, Any],
    rows: np.ndarray,
) -> list[Any]:
    """Return the positional arguments that methods of the step's kind take."""
    more = [None if name is None else table[name][rows] for name in (step.reference, step.groups)]
    if step.kind in ("normalizer", "imputer", "treatment", "classifier"):
        (name,) = step.of
        values = [frame[name]]
        if step.kind == "normalizer":
            return values + more
        return values + [one for one in more if one is not None]
    if step.kind in ("aggregator", "weigher") and weights is None:
        weights = pd.Series(1.0, index=list(step.of))
    return [frame] if weights is None else [frame, weights]


def _among(step: Step, table: dict[str, Any], index: pd.Index) -> np.ndarray:
    if step.among is None:
        return np.ones(len(index), dtype=bool)
    values = table[step.among.column]
    if step.among.like is None:
        return np.asarray(values.notna(), dtype=bool)
    fits = values.astype("str").str.fullmatch(step.among.like, na=False)
    return np.asarray(fits, dtype=bool)


def _part(answer: Any, part: str, step: Step) -> Any:
    """Return a part of a method's answer: an attribute, a column or an entry of its mapping."""
    if isinstance(answer, pd.Series) and part in ("value", "values", "codes"):
        return answer
    if hasattr(answer, part):
        return getattr(answer, part)
    if isinstance(answer, pd.DataFrame) and part in answer.columns:
        return answer[part]
    known = ", ".join(name for name in dir(answer) if not name.startswith("_"))
    values = {"given": part, "hint": "–", "known": known}
    raise TargetingError([Problem("unknown-name", f"{step.where}.make", values)])


def index_of(record: Record, built: Built, *, absent: Sequence[Problem] = ()) -> Index:
    """Return the index a recipe has built, with its ranks and classes where the record has them.

    Parameters
    ----------
    record : Record
    built : Built
    absent : sequence of Problem
        Columns that were not found and were no problem by themselves.

    Raises
    ------
    TargetingError
        `index-not-made`: the columns that the index needs are not there.
    """
    by_kind: dict[str, str] = {}
    for entry in record.publishes:
        if entry.made in built.table:
            by_kind.setdefault(entry.kind, entry.made)
    if "index" not in by_kind:
        undone = ", ".join(built.left_undone[-6:])  # the last ones are nearest to the index
        values = {"given": f"… {undone}" if len(built.left_undone) > 6 else undone or "–"}
        raise TargetingError([Problem("index-not-made", record.key, values), *absent])
    rank, classes = by_kind.get("rank"), by_kind.get("class")
    return Index(
        built.table[by_kind["index"]],
        record.worse,
        built.weights,
        None if rank is None else built.table[rank],
        None if classes is None else built.table[classes],
        built.table[list(built.made)],
    )
