"""Some rows of a big CSV, read line by line: text, order and encoding stay as they are."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from targeting.problems import Problem, TargetingError, closest, few
from targeting.sources.files import Member, unreadable
from targeting.sources.text import fold


@dataclass(frozen=True)
class CutRows:
    """What was written.

    Parameters
    ----------
    rows, of : int
        Rows written, and rows read.
    left_out : tuple of str
        Columns not written.
    unreadable : int
        Rows too short to tell whether they belong.
    """

    rows: int
    of: int
    left_out: tuple[str, ...]
    unreadable: int


def cut_rows(
    members: Sequence[Member],
    target: Path,
    codes: Mapping[tuple[str, ...], str],
    *,
    without: str = r"(?!)",
) -> CutRows:
    """Write the rows with certain codes; several files become one, by the names of the columns.

    Parameters
    ----------
    members : sequence of Member
        CSV files with the same columns, of any encoding that begins like ASCII.
    target : Path
        File to write.
    codes : mapping
        Names a column may have, folded, to the code asked for; zeros at its left may be lacking.
    without : str
        Regular expression over the folded names of the columns not to write.

    Returns
    -------
    CutRows

    Raises
    ------
    TargetingError
        `missing-column` or `unreadable-file`.
    """
    rows = of = unreadable_rows = 0
    columns: list[str] = []
    left_out: list[str] = []
    with target.open("w", encoding="latin-1", newline="") as out:
        writer = csv.writer(out, lineterminator="\r\n")
        for member in members:
            with _table(member) as (header, reader):
                names = [_text(name) for name in header]
                folded = [fold(name) for name in names]
                asked = [(_position(folded, of_one, names), c) for of_one, c in codes.items()]
                if not columns:
                    columns = [name for name in folded if not re.search(without, name)]
                    left_out = [n for n, f in zip(names, folded, strict=True) if f not in columns]
                    writer.writerow(header[folded.index(name)] for name in columns)
                chosen = [_position(folded, (name,), names) for name in columns]
                for row in reader:
                    of += bool(row)
                    if len(row) != len(header):
                        unreadable_rows += bool(row)
                    elif all(row[i].strip().zfill(len(code)) == code for i, code in asked):
                        writer.writerow([row[i] for i in chosen])
                        rows += 1
    return CutRows(rows, of, tuple(left_out), unreadable_rows)


@contextmanager
def _table(member: Member) -> Iterator[tuple[list[str], Iterator[list[str]]]]:
    """Open a CSV as cells; latin-1 gives back the very bytes, whatever they mean."""
    try:
        with ExitStack() as open_files:
            if member.name:
                archive = open_files.enter_context(zipfile.ZipFile(member.container))
                raw: IO[bytes] = open_files.enter_context(archive.open(member.name))
            else:
                raw = open_files.enter_context(member.container.open("rb"))
            text = open_files.enter_context(io.TextIOWrapper(raw, "latin-1", newline=""))
            line = text.readline()
            delimiter = max(",;\t|", key=line.count)
            header = next(csv.reader([line], delimiter=delimiter), [])
            yield header, csv.reader(text, delimiter=delimiter)
    except (csv.Error, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise unreadable(member.container, error) from error


def _text(name: str) -> str:
    """Return a header as it is meant: the cells were read as latin-1."""
    raw = name.encode("latin-1")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return name


def _position(folded: Sequence[str], names: Sequence[str], header: Sequence[str]) -> int:
    for name in names:
        if name in folded:
            return folded.index(name)
    values = {"given": names[0], "hint": closest(names[0], folded), "known": few(names[0], header)}
    raise TargetingError([Problem("missing-column", "", values)])
