"""Rebuild a published index from a table, and tell how far it agrees with what was published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from targeting.model.index import Index
from targeting.problems import Problem, TargetingError
from targeting.published.building import Built, build, index_of
from targeting.published.catalog import published
from targeting.published.comparing import ColumnAgreement, compare_column, compare_ranks, share_of
from targeting.published.record import Record
from targeting.published.taking import (
    Finder,
    absent_columns,
    choices,
    read_given,
    take,
    take_published,
)


@dataclass(frozen=True)
class Reproduction:
    """A published index rebuilt, beside what was published.

    Parameters
    ----------
    record : Record
    rows : int
        Units the index is computed for.
    index : Index
        The index rebuilt, with every column made on the way in `parts`.
    columns : tuple of ColumnAgreement
        Agreement, a published column at a time.
    left_out : tuple of str
        Keys of the units that the publisher leaves out.
    left_undone : tuple of str
        Columns not made, for want of a column that is optional.
    unreadable : mapping of str to int
        Cells that are no numbers, by heading.
    """

    record: Record
    rows: int
    index: Index
    columns: tuple[ColumnAgreement, ...]
    left_out: tuple[str, ...] = ()
    left_undone: tuple[str, ...] = ()
    unreadable: Mapping[str, int] | None = None

    @property
    def max_abs_diff(self) -> float | None:
        """Largest difference of the index, on its own scale; None when none is published."""
        found = [one.max_abs_diff for one in self.columns if one.kind == "index" and one.rows]
        return max(found) if found else None

    @property
    def ranks_equal(self) -> float | None:
        """Share of the units, 0 to 1, with the published rank; None when ranks mean nothing."""
        return share_of(self.columns, "rank")

    @property
    def classes_equal(self) -> float | None:
        """Share of the units, 0 to 1, in the published class; None when there are no classes."""
        return share_of(self.columns, "class")

    @property
    def agrees(self) -> bool:
        """Every published column agrees as far as the record says it is known to."""
        return all(one.agrees for one in self.columns)

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return {
            "id": self.record.key,
            "rows": self.rows,
            "max_abs_diff": self.max_abs_diff,
            "ranks_equal": self.ranks_equal,
            "classes_equal": self.classes_equal,
            "columns": [one.as_record() for one in self.columns],
        }


def reproduce(
    key: str | Record,
    table: pd.DataFrame | Path | str,
    *,
    beside: pd.DataFrame | Path | str | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> Reproduction:
    """Rebuild a published index from the components in a table, and compare.

    Parameters
    ----------
    key : str or Record
        Id of a record that comes with the package (see `published_ids`), or a record.
    table : DataFrame, Path or str
        The publisher's table: CSV, Parquet or Excel.
    beside : DataFrame, Path or str, optional
        Table with what was published, where it is not in the same one; put together by key.
    columns : mapping, optional
        For a copy with other headings: the record's column, or the publisher's heading, to the
        heading in this table.
    sheet : str, optional
        Sheet of a workbook. Default: the one whose header fits best.

    Returns
    -------
    Reproduction

    Raises
    ------
    TargetingError
        The table lacks a column the index needs, or holds nothing to compare with
        (`nothing-published`).

    Examples
    --------
    >>> table = pd.DataFrame({"iso3": ["AAA", "BBB"], "le_2022": [52.5, 85.0],
    ...     "eys_2022": [9.0, 18.0], "mys_2022": [7.5, 15.0], "gnipc_2022": [2738.61279, 75000.0],
    ...     "hdi_2022": [0.5, 1.0]})
    >>> answer = reproduce("hdi-2022", table)
    >>> answer.index.value.tolist(), answer.max_abs_diff, answer.ranks_equal
    ([0.5, 1.0], 0.0, 1.0)
    """
    record = key if isinstance(key, Record) else published(key)
    table = Path(table) if isinstance(table, str) else table
    beside = Path(beside) if isinstance(beside, str) else beside
    elsewhere = [] if beside is None else read_given(record, beside, columns=columns)[1]
    taken = take(record, table, columns=columns, sheet=sheet, elsewhere=elsewhere)
    built = build(record, taken.columns)
    index = index_of(record, built, absent=absent_columns(record, taken))
    given = taken.given
    if beside is not None:
        given = take_published(record, beside, taken.left_out, columns=columns)
    agreements = _agreements(record, given, built, columns or {})
    if not agreements:
        names = ", ".join(entry.names[0] for entry in record.publishes[:12])
        raise TargetingError([Problem("nothing-published", record.key, {"known": names})])
    return Reproduction(
        record,
        len(taken.columns),
        index,
        tuple(agreements),
        taken.left_out,
        built.left_undone,
        taken.unreadable,
    )


def _agreements(
    record: Record, published: pd.DataFrame, built: Built, columns: Mapping[str, str]
) -> list[ColumnAgreement]:
    finder = Finder([str(name) for name in published.columns], choices(record, columns))
    units = built.table.index.union(published.index, sort=False)
    agreements = []
    ranked = None
    for entry in record.publishes:
        heading = finder.find(entry.names, entry.made)
        if heading is None or entry.made not in built.table:
            continue
        if entry.year is not None and entry.year != record.year:
            continue
        given, made = published[heading].reindex(units), built.table[entry.made].reindex(units)
        agreements.append(compare_column(entry, heading, given, made, record.missing))
        if entry.ranked is not None and ranked is None:
            ranked = compare_ranks(entry, heading, given, made, record.missing)
    if ranked is not None and not any(one.kind == "rank" for one in agreements):
        agreements.append(ranked)
    return agreements
