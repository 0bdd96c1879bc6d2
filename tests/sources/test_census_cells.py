"""Cells of a census are read once a text; here they are read one by one."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.sources.mx.masks import read_cells
from targeting.sources.tables import to_numbers

TEXTS = ("*", " * ", "0", "3", "12", "-4", "7.5", "1,234", "N/D", "N/A", "", "  ", "x", "**", None)


def one_by_one(texts, people):
    """Low, high, and how many cells are odd, below zero or above the people."""
    low, high, odd, below, above = [], [], 0, 0, 0
    for text, most in zip(texts, people, strict=True):
        if (text or "").strip() == "*":
            low.append(1.0)
            high.append(min(most, 2.0) if most >= 1 else 2.0)
            continue
        number, strange = to_numbers(pd.Series([text or ""], dtype="str"))
        value = float(number.iloc[0])
        odd, below = odd + strange, below + (value < 0)
        value = np.nan if value < 0 else value
        above += value > most
        low.append(value)
        high.append(value)
    return low, high, (odd, below, above)


@given(
    st.lists(st.tuples(st.sampled_from(TEXTS), st.integers(0, 9)), min_size=1, max_size=30),
    st.randoms(use_true_random=False),
)
def test_cells_agree_with_reading_them_one_by_one(rows, random):
    texts, people = [text for text, _ in rows], [number for _, number in rows]
    chosen = [n for n in range(len(rows)) if random.random() < 0.7] or [0]
    random.shuffle(chosen)
    # Ten further columns, so that one mask is no row masked whole.
    more = {f"P{n}": ["5"] * len(rows) for n in range(10)}
    columns = {"POBTOT": [str(number) for number in people], "PSINDER": texts} | more
    half = len(rows) // 2
    table = pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()})
    table = pa.concat_tables([table.slice(0, half), table.slice(half)])  # in pieces, as CSV comes
    keys = pd.Index([f"k{n}" for n in chosen], dtype="str")
    cells, account = read_cells(table, list(columns), ["PSINDER"], keys, np.array(chosen))
    low, high, counts = one_by_one([texts[n] for n in chosen], [people[n] for n in chosen])
    np.testing.assert_array_equal(cells.low[:, 0], low)
    np.testing.assert_array_equal(cells.high[:, 0], high)
    assert (account.unreadable, account.negative, account.above_total) == counts


@pytest.mark.parametrize("columns", [["PSINDER"], ["POBTOT", "PSINDER", "P0"]])
def test_a_row_is_masked_whole_whichever_columns_are_asked_for(columns):
    masked = {name: ["*", "1"] for name in ("PSINDER", "P0", "P1")}
    table = pa.table({"POBTOT": ["6", "6"], "VIVTOT": ["2", "2"], "TVIVHAB": ["1", "2"]} | masked)
    keys, rows = pd.Index(["a", "b"], dtype="str"), np.arange(2)
    cells, account = read_cells(table, table.column_names, columns, keys, rows)
    assert account.whole.tolist() == [True, False]
    at = columns.index("PSINDER")
    assert (cells.low[0, at], cells.high[0, at]) == (0, 6)
    assert account.share.tolist() == [0.5, 0]
