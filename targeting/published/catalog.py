"""The records that come with the package, by id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from targeting.problems import TargetingError, unknown_name
from targeting.published.record import Record
from targeting.published.record_file import record_of
from targeting.strict_yaml import read_yaml


@dataclass(frozen=True)
class Listed:
    """One line of the list of records.

    Parameters
    ----------
    key : str
        The id; where a record serves several years, that of the last.
    record : Record
    years : tuple of int
        Years it serves, from first to last; empty when only its own.
    """

    key: str
    record: Record
    years: tuple[int, ...] = ()


@cache
def _documents() -> Mapping[str, Mapping[str, Any]]:
    """Return what each file says, with what it takes from another filled in."""
    folder = resources.files("targeting") / "published"
    files = [file for file in folder.iterdir() if file.name.endswith(".yaml")]
    raw: dict[str, Any] = {}
    for file in sorted(files, key=lambda one: one.name):
        key = file.name.removesuffix(".yaml")
        raw[key] = read_yaml(file.read_text(encoding="utf-8"), where=file.name)
    return {key: _whole(key, raw) for key in raw}


def document(key: str) -> dict[str, Any]:
    """Return what the file of a record says, with what it takes from another filled in.

    For trying a recipe with something changed: `record_of(document(key) | {...}, key)`.

    Raises
    ------
    TargetingError
        `unknown-name`.

    Examples
    --------
    >>> document("svi-2022")["like"]
    Traceback (most recent call last):
    KeyError: 'like'
    """
    if key not in _ids():
        raise TargetingError([unknown_name("published", key, _ids())])
    return dict(_documents()[_ids()[key][0]])


def _whole(key: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document over the one it is `like`: its keys win, its columns are added."""
    own = dict(raw[key])
    like = own.pop("like", None)
    if like is None:
        return own
    if like not in raw:
        raise TargetingError([unknown_name(f"{key}.like", str(like), raw)])
    base = _whole(like, raw)
    base.pop("also", None)
    columns = dict(base.get("columns", {})) | dict(own.pop("columns", {}))
    return base | own | {"columns": columns}


@cache
def _ids() -> Mapping[str, tuple[str, int | None]]:
    """Return every id understood: the file it stands for and the year it asks for."""
    found: dict[str, tuple[str, int | None]] = {}
    for file, document in _documents().items():
        years = _years(document)
        found[file] = (file, years[-1] if years else None)
        for year in years:
            found[f"{file}-{year}"] = (file, year)
        for other in document.get("also", ()):
            found.setdefault(other, found[file])
    return found


def _years(document: Mapping[str, Any]) -> tuple[int, ...]:
    first, last = document.get("years") or (0, -1)
    return tuple(range(first, last + 1))


@cache
def published(key: str) -> Record:
    """Return the record of one published index.

    Parameters
    ----------
    key : str
        An id, such as `imd-2025` or, where a record serves several years, `hdi-2010`.

    Returns
    -------
    Record

    Raises
    ------
    TargetingError
        `unknown-name`, or what is wrong with the record.

    Examples
    --------
    >>> published("hdi-2010").year
    2010
    """
    if key not in _ids():
        raise TargetingError([unknown_name("published", key, _ids())])
    file, year = _ids()[key]
    name = key if year is None or key.endswith(f"-{year}") else f"{file}-{year}"
    return record_of(_documents()[file], name if year is not None else file, year=year)


def published_ids() -> tuple[str, ...]:
    """Return the ids of the records, sorted; one that serves several years under its last.

    Examples
    --------
    >>> "hdi-2022" in published_ids()
    True
    """
    return tuple(sorted(listed.key for listed in listing()))


@cache
def listing() -> tuple[Listed, ...]:
    """Return a line for each record, sorted by id."""
    lines = []
    for file, document in _documents().items():
        years = _years(document)
        key = f"{file}-{years[-1]}" if years else file
        lines.append(Listed(key, published(key), years))
    return tuple(sorted(lines, key=lambda line: line.key))
