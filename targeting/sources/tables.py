"""Tables of text: CSV in any encoding and line end, Parquet and Excel, read as text."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from targeting.model import Loss
from targeting.problems import Problem, TargetingError, closest
from targeting.registry import register
from targeting.sources.depth import HEAD_BYTES, reads
from targeting.sources.files import TABLE, Member, require_format, text_encoding, unreadable
from targeting.sources.layer import Layer, content_ranks, drop, repeats, require_columns
from targeting.sources.text import MISSING_TEXTS, clean_keys, require_utf8

_DELIMITERS = ",;\t|"
_MARK = b"\xef\xbb\xbf"
# The widest table a publisher here gives has 300 columns.
_COLUMNS_MAX = 10_000
# Column of codes wherever a table has it; never a number.
_MUNICIPALITY = "municipality_id"


@dataclass(frozen=True)
class TextTable:
    """A table whose cells are all text.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of text, under the file's names.
    encoding : str
        As found; empty where the format has none.
    malformed : int
        Lines with more or fewer cells than the header.
    """

    table: pa.Table
    encoding: str = ""
    malformed: int = 0

    @property
    def rows_read(self) -> int:
        """Lines of data in the file, the malformed ones among them."""
        return int(self.table.num_rows) + self.malformed

    @property
    def losses(self) -> list[Loss]:
        """Loss of the malformed lines, if any."""
        if not self.malformed:
            return []
        return [Loss("", "malformed-row", self.malformed, self.rows_read)]

    def frame(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return some columns as text; the index counts the rows from 1."""
        chosen = self.table if columns is None else self.table.select(list(dict.fromkeys(columns)))
        frame: pd.DataFrame = chosen.to_pandas()
        frame.index = pd.RangeIndex(1, len(frame) + 1)
        return frame


Choice = Sequence[str] | Callable[[Sequence[str]], Sequence[str]] | None


def read_text_table(
    source: Path | Member,
    *,
    columns: Choice = None,
    encoding: str | None = None,
    sheet: str | None = None,
) -> TextTable:
    """Read a table with every cell as text.

    Parameters
    ----------
    source : Path or Member
        CSV (any of four delimiters, any line end), Parquet or Excel.
    columns : sequence of str or callable, optional
        Read only these, as far as they are there; a function gets all names and returns those to
        read. The cells of other columns of a CSV are never looked at.
    encoding : str, optional
        Default: found out from the bytes.
    sheet : str, optional
        Sheet of a workbook. Default: the first.

    Returns
    -------
    TextTable

    Raises
    ------
    TargetingError
        `missing-file`, `empty-file`, `wrong-format`, `unsafe-archive`, `unreadable-file`,
        `unknown-sheet`, `too-many-columns` or `empty-layer`.
    """
    member = source if isinstance(source, Member) else Member(source)
    inside = "Excel" if member.name.lower().endswith((".xlsx", ".xls")) else "CSV"
    found = inside if member.name else require_format(member.container, *TABLE)
    try:
        if found == "Parquet":
            table = TextTable(_as_text(pa_parquet.read_table(member.container), columns))
        elif found == "Excel":
            table = TextTable(_as_text(_workbook(member, sheet), columns))
        else:
            table = _read_csv(_bytes_of(member), columns, encoding)
    except (
        pa.ArrowException,
        csv.Error,
        OSError,
        UnicodeError,
        LookupError,
        ImportError,
    ) as error:
        raise unreadable(member.container, error) from error
    if not table.rows_read:
        name = (member.name or member.container.name).rsplit("/", 1)[-1]
        raise TargetingError([Problem("empty-layer", "", {"given": name})])
    return table


def _bytes_of(member: Member) -> bytes:
    """Return a text's bytes; of a head, its whole lines."""
    if not reads("head"):
        return member.read()
    data = member.read(HEAD_BYTES)
    end = max(data.rfind(b"\n"), data.rfind(b"\r")) if len(data) == HEAD_BYTES else -1
    return data[: end + 1] if end >= 0 else data


def _wanted(columns: Choice, found: Sequence[str]) -> list[str]:
    if columns is None:
        return list(found)
    chosen = set(columns(found) if callable(columns) else columns)
    return [name for name in found if name in chosen]


def _read_csv(data: bytes, columns: Choice, encoding: str | None) -> TextTable:
    name = encoding or text_encoding(data)
    codec = codecs.lookup(name).name
    if codec == "utf-8-sig":
        require_utf8(data)
    elif codec != "utf-8":
        data = data.decode(name).encode("utf-8")
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    delimiter, header = _header(data)
    malformed: list[int] = []

    def skip(row: Any) -> str:
        malformed.append(row.expected_columns)
        return "skip"

    wanted = _wanted(columns, header)
    mark = len(_MARK) if data.startswith(_MARK) else 0
    table = pa_csv.read_csv(
        pa.BufferReader(pa.py_buffer(data).slice(mark)),  # a big file is not copied once more
        read_options=pa_csv.ReadOptions(column_names=header, skip_rows_after_names=1),
        parse_options=pa_csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=b'"' in data, invalid_row_handler=skip
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()), include_columns=wanted
        ),
    )
    return TextTable(table, name, len(malformed))


def _header(data: bytes) -> tuple[str, list[str]]:
    """Return the delimiter and the column names, each name once."""
    top = data[: 1 << 20].removeprefix(_MARK)
    first = top.lstrip(b"\r\n").split(b"\n", 1)[0]
    delimiter = max(_DELIMITERS, key=lambda one: first.count(one.encode()))
    if (count := first.count(delimiter.encode()) + 1) > _COLUMNS_MAX:
        values = {"found": f"{count:,}", "known": f"{_COLUMNS_MAX:,}"}
        raise TargetingError([Problem("too-many-columns", "", values)])
    text = io.StringIO(top.decode("utf-8", errors="replace"), newline="")
    cells = next(csv.reader(text, delimiter=delimiter), [])
    return delimiter, unique_names(cells)


def unique_names(cells: Iterable[object]) -> list[str]:
    """Return the names of columns, each once: to what is empty or repeated its position is added.

    Examples
    --------
    >>> unique_names(["a", " a", "", "a_2"])
    ['a', 'a_2', 'column_3', 'a_2_4']
    """
    names: dict[str, None] = {}
    for position, cell in enumerate(cells, start=1):
        name = str(cell).strip() or f"column_{position}"
        while name in names:
            name = f"{name}_{position}"
        names[name] = None
    return list(names)


def _as_text(table: pa.Table, columns: Choice) -> pa.Table:
    table = table.rename_columns(unique_names(table.column_names))
    frame = table.select(_wanted(columns, table.column_names)).to_pandas()
    texts = {}
    for column in frame.columns:
        values = frame[column]
        whole = pd.api.types.is_float_dtype(values) and bool((values.dropna() % 1 == 0).all())
        texts[column] = (values.astype("Int64") if whole else values).astype("str").fillna("")
    return pa.Table.from_pandas(pd.DataFrame(texts), preserve_index=False)


def require_sheet(book: pd.ExcelFile, sheet: str | None) -> list[str]:
    """Return the sheets of a workbook; raise `unknown-sheet` when the one asked is not there."""
    names = [str(name) for name in book.sheet_names]
    if sheet is not None and sheet not in names:
        values = {"given": sheet, "hint": closest(sheet, names) or "–"}
        values["known"] = ", ".join(names)
        raise TargetingError([Problem("unknown-sheet", "sheet", values)])
    return names


def _workbook(member: Member, sheet: str | None) -> pa.Table:
    source = io.BytesIO(member.read()) if member.name else member.container
    try:
        with pd.ExcelFile(source, engine="calamine") as book:
            require_sheet(book, sheet)
            frame = pd.read_excel(
                book, sheet_name=sheet or 0, dtype=str, keep_default_na=False, na_filter=False
            )
    except TargetingError:
        raise
    except Exception as error:  # the library raises its own kinds for every broken workbook
        raise unreadable(member.container, error) from error
    frame.columns = unique_names(frame.columns)
    return pa.Table.from_pandas(frame.astype("str"), preserve_index=False)


_THOUSANDS = r"[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?"
_DECIMAL_COMMA = r"[-+]?(\d+,(\d{1,2}|\d{4,})|0+,\d+|\d{4,},\d+)"


def to_numbers(texts: pd.Series[str]) -> tuple[pd.Series[float], int]:
    """Return texts as numbers: decimal point or comma, thousands commas, percent signs.

    "1,234" alone is taken for a thousand; where other texts of the column can only have decimal
    commas ("0,5", "12,7") and none has a point, all commas are decimal ones.

    Parameters
    ----------
    texts : Series of text

    Returns
    -------
    numbers : Series of float
        Missing where the text says there is none, or is no number.
    unreadable : int
        How many texts are neither a number nor a word for missing.

    Examples
    --------
    >>> numbers, unreadable = to_numbers(pd.Series(["1,234.5", "-103,3441", "50 %", "N/D", "x"]))
    >>> numbers.tolist(), unreadable
    ([1234.5, -103.3441, 50.0, nan, nan], 1)
    """
    tidy = texts.astype("str").fillna("").str.strip().str.removesuffix("%").str.strip()
    numbers = pd.to_numeric(tidy, errors="coerce")
    open_ = numbers.isna()
    if open_.any():
        rest = tidy[open_]
        thousands = rest.str.fullmatch(_THOUSANDS).astype(bool)
        points = tidy.str.contains(r"\d\.\d")
        if rest.str.fullmatch(_DECIMAL_COMMA).any() and not points.any():
            thousands &= rest.str.count(",") > 1
        rest = rest.mask(thousands, rest.str.replace(",", "", regex=False))
        rest = rest.mask(~thousands, rest.str.replace(",", ".", n=1, regex=False))
        numbers = numbers.copy()
        numbers[open_] = pd.to_numeric(rest, errors="coerce")
    numbers = numbers.astype(float).replace([float("inf"), float("-inf")], float("nan"))
    bad = numbers.isna() & ~tidy.str.lower().isin(MISSING_TEXTS)
    return numbers, int(bad.sum())


@register("reader")
def table(
    path: Path,
    *,
    key: str,
    key_width: int | None = None,
    columns: tuple[str, ...] | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read a table by unit: census counts by block, or published values by area.

    Parameters
    ----------
    path : Path
        CSV, Parquet or Excel.
    key : str
        Column of the unit's id.
    key_width : int, optional
        Characters of a whole id; shorter all-digit ids get their zeros back.
    columns : tuple of str, optional
        Columns to keep. Default: all.
    sheet : str, optional
        Sheet of a workbook.
    encoding : str, optional
        Of a CSV. Default: found out.

    Returns
    -------
    Layer
        Index `key`, sorted; columns of numbers as numbers, the others as text. A column called
        `municipality_id` holds codes, and stays text.

    Raises
    ------
    TargetingError
        `missing-column` and what `read_text_table` raises.
    """
    if reads("keys"):  # the head has shown the other columns
        own = [_MUNICIPALITY] if columns is None or _MUNICIPALITY in columns else []
        columns = None
        read = read_text_table(path, columns=[key, *own], encoding=encoding, sheet=sheet)
    else:
        read = read_text_table(path, encoding=encoding, sheet=sheet)
    wanted = {"key": key} | {f"columns[{i}]": name for i, name in enumerate(columns or ())}
    require_columns(read.table.column_names, wanted)
    frame = read.frame(None if columns is None else [key, *columns])
    losses = read.losses
    keys, padded = clean_keys(frame.pop(key), key_width)
    frame = unique_keys(frame, keys, losses, rows_read=read.rows_read)
    unreadable_cells = {}
    for column in frame.columns:
        if column == _MUNICIPALITY:
            frame[column] = clean_keys(frame[column])[0]
            continue
        numbers, bad = to_numbers(frame[column])
        if columns is not None or (numbers.notna().any() and not bad):
            frame[column] = numbers
            if bad:
                unreadable_cells[str(column)] = bad
    notes: dict[str, Any] = {"keys_padded": padded} if padded else {}
    if unreadable_cells:
        notes["unreadable_cells"] = unreadable_cells
    return Layer(frame, read.rows_read, tuple(losses), encoding=read.encoding, notes=notes)


def unique_keys(
    frame: pd.DataFrame, keys: pd.Series[str], losses: list[Loss], *, rows_read: int
) -> pd.DataFrame:
    """Return a frame indexed by key, sorted; rows without key and repeated keys are losses.

    A key whose rows differ stays with nothing known: none of them is righter than another.

    Examples
    --------
    >>> rows = pd.DataFrame({"v": ["2", "1", "3"]})
    >>> unique_keys(rows, pd.Series(["b", "a", None]), found := [], rows_read=3).index.tolist()
    ['a', 'b']
    >>> found[0].reason
    'no-key'
    """
    keyed = frame.assign(key=keys)
    keyed = drop(keyed, keyed["key"].isna(), "no-key", losses, of=rows_read)
    if keyed["key"].duplicated().any():
        again, differs = repeats(keyed["key"], content_ranks(keyed))
        keyed = keyed.copy()
        keyed.loc[differs, list(frame.columns)] = None
        same, other = again & ~differs, again & differs
        keyed = drop(keyed, same, "duplicate-key", losses, of=rows_read, label="key")
        other = other[~same]
        keyed = drop(keyed, other, "duplicate-key-differs", losses, of=rows_read, label="key")
    return keyed.set_index("key").sort_index()
