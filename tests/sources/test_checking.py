"""A look at heads and keys finds what a whole reading finds of them, and reads no shape."""

import dataclasses

import pytest

from targeting.model import MethodSpec
from targeting.problems import TargetingError
from targeting.sources import read_territory, vectors
from targeting.sources.checking import check_inputs
from targeting.sources.depth import HEAD_ROWS
from tests.sources import made

CENSUS = MethodSpec("census")


@pytest.fixture
def city(tmp_path):
    return {spec.where: spec for spec in made.write_city(tmp_path)}


def told(layers, folder, **settings):
    with pytest.raises(TargetingError) as raised:
        check_inputs(list(layers.values()), folder, population=CENSUS, **settings)
    return {(problem.where, problem.code) for problem in raised.value.problems}


def with_file(spec, file, **more):
    reader = MethodSpec(spec.reader.use, {**spec.reader.settings, **more})
    return dataclasses.replace(spec, file=file, reader=reader)


def test_keys_match_as_in_the_whole_reading(city, tmp_path):
    looked = check_inputs(list(city.values()), tmp_path, population=CENSUS)
    whole = read_territory(list(city.values()), tmp_path, population=CENSUS).intake
    assert [layer.layer for layer in looked.layers] == [layer.layer for layer in whole.layers]
    for one, other in zip(looked.layers, whole.layers, strict=True):
        assert (one.crs_in, one.encoding) == (other.crs_in, other.encoding)
        for note in ("match_share", "blocks_match_share", "without_blocks"):
            assert one.notes.get(note) == other.notes.get(note), (one.layer, note)
        if one.rows_read:
            assert one.rows_read == other.rows_read, one.layer


def test_no_shape_of_blocks_is_read(city, tmp_path, monkeypatch):
    asked = []
    read = vectors.pyogrio.read_dataframe

    def watched(source, **options):
        asked.append((options.get("read_geometry", True), options.get("max_features")))
        return read(source, **options)

    monkeypatch.setattr(vectors.pyogrio, "read_dataframe", watched)
    check_inputs(list(city.values()), tmp_path, population=CENSUS)
    assert asked
    for shapes, most in asked:
        assert not shapes or most == HEAD_ROWS


def test_a_census_of_areas_alone_counts_nobody_in_a_block(city, tmp_path):
    lines = made.census_text().splitlines(keepends=True)
    head, *rows = lines
    block = head.rstrip().split(",").index("MZA")
    areas = [row for row in rows if row.split(",")[block] == "000"]
    made.write_text(tmp_path / "areas.csv", "".join([head, *areas]))
    city["inputs.census"] = with_file(city["inputs.census"], "areas.csv")
    wrong = {("inputs.census", "census-without-blocks")}
    assert told(city, tmp_path) == wrong
    with pytest.raises(TargetingError) as raised:
        read_territory(list(city.values()), tmp_path, population=CENSUS)
    assert {(problem.where, problem.code) for problem in raised.value.problems} == wrong
    spread = MethodSpec("spread_area_total", {"column": "POB_TOTAL"})
    census = next(
        layer
        for layer in read_territory(list(city.values()), tmp_path, population=spread).intake.layers
        if layer.layer == "census"
    )
    assert census.notes["without_blocks"] == 0
    assert census.rows_kept == 2


def test_a_raster_without_areas_is_not_compared(city, tmp_path):
    del city["inputs.areas"]
    layers = read_territory(list(city.values()), tmp_path, population=CENSUS).intake.layers
    raster = next(layer for layer in layers if layer.layer == "population_raster")
    assert raster.rows_kept == 0
    assert raster.notes["raster_not_compared"] == raster.rows_read > 0


def test_mistakes_of_all_files_at_once(city, tmp_path):
    city["inputs.incidents"] = with_file(city["inputs.incidents"], "nowhere.csv")
    raster = city["inputs.population_raster"]
    (tmp_path / "flat.tif").write_bytes(b"")
    city["inputs.population_raster"] = with_file(raster, "flat.tif")
    text = made.census_text().replace(",006A,003,", ",006A,093,")
    made.write_text(tmp_path / "census.csv", text)
    city["inputs.census"] = with_file(city["inputs.census"], "census.csv")
    assert told(city, tmp_path) == {
        ("inputs.incidents", "missing-file"),
        ("inputs.population_raster", "empty-file"),
        ("inputs.census", "keys-unmatched"),
        ("inputs.blocks", "keys-unmatched"),
    }


def test_a_column_the_study_needs(city, tmp_path):
    found = told(city, tmp_path, census_columns=("P_999",))
    assert found == {("inputs.census", "missing-column")}


def test_a_kind_below_the_head_is_found_and_one_nowhere_is_told(city, tmp_path):
    rows = ["lon,lat,delito"] + ["-102.3,21.9,ROBO"] * 90_000 + ["-102.3,21.9,HOMICIDIO"]
    made.write_text(tmp_path / "long.csv", "\n".join(rows) + "\n")
    assert (tmp_path / "long.csv").stat().st_size > 1 << 20  # more than a head
    spec = city["inputs.incidents"]
    plain = {"x": "lon", "y": "lat", "crs": "EPSG:4326", "kind": "delito"}
    kinds = {"robbery": ("ROBO",), "homicide": ("HOMICIDIO",)}
    reader = MethodSpec("points", plain | {"kinds": kinds})
    city["inputs.incidents"] = dataclasses.replace(spec, file="long.csv", reader=reader)
    check_inputs(list(city.values()), tmp_path, population=CENSUS)
    kinds = kinds | {"injury": ("LESIONES",)}
    reader = MethodSpec("points", plain | {"kinds": kinds})
    city["inputs.incidents"] = dataclasses.replace(spec, file="long.csv", reader=reader)
    assert told(city, tmp_path) == {("inputs.incidents.kinds.injury", "kind-without-rows")}


def test_a_municipality_that_is_not_there(city, tmp_path):
    assert ("inputs.blocks", "municipality-not-found") in told(
        city, tmp_path, municipalities=("99999",)
    )


def test_without_blocks(city, tmp_path):
    del city["inputs.blocks"]
    assert ("inputs.blocks", "missing-key") in told(city, tmp_path)


def test_a_table_of_any_country_is_looked_at_by_its_keys_too(tmp_path):
    from targeting.pipeline import check
    from targeting.sample.abroad import write_generic_city

    write_generic_city(tmp_path, blocks=500)
    _, report = check(tmp_path / "study.yaml")
    census = next(layer for layer in report.layers if layer.layer == "census")
    assert (census.rows_read, census.notes["match_share"]) == (500, 1.0)


def test_a_file_named_twice_is_not_counted_twice(city, tmp_path):
    facility = next(where for where in city if where.startswith("inputs.facilities"))
    again = dataclasses.replace(city[facility], where="inputs.facilities[9]")
    layers = {**city, "again": again}
    wrong = {("inputs.facilities[9]", "input-twice")}
    assert told(layers, tmp_path) == wrong
    with pytest.raises(TargetingError) as raised:
        read_territory(list(layers.values()), tmp_path, population=CENSUS)
    assert {(problem.where, problem.code) for problem in raised.value.problems} == wrong
    # Under another name it is the same file all the same; read whole, its content tells.
    copy = tmp_path / f"copia de {again.file}"
    copy.write_bytes((tmp_path / again.file).read_bytes())
    layers["again"] = dataclasses.replace(again, file=copy.name)
    with pytest.raises(TargetingError) as raised:
        read_territory(list(layers.values()), tmp_path, population=CENSUS)
    assert {(problem.where, problem.code) for problem in raised.value.problems} == wrong


def test_a_table_by_area_named_twice_tells_its_columns(city, tmp_path):
    table = city["inputs.area_table"]
    (tmp_path / "copy.csv").write_bytes((tmp_path / table.file).read_bytes())
    layers = {**city, "again": dataclasses.replace(table, file="copy.csv", where="again")}
    spread = MethodSpec("spread_area_total", {"column": "POB_TOTAL"})
    with pytest.raises(TargetingError) as raised:
        read_territory(list(layers.values()), tmp_path, population=spread)
    assert {problem.code for problem in raised.value.problems} == {"input-twice", "column-twice"}


def test_degrees_read_as_meters_are_told_of_the_head(city, tmp_path):
    spec = city["inputs.incidents"]
    city["inputs.incidents"] = with_file(spec, spec.file, crs="EPSG:32613")
    assert told(city, tmp_path) == {("inputs.incidents.crs", "coordinates-not-of-crs")}
    city["inputs.incidents"] = spec
    path = tmp_path / "meters.csv"
    made.write_text(path, "x,y,kind,date\n672382.3,2296059.5,HOMICIDIO,2020-01-01\n")
    settings = {"x": "x", "y": "y", "kind": "kind", "crs": "EPSG:4326"}
    meters = dataclasses.replace(spec, file=path.name, reader=MethodSpec("points", settings))
    assert told({**city, "inputs.incidents": meters}, tmp_path) == {
        ("inputs.incidents.crs", "coordinates-not-of-crs")
    }


def test_another_publishers_table_is_told_once(city, tmp_path):
    table = city["inputs.area_table"]
    made.write_text(tmp_path / "other.csv", "long,lat,delito\n1,2,ROBO\n")
    city["inputs.area_table"] = with_file(table, "other.csv")
    assert told(city, tmp_path) == {("inputs.area_table", "other-table")}


def test_keys_without_a_match_are_each_named_once(city, tmp_path):
    made.write_areas(tmp_path / "01a.shp", [0])
    with pytest.raises(TargetingError) as raised:
        check_inputs(list(city.values()), tmp_path, population=CENSUS, match_min=0.9)
    problem = next(one for one in raised.value.problems if one.where == "inputs.blocks")
    assert problem.values["examples"] == made.AREAS[1]


def test_services_are_shapes_and_no_table(tmp_path):
    from targeting.sources.mx.services import inegi_services

    with pytest.raises(TargetingError) as raised:
        inegi_services(made.write_text(tmp_path / "a.csv", "x,y\n1,2\n"))
    assert [one.code for one in raised.value.problems] == ["wrong-format"]
