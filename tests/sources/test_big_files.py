"""Big files are read in pieces and by several workers: the answers are those of reading at once."""

import contextvars
import threading
import unicodedata

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.model import Counts
from targeting.problems import TargetingError
from targeting.sources import text, workers
from targeting.sources.mx.census import inegi_census
from targeting.sources.tables import read_text_table
from targeting.sources.text import fold, folded, require_utf8
from targeting.sources.workers import in_parallel


@given(st.text(), st.binary(max_size=3))
def test_bytes_are_told_as_python_tells_them(words, more):
    data = words.encode() + more
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "_PIECE_BYTES", 3)  # letters of two to four bytes lie across pieces
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            with pytest.raises(UnicodeDecodeError):
                require_utf8(data)
        else:
            require_utf8(data)


@pytest.mark.parametrize("dtype", ["str", object, "category"])
@given(st.lists(st.sampled_from(["Ñandú", "  ÑANDÚ ", "a  B", "", None])))
def test_texts_are_folded_together_as_one_by_one(dtype, words):
    texts = pd.Series(words, dtype=dtype, name="words", index=range(5, 5 + len(words)))
    one_by_one = ["" if word is None else fold(word) for word in words]
    expected = pd.Series(one_by_one, dtype="str", name="words", index=texts.index)
    pd.testing.assert_series_equal(folded(texts), expected)


@given(st.text())
def test_a_text_is_folded_alike_with_and_without_accents_in_it(words):
    bare = [one for one in unicodedata.normalize("NFKD", words) if not unicodedata.combining(one)]
    assert fold(words) == " ".join("".join(bare).casefold().split())


def test_a_broken_letter_in_a_column_nobody_reads_is_told(tmp_path):
    path = tmp_path / "marked.csv"
    path.write_bytes(b"\xef\xbb\xbfkey,name\n1,Pe\xf1a\n")
    with pytest.raises(TargetingError) as caught:
        read_text_table(path, columns=["key"])
    assert [one.code for one in caught.value.problems] == ["unreadable-file"]


def test_the_mark_at_the_start_is_no_part_of_the_first_name(tmp_path):
    path = tmp_path / "marked.csv"
    path.write_bytes("\ufeffclave;año\n1;2020\n".encode())
    read = read_text_table(path)
    assert read.encoding == "utf-8-sig"
    assert read.table.to_pydict() == {"clave": ["1"], "año": ["2020"]}


def test_answers_come_in_the_order_of_the_items(monkeypatch):
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 2)
    second_done = threading.Event()

    def work(item):
        if item == 0:  # the first waits for the second: both run, and the order stays
            assert second_done.wait(10)
        else:
            second_done.set()
        return item * 10

    assert in_parallel(work, range(3), rows=10**6) == [0, 10, 20]


def test_workers_see_what_is_set_and_tell_errors(monkeypatch):
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 2)
    depth = contextvars.ContextVar("depth", default="whole")
    depth.set("head")
    assert in_parallel(lambda _: depth.get(), range(3), rows=10**6) == ["head"] * 3

    def fail(item):
        raise ValueError(item)

    with pytest.raises(ValueError, match="0"):
        in_parallel(fail, range(3), rows=10**6)


def test_small_work_needs_no_worker(monkeypatch):
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 2)
    own = threading.get_ident()
    assert in_parallel(lambda _: threading.get_ident(), range(2), rows=100) == [own, own]


def test_a_census_is_the_same_with_any_number_of_workers(monkeypatch, tmp_path):
    random = np.random.default_rng(7)
    texts = np.array(["*", "0", "3", "5", "12", "N/D", "-1", "x"])
    names = [f"P{n}" for n in range(12)] + [f"VPH_{n}" for n in range(12)] + ["GRAPROES"]
    rows = [",".join(["ENTIDAD", "MUN", "LOC", "AGEB", "MZA", "POBTOT", "VIVTOT", *names])]
    for area in range(1, 9):
        for block in range(21):  # the first row is the area's own
            totals = (random.integers(0, 9, 2) * (20 if block == 0 else 1)).astype(str)
            cells = texts[random.integers(0, len(texts), len(names))]
            code = ["01", "001", "0001", f"{area:04d}", f"{block:03d}"]
            rows.append(",".join([*code, *totals, *cells]))
    path = tmp_path / "census.csv"
    path.write_text("\n".join(rows))
    found = []
    for processors in (1, 2, 4):
        monkeypatch.setattr(workers.os, "cpu_count", lambda processors=processors: processors)
        monkeypatch.setattr(workers, "_FEW_ROWS", 0)
        found.append(inegi_census(path))
    for other in found[1:]:
        assert other.notes == found[0].notes
        for level, counts in found[0].counts.items():
            for name in ("value", "low", "high"):
                pd.testing.assert_frame_equal(
                    getattr(other.counts[level], name), getattr(counts, name)
                )
    assert (found[0].counts["block"].low < found[0].counts["block"].high).to_numpy().any()


def test_one_processor_needs_no_worker(monkeypatch):
    monkeypatch.setattr(workers.os, "cpu_count", lambda: None)
    own = threading.get_ident()
    assert in_parallel(lambda _: threading.get_ident(), range(2), rows=10**6) == [own, own]
    assert in_parallel(abs, [], rows=10**6) == []


@pytest.mark.parametrize("column", [0, 15, 16, 39])
@pytest.mark.parametrize(("bound", "words"), [("low", "below"), ("high", "above")])
def test_a_value_out_of_its_bounds_is_found_in_any_column(column, bound, words):
    value = pd.DataFrame(np.full((3, 40), 5.0), columns=[f"P{n}" for n in range(40)])
    tables = {"value": value, "low": value - 1, "high": value + 1}
    tables["value"].iloc[0, 3] = np.nan  # missing: nothing to compare
    Counts(**tables)
    tables[bound].iloc[2, column] = 5.5 if bound == "low" else 4.5
    with pytest.raises(ValueError, match=words):
        Counts(**tables)
