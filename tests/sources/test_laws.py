"""Laws of reading: what must not matter does not, and nothing is made or lost on the way."""

import dataclasses

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from targeting.model import MethodSpec
from targeting.sample import make_city, write_city
from targeting.sample.census import true_counts
from targeting.sources import read_territory
from targeting.sources.incidents import points
from targeting.sources.mx.census import inegi_census
from targeting.sources.tables import read_text_table, table
from tests.sources import made

PLAIN = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
# Letters that UTF-8, latin-1, Windows-1252 and Mac Roman all have, and no separator.
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ áéíóúñÁÉÍÓÚÑü"
words = st.text(LETTERS, min_size=1, max_size=12).map(str.strip).filter(bool)
cells = st.one_of(words, st.integers(0, 10**6).map(str), st.just("N/D"), st.just("*"))
tables = st.integers(1, 4).flatmap(
    lambda n: st.lists(st.lists(cells, min_size=n, max_size=n), min_size=1, max_size=12)
)


def frame_of(rows: list[list[str]]) -> pd.DataFrame:
    keys = [f"{n:04d}" for n in range(len(rows))]
    columns = [f"c{n}" for n in range(len(rows[0]))]
    return pd.DataFrame(rows, columns=columns, dtype="str").assign(id=keys)


def write_csv(frame: pd.DataFrame, path, encoding="utf-8", end="\n", delimiter=","):
    text = frame.to_csv(index=False, lineterminator="\n", sep=delimiter).replace("\n", end)
    path.write_bytes(text.encode(encoding))


@PLAIN
@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_rows_says_nothing(tmp_path, rows, chance):
    frame = frame_of(rows)
    write_csv(frame, tmp_path / "a.csv")
    order = list(range(len(frame)))
    chance.shuffle(order)
    write_csv(frame.iloc[order], tmp_path / "b.csv")
    one, other = (table(tmp_path / name, key="id") for name in ("a.csv", "b.csv"))
    pd.testing.assert_frame_equal(one.data, other.data)
    assert (one.rows_read, dict(one.notes)) == (other.rows_read, dict(other.notes))


@PLAIN
@given(tables)
@pytest.mark.parametrize(
    ("encoding", "end", "delimiter"),
    [
        ("utf-8-sig", "\n", ","),
        ("cp1252", "\r\n", ";"),
        ("latin-1", "\n", "\t"),
        ("mac-roman", "\r", ","),
        ("utf-16", "\n", "|"),
    ],
)
def test_the_same_text_in_any_encoding(tmp_path, encoding, end, delimiter, rows):
    frame = frame_of(rows)
    write_csv(frame, tmp_path / "a.csv")
    write_csv(frame, tmp_path / "b.csv", encoding, end, delimiter)
    plain = read_text_table(tmp_path / "a.csv").frame()
    # Named, it is exactly this one; found out, it may be a twin in which the same bytes read alike.
    named = read_text_table(tmp_path / "b.csv", encoding=encoding).frame()
    pd.testing.assert_frame_equal(plain, named)
    if encoding in ("utf-8-sig", "cp1252", "utf-16"):
        pd.testing.assert_frame_equal(plain, read_text_table(tmp_path / "b.csv").frame())


@PLAIN
@given(tables)
def test_the_same_table_in_any_format(tmp_path, rows):
    frame = frame_of(rows)
    write_csv(frame, tmp_path / "a.csv")
    pa_parquet.write_table(
        pa.Table.from_pandas(frame, preserve_index=False), tmp_path / "b.parquet"
    )
    with xlsxwriter.Workbook(str(tmp_path / "c.xlsx")) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate([list(frame.columns), *frame.to_numpy().tolist()]):
            for column, text in enumerate(row):
                sheet.write_string(at, column, text)
    plain = table(tmp_path / "a.csv", key="id").data
    for name in ("b.parquet", "c.xlsx"):
        pd.testing.assert_frame_equal(plain, table(tmp_path / name, key="id").data)


@PLAIN
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["-102.3", "0", "", "x", "-999", "181"]),
            st.sampled_from(["21.9", "0", "", "-21.9", "95"]),
            st.sampled_from(["ROBO", "Róbo", "CHOQUE", "HOMICIDIO"]),
            st.sampled_from(["2020-01-31", "31/01/2020", "", "ayer", "2019-12-31"]),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_every_incident_read_is_kept_or_told(tmp_path, rows):
    rows = [*rows, ("-102.3", "21.9", "ROBO", "2020-01-31")]  # one that any study would keep
    frame = pd.DataFrame(rows, columns=["lon", "lat", "delito", "fecha"])
    write_csv(frame, tmp_path / "i.csv")
    kinds = {"robbery": ("ROBO",)}
    layer = points(
        tmp_path / "i.csv", x="lon", y="lat", kind="delito", kinds=kinds, date="fecha",
        start="2020-01-01", end="2020-12-31",
    )  # fmt: skip
    lost = sum(loss.count for loss in layer.losses)
    assert layer.rows_read == len(rows)
    assert len(layer.data) + lost + layer.notes.get("not_chosen", 0) == len(rows)
    for loss in layer.losses:
        assert 0 < loss.count <= loss.of <= len(rows)


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    folder = tmp_path_factory.mktemp("city")
    write_city(folder, blocks=1500)
    return make_city(blocks=1500), folder


def test_intervals_hold_the_truth_in_every_masked_cell(city):
    """The made city publishes as INEGI masks; its truth is known to the last cell."""
    truth = true_counts(city[0])
    counts = inegi_census(next(city[1].glob("census/*.zip"))).counts["block"]
    truth = truth.loc[counts.value.index, counts.value.columns]
    low, high = counts.low.to_numpy(), counts.high.to_numpy()
    real = truth.to_numpy(float)
    masked = high > low
    assert masked.sum() > 10_000  # of 1,500 blocks times some 200 counts
    holds = (low <= real) & (real <= high)
    assert holds[masked].all()
    # A cell narrowed to one number, or never masked, is that number.
    known = ~np.isnan(counts.value.to_numpy()) & ~masked
    np.testing.assert_allclose(counts.value.to_numpy()[known], real[known])


def test_areas_hold_the_truth_too(city):
    truth = true_counts(city[0])
    counts = inegi_census(next(city[1].glob("census/*.zip"))).counts["area"]
    whole = truth.groupby(truth.index.str.slice(0, 13)).sum().loc[counts.value.index]
    for column in ("POBTOT", "P_15YMAS", "PSINDER", "P15YM_AN", "VPH_INTER"):
        assert (counts.low[column] <= whole[column]).all()
        assert (whole[column] <= counts.high[column]).all()


def test_people_and_facilities_are_conserved(city):
    from targeting.pipeline import load

    study, territory = load(city[1] / "study.yaml")
    assert study.made
    assert territory.blocks["population"].sum() == city[0].blocks["people"].sum()
    own = [one for one in territory.intake.layers if "facilities" in one.layer]
    assert len(territory.facilities) == sum(one.rows_kept for one in own)
    merged = sum(int(one.notes.get("merged", 0)) for one in own)
    assert merged == (0 if territory.facility_merges is None else len(territory.facility_merges))
    for one in own:
        lost = sum(loss.count for loss in one.losses)
        aside = int(one.notes.get("merged", 0)) + int(one.notes.get("not_chosen", 0))
        assert one.rows_kept + lost + aside == one.rows_read, one.layer
    for layer in territory.intake.layers:
        for loss in layer.losses:
            assert 0 < loss.count <= loss.of, (layer.layer, loss)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_whole_intake_in_any_order(tmp_path, seed):
    rng = np.random.default_rng(seed)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = read_territory(made.write_city(tmp_path / "a"), tmp_path / "a",
                         population=MethodSpec("census"))  # fmt: skip
    other = read_territory(
        made.write_city(tmp_path / "b", shuffle=lambda n: rng.permutation(n).tolist()),
        tmp_path / "b",
        population=MethodSpec("census"),
    )
    for field in dataclasses.fields(one):
        held, again = getattr(one, field.name), getattr(other, field.name)
        if isinstance(held, pd.DataFrame):
            pd.testing.assert_frame_equal(pd.DataFrame(held), pd.DataFrame(again))
