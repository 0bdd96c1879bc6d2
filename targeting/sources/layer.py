"""What a reader hands over: the rows it kept, and an account of the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting.model import Counts, Loss, frozen
from targeting.problems import Problem, TargetingError, closest

Frame = TypeVar("Frame", bound=pd.DataFrame)
EXAMPLES = 5


@dataclass(frozen=True)
class Layer:
    """One input as read: its rows under the engine's names, in the file's own coordinates.

    Parameters
    ----------
    data : DataFrame
        Rows kept. Blocks have `block_id`, `area_id`, `municipality_id`; areas `area_id`,
        `municipality_id`; incidents `kind`, `date`; facilities `kind`, `name`; lines `kind`; a
        table the index `key`; a raster one row with `path` and `band`. Geometry where the layer
        has any.
    rows_read : int
        Rows in the file.
    losses : tuple of Loss
        Rows that fell, named and counted; the intake fills in the layer's name.
    crs_in, encoding : str
        As found.
    notes : mapping
        Further figures.
    counts : mapping
        Census counts by `block` and by `area`.
    files : tuple of Path
        Files read, when they are more than the one the study names.

    Examples
    --------
    >>> Layer(pd.DataFrame({"kind": ["homicide"]}), rows_read=3).rows_read
    3
    """

    data: pd.DataFrame
    rows_read: int
    losses: tuple[Loss, ...] = ()
    crs_in: str = ""
    encoding: str = ""
    notes: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, Counts] = field(default_factory=dict)
    files: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "notes", frozen(self.notes))
        object.__setattr__(self, "counts", frozen(self.counts))

    @property
    def shapes(self) -> gpd.GeoDataFrame:
        """Rows of a layer with geometry."""
        if not isinstance(self.data, gpd.GeoDataFrame):
            raise TypeError("this layer has no geometry")
        return self.data


def examples(labels: Iterable[Any]) -> tuple[str, ...]:
    """Return up to five different labels as text, smallest first.

    Examples
    --------
    >>> examples([12, 7, 7])
    ('7', '12')
    """
    return tuple(str(label) for label in sorted(set(labels))[:EXAMPLES])


def drop(
    frame: Frame,
    bad: np.ndarray | pd.Series[bool],
    reason: str,
    losses: list[Loss],
    *,
    of: int,
    label: str | None = None,
    layer: str = "",
) -> Frame:
    """Return the rows that are not bad, and note the others as one loss.

    Parameters
    ----------
    frame : DataFrame
    bad : array of bool
        One for each row.
    reason : str
        Code of the loss.
    losses : list of Loss
        Gets the loss, if any row falls.
    of : int
        Rows the count is told against.
    label : str, optional
        Column that names a row. Default: the index (row number in the file, from 1 at the first
        row of data).
    layer : str
        Name of the layer, when it is already known.

    Returns
    -------
    DataFrame

    Examples
    --------
    >>> table = pd.DataFrame({"x": [1, 0, 3]}, index=[1, 2, 3])
    >>> drop(table, table["x"] == 0, "zero-coordinates", found := [], of=3).index.tolist(), found
    ([1, 3], [Loss(layer='', reason='zero-coordinates', count=1, of=3, examples=('2',))])
    """
    mask = np.asarray(bad, dtype=bool)
    count = int(mask.sum())
    if not count:
        return frame
    names = frame.index[mask] if label is None else frame.loc[mask, label].dropna()
    losses.append(Loss(layer, reason, count, of, examples(names)))
    return frame[~mask]


def content_ranks(frame: pd.DataFrame) -> np.ndarray:
    """Return the rank of each row among the different contents, by all cells as text.

    Examples
    --------
    >>> content_ranks(pd.DataFrame({"a": ["x", "x", None], "b": [2, 1, 3]})).tolist()
    [2, 1, 0]
    """
    if not frame.shape[1]:
        return np.zeros(len(frame), dtype=np.int64)
    texts = frame.astype("str").fillna("").set_axis(range(frame.shape[1]), axis=1)
    return np.asarray(texts.groupby(list(texts.columns), sort=True).ngroup(), dtype=np.int64)


def repeats(keys: pd.Series[Any], content: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tell which rows repeat a key, and which rows' key stands for more than one content.

    Parameters
    ----------
    keys : Series
    content : array of int
        Rank of each row's content; of the rows of a key the least is the one that is repeated.

    Returns
    -------
    again, differs : array of bool

    Examples
    --------
    >>> again, differs = repeats(pd.Series(["a", "a", "b", "b"]), np.array([1, 0, 2, 2]))
    >>> again.tolist(), differs.tolist()
    ([True, False, False, True], [True, True, False, False])
    """
    order = np.argsort(content, kind="stable")
    again = np.zeros(len(keys), dtype=bool)
    again[order] = keys.iloc[order].duplicated().to_numpy()
    table = pd.DataFrame({"key": keys.to_numpy(), "content": content})
    differs = table.groupby("key")["content"].transform("nunique").gt(1)
    return again, differs.to_numpy(dtype=bool)


def against(losses: Iterable[Loss], of: int) -> tuple[Loss, ...]:
    """Return losses told against one and the same number of rows.

    Examples
    --------
    >>> against([Loss("", "no-key", 1, 5)], 10)[0].share
    0.1
    """
    return tuple(replace(loss, of=of) for loss in losses)


def require_columns(found: Iterable[str], wanted: Mapping[str, str | None]) -> None:
    """Check that the columns a study names are there.

    Parameters
    ----------
    found : iterable of str
        Columns of the file.
    wanted : mapping
        Setting to column; a setting left out is None.

    Raises
    ------
    TargetingError
        `missing-column` for each that is not there, with the nearest name offered.

    Examples
    --------
    >>> require_columns(["lat", "long"], {"x": "long", "crs": None})
    """
    columns = [str(column) for column in found]
    problems = [
        missing_column(column, columns, where)
        for where, column in wanted.items()
        if column is not None and column not in columns
    ]
    if problems:
        raise TargetingError(problems)


def missing_columns(absent: Sequence[str], found: Iterable[str]) -> list[Problem]:
    """Return the problems of columns a publisher's table lacks; of many, that it is another table.

    Examples
    --------
    >>> [one.code for one in missing_columns(["IM", "GM"], ["lat", "long"])]
    ['missing-column', 'missing-column']
    >>> [one.code for one in missing_columns(["IM", "GM", "ENT", "MUN"], ["lat", "long"])]
    ['other-table']
    """
    columns = list(found)
    if len(absent) <= _MANY:
        return [missing_column(name, columns) for name in absent]
    shown = ", ".join(columns[:12]) + (" …" if len(columns) > 12 else "")
    values = {"wanted": ", ".join(absent[:_MANY]), "known": shown or "–"}
    return [Problem("other-table", "", values)]


_MANY = 3


def missing_column(given: str, found: Iterable[str], where: str = "") -> Problem:
    """Return the problem of a column that is not in the file, with the nearest one offered.

    Examples
    --------
    >>> missing_column("lon", ["lat", "long"]).values["hint"]
    'long'
    """
    columns = list(found)
    shown = ", ".join(columns[:12]) + (" …" if len(columns) > 12 else "")
    values = {"given": given, "hint": closest(given, columns) or "–", "known": shown or "–"}
    return Problem("missing-column", where, values)
