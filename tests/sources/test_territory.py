"""From files to a Territory: joins, places, counts; the same for any order of the rows."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from targeting.model import Loss, MethodSpec
from targeting.sources import read_territory
from tests.sources import made

CENSUS = MethodSpec("census")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("city")


@pytest.fixture(scope="module")
def layers(folder):
    return made.write_city(folder)


@pytest.fixture(scope="module")
def territory(folder, layers):
    return read_territory(layers, folder, population=CENSUS)


def report(territory, name):
    return next(layer for layer in territory.intake.layers if layer.layer == name)


def reasons(territory, name):
    return {loss.reason: loss.count for loss in report(territory, name).losses}


def test_blocks_have_their_area_municipality_and_people(territory):
    blocks = territory.blocks
    assert blocks.index.tolist() == list(made.BLOCKS)
    assert blocks["area_id"].unique().tolist() == list(made.AREAS)
    assert blocks["municipality_id"].unique().tolist() == ["01001"]
    assert blocks["population"].tolist() == list(made.PEOPLE)
    assert territory.crs.to_epsg() == 6372
    assert np.allclose(blocks.geometry.area, 3600)


def test_census_counts_reach_blocks_and_areas(territory):
    counts = territory.block_counts
    assert counts.value.index.tolist() == list(made.BLOCKS)
    assert counts.value.loc[made.BLOCKS[3], "PSINDER"] == 3
    assert territory.area_counts.value.loc[made.AREAS[1], "POBTOT"] == 154
    census = report(territory, "census")
    assert census.notes["match_share"] == 1
    assert census.encoding == "utf-8-sig"
    assert census.notes["rows_by_level"] == {
        "state": 1,
        "municipality": 1,
        "locality": 1,
        "area": 2,
        "block": 8,
    }


def test_area_table_is_under_the_areas(territory):
    assert territory.area_table.loc[made.AREAS[0], "IM"] == 115.5
    assert territory.area_table.loc[made.AREAS[0], "GM"] == "Alto"
    assert report(territory, "area_table").notes["blocks_match_share"] == 1


def test_incidents_are_placed_or_said_not_to_be(territory):
    incidents = territory.incidents
    # By hand: two in block 001 (one inside, one in the street, entered twice), one 30 m away.
    placed = incidents.groupby("block_id")["kind"].apply(sorted).to_dict()
    assert placed == {
        made.BLOCKS[0]: ["robbery", "robbery", "robbery"],
        made.BLOCKS[7]: ["homicide"],
    }
    assert incidents["distance_m"].round(2).tolist() == [0, 4, 4, 30]
    intake = report(territory, "incidents")
    assert intake.rows_read == 9
    assert intake.notes["not_chosen"] == 2
    assert intake.notes["not_chosen_texts"] == {"VEHICULO RECUPERADO": 2}
    assert intake.notes["texts_not_found"] == ["feminicidio"]
    assert intake.notes["repeated_rows"] == 1
    assert (intake.notes["first_date"], intake.notes["last_date"]) == ("2019-12-31", "2020-02-01")
    assert intake.losses == (
        Loss("incidents", "no-coordinates", 1, 7, ("6",)),
        Loss("incidents", "zero-coordinates", 1, 7, ("5",)),
        Loss("incidents", "outside-city", 1, 7, ("4",)),
    )
    assert intake.rows_kept + 2 + 3 == intake.rows_read


def test_an_incident_too_far_from_any_block_stays_without_one(folder, layers):
    narrow = read_territory(layers, folder, population=CENSUS, tolerance_m=20)
    far = narrow.incidents[narrow.incidents["block_id"].isna()]
    assert far["kind"].tolist() == ["homicide"]
    assert far["distance_m"].round().tolist() == [30]
    assert reasons(narrow, "incidents")["no-block-near"] == 1


def test_facilities_of_all_files_stand_in_one_table(territory):
    facilities = territory.facilities
    found = {
        (kind, None if pd.isna(name) else name)
        for kind, name in zip(facilities["kind"], facilities["name"], strict=True)
    }
    assert found == {
        ("primary_school", "PRIMARIA NIÑOS HÉROES"),
        ("shelter", "REFUGIO"),
        ("alcohol_outlet", None),
        ("park", "PARQUE MÉXICO"),
        ("plaza", None),
    }
    assert facilities.loc[facilities["sensitive"], "kind"].tolist() == ["shelter"]
    assert facilities.index.tolist() == [f"F{n:06d}" for n in range(1, 6)]
    # A median strip, a stadium and a lake are no facilities.
    assert reasons(territory, "facilities[1]") == {"not-a-facility": 3}
    assert report(territory, "facilities[0]").notes["not_chosen_texts"] == {"461110": 1}


def test_contact_columns_never_enter(territory):
    everything = territory.facilities.drop(columns="geometry").to_csv()
    for word in ("4491234567", "a@b.mx", "PERSONA FÍSICA"):
        assert word not in everything


def test_barriers_are_chosen_and_cut(territory):
    barriers = territory.barriers
    assert barriers["kind"].tolist() == ["Corriente de agua"]
    # 130 m of city and 3 km beyond it on both sides.
    assert barriers.geometry.length.round().tolist() == [6130]
    assert reasons(territory, "barriers") == {"outside-city": 1}


def test_the_raster_is_set_beside_the_population_and_changes_nothing(territory):
    notes = report(territory, "population_raster").notes
    # Two areas of 140 m by 140 m, one person in 100 m2, against 254 counted people.
    assert notes["raster_people"] == pytest.approx(392, abs=0.5)
    assert notes["raster_ratio"] == pytest.approx(392 / 254, abs=0.002)
    assert territory.blocks["population"].sum() == 254


def test_only_the_columns_asked_for_are_kept(folder, layers):
    small = read_territory(layers, folder, population=CENSUS, census_columns=["PSINDER"])
    assert small.block_counts.value.columns.tolist() == ["POBTOT", "PSINDER"]


def test_one_municipality_of_several(folder, layers):
    same = read_territory(layers, folder, population=CENSUS, municipalities=("01001",))
    assert len(same.blocks) == 8


def test_blocks_without_an_area_column_find_theirs_by_position(folder, layers):
    blocks = made.spec("blocks", "01m.shp", "polygons", id="CVEGEO")
    found = read_territory([blocks, *layers[1:]], folder, population=CENSUS)
    assert found.blocks["area_id"].tolist() == [a for a in made.AREAS for _ in range(4)]
    assert found.blocks["municipality_id"].unique().tolist() == ["01001"]
    assert report(found, "blocks").notes["areas_found_by_position"] == 8


def test_the_hash_is_that_of_the_bytes(territory, folder):
    import hashlib

    digest = hashlib.sha256((folder / "imu.csv").read_bytes()).hexdigest()
    assert report(territory, "area_table").sha256 == digest
    names = ["01m.dbf", "01m.prj", "01m.shp", "01m.shx"]
    listing = "".join(
        f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n" for n in names
    )
    assert report(territory, "blocks").sha256 == hashlib.sha256(listing.encode()).hexdigest()


def test_an_enveloping_block_that_lost_its_hole_takes_no_points(tmp_path):
    layers = made.write_city(tmp_path)
    frame = pd.DataFrame({"CVEGEO": [*made.BLOCKS, "0100100010017005"]})
    shapes = [*made.SHAPES.values(), shapely.box(-20, -20, 80, 80)]
    made.write_shapefile(tmp_path / "01m.shp", frame, shapes)
    territory = read_territory(layers, tmp_path, population=CENSUS, match_min=0.8)
    assert report(territory, "blocks").notes["nested_shapes"] == 1
    inside = territory.incidents[territory.incidents["distance_m"] == 0]
    assert set(inside["block_id"]) == {made.BLOCKS[0], "0100100010017005"}


def test_the_order_of_repeated_rows_changes_nothing(tmp_path):
    block, area = made.BLOCKS[4], made.AREAS[1]
    census = [*made.CENSUS_ROWS, made.CENSUS_ROWS[4]]
    census.append((*made.CENSUS_ROWS[9][:5], 70, 30, 28, 20, "11", 28, 28))
    moved = shapely.transform(made.SHAPES[block], lambda xy: xy + 5)
    shapes = [*made.SHAPES.values(), moved, made.SHAPES[made.BLOCKS[0]]]
    keys = [*made.BLOCKS, block, made.BLOCKS[0]]
    lines = made.imu_text().splitlines()
    imu = [lines[1], lines[2], lines[1], lines[2].replace("124.5", "123.5")]

    def city(name, step):
        folder = tmp_path / name
        folder.mkdir()
        layers = made.write_city(folder)
        frame = pd.DataFrame({"CVEGEO": keys[::step]})
        made.write_shapefile(folder / "01m.shp", frame, shapes[::step])
        made.write_text(folder / "imu.csv", "\n".join([lines[0], *imu[::step]]))
        made.write_text(folder / "census.csv", made.census_text(census[::step]))
        layers[2] = made.spec("census", "census.csv", "inegi_census")
        return read_territory(layers, folder, population=CENSUS)

    first, second = city("first", 1), city("second", -1)
    for name in ("blocks", "areas", "incidents", "area_table"):
        one, other = getattr(first, name), getattr(second, name)
        pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(other))
    for part in ("value", "low", "high"):
        one, other = getattr(first.block_counts, part), getattr(second.block_counts, part)
        pd.testing.assert_frame_equal(one, other)
    for name in ("blocks", "census", "area_table"):
        one, other = report(first, name), report(second, name)
        assert (one.losses, one.notes) == (other.losses, other.notes)
    # Two populations of one block: unknown. A row written twice alike: known.
    assert first.block_counts.value.loc[block].isna().all()
    assert first.blocks["population"].isna().sum() == 1
    assert first.blocks.loc[made.BLOCKS[0], "population"] == 10
    assert np.isnan(first.area_table.loc[area, "IM"])
    assert first.area_table.loc[made.AREAS[0], "IM"] == 115.5
    found = reasons(first, "census")
    assert (found["duplicate-key"], found["duplicate-key-differs"]) == (1, 1)
    found = reasons(first, "blocks")
    assert (found["duplicate-key"], found["duplicate-shape-differs"]) == (1, 1)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(chance=st.integers(0, 2**32 - 1))
def test_the_order_of_rows_changes_nothing(chance, territory, tmp_path_factory):
    generator = np.random.default_rng(chance)
    folder = tmp_path_factory.mktemp("mixed")
    layers = made.write_city(folder, lambda n: generator.permutation(n).tolist())
    mixed = read_territory(layers, folder, population=CENSUS)
    for name in ("blocks", "areas", "incidents", "facilities", "barriers", "area_table"):
        first, second = getattr(territory, name), getattr(mixed, name)
        pd.testing.assert_frame_equal(pd.DataFrame(first), pd.DataFrame(second))
    for name in ("block_counts", "area_counts"):
        for part in ("value", "low", "high"):
            first = getattr(getattr(territory, name), part)
            pd.testing.assert_frame_equal(first, getattr(getattr(mixed, name), part))

    def plain(layer):
        losses = tuple(dataclasses.replace(loss, examples=()) for loss in layer.losses)
        return dataclasses.replace(layer, losses=losses, sha256="")

    assert [plain(one) for one in territory.intake.layers] == [
        plain(one) for one in mixed.intake.layers
    ]
