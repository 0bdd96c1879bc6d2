"""Readers of any vector file and any table of points."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from targeting.problems import TargetingError
from targeting.sources import stated_crs, vectors
from targeting.sources.facilities import facilities
from targeting.sources.incidents import points
from targeting.sources.lines import lines
from targeting.sources.population import KnownPeople, column_population, spread_area_total
from targeting.sources.rasters import raster, sum_over
from targeting.sources.vectors import polygons
from tests.sources import made

SQUARES = [shapely.box(0, 0, 1, 1), shapely.box(2, 0, 3, 1), shapely.box(4, 0, 6, 1)]


def layer(shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=32613)


@pytest.mark.parametrize("code", [4326, 6372, 32613, 32614, 4483])
def test_a_shapefile_s_system_is_searched_for_once(tmp_path, monkeypatch, code):
    # ESRI's text, as GDAL writes it, names no code: GDAL searches the register for it.
    path = tmp_path / "b.shp"
    pyogrio.write_dataframe(
        layer(SQUARES, key=["a", "b", "c"]).set_crs(code, allow_override=True), path
    )
    as_gdal_reads = pyogrio.read_dataframe(path).crs
    searched = []
    real = pyogrio.read_info
    monkeypatch.setattr(pyogrio, "read_info", lambda *a, **k: searched.append(a) or real(*a, **k))
    monkeypatch.setattr(stated_crs, "_found", {})
    for _ in range(2):
        assert vectors._read_dataframe(str(path), "", {}).crs.srs == as_gdal_reads.srs
    assert len(searched) == 1
    assert pyogrio.get_gdal_config_option("USE_OSR_FIND_MATCHES") is None


@pytest.mark.parametrize("name", ["b.gpkg", "b.shp", "b.fgb", "b.geojson", "b.parquet"])
def test_the_same_layer_in_any_format(tmp_path, name):
    frame = layer(SQUARES, key=["c", "a", "b"], zone=["Z", "Z", "Y"], people=[3, 1, 2])
    if name.endswith("parquet"):
        frame.to_parquet(tmp_path / name)
    else:
        crs = frame.to_crs(4326) if name.endswith("geojson") else frame
        pyogrio.write_dataframe(crs, tmp_path / name)
    read = polygons(tmp_path / name, id="key", area_id="zone", population="people")
    assert read.data["id"].tolist() == ["a", "b", "c"]
    assert read.data["area_id"].tolist() == ["Z", "Y", "Z"]
    assert read.data["population"].tolist() == [1, 2, 3]
    assert read.data["municipality_id"].isna().all()
    assert read.data.crs.to_epsg() == (4326 if name.endswith("geojson") else 32613)


def test_shapes_that_cannot_be_used_are_counted_and_broken_ones_mended(tmp_path):
    bow = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    spike = shapely.Polygon([(10, 0), (12, 0), (12, 2), (12, 0), (14, 0), (14, 4), (10, 4)])
    flat = shapely.Polygon([(0, 0), (5, 5), (0, 0)])
    shapes = [bow, spike, flat, shapely.Point(1, 1), None, *SQUARES]
    keys = ["bow", "spike", "flat", "point", "none", "a", "a", "a"]
    frame = layer(shapes, key=keys)
    frame.to_parquet(tmp_path / "b.parquet")
    read = polygons(tmp_path / "b.parquet", id="key")
    assert read.data["id"].tolist() == ["a", "bow", "spike"]
    assert read.data.geometry.is_valid.all()
    assert read.data.geometry.area.tolist() == [2, 2, 16]  # of three squares the largest stays
    assert {loss.reason: loss.count for loss in read.losses} == {
        "no-geometry": 1,
        "wrong-geometry": 2,
        "duplicate-shape-differs": 2,
    }
    assert read.notes["repaired_geometries"] == 3
    assert read.rows_read == 8


def test_a_height_is_left_out_and_a_nan_is_no_place(tmp_path):
    high = shapely.Polygon([(0, 0, 5), (1, 0, 5), (1, 1, 5)])
    with np.errstate(invalid="ignore"):
        nan = shapely.Polygon([(0, 0), (1, np.nan), (1, 1)])
    frame = layer([high, nan], key=["a", "b"])
    pyogrio.write_dataframe(frame, tmp_path / "b.gpkg")
    read = polygons(tmp_path / "b.gpkg", id="key")
    assert read.data["id"].tolist() == ["a"]
    assert not read.data.geometry.has_z.any()


def test_texts_that_are_not_what_the_file_says(tmp_path):
    made.write_shapefile(tmp_path / "b.shp", pd.DataFrame({"key": ["ñ"]}), [SQUARES[0]])
    (tmp_path / "b.cpg").write_text("UTF-8")
    read = polygons(tmp_path / "b.shp", id="key")
    assert (read.data["id"].tolist(), read.encoding) == (["ñ"], "cp1252")
    assert polygons(tmp_path / "b.shp", id="key", encoding="latin-1").data["id"].tolist() == ["ñ"]
    for wrong in ("utf-8", "no-such-code"):
        with pytest.raises(TargetingError) as raised:
            polygons(tmp_path / "b.shp", id="key", encoding=wrong)
        assert raised.value.problems[0].code == "unreadable-file"


def test_a_table_without_shapes_is_no_layer(tmp_path):
    pyogrio.write_dataframe(pd.DataFrame({"a": [1]}), tmp_path / "t.gpkg")
    with pytest.raises(TargetingError) as raised:
        polygons(tmp_path / "t.gpkg", id="a")
    assert raised.value.problems[0].code == "wrong-format"


def test_lines_of_every_kind_and_outlines_of_areas(tmp_path):
    shapes = [shapely.LineString([(0, 0), (1, 1)]), SQUARES[0], shapely.Point(0, 0)]
    pyogrio.write_dataframe(layer(shapes, what=["rail", "lake", "x"]), tmp_path / "l.gpkg")
    read = lines(tmp_path / "l.gpkg", column="what")
    assert read.data["kind"].tolist() == ["rail", "lake"]
    assert read.data.geometry.length.tolist() == [2**0.5, 4]
    assert [loss.reason for loss in read.losses] == ["wrong-geometry"]
    assert lines(tmp_path / "l.gpkg").data["kind"].tolist() == ["", ""]
    with pytest.raises(TargetingError) as raised:
        lines(tmp_path / "l.gpkg", values=("rail",))
    assert raised.value.problems[0].code == "missing-setting"


def test_incidents_from_a_table_and_from_a_layer_are_the_same(tmp_path):
    table = made.write_text(tmp_path / "i.csv", made.incident_text(made.INCIDENTS[:3]))
    settings = {"kind": "delito", "date": "fecha", "kinds": made.KINDS}
    first = points(table, x="lon", y="lat", **settings)
    rows = made.INCIDENTS[:3]
    frame = gpd.GeoDataFrame(
        {"delito": [r[1] for r in rows], "fecha": [r[2] for r in rows]},
        geometry=shapely.points([r[3:] for r in rows]),
        crs=4326,
    )
    pyogrio.write_dataframe(frame, tmp_path / "i.gpkg")
    second = points(tmp_path / "i.gpkg", **settings)
    assert first.data[["kind", "date"]].equals(second.data[["kind", "date"]])
    assert first.data.geometry.geom_equals_exact(second.data.geometry, 1e-9).all()
    # In the meters of the city's own system, with decimal commas.
    east, north = made.ORIGIN
    text = f"delito;fecha;x;y\nHOMICIDIO;01/02/2020;{east + 300:.1f};{north + 100:.1f}\n"
    metric = points(
        made.write_text(tmp_path / "m.csv", text.replace(".0;", ",0;")),
        x="x",
        y="y",
        crs="EPSG:6372",
        kind="delito",
    )
    assert metric.data["kind"].tolist() == ["HOMICIDIO"]
    assert shapely.get_coordinates(metric.data.geometry).round(1).tolist() == [
        [east + 300, north + 100]
    ]


def test_repeated_rows_fall_when_the_study_says_so(tmp_path):
    path = made.write_text(tmp_path / "i.csv", made.incident_text())
    read = points(path, x="lon", y="lat", kind="delito", kinds=made.KINDS, repeated="drop")
    losses = {loss.reason: loss.examples for loss in read.losses}
    assert losses["duplicate-row"] == ("9",)
    assert len(read.data) == 4
    assert "repeated_rows" not in read.notes


def test_impossible_coordinates_and_dates_nobody_reads(tmp_path):
    text = "kind,day,x,y\na,2020-01-01,-102,21\na,soon,-102,21\na,2020-01-01,-102,9999\n"
    read = points(made.write_text(tmp_path / "i.csv", text), x="x", y="y", kind="kind", date="day")
    assert [(loss.reason, loss.examples) for loss in read.losses] == [
        ("impossible-coordinates", ("3",))
    ]
    assert read.notes["dates_unreadable"] == 1
    assert read.data["date"].isna().tolist() == [False, True]
    without = points(tmp_path / "i.csv", x="x", y="y")
    assert without.data["kind"].tolist() == ["", ""]


def test_a_table_of_points_needs_its_two_columns(tmp_path):
    path = made.write_text(tmp_path / "i.csv", "kind,lon\na,1\n")
    with pytest.raises(TargetingError) as raised:
        points(path)
    assert [one.values["given"] for one in raised.value.problems] == ["x", "y"]


def test_facilities_of_named_kinds(tmp_path):
    text = (
        "tipo,nombre,x,y\n"
        "Biblioteca,Biblioteca  Juárez,-102,21\n"
        "BIBLIOTECA PÚBLICA,s/n,-102,22\n"
        "biblioteca,BIBLIOTECA,-102,23\n"
        "Camellón,x,-102,21\n"
        "Tienda,x,-102,21\n"
        "Biblioteca,Biblioteca Juárez,-102,21\n"
    )
    read = facilities(
        made.write_text(tmp_path / "f.csv", text),
        x="x",
        y="y",
        kind="tipo",
        kinds={"library": ["biblioteca", "biblioteca publica"]},
        not_facilities=("CAMELLON",),
        name="nombre",
    )
    # A name that says "none", or only repeats the kind, is none.
    assert read.data["name"].fillna("–").tolist() == ["Biblioteca Juárez", "–", "–"]
    assert read.data["kind"].unique().tolist() == ["library"]
    assert {loss.reason: (loss.count, loss.of) for loss in read.losses} == {
        "not-a-facility": (1, 5),
        "duplicate-row": (1, 5),
    }
    assert read.notes["not_chosen_texts"] == {"Tienda": 1}


def test_areas_become_a_point_inside_them(tmp_path):
    bent = shapely.Polygon([(0, 0), (9, 0), (9, 1), (1, 1), (1, 9), (0, 9)])
    pyogrio.write_dataframe(layer([bent], n=[1]), tmp_path / "p.gpkg")
    read = facilities(tmp_path / "p.gpkg", all_of_kind="park")
    assert bent.contains(read.data.geometry.iloc[0])
    assert not bent.contains(bent.centroid)  # or this test shows nothing
    assert read.notes["areas_to_points"] == 1


def test_raster_cells_count_by_the_part_inside(tmp_path):
    path = made.write_raster(tmp_path / "r.tif", people_per_cell=3)
    assert raster(path).rows_read == 1200
    x, y = made.ORIGIN
    shapes = [
        shapely.box(x + 3, y + 3, x + 18, y + 13),  # 150 m2 of cells of 100 m2
        shapely.box(x + 335, y, x + 345, y + 10),  # half of it on cells without data
        shapely.box(x + 9000, y, x + 9010, y + 10),  # outside the raster
    ]
    found = sum_over(path, gpd.GeoSeries(shapes, index=["a", "b", "c"], crs=made.LCC))
    assert found.round(6).to_dict() == {"a": 4.5, "b": 1.5, "c": 0}


def test_a_raster_without_coordinates(tmp_path):
    import rasterio

    path = made.write_raster(tmp_path / "r.tif")
    with rasterio.open(path) as source:
        cells, profile = source.read(), source.profile
    profile.pop("crs")
    with rasterio.open(tmp_path / "n.tif", "w", **profile) as target:
        target.write(cells)
    with pytest.raises(TargetingError) as raised:
        raster(tmp_path / "n.tif")
    assert raised.value.problems[0].code == "no-crs"


def test_an_area_total_is_spread_by_capped_size():
    shapes = [shapely.box(0, 0, 10, 10), shapely.box(20, 0, 40, 10), shapely.box(50, 0, 150, 90)]
    areas = ["A", "A", "A"]
    blocks = gpd.GeoDataFrame({"area_id": areas}, geometry=shapes, crs=6372, index=["a", "b", "c"])
    known = KnownPeople(area_table=pd.DataFrame({"T": [600.0]}, index=["A"]))
    people = spread_area_total(blocks, known, column="T", cap_m2=300)
    # 100, 200 and 9,000 capped at 300: sixths of 600.
    assert people.round(9).to_dict() == {"a": 100, "b": 200, "c": 300}
    blocks.loc["c", "area_id"] = "B"  # an area the table does not have
    people = spread_area_total(blocks, known, column="T", cap_m2=300)
    assert people.round(9).fillna(-1).to_dict() == {"a": 200, "b": 400, "c": -1}


def test_population_of_the_block_layer_itself(tmp_path):
    from targeting.model import MethodSpec
    from targeting.sources import read_territory

    frame = layer([shapely.box(6e5 + i, 2e6, 6e5 + i + 0.5, 2e6 + 1) for i in range(3)])
    frame = frame.assign(key=["a", "b", "c"], n=[5.0, -2.0, np.nan])
    pyogrio.write_dataframe(frame, tmp_path / "b.gpkg")
    blocks = made.spec("blocks", "b.gpkg", "polygons", id="key", population="n")
    territory = read_territory([blocks], tmp_path, population=MethodSpec("column"))
    assert territory.blocks["population"].fillna(-1).tolist() == [5, -1, -1]
    assert {loss.reason: loss.examples for loss in territory.intake.losses} == {
        "negative-population": ("b",),
        "population-unknown": ("c",),
    }
    with pytest.raises(TargetingError):
        column_population(frame, KnownPeople())
