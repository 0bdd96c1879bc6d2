"""One facility told by several registers is told once; two are never taken for one."""

import random

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.sources.merging import MERGE_COLUMNS, likeness, merge_facilities, own_words

# (label, register, kind, name, x, y); meters.
SEP, DENUE, OSM = 0, 1, 2


def table(rows, **more):
    labels, registers, kinds, names, x, y = zip(*rows, strict=True)
    return gpd.GeoDataFrame(
        {
            "kind": kinds,
            "name": pd.Series(names, index=labels, dtype="str"),
            "source": [("SEP", "DENUE", "OSM")[r] for r in registers],
            "register": registers,
            **more,
        },
        index=labels,
        geometry=shapely.points(list(zip(x, y, strict=True))),
        crs=32613,
    )


def pairs(rows, **options):
    """Who was merged into whom."""
    _, merges = merge_facilities(table(rows), **options)
    return dict(zip(merges.index, merges["facility_id"], strict=True))


def test_the_same_school_in_two_registers():
    rows = [
        ("a", SEP, "primary_school", "BENITO JUAREZ", 0, 0),
        ("b", DENUE, "primary_school", "Escuela Primaria Benito Juárez", 36, 48),  # 60 m away
        ("c", DENUE, "primary_school", "PRIMARIA NIÑOS HÉROES", 5, 0),
    ]
    merged, merges = merge_facilities(table(rows))
    assert merged.index.tolist() == ["a", "c"]
    assert list(merges.columns) == list(MERGE_COLUMNS)
    told = merges.iloc[0].dropna().to_dict()
    assert told == {
        "facility_id": "a",
        "kept_name": "BENITO JUAREZ",
        "kind": "primary_school",
        "name": "Escuela Primaria Benito Juárez",
        "source": "DENUE",
        "distance_m": 60.0,
        "why": "like_names",
    }
    assert pairs(rows, within_m=59.9) == {}
    assert pairs(rows, likeness_min=1.0) == {"b": "a"}


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("school", "primary_school", True),
        ("primary_school", "school", True),
        ("preschool", "primary_school", False),
        ("health_center", "hospital", False),
        ("sports_facility", "park", False),
        ("park", "plaza", False),
    ],
)
def test_which_kinds_can_be_one(first, second, same):
    rows = [("a", SEP, first, "La Paz", 0, 0), ("b", OSM, second, "La Paz", 3, 4)]
    assert pairs(rows) == ({"b": "a"} if same else {})


def test_two_schools_in_one_building_are_two():
    rows = [
        ("a", SEP, "primary_school", "La Paz", 0, 0),
        ("b", SEP, "primary_school", "La Paz", 0, 0),
        ("c", OSM, "primary_school", "La Paz", 0, 0),
    ]
    # The third is one of the two, not both.
    assert pairs(rows) == {"c": "a"}


def test_a_chain_of_three_sources_gives_one():
    rows = [
        ("c", OSM, "park", "Parque México", 100, 0),
        ("a", SEP, "park", "México", 0, 0),
        ("b", DENUE, "park", "PARQUE MEXICO", 50, 0),
    ]
    merged, merges = merge_facilities(table(rows))
    assert merged.index.tolist() == ["a"]
    # Each as far as it is from the one that stays; the third is beyond 60 m of it.
    assert dict(zip(merges.index, merges["distance_m"], strict=True)) == {"b": 50.0, "c": 100.0}
    assert merges["why"].to_dict() == {"b": "like_names", "c": "by_third_record"}


def test_a_merge_tells_the_names_and_keys_of_both_records_as_they_were():
    rows = [("a", SEP, "park", None, 0, 0), ("b", OSM, "park", "Parque México", 3, 4)]
    merged, merges = merge_facilities(table(rows, reference=["S1", "way/2"]))
    one = merges.loc["b"]
    assert (one["kept_reference"], one["reference"], one["why"]) == (
        "S1",
        "way/2",
        "unnamed_nearby",
    )
    # The one that stays took the other's name; the list says that it had none.
    assert merged.loc["a", "name"] == "Parque México"
    assert pd.isna(one["kept_name"])


def test_a_school_of_any_level_joins_no_two_levels():
    rows = [
        ("any", SEP, "school", "La Paz", 0, 0),
        ("pre", DENUE, "preschool", "La Paz", 4, 0),
        ("pri", OSM, "primary_school", "La Paz", 5, 0),
    ]
    assert pairs(rows) == {"pre": "any"}


def test_the_best_pair_goes_first():
    rows = [
        ("a", SEP, "park", "Hidalgo Norte", 0, 0),
        ("near", OSM, "park", "Hidalgo", 5, 0),  # likeness 2/3
        ("far", OSM, "park", "Parque Hidalgo Norte", 50, 0),  # likeness 1
    ]
    assert pairs(rows) == {"far": "a"}
    closer = [*rows[:2], ("far", OSM, "park", "Hidalgo", 50, 0)]
    assert pairs(closer) == {"near": "a"}


def test_without_a_name_only_what_is_very_near_is_the_same():
    def at(x, name, kind="park"):
        return [("a", SEP, "park", "Parque México", 0, 0), ("b", OSM, kind, name, x, 0)]

    assert pairs(at(25, None)) == {"b": "a"}
    assert pairs(at(25.1, None)) == {}
    assert pairs(at(20, "Parque")) == {"b": "a"}  # a name that says only what it is
    assert pairs(at(20, "Parque Hundido")) == {}
    assert pairs(at(20, None, "plaza")) == {}
    both = [("a", SEP, "park", None, 0, 0), ("b", OSM, "park", None, 10, 0)]
    assert pairs(both) == {"b": "a"}
    # A pair whose names agree comes before a nearer one without a name.
    rows = [*at(50, "México"), ("c", OSM, "park", None, 1, 0)]
    assert pairs(rows) == {"b": "a"}


def test_what_the_first_register_lacks_comes_from_the_next():
    rows = [
        ("c", OSM, "park", "Parque México", 2, 0),
        ("b", DENUE, "park", "Parque Mexico", 1, 0),
        ("a", SEP, "park", None, 0, 0),
    ]
    more = {"capacity": [300.0, 200.0, None], "reference": ["way/1", None, None]}
    merged, _ = merge_facilities(table(rows, **more))
    one = merged.loc["a"]
    assert (one["name"], one["capacity"], one["reference"]) == ("Parque Mexico", 200.0, "way/1")
    assert shapely.get_x(one["geometry"]) == 0.0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Escuela Primaria 'Benito Juárez' (turno vespertino)", ("benito", "juarez")),
        ("JARDÍN DE NIÑOS NIÑOS HÉROES", ("heroes", "ninos")),
        ("Secundaria Técnica No. 012", ("12",)),
        ("Parque", ()),
        ("(La Esperanza)", ("esperanza",)),
        ("UNID. DE MEDICINA FAMILIAR 99", ("99",)),
    ],
)
def test_what_tells_a_name_from_others_of_its_kind(name, words):
    assert own_words(name) == words


def test_likeness_by_hand():
    assert likeness(("a", "b"), ("a", "b")) == 1.0
    # Two of three and two words are shared: 2 * 2 / 5.
    assert likeness(("benito", "garcia", "juarez"), ("benito", "juarez")) == 0.8
    # One letter more among 6 + 7: 2 * 6 / 13.
    assert likeness(("morelo",), ("morelos",)) == round(12 / 13, 6)
    assert likeness(("12",), ("12", "tecnica")) > 0.0
    assert likeness(("12", "x"), ("13", "x")) == 0.0


KINDS = ("school", "preschool", "primary_school", "park")
NAMES = (None, "La Paz", "Parque", "Benito Juárez", "BENITO JUAREZ GARCIA", "Secundaria 12", "13")
records = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(KINDS),
        st.sampled_from(NAMES),
        st.integers(0, 9).map(lambda n: n * 12),
        st.integers(0, 3).map(lambda n: n * 12),
    ),
    max_size=25,
    unique=True,
)


def cities(rows):
    return [(f"r{i:02d}", *row) for i, row in enumerate(rows)]


@settings(max_examples=60, deadline=None)
@given(records.filter(bool))
def test_nothing_is_lost_and_no_register_merges_with_itself(rows):
    facilities = table(cities(rows))
    merged, merges = merge_facilities(facilities)
    assert sorted([*merged.index, *merges.index]) == sorted(facilities.index)
    assert set(merges["facility_id"]) <= set(merged.index)
    for kept, of_one in merges.groupby("facility_id"):
        labels = [kept, *of_one.index]
        registers = facilities.loc[labels, "register"]
        assert registers.is_unique
        assert registers.loc[kept] == registers.min()
        assert len(set(facilities.loc[labels, "kind"]) - {"school"}) <= 1


@settings(max_examples=60, deadline=None)
@given(records.filter(bool), st.integers(0, 999))
def test_the_order_of_the_rows_changes_nothing(rows, seed):
    facilities = table(cities(rows))
    order = list(range(len(rows)))
    random.Random(seed).shuffle(order)
    merged, merges = merge_facilities(facilities)
    other, others = merge_facilities(facilities.iloc[order])
    pd.testing.assert_frame_equal(
        pd.DataFrame(merged).sort_index(), pd.DataFrame(other).sort_index()
    )
    pd.testing.assert_frame_equal(merges.sort_index(), others.sort_index())


def test_a_table_of_nothing():
    merged, merges = merge_facilities(table([("a", SEP, "park", None, 0, 0)]).iloc[:0])
    assert len(merged) == len(merges) == 0
