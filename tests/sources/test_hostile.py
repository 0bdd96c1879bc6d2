"""Files that mean harm, or could: a clear problem or a counted loss, in bounded time and memory."""

import inspect
import io
import resource
import time
import zipfile
import zlib

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

from targeting import registry
from targeting.i18n import LANGUAGES, catalogue
from targeting.model import LayerSpec, MethodSpec
from targeting.problems import TargetingError
from targeting.sources import read_territory
from targeting.sources.incidents import points
from targeting.sources.tables import read_text_table, table
from targeting.sources.vectors import polygons, read_vector
from targeting.spatial import metric_crs
from tests.sources import made
from tests.sources.publishing import archive

CENSUS = MethodSpec("census")


def codes(raised) -> set[str]:
    return {problem.code for problem in raised.value.problems}


def bomb(name: str) -> bytes:
    """Return an archive of some 5 kB that says it unpacks to 5 GB of zeros, and would."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as held:
        held.writestr(name, b"")
    data = bytearray(out.getvalue())
    # The sizes stand at fixed places of the central directory's one entry.
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = (4_200_000_000).to_bytes(4, "little")
    return bytes(data)


def dense_bomb(name: str) -> bytes:
    """Return an archive whose 60 MB of zeros are really there, packed a thousand times."""
    return archive({name: b"0" * 60_000_000})


HOSTILE = {
    "nothing": b"",
    "noise": np.random.default_rng(1).bytes(5_000),
    "zeros": bytes(5_000),
    "page": b"<!DOCTYPE html><html><body>P\xe1gina no encontrada</body></html>",
    "virtual": b'<?xml version="1.0"?><OGRVRTDataSource><OGRVRTLayer name="p">'
    b"<SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
    "entities": b'<?xml version="1.0"?><!DOCTYPE k [<!ENTITY a "aaaaaaaaaa">'
    b'<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><kml><Document>&b;</Document></kml>',
    "geojson": b'{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry":',
    "nested": b"[" * 100_000,
    "sqlite": b"SQLite format 3\x00" + bytes(2_000),
    "parquet": b"PAR1" + bytes(200) + b"PAR1",
    "tiff": b"II*\x00" + bytes(200),
    "workbook": b"\xd0\xcf\x11\xe0" + bytes(600),
    "torn zip": archive({"19m.shp": b"x" * 999})[:200],
    "zip of nothing": archive({}),
    "zip bomb": bomb("conjunto_de_datos/ageb_urbana_99_cpv2020.csv"),
    "dense bomb": dense_bomb("xl/worksheets/sheet1.xml"),
    "way out": archive({"../../99m.shp": b"\x00\x00\x27\x0a", "a/../../99a.shp": b"1"}),
    "other root": archive({"/etc/99m.shp": b"\x00\x00\x27\x0a"}),
    "drive": archive({"C:\\99m.shp": b"\x00\x00\x27\x0a"}),
    "columns": b",".join(b"c%d" % n for n in range(1_000_000)) + b"\n",
    "one line": b"a" * 3_000_000,
    "quote": b'a,b\n"' + b"x,y\n" * 50_000,
    "carriage": b"\r" * 5_000,
    "formula": b"=cmd|' /C calc'!A1,b\n1,2\n",
}
SUFFIXES = (".csv", ".shp", ".zip", ".xlsx", ".tif", ".gpkg", ".osm.pbf", ".geojson")


def settings_of(reader: str) -> dict[str, object]:
    """Return something for each setting a reader cannot do without."""
    needed = {}
    for name, parameter in registry.settings("reader", reader).items():
        if parameter.default is inspect.Parameter.empty:
            text = str(parameter.annotation)
            literal = text.partition("Literal[")[2].partition(",")[0].strip("\"' ]")
            needed[name] = literal or "name"
    return needed


@pytest.mark.parametrize("reader", registry.names("reader"))
def test_no_reader_breaks_on_any_of_them(reader, tmp_path):
    given = settings_of(reader)
    before = time.process_time()
    for name, data in HOSTILE.items():
        for suffix in (".csv", ".shp", ".zip") if len(data) > 1_000_000 else SUFFIXES:
            path = tmp_path / f"{name.replace(' ', '-')}{suffix}"
            path.write_bytes(data)
            try:
                registry.method("reader", reader)(path, **given)
            except TargetingError as error:
                for problem in error.problems:
                    for language in LANGUAGES:
                        assert f"problem.{problem.code}" in catalogue(language)
                        assert "{" not in problem.text(language)
            path.unlink()
    assert time.process_time() - before < 60  # seconds of CPU for some 150 files


def test_an_archive_that_fills_the_memory(tmp_path):
    path = tmp_path / "ageb_mza_urbana_99_cpv2020_csv.zip"
    for data in (bomb("ageb_urbana_99_cpv2020.csv"), dense_bomb("ageb_urbana_99_cpv2020.csv")):
        path.write_bytes(data)
        with pytest.raises(TargetingError) as raised:
            registry.method("reader", "inegi_census")(path)
        assert codes(raised) == {"unsafe-archive"}
        assert "ageb_urbana_99" in raised.value.problems[0].text("en")
    book = tmp_path / "book.xlsx"
    book.write_bytes(dense_bomb("xl/worksheets/sheet1.xml"))
    with pytest.raises(TargetingError) as raised:
        read_text_table(book)
    assert codes(raised) == {"unsafe-archive"}


def test_an_archive_that_says_less_than_it_holds(tmp_path):
    data = bytearray(archive({"ageb_urbana_99_cpv2020.csv": b"0" * 60_000_000}))
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = (1_000).to_bytes(4, "little")
    path = tmp_path / "census.zip"
    path.write_bytes(data)
    with pytest.raises(TargetingError) as raised:
        registry.method("reader", "inegi_census")(path)
    assert codes(raised) <= {"unreadable-file", "missing-column", "empty-layer"}


@pytest.mark.parametrize("name", ["way out", "other root", "drive"])
def test_a_member_that_leads_out_of_its_archive(name, tmp_path):
    path = tmp_path / "99_ejemplo.zip"
    path.write_bytes(HOSTILE[name])
    with pytest.raises(TargetingError) as raised:
        registry.method("reader", "inegi_blocks")(path)
    assert codes(raised) == {"unsafe-archive"}


def test_a_virtual_dataset_is_not_followed(tmp_path):
    (tmp_path / "secret.csv").write_text("id,x,y\nsecret,1,2\n", encoding="utf-8")
    path = tmp_path / "blocks.kml"
    source = str(tmp_path / "secret.csv").encode()
    path.write_bytes(HOSTILE["virtual"].replace(b"/etc/passwd", source))
    with pytest.raises(TargetingError) as raised:
        read_vector(path)
    assert codes(raised) == {"wrong-format"}


def test_a_million_columns_cost_no_memory(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_bytes(HOSTILE["columns"] + b",".join([b"1"] * 1_000_000) + b"\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TargetingError) as raised:
        read_text_table(path)
    assert codes(raised) == {"too-many-columns"}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB


def test_a_cell_with_a_formula_is_a_text(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('id,name\n1,"=HYPERLINK(""http://x"",""y"")"\n', encoding="utf-8")
    assert table(path, key="id").data.loc["1", "name"].startswith("=HYPERLINK")


def test_shapes_that_are_nowhere_are_counted(tmp_path):
    square = shapely.box(0, 0, 1, 1)
    ring = [(0, 0), (np.nan, 1), (1, 1), (0, 0)]
    with np.errstate(invalid="ignore"):
        nan = shapely.Polygon(ring)
    endless = shapely.Polygon([(0, 0), (np.inf, 1), (1, 1), (0, 0)])
    shapes = [square, nan, endless, None, shapely.Polygon()]
    frame = gpd.GeoDataFrame({"id": list("abcde")}, geometry=shapes, crs=4326)
    frame.to_parquet(tmp_path / "b.parquet")
    layer = polygons(tmp_path / "b.parquet", id="id")
    assert layer.data["id"].tolist() == ["a"]
    assert [(loss.reason, loss.count, loss.of) for loss in layer.losses] == [("no-geometry", 4, 5)]


def test_a_city_on_both_sides_of_the_antimeridian():
    blocks = gpd.GeoSeries([shapely.box(179.99, -16.8, 179.995, -16.79),
                            shapely.box(-179.99, -16.8, -179.985, -16.79)], crs=4326)  # fmt: skip
    with pytest.raises(TargetingError) as raised:
        metric_crs(blocks)
    assert codes(raised) == {"city-too-wide"}
    # A system made for both sides (Fiji's) settles it.
    assert metric_crs(blocks, chosen="EPSG:3460").to_epsg() == 3460


def test_degrees_that_say_they_are_meters(tmp_path):
    frame = gpd.GeoDataFrame({"id": ["a"]}, geometry=[shapely.box(-103.4, 20.7, -103.3, 20.8)])
    frame.set_crs(6372).to_file(tmp_path / "b.gpkg")
    with pytest.raises(TargetingError) as raised:
        polygons(tmp_path / "b.gpkg", id="id")
    assert codes(raised) == {"coordinates-not-of-crs"}
    assert "-103.4" in raised.value.problems[0].text("es")
    # Said right, it is read.
    assert len(polygons(tmp_path / "b.gpkg", id="id", crs="EPSG:4326").data) == 1


def test_meters_that_say_they_are_degrees(tmp_path):
    frame = gpd.GeoDataFrame({"id": ["a"]}, geometry=[shapely.box(666_000, 2.29e6, 667_000, 2.3e6)])
    frame.set_crs(4326).to_file(tmp_path / "b.gpkg")
    with pytest.raises(TargetingError) as raised:
        polygons(tmp_path / "b.gpkg", id="id")
    assert codes(raised) == {"coordinates-not-of-crs"}


def test_layers_in_different_coordinates_meet(tmp_path):
    layers = made.write_city(tmp_path)
    plain = read_territory(layers, tmp_path, population=CENSUS)
    blocks = gpd.read_file(tmp_path / layers[0].file).to_crs(32613)
    blocks.to_file(tmp_path / "utm.gpkg")
    reader = MethodSpec("polygons", {"id": "CVEGEO"})
    other = LayerSpec("blocks", "inputs.blocks", "utm.gpkg", reader)
    mixed = read_territory([other, *layers[1:]], tmp_path, population=CENSUS)
    assert mixed.incidents["block_id"].tolist() == plain.incidents["block_id"].tolist()


def test_rasters_of_nothing(tmp_path):
    path = tmp_path / "r.tif"
    path.write_bytes(b"")
    for reader, more in (("raster", {}), ("raster_statistic", {"name": "lights"})):
        with pytest.raises(TargetingError) as raised:
            registry.method("reader", reader)(path, **more)
        assert codes(raised) == {"empty-file"}


def test_a_raster_that_says_it_is_enormous(tmp_path):
    """A sparse file of 40 billion cells, a few kB on disk: only the part over the city is read."""
    layers = made.write_city(tmp_path)
    path = tmp_path / "people.tif"
    profile = {"driver": "GTiff", "width": 200_000, "height": 200_000, "count": 1, "crs": 4326}
    profile |= {"dtype": "uint8", "SPARSE_OK": True, "tiled": True, "compress": "deflate"}
    profile |= {"transform": rasterio.transform.from_origin(-180, 90, 0.0018, 0.0009)}
    with rasterio.open(path, "w", **profile, BIGTIFF="YES"):
        pass
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read_territory(layers, tmp_path, population=CENSUS)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kB


def test_rows_that_end_in_the_middle_of_a_letter(tmp_path):
    text = "id,lon,lat,kind\n1,-102.3,21.9,ROBO\n2,-102.3,21.9,LESIÓN".encode()
    path = tmp_path / "cut.csv"
    path.write_bytes(text[:-2])  # in the middle of the Ó
    layer = points(path, x="lon", y="lat", kind="kind")
    assert layer.rows_read == 2


def test_a_packed_text_that_is_no_text(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"\x1f\x8b" + zlib.compress(b"a,b\n1,2\n"))
    with pytest.raises(TargetingError) as raised:
        read_text_table(path)
    assert codes(raised) == {"wrong-format"}


def test_a_table_with_one_name_for_all_columns(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,a,a\n1,2,3\n", encoding="utf-8")
    assert list(read_text_table(path).frame().columns) == ["a", "a_2", "a_3"]
    assert pd.Series(["1"]).tolist() == read_text_table(path).frame()["a"].tolist()
