"""Names of polygons: colonias by people, streets by side, and no two alike."""

import json
from importlib import resources

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.delineation.drawing.naming import SIDES, PolygonName, names
from targeting.render.naming import name_basis, polygon_name

SQUARE = shapely.box(0, 0, 400, 400)


def ground(*shapes):
    return gpd.GeoSeries(list(shapes), index=range(1, len(shapes) + 1))


def named(homes, people, *, shapes=(SQUARE,), membership=None, streets=None):
    index = [f"b{n}" for n in range(len(people))]
    member = pd.Series([1] * len(people) if membership is None else membership, index=index)
    colonia = None if homes is None else pd.Series(homes, index=index, dtype="str")
    return names(ground(*shapes), member, pd.Series(people, index=index), colonia, streets)


def axes(**lines):
    return gpd.GeoDataFrame({"name": list(lines)}, geometry=list(lines.values()))


def along(x0, y0, x1, y1):
    return shapely.LineString([(x0, y0), (x1, y1)])


# ------------------------------------------------------------------------------------- colonias


def test_the_colonia_most_people_live_in_comes_first():
    # 50, 30 and 20 of 100 people; the third never shows.
    (name,) = named(["Sol", "Flores", "Agua", "Flores"], [50.0, 20.0, 20.0, 10.0])
    assert name.colonias == ("Sol", "Flores")
    assert name.shares == (0.5, 0.3)
    assert name.unplaced_share == 0


def test_a_second_colonia_needs_a_fifth_of_the_people():
    (name,) = named(["Sol", "Flores"], [81.0, 19.0])
    assert name.colonias == ("Sol",)
    (name,) = named(["Sol", "Flores"], [80.0, 20.0])
    assert name.colonias == ("Sol", "Flores")


def test_equal_shares_go_by_the_alphabet():
    (name,) = named(["Sol", "Agua"], [50.0, 50.0])
    assert name.colonias == ("Agua", "Sol")


def test_people_without_a_colonia_are_told():
    (name,) = named(["Sol", None, " "], [50.0, 30.0, 20.0])
    assert (name.colonias, name.shares, name.unplaced_share) == (("Sol",), (0.5,), 0.5)


def test_where_nobody_lives_blocks_count():
    (name,) = named(["Sol", "Sol", "Agua"], [0.0, np.nan, 0.0])
    assert name.colonias == ("Sol", "Agua")
    assert name.shares == pytest.approx((2 / 3, 1 / 3))


def test_without_colonias_the_number_is_the_name():
    for homes in (None, [None, None]):
        (name,) = named(homes, [10.0, 20.0])
        assert (name.colonias, name.unplaced_share) == ((), 1.0)
        assert polygon_name(name, "es") == "Polígono 1"
        assert "«places»" in name_basis(name, "es")


# -------------------------------------------------------------------------------------- streets


def test_the_street_along_each_side():
    streets = axes(
        Norte=along(-50, 405, 450, 405),
        Oriente=along(408, -50, 408, 450),
        Sur=along(-50, -6, 450, -6),
        Corta=along(-6, 0, -6, 60),  # 60 of 400 m and 20 m of reach: less than a quarter
        Cruza=along(200, -100, 200, 500),
        Lejos=along(-25, 0, -25, 400),
    )
    (name,) = named(["Sol"], [10.0], streets=streets)
    assert dict(name.streets) == {"north": "Norte", "east": "Oriente", "south": "Sur"}


def test_the_street_with_the_longer_part_of_a_side():
    streets = axes(A=along(0, 405, 150, 405), B=along(150, 405, 400, 405))
    (name,) = named(["Sol"], [10.0], streets=streets)
    assert dict(name.streets) == {"north": "B"}


def test_streets_without_a_name_do_not_bound():
    streets = axes(A=along(0, 405, 400, 405))
    streets["name"] = pd.Series([pd.NA], dtype="str")
    (name,) = named(["Sol"], [10.0], streets=streets)
    assert not name.streets
    assert "No se conocen calles" in name_basis(name, "es")
    assert not named(["Sol"], [10.0], streets=streets.iloc[:0])[0].streets


# ------------------------------------------------------------------------------ no two the same

WEST, EAST = shapely.box(0, 0, 400, 400), shapely.box(900, 90, 1300, 490)
NORTH = shapely.box(500, 900, 900, 1300)
PAIR = {"homes": ["Sol", "Sol"], "people": [9.0, 9.0], "shapes": (WEST, EAST), "membership": [1, 2]}


def test_twins_are_told_by_a_street_of_their_own():
    streets = axes(
        Larga=along(0, 405, 1300, 405),
        Hidalgo=along(0, -5, 400, -5),
        Mina=along(1305, 90, 1305, 490),
    )
    one, two = named(**PAIR, streets=streets)
    assert (one.told_by, one.told) == ("street", "Larga")
    assert (two.told_by, two.told) == ("street", "Mina")
    assert polygon_name(one, "es") == "Sol, junto a Larga"
    assert polygon_name(two, "en") == "Sol, by Mina"


def test_twins_are_told_by_their_part_of_the_compass():
    one, two = named(**PAIR)
    assert [polygon_name(one, "es"), polygon_name(two, "es")] == ["Sol (poniente)", "Sol (oriente)"]
    three = named(["Sol"] * 3, [9.0] * 3, shapes=(WEST, EAST, NORTH), membership=[1, 2, 3])
    assert [name.told for name in three] == ["southwest", "southeast", "north"]


def test_what_neither_street_nor_compass_tells_apart_is_told_by_number():
    shapes = [shapely.box(x, 0, x + 9, 9) for x in (0, 20, 100)]
    twins = named(["Sol"] * 3, [9.0] * 3, shapes=shapes, membership=[1, 2, 3])
    assert [polygon_name(name, "es") for name in twins] == [
        "Sol, polígono 1",
        "Sol, polígono 2",
        "Sol, polígono 3",
    ]


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 9), st.integers(0, 10_000))
def test_no_two_polygons_are_called_the_same(count, seed):
    chance = np.random.default_rng(seed)
    membership = np.repeat(np.arange(1, count + 1), 4)
    homes = chance.choice(["Sol", "Agua", "Sol y Agua", "sol", ""], len(membership)).tolist()
    corners = chance.integers(0, 2000, (count, 2))
    shapes = [shapely.box(x, y, x + 200, y + 200) for x, y in corners]
    streets = axes(A=along(0, 500, 2200, 500), B=along(900, 0, 900, 2200))
    people = chance.integers(0, 50, len(membership)).astype(float)
    made = named(homes, people, shapes=shapes, membership=membership.tolist(), streets=streets)
    for language in ("es", "en"):
        texts = [polygon_name(name, language).casefold() for name in made]
        assert len(set(texts)) == count
    for name in made:
        assert sum(name.shares) + name.unplaced_share <= 1 + 1e-9
        assert list(name.shares) == sorted(name.shares, reverse=True)
        assert set(name.streets) <= set(SIDES)
    order = chance.permutation(len(membership))
    moved = named(
        [homes[n] for n in order],
        people[order].tolist(),
        shapes=shapes,
        membership=membership[order].tolist(),
        streets=streets.iloc[::-1],
    )
    assert [polygon_name(n, "es") for n in moved] == [polygon_name(n, "es") for n in made]


# ---------------------------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("second", "text"),
    [
        ("Independencia", "Sol e Independencia"),
        ("Hidalgo", "Sol e Hidalgo"),
        ("Ítaca", "Sol e Ítaca"),
        ("Hierro", "Sol y Hierro"),
        ("Agua", "Sol y Agua"),
    ],
)
def test_spanish_and_before_the_sound_i(second, text):
    name = PolygonName(1, ("Sol", second), (0.6, 0.4), 0.0)
    assert polygon_name(name, "es") == text
    assert polygon_name(name, "en") == f"Sol and {second}"


def test_what_a_name_rests_on():
    name = PolygonName(1, ("Sol", "Agua"), (0.525, 0.25), 0.001, {"west": "Mina", "north": "Ruiz"})
    told = name_basis(name, "es").replace(chr(160), " ")
    assert told == (
        "De sus habitantes, 52.5 % vive en Sol y 25.0 % en Agua. De 0.1 % no se sabe la colonia. "
        "Colinda al norte con Ruiz, al poniente con Mina."
    )


def test_the_same_words_in_both_languages():
    texts = [
        json.loads((resources.files("targeting") / "locale" / language / "names.json").read_text())
        for language in ("es", "en")
    ]
    assert texts[0].keys() == texts[1].keys()
