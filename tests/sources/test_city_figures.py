"""The city as a whole: its figures, and incidents of which too many have no place."""

from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest

from targeting.model import LayerSpec, Loss, MethodSpec
from targeting.problems import TargetingError
from targeting.sources import read_territory
from targeting.sources.account import Account
from targeting.sources.city import city_figures, too_many_unplaced
from targeting.sources.layer import Layer
from tests.sources import made

CENSUS = MethodSpec("census")


@pytest.fixture
def layers(tmp_path):
    return made.write_city(tmp_path)


def test_figures_of_the_city_are_those_of_its_tables(tmp_path, layers):
    territory = read_territory(layers, tmp_path, population=CENSUS)
    # By hand: eight blocks of 10 + 20 + 30 + 40 + 100 + 0 + 50 + 4 people, one of them empty.
    # Of nine incidents two are of a kind nobody asks for and three have no place.
    assert dict(territory.intake.city) == {
        "blocks": 8,
        "population": 254,
        "blocks_nobody_share": 0.125,
        "blocks_people_unknown_share": 0.0,
        "areas": 2,
        "incidents_placed": 4,
        "incidents_unplaced": 3,
        "facilities": len(territory.facilities),
    } | {
        name: value
        for name, value in territory.intake.city.items()
        if name.startswith("people_outside_blocks")
    }


def test_a_city_without_people_or_incidents_says_nothing_of_them(tmp_path, layers):
    few = [layer for layer in layers if layer.slot in ("blocks", "areas")]
    territory = read_territory(few, tmp_path)
    assert dict(territory.intake.city) == {"blocks": 8, "areas": 2}


def test_people_outside_blocks_are_lifted_from_the_census(tmp_path, layers, monkeypatch):
    before = Account.__post_init__

    def with_people_outside(self):
        before(self)
        if self.spec.slot == "census":
            self.notes["people_outside_blocks"] = 246
            self.notes["municipal_population"] = {"01001": 500}

    monkeypatch.setattr(Account, "__post_init__", with_people_outside)
    city = read_territory(layers, tmp_path, population=CENSUS).intake.city
    assert city["people_outside_blocks"] == 246
    assert city["people_outside_blocks_share"] == 0.492  # 246 of 246 + 254


def test_people_of_blocks_the_map_lacks_are_told_of_the_city(tmp_path, layers):
    # The block of 50 people has another key in the census: 204 of its 254 people have a place.
    text = made.census_text().replace(",006A,003,", ",006A,093,")
    made.write_text(tmp_path / "census.csv", text)
    layers = [
        replace(one, file="census.csv") if one.slot == "census" else one
        for one in layers
        if one.slot != "incidents"
    ]
    territory = read_territory(layers, tmp_path, population=CENSUS, match_min=0.85)
    city = territory.intake.city
    assert (city["population"], city["people_without_shape"]) == (204, 50)
    whole = territory.intake.layers[2].notes["municipal_population"]
    outside = city["people_outside_blocks"]
    assert sum(whole.values()) == 204 + 50 + outside
    share = (50 + outside) / (254 + outside)
    assert city["people_outside_blocks_share"] == pytest.approx(share, abs=1e-6)


def test_the_people_of_a_raster_are_no_part_of_those_of_the_census(tmp_path, layers):
    census = account()
    census.notes = {
        "people_outside_blocks": {"01001": 100},
        "people_without_shape": 150.0,
        "municipal_population": {"01001": 1000},
    }
    blocks = gpd.GeoDataFrame({"population": [2000.0, 1.0]})
    slots = {"census": [census], "incidents": []}
    city = city_figures(slots, blocks, None, None, None)
    assert city["people_outside_blocks_share"] == 0.25  # 250 of 1000


def test_too_many_incidents_without_a_place_stop_the_study(tmp_path, layers):
    with pytest.raises(TargetingError) as told:
        read_territory(layers, tmp_path, population=CENSUS, unplaced_max=0.42)
    (problem,) = told.value.problems
    assert (problem.code, problem.where) == ("too-many-unplaced", "inputs.incidents")
    english = problem.text("en")
    assert "3 of 7 incidents of “incidents.csv” (42.9%)" in english
    assert "1 (6): points without coordinates" in english
    assert "1 (4): far from every block" in english
    assert "unplaced_max" in english
    assert "3 de 7 incidentes" in problem.text("es")
    # 3 of 7 is less than 43 %.
    read_territory(layers, tmp_path, population=CENSUS, unplaced_max=0.43)


def account(**losses):
    spec = LayerSpec("incidents", "inputs.incidents", "a.csv", MethodSpec("points"))
    layer = Layer(pd.DataFrame({"kind": ["x"] * 6}), rows_read=10, notes={"not_chosen": 2})
    one = Account(spec, layer, "")
    one.losses = [Loss("incidents", reason.replace("_", "-"), n, 8) for reason, n in losses.items()]
    return one


def test_a_row_told_twice_is_not_one_without_a_place():
    assert too_many_unplaced([account(duplicate_row=5)], 0.2) == []
    (problem,) = too_many_unplaced([account(duplicate_row=5, no_block_near=2)], 0.2)
    assert problem.values["share"] == "25.0%"


def test_where_nothing_has_a_place_another_problem_says_so():
    none = account(outside_city=8)
    none.kept = 0
    assert too_many_unplaced([none], 0.2) == []
