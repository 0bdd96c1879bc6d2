"""Every mistake in the files of a study: told by its code, in its place, all at once."""

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from targeting.i18n import LANGUAGES
from targeting.model import MethodSpec
from targeting.problems import TargetingError
from targeting.sources import read_territory
from tests.sources import made

CENSUS = MethodSpec("census")


@pytest.fixture
def city(tmp_path):
    return {layer.where: layer for layer in made.write_city(tmp_path)}


def problems(city, folder, **settings):
    """Problems of reading a city, as {(place, code)}; each is sayable in every language."""
    settings = {"population": CENSUS} | settings
    with pytest.raises(TargetingError) as raised:
        read_territory(list(city.values()), folder, **settings)
    for language in LANGUAGES:
        assert "{" not in raised.value.text(language)
    return {(one.where, one.code) for one in raised.value.problems}


def with_file(one, file, /, **settings):
    reader = MethodSpec(one.reader.use, {**one.reader.settings, **settings})
    return dataclasses.replace(one, file=file, reader=reader)


def with_reader(one, use, /, **settings):
    return dataclasses.replace(one, reader=MethodSpec(use, settings))


def gpkg(path, frame):
    pyogrio.write_dataframe(frame, path)
    return path


def test_a_wrong_set_of_files_gets_all_its_mistakes_in_one_list(city, tmp_path):
    blocks = gpd.read_file(tmp_path / "01m.shp")
    gpkg(tmp_path / "points.gpkg", blocks)
    (tmp_path / "01a.prj").unlink()
    head = made.incident_text(())
    made.write_text(tmp_path / "incidents.csv", head)
    other_year = made.census_text().replace(",0017,001,", ",0017,091,")
    other_year = other_year.replace(",006A,003,", ",006A,093,").replace(",006A,004,", ",006A,094,")
    made.write_text(tmp_path / "census.csv", other_year)
    city["inputs.census"] = with_file(city["inputs.census"], "census.csv")
    city["inputs.area_table"] = with_file(city["inputs.area_table"], "nowhere.csv")
    city["inputs.facilities[0]"] = with_file(city["inputs.facilities[0]"], "points.gpkg")
    city["inputs.barriers"] = with_file(city["inputs.barriers"], "01sil.shp", colum="GEOGRAFICO")
    assert problems(city, tmp_path) == {
        ("inputs.areas", "no-crs"),
        ("inputs.incidents", "empty-layer"),
        ("inputs.area_table", "missing-file"),
        ("inputs.facilities[0]", "wrong-format"),
        ("inputs.barriers.colum", "unknown-setting"),
        ("inputs.census", "keys-unmatched"),
        ("inputs.blocks", "keys-unmatched"),
    }


def test_the_unmatched_keys_are_counted_and_shown(city, tmp_path):
    text = made.census_text().replace(",006A,003,", ",006A,093,")
    made.write_text(tmp_path / "census.csv", text)
    city["inputs.census"] = with_file(city["inputs.census"], "census.csv")
    with pytest.raises(TargetingError) as raised:
        read_territory(list(city.values()), tmp_path, population=CENSUS)
    first = raised.value.problems[0]
    assert (first.values["matched"], first.values["total"]) == (7, 8)
    assert first.values["examples"] == "010010001006A093"
    # Allowed on purpose, it is counted on both sides instead.
    allowed = read_territory(list(city.values()), tmp_path, population=CENSUS, match_min=0.85)
    lost = {(loss.layer, loss.reason): loss.examples for loss in allowed.intake.losses}
    assert lost["census", "no-shape"] == ("010010001006A093",)
    assert lost["blocks", "no-census-row"] == ("010010001006A003",)
    assert lost["blocks", "population-unknown"] == ("010010001006A003",)
    census = next(layer for layer in allowed.intake.layers if layer.layer == "census")
    assert census.notes["people_without_shape"] == 50
    assert np.isnan(allowed.blocks["population"].iloc[6])


def test_a_soft_404_is_not_a_census(city, tmp_path):
    page = "<!DOCTYPE html><html><body>Página no encontrada</body></html>"
    made.write_text(tmp_path / "census.zip", page)
    assert ("inputs.census", "wrong-format") in problems(city, tmp_path)


def test_empty_and_broken_files(city, tmp_path):
    (tmp_path / "imu.csv").write_bytes(b"")
    (tmp_path / "people.tif").write_bytes(b"II*\x00 and nothing else")
    shapefile = (tmp_path / "01sil.shp").read_bytes()
    (tmp_path / "01sil.shp").write_bytes(shapefile[:40])
    (tmp_path / "census.zip").write_bytes((tmp_path / "census.zip").read_bytes()[:300])
    assert problems(city, tmp_path) >= {
        ("inputs.area_table", "empty-file"),
        ("inputs.population_raster", "unreadable-file"),
        ("inputs.barriers", "unreadable-file"),
        ("inputs.census", "unreadable-file"),
    }


def test_files_whose_middle_is_broken(city, tmp_path):
    shape = bytearray((tmp_path / "01sia.shp").read_bytes())
    shape[-16:] = np.array([1.0, 2.0]).tobytes()  # the last ring does not close
    (tmp_path / "01sia.shp").write_bytes(shape)
    assert problems(city, tmp_path) == {("inputs.facilities[1]", "unreadable-file")}
    made.write_city(tmp_path)
    raster = (tmp_path / "people.tif").read_bytes()
    (tmp_path / "people.tif").write_bytes(raster[:-4000])
    assert problems(city, tmp_path) == {("inputs.population_raster", "unreadable-file")}


def test_wrong_names_of_readers_columns_layers_and_settings(city, tmp_path):
    city["inputs.areas"] = with_reader(city["inputs.areas"], "inegi_area")
    city["inputs.census"] = with_file(city["inputs.census"], "census.zip", columns=("PSINDR",))
    city["inputs.incidents"] = with_file(city["inputs.incidents"], "incidents.csv", x="long")
    gpkg(tmp_path / "blocks.gpkg", gpd.read_file(tmp_path / "01m.shp"))
    settings = {"id": "CVEGEO", "layer": "manzanas"}
    blocks = with_reader(city["inputs.blocks"], "polygons", **settings)
    city["inputs.blocks"] = dataclasses.replace(blocks, file="blocks.gpkg")
    city["inputs.facilities[0]"] = with_reader(city["inputs.facilities[0]"], "polygons")
    city["inputs.population_raster"] = with_file(
        city["inputs.population_raster"], "people.tif", band=2
    )
    assert problems(city, tmp_path) == {
        ("inputs.areas.reader", "unknown-name"),
        ("inputs.census", "missing-column"),
        ("inputs.incidents.x", "missing-column"),
        ("inputs.blocks.layer", "unknown-layer"),
        ("inputs.facilities[0]", "missing-setting"),
        ("inputs.population_raster.band", "no-band"),
    }


def test_a_reader_of_another_input(city, tmp_path):
    city["inputs.blocks"] = with_reader(city["inputs.blocks"], "lines")
    city["inputs.facilities[0]"] = dataclasses.replace(
        city["inputs.incidents"], slot="facilities", where="inputs.facilities[0]"
    )
    assert problems(city, tmp_path) == {
        ("inputs.blocks.reader", "reader-of-other-input"),
        ("inputs.facilities[0].reader", "reader-of-other-input"),
    }


def test_texts_that_are_nowhere_or_twice(city, tmp_path):
    city["inputs.incidents"] = with_file(
        city["inputs.incidents"], "incidents.csv", kinds={"robbery": ["HURTO"]}
    )
    city["inputs.barriers"] = with_file(city["inputs.barriers"], "01sil.shp", values=("RIO",))
    found = problems(city, tmp_path)
    assert found == {
        ("inputs.incidents.kinds", "no-kind-found"),
        ("inputs.barriers.values", "no-kind-found"),
    }
    city["inputs.incidents"] = with_file(
        city["inputs.incidents"], "incidents.csv", kinds={"a": ["Róbo"], "b": ["ROBO"]}
    )
    assert ("inputs.incidents.kinds", "text-in-two-kinds") in problems(city, tmp_path)


def test_every_kind_none_of_whose_texts_is_in_the_file(city, tmp_path):
    kinds = {
        "robbery": ["robo a persona", "ASALTO"],  # one text of two is enough
        "homicide": ["HOMICIDOI"],
        "recovered": ["xyz"],
    }
    city["inputs.incidents"] = with_file(city["inputs.incidents"], "incidents.csv", kinds=kinds)
    with pytest.raises(TargetingError) as raised:
        read_territory(list(city.values()), tmp_path, population=CENSUS)
    found = {one.where: (one.code, dict(one.values)) for one in raised.value.problems}
    code = "kind-without-rows"
    assert found == {
        "inputs.incidents.kinds.homicide": (code, {"given": "HOMICIDOI", "hint": "HOMICIDIO"}),
        "inputs.incidents.kinds.recovered": (code, {"given": "xyz", "hint": "–"}),
    }
    assert "«HOMICIDOI»" in raised.value.text("es")


def test_a_geopackage_is_known_whatever_its_name_and_columns(city, tmp_path):
    x, y = made.at(30, 30)
    frame = gpd.GeoDataFrame({"delito": ["HOMICIDIO"]}, geometry=[shapely.Point(x, y)], crs=4326)
    data = gpkg(tmp_path / "points.gpkg", frame).read_bytes()
    (tmp_path / "points.csv").write_bytes(data)
    pyogrio.write_dataframe(pd.DataFrame({"k": [1]}), tmp_path / "table.gpkg")
    incidents = with_reader(city["inputs.incidents"], "points", x="lon", y="lat", kind="delito")
    for file, detail in (("points.csv", "GeoPackage"), ("table.gpkg", "una tabla sin formas")):
        city["inputs.incidents"] = dataclasses.replace(incidents, file=file)
        assert problems(city, tmp_path) == {("inputs.incidents", "wrong-format")}
        with pytest.raises(TargetingError) as raised:
            read_territory(list(city.values()), tmp_path, population=CENSUS)
        assert f"es {detail} y se esperaba un" in raised.value.text("es")
    city["inputs.incidents"] = dataclasses.replace(incidents, file="points.gpkg")
    assert problems(city, tmp_path) == {
        ("inputs.incidents.x", "missing-column"),
        ("inputs.incidents.y", "missing-column"),
    }


def test_a_folder_stands_for_the_one_layer_in_it_that_fits(city, tmp_path):
    folder = tmp_path / "boundaries"
    made.write_blocks(folder / "01m.shp")
    made.write_areas(folder / "01a.shp")
    for slot in ("inputs.blocks", "inputs.areas"):
        city[slot] = dataclasses.replace(city[slot], file="boundaries")
    assert len(read_territory(list(city.values()), tmp_path, population=CENSUS).blocks) == 8
    made.write_blocks(folder / "old" / "02m.shp")
    assert problems(city, tmp_path) == {("inputs.blocks", "several-members")}
    city["inputs.blocks"] = with_reader(city["inputs.blocks"], "polygons", id="CVEGEO")
    assert problems(city, tmp_path) == {("inputs.blocks", "wrong-format")}


def test_facilities_of_a_kind_nobody_knows(city, tmp_path):
    settings = {"x": "lon", "y": "lat"}
    facilities = dataclasses.replace(
        with_reader(city["inputs.facilities[0]"], "facilities", **settings, all_of_kind="libary"),
        file="incidents.csv",
    )
    city["inputs.facilities[0]"] = facilities
    assert problems(city, tmp_path) == {("inputs.facilities[0].kinds", "unknown-name")}
    city["inputs.facilities[0]"] = with_reader(facilities, "facilities", **settings)
    assert problems(city, tmp_path) == {("inputs.facilities[0]", "missing-setting")}


def test_coordinates_of_another_place(city, tmp_path):
    rows = [(*row[:3], row[4], row[3]) for row in made.INCIDENTS]
    made.write_text(tmp_path / "incidents.csv", made.incident_text(rows))
    far = pd.DataFrame({"CVE": [1]})
    made.write_shapefile(tmp_path / "far.shp", far, [shapely.Point(900_000, 0)])
    city["inputs.facilities[0]"] = dataclasses.replace(
        with_reader(city["inputs.facilities[0]"], "facilities", all_of_kind="library"),
        file="far.shp",
    )
    found = problems(city, tmp_path)
    # Latitude and longitude swapped: -102 is no latitude.
    assert found == {
        ("inputs.incidents", "coordinates-swapped"),
        ("inputs.facilities[0]", "nothing-in-city"),
    }


def test_incidents_of_another_city(city, tmp_path):
    here = ("2020-01-01", *made.at(400_000, 0))
    rows = [("1", "HOMICIDIO", *here), ("2", "ROBO A PERSONA", *here)]
    made.write_text(tmp_path / "incidents.csv", made.incident_text(rows))
    assert problems(city, tmp_path) == {("inputs.incidents", "nothing-in-city")}


def test_systems_that_do_not_measure(city, tmp_path):
    assert problems(city, tmp_path, crs="EPSG:3857") == {("crs", "crs-not-metric")}
    assert problems(city, tmp_path, crs="EPSG:4326") == {("crs", "crs-not-metric")}
    assert problems(city, tmp_path, crs="metros") == {("crs", "unknown-crs")}
    (tmp_path / "01a.prj").unlink()
    city["inputs.areas"] = with_file(city["inputs.areas"], "01a.shp", crs="LCC")
    assert ("inputs.areas.crs", "unknown-crs") in problems(city, tmp_path)
    city["inputs.areas"] = with_file(city["inputs.areas"], "01a.shp", crs="EPSG:6372")
    assert len(read_territory(list(city.values()), tmp_path, population=CENSUS).areas) == 2


def test_municipalities_that_are_not_there(city, tmp_path):
    found = problems(city, tmp_path, municipalities=("01005",))
    assert ("inputs.blocks", "municipality-not-found") in found
    city["inputs.blocks"] = with_reader(city["inputs.blocks"], "polygons", id="CVEGEO")
    found = problems(city, tmp_path, municipalities=("01001",))
    assert ("inputs.blocks", "no-municipality-column") in found


def test_folders_and_archives_with_none_or_several(city, tmp_path):
    for name in ("19m.shp", "19m.shx", "19m.dbf", "19m.prj"):
        (tmp_path / name).write_bytes((tmp_path / name.replace("19", "01")).read_bytes())
    city["inputs.blocks"] = with_file(city["inputs.blocks"], ".")
    (tmp_path / "nothing").mkdir()
    city["inputs.areas"] = with_file(city["inputs.areas"], "nothing")
    found = problems(city, tmp_path)
    assert found == {("inputs.blocks", "several-members"), ("inputs.areas", "no-member")}


def test_population_that_cannot_be_had(city, tmp_path):
    without = {k: v for k, v in city.items() if v.slot not in ("census", "area_table")}
    spread = MethodSpec("spread_area_total", {"column": "POB_TOTAL"})
    assert problems(without, tmp_path) == {("population", "population-without-layer")}
    found = problems(without, tmp_path, population=spread)
    assert found == {("population", "population-without-layer")}
    wrong = MethodSpec("spread_area_total", {"column": "POBTOTAL"})
    assert problems(city, tmp_path, population=wrong) == {("population.column", "missing-column")}
    column = MethodSpec("column", {"column": "PEOPLE"})
    assert problems(city, tmp_path, population=column) == {("population.column", "missing-column")}
    assert problems(city, tmp_path, population=MethodSpec("guess")) == {
        ("population", "unknown-name")
    }
    text = MethodSpec("column", {"column": "TIPOMZA"})
    city["inputs.blocks"] = with_reader(city["inputs.blocks"], "polygons", id="CVEGEO")
    assert problems(city, tmp_path, population=text) == {("population", "no-population")}


def test_an_index_that_runs_the_other_way(city, tmp_path):
    text = [made.IMU_COLUMNS]
    for n in range(12):  # the index rises with the share of adults without basic schooling
        row = f"{made.AREAS[0][:-2]}{n:02d},01,A,001,A,0001,A,x,100,2020,1,{n},1,1,1,1,1,1,1,1,1"
        text.append(f"{row},{n - 6.0},Medio,0.5")
    made.write_text(tmp_path / "imu.csv", "\n".join(text))
    assert ("inputs.area_table", "reversed-index") in problems(city, tmp_path)


def test_a_table_of_another_place(city, tmp_path):
    text = made.imu_text(areas=("0100100010018", "0100100010022"))
    made.write_text(tmp_path / "imu.csv", text)
    assert problems(city, tmp_path) == {("inputs.area_table", "keys-unmatched")}
    del city["inputs.areas"]
    assert problems(city, tmp_path) == {("inputs.area_table", "blocks-without-row")}


def test_blocks_of_areas_that_are_not_drawn(city, tmp_path):
    made.write_areas(tmp_path / "01a.shp", [0])
    made.write_text(tmp_path / "imu.csv", made.imu_text([0]))
    assert problems(city, tmp_path) == {("inputs.blocks", "keys-unmatched")}
    half = read_territory(list(city.values()), tmp_path, population=CENSUS, match_min=0.5)
    lost = {loss.reason: (loss.count, loss.examples[0]) for loss in half.intake.losses}
    assert lost["no-area-shape"] == (4, made.BLOCKS[4])


def test_points_beyond_the_projection_fall(city, tmp_path):
    # A quarter turn from the zone's meridian, at the equator: no place in UTM.
    here = ",".join(str(degrees) for degrees in made.at(0, 0))
    made.write_text(tmp_path / "incidents.csv", f"x,y\n-15,0.001\n{here}\n")
    city["inputs.incidents"] = with_reader(city["inputs.incidents"], "points", x="x", y="y")
    territory = read_territory(list(city.values()), tmp_path, population=CENSUS, crs="EPSG:32613")
    assert territory.crs.to_epsg() == 32613
    assert len(territory.incidents) == 1
    lost = {
        loss.reason: loss.examples for loss in territory.intake.losses if loss.layer == "incidents"
    }
    assert lost == {"outside-projection": ("1",)}


def test_a_census_without_blocks(city, tmp_path):
    rows = [row for row in made.CENSUS_ROWS if row[4] == "000" and row[3] == "0000"]
    made.write_text(tmp_path / "census.csv", made.census_text(rows))
    city["inputs.census"] = with_file(city["inputs.census"], "census.csv")
    assert ("inputs.census", "no-rows-left") in problems(city, tmp_path)
    rows = [("01", "001", "0001", "0099", "000", 9, 9, 9, 9, 9, 9, 9)]
    made.write_text(tmp_path / "census.csv", made.census_text(rows))
    assert ("inputs.census", "keys-unmatched") in problems(city, tmp_path)


def test_nothing_without_blocks(city, tmp_path):
    del city["inputs.blocks"]
    assert problems(city, tmp_path) == {("inputs.blocks", "missing-key")}


def test_a_column_of_two_tables(city, tmp_path):
    again = dataclasses.replace(city["inputs.area_table"], where="inputs.area_table[1]")
    with pytest.raises(TargetingError) as raised:
        read_territory([*city.values(), again], tmp_path, population=CENSUS)
    assert {one.code for one in raised.value.problems} == {"column-twice", "input-twice"}
    assert raised.value.problems[-1].where == "inputs.area_table"
