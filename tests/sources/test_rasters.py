"""Rasters: exact parts of cells, missing data, odd files, and what blocks take from them."""

import subprocess
import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from rasterio.transform import Affine, from_origin

from targeting.model import LayerSpec, MethodSpec
from targeting.problems import TargetingError
from targeting.sources import read_territory
from targeting.sources.account import Account
from targeting.sources.rasters import (
    check_raster,
    raster,
    raster_column,
    raster_statistic,
    read_under,
    sum_over,
)
from targeting.spatial import recognize_crs
from tests.sources import made

UTM = CRS.from_epsg(32613)
CORNER = (670_000.0, 2_290_000.0)
UPRIGHT = from_origin(CORNER[0], CORNER[1] + 60, 10, 10)


def write(path, cells, transform=UPRIGHT, crs=UTM, nodata=None, **more):
    cells = np.atleast_3d(np.asarray(cells).T).T  # bands, rows, columns
    profile = {
        "driver": "GTiff",
        "count": cells.shape[0],
        "height": cells.shape[1],
        "width": cells.shape[2],
        "dtype": cells.dtype.name,
        "crs": crs.to_wkt() if crs is not None else None,
        "transform": transform,
        "nodata": nodata,
    }
    with rasterio.open(path, "w", **profile | more) as target:
        target.write(cells)
    return path


def here(*shapes, crs=UTM, **named):
    shapes = dict(enumerate(shapes)) | named
    moved = [
        shapely.transform(shape, lambda xy: xy + np.array(CORNER)) for shape in shapes.values()
    ]
    return gpd.GeoDataFrame(geometry=moved, index=list(shapes), crs=crs)


def column(path, blocks, **given):
    layer = raster_statistic(path, name="figure", **given)
    spec = LayerSpec("rasters", "inputs.rasters[0]", path.name, MethodSpec("raster_statistic"))
    account = Account(spec, layer, "0")
    table, problems = raster_column(account, blocks)
    return table, problems, account.report()


def cell_by_cell(path, shapes, band=1, transform=None):
    """Cut every cell with every shape: slow, and nothing to get wrong."""
    with rasterio.open(path) as source:
        values = source.read(band).astype(float)
        missing = ~np.isfinite(values)
        if source.nodata is not None:
            missing |= values == source.nodata
        turn = source.transform
    sums, parts = np.zeros(len(shapes)), np.zeros(len(shapes))
    whole = abs(turn.determinant)
    for row, of in np.ndindex(values.shape):
        if missing[row, of]:
            continue
        corners = [(of, row), (of + 1, row), (of + 1, row + 1), (of, row + 1)]
        cell = shapely.Polygon(
            [
                (turn.a * x + turn.b * y + turn.c, turn.d * x + turn.e * y + turn.f)
                for x, y in corners
            ]
        )
        part = shapely.area(shapely.intersection(np.asarray(shapes.array), cell)) / whole
        sums += part * values[row, of]
        parts += part
    return sums, parts


# Rows from the north: the cell of the north-west corner is 1, its southern neighbor 7.
NUMBERS = np.arange(1.0, 37).reshape(6, 6)


def test_sum_mean_and_density_by_hand(tmp_path):
    path = write(tmp_path / "n.tif", NUMBERS)
    # The cells of the south-west corner are 31 and 32; above them 25 and 26.
    blocks = here(a=shapely.box(0, 0, 15, 10), b=shapely.box(5, 5, 15, 15))
    assert column(path, blocks, statistic="sum")[0]["figure"].to_dict() == pytest.approx(
        {"a": 31 + 32 / 2, "b": (31 + 32 + 25 + 26) / 4}
    )
    mean, problems, report = column(path, blocks)
    assert problems == []
    assert mean["figure"].to_dict() == pytest.approx({"a": (31 + 32 / 2) / 1.5, "b": 28.5})
    density = column(path, blocks, statistic="density")[0]["figure"]
    assert density.to_dict() == pytest.approx({"a": 47 / 0.00015, "b": 28.5 / 0.0001})
    assert report.notes["covered_share"] == 1
    assert report.notes["blocks_partly_covered"] == 0
    assert report.rows_kept == report.rows_read == 36


def test_no_data_is_missing_and_not_zero(tmp_path):
    cells = NUMBERS.copy()
    cells[5, 0] = -9  # where the 31 was
    blocks = here(
        whole=shapely.box(20, 0, 30, 10),
        half=shapely.box(0, 0, 20, 10),
        none=shapely.box(2, 2, 8, 8),
        edge=shapely.box(-10, 10, 10, 20),  # half of it west of the raster
        outside=shapely.box(900, 0, 910, 10),
    )
    path = write(tmp_path / "n.tif", cells, nodata=-9)
    expected = {"whole": 33, "half": 32, "none": np.nan, "edge": 25, "outside": np.nan}
    mean, _, report = column(path, blocks)
    assert mean["figure"].to_dict() == pytest.approx(expected, nan_ok=True)
    assert report.notes["blocks_partly_covered"] == 2
    assert report.notes["blocks_without_cells"] == 2
    ground = {"whole": 100, "half": 100, "edge": 100}  # square meters with data, of 736
    assert report.notes["covered_share"] == pytest.approx(300 / (100 + 200 + 36 + 200 + 100), 1e-5)
    total = column(path, blocks, statistic="sum")[0]["figure"]
    assert total.to_dict() == pytest.approx(expected, nan_ok=True)  # one whole cell each
    density = column(path, blocks, statistic="density")[0]["figure"]
    for name, square_meters in ground.items():
        assert density[name] == pytest.approx(expected[name] / square_meters * 1e6)
    assert density[["none", "outside"]].isna().all()


@pytest.mark.parametrize(
    ("kind", "file_nodata", "given"),
    [
        ("int16", -9, None),
        ("int16", None, -9.0),
        ("uint8", 200, None),
        ("uint8", None, 200.0),
        ("int32", 77, -9.0),  # two words for missing
        ("float32", -9.1, None),
        ("float32", None, -9.1),  # as the file rounds it
        ("float64", np.nan, None),
        ("float64", None, None),  # NaN without a word for it
    ],
)
def test_every_way_to_say_no_data(tmp_path, kind, file_nodata, given):
    said = [value for value in (file_nodata, given) if value is not None] or [np.nan]
    cells = NUMBERS.astype(kind)
    for position, value in enumerate(said):
        cells[5, position] = np.array(value).astype(kind)
    path = write(tmp_path / "n.tif", cells, nodata=file_nodata)
    blocks = here(shapely.box(0, 0, 30, 10))
    rest = [31.0, 32.0, 33.0][len(said) :]
    assert column(path, blocks, nodata=given)[0]["figure"][0] == pytest.approx(np.mean(rest))


def test_an_infinite_cell_is_no_data(tmp_path):
    cells = NUMBERS.copy()
    cells[5, 0] = np.inf
    path = write(tmp_path / "n.tif", cells)
    blocks = here(shapely.box(0, 0, 20, 10))
    assert column(path, blocks)[0]["figure"][0] == pytest.approx(32)


def test_scale_and_offset_are_part_of_the_value(tmp_path):
    path = write(tmp_path / "n.tif", NUMBERS.astype("int16"), nodata=31)
    with rasterio.open(path, "r+") as target:
        target.scales, target.offsets = (0.1,), (100.0,)
    blocks = here(shapely.box(0, 0, 20, 10))
    assert column(path, blocks)[0]["figure"][0] == pytest.approx(103.2)


def test_a_band_of_several(tmp_path):
    path = write(tmp_path / "n.tif", np.stack([NUMBERS, NUMBERS * 10, NUMBERS * 100]))
    blocks = here(shapely.box(0, 0, 10, 10))
    assert column(path, blocks, band=2)[0]["figure"][0] == pytest.approx(310)
    assert sum_over(path, blocks.geometry, band=3)[0] == pytest.approx(3100)
    with pytest.raises(TargetingError) as raised:
        raster_statistic(path, name="figure", band=4)
    assert [one.code for one in raised.value.problems] == ["no-band"]


TURNED = Affine.translation(*CORNER) * Affine.rotation(30) * Affine.scale(10, -10)
SOUTH_UP = Affine.translation(*CORNER) * Affine.scale(10, 10)
SHEARED = Affine.translation(*CORNER) * Affine(9, 3, 0, -2, -11, 0)
MIRRORED = Affine.translation(CORNER[0] + 60, CORNER[1] + 60) * Affine.scale(-10, -10)


@pytest.mark.parametrize(
    "transform", [UPRIGHT, TURNED, SOUTH_UP, SHEARED, MIRRORED], ids=[*"utsdm"]
)
def test_a_raster_turned_in_any_way(tmp_path, transform):
    path = write(tmp_path / "n.tif", NUMBERS, transform)
    middle = transform * (3.0, 3.0)
    ring = shapely.Point(middle).buffer(17).difference(shapely.Point(middle).buffer(6))
    two = shapely.union_all([shapely.Point(middle).buffer(3), ring.buffer(2).boundary.buffer(0.5)])
    shapes = gpd.GeoSeries([ring, two, shapely.box(*shapely.Point(middle).buffer(200).bounds)])
    held = read_under(path, shapes.set_crs(UTM))
    sums, parts = cell_by_cell(path, shapes)
    np.testing.assert_allclose(held["sum"], sums, rtol=1e-9)
    np.testing.assert_allclose(held["cells"], parts, rtol=1e-9)
    assert held["sum"][2] == pytest.approx(NUMBERS.sum(), rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_any_polygon_agrees_with_cutting_cell_by_cell(tmp_path_factory, seed):
    random = np.random.default_rng(seed)
    cells = random.uniform(-5, 50, (7, 5))
    cells[random.uniform(size=cells.shape) < 0.15] = -99
    path = write(tmp_path_factory.mktemp("r") / "n.tif", cells, nodata=-99)
    spots = shapely.points(random.uniform(-15, 75, (8, 2)))
    hulls = shapely.convex_hull(shapely.multipoints(random.uniform(-15, 75, (4, 5, 2))))
    rings = shapely.buffer(spots[:3], [4, 9, 20])
    shapes = [*hulls, *shapely.difference(rings, shapely.buffer(spots[:3], 2)), rings[0] | rings[2]]
    shapes += [shapely.box(10, 10, 20, 20), shapely.box(0, 0, 50, 60)]  # on the lines of the cells
    blocks = here(*shapes)
    sums, parts = cell_by_cell(path, blocks.geometry)
    if not parts.any():
        return
    held = read_under(path, blocks.geometry)
    np.testing.assert_allclose(held["sum"], sums, rtol=1e-9, atol=1e-7)
    np.testing.assert_allclose(held["cells"], parts, rtol=1e-9, atol=1e-8)
    ground = blocks.geometry.area.to_numpy() / 100
    np.testing.assert_allclose(held["share"], parts / ground, atol=1e-8)


def test_a_partition_holds_the_whole_raster(tmp_path):
    cells = np.random.default_rng(3).gamma(2.0, 40.0, (60, 60))
    path = write(tmp_path / "n.tif", cells, from_origin(*CORNER, 10, 10))
    spots = shapely.multipoints(np.random.default_rng(4).uniform(0, 600, (500, 2)))
    around = shapely.box(0, -600, 600, 0)
    spots = shapely.transform(spots, lambda xy: xy * [1, -1])
    pieces = shapely.get_parts(shapely.voronoi_polygons(spots, extend_to=around))
    blocks = here(*shapely.intersection(pieces, around))
    assert sum_over(path, blocks.geometry).sum() == pytest.approx(cells.sum(), rel=1e-12)


def test_the_blocks_go_to_the_rasters_coordinates(tmp_path):
    degrees = from_origin(-103.5, 20.8, 0.01, 0.01)
    path = write(tmp_path / "n.tif", np.full((20, 20), 7.0), degrees, CRS.from_epsg(4326))
    block = gpd.GeoSeries([shapely.box(-103.42, 20.70, -103.40, 20.71)], crs=4326)
    for crs in (4326, 32613, 6372, "ESRI:54009"):
        held = read_under(path, block.to_crs(crs))
        assert held["sum"][0] == pytest.approx(14, rel=2e-4)  # two cells of 7, sides bent a little
        assert held["share"][0] == pytest.approx(1)


def test_density_is_by_the_ground_and_not_by_the_projection(tmp_path):
    # Mollweide bends and shears Mexico; a square kilometer stays one.
    ground = here(shapely.box(0, 0, 2000, 1000))
    west, _, _, north = ground.to_crs("ESRI:54009").total_bounds
    transform = from_origin(west - 1000, north + 1000, 100, 100)
    path = write(tmp_path / "n.tif", np.full((60, 60), 5.0), transform, CRS("ESRI:54009"))
    density = column(path, ground, statistic="density")[0]["figure"][0]
    # 100 cells of 5 to the square kilometer; this Mollweide takes the Earth for a sphere, which
    # makes 1.005 square kilometers of one at this latitude.
    assert density == pytest.approx(502.5, rel=5e-4)


def test_longitudes_from_0_to_360_and_blocks_on_the_180th_meridian(tmp_path):
    world = np.tile(np.arange(36.0), (18, 1))  # the value is the cell's number from the west
    block = gpd.GeoSeries([shapely.box(-104, 20, -102, 21)], crs=4326)
    seam = gpd.GeoSeries(
        [shapely.Polygon([(179, 15), (-179, 15), (-179, 16), (179, 16)])], crs=4326
    )
    for west, value in ((0.0, 25.0), (-180.0, 7.0)):  # 256° to 258° east; 76° to 78° from -180°
        path = write(
            tmp_path / f"w{west}.tif", world, from_origin(west, 90, 10, 10), CRS.from_epsg(4326)
        )
        held = read_under(path, block)
        assert held["sum"][0] / held["cells"][0] == pytest.approx(value)
        assert held["share"][0] == pytest.approx(1)
        on_seam = read_under(path, seam)
        assert on_seam["cells"][0] <= 0.0200001  # two of ten degrees by one of ten
        assert on_seam["share"][0] == pytest.approx(1 if west == 0 else 0.5, rel=1e-6)


def test_a_raster_of_another_place(tmp_path):
    path = write(tmp_path / "n.tif", NUMBERS)
    empty = write(tmp_path / "e.tif", np.full((6, 6), -1.0), nodata=-1)
    far = here(shapely.box(5_000, 0, 5_010, 10))
    for file, blocks in ((path, far), (empty, here(shapely.box(0, 0, 10, 10)))):
        table, problems, _ = column(file, blocks)
        assert [(one.code, one.where) for one in problems] == [
            ("raster-outside-city", "inputs.rasters[0]")
        ]
        assert table.shape == (1, 0)


def test_files_that_are_no_rasters(tmp_path):
    (tmp_path / "empty.tif").write_bytes(b"")
    (tmp_path / "text.tif").write_text("a,b\n1,2\n")
    (tmp_path / "head.tif").write_bytes(write(tmp_path / "n.tif", NUMBERS).read_bytes()[:40])
    write(tmp_path / "nowhere.tif", NUMBERS, crs=None)
    write(tmp_path / "complex.tif", NUMBERS.astype("complex64"))
    codes = {}
    for file in ("empty", "text", "head", "nowhere", "complex", "absent"):
        with pytest.raises(TargetingError) as raised:
            raster_statistic(tmp_path / f"{file}.tif", name="figure")
        codes[file] = raised.value.problems[0].code
    assert codes == {
        "empty": "empty-file",
        "text": "wrong-format",
        "head": "unreadable-file",
        "nowhere": "no-crs",
        "complex": "unreadable-file",
        "absent": "missing-file",
    }


def test_damaged_cells_and_cells_on_one_line(tmp_path):
    path = write(tmp_path / "n.tif", np.random.default_rng(1).uniform(size=(60, 60)))
    path.write_bytes(path.read_bytes()[:-9000])
    assert column(path, here(shapely.box(0, -500, 500, 0)))[1][0].code == "unreadable-file"
    flat = write(tmp_path / "f.tif", NUMBERS, Affine(10, 0, CORNER[0], 10, 0, CORNER[1]))
    assert column(flat, here(shapely.box(0, 0, 10, 10)))[1][0].code == "unreadable-file"


HUGE = """
import resource, sys
import geopandas as gpd, numpy as np, shapely
from targeting.sources.rasters import read_under
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
x, y = np.meshgrid(np.arange(10) * 19_000 + 500, np.arange(10) * 19_000 + 500)
boxes = shapely.box(x.ravel(), y.ravel(), x.ravel() + 9_000, y.ravel() + 9_000)
held = read_under(sys.argv[1], gpd.GeoSeries(boxes, crs=32613))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(held["sum"].sum(), held["cells"].sum(), (after - before) / 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is told in KiB on Linux")
def test_a_huge_raster_is_read_in_pieces(tmp_path):
    # 20,000 by 20,000 cells: 1,600 MB as numbers, half a megabyte as a file.
    path = tmp_path / "huge.tif"
    side, tile = 20_000, 512
    profile = {"driver": "GTiff", "count": 1, "height": side, "width": side, "dtype": "uint8"}
    profile |= {"crs": UTM.to_wkt(), "transform": from_origin(0, 10.0 * side, 10, 10)}
    profile |= {"tiled": True, "blockxsize": tile, "blockysize": tile, "compress": "deflate"}
    with rasterio.open(path, "w", **profile, sparse_ok=True) as target:
        ones = np.ones((1, side), np.uint8)
        target.write(ones, 1, window=rasterio.windows.Window(0, 100, side, 1))
    done = subprocess.run(
        [sys.executable, "-c", HUGE, str(path)], check=True, capture_output=True, text=True
    )
    total, cells, megabytes = map(float, done.stdout.split())
    assert cells == pytest.approx(100 * 900 * 900, rel=1e-6)
    # The row of ones is at y from 198,990 to 199,000: above every block but those of no row.
    assert total == 0
    assert megabytes < 400


def test_blocks_take_columns_from_rasters(tmp_path):
    layers = made.write_city(tmp_path)
    made.write_raster(tmp_path / "lights.tif", people_per_cell=12)
    layers += [
        made.spec("rasters", "lights.tif", "raster_statistic", "inputs.rasters[0]", name="lights"),
        made.spec(
            "rasters",
            "people.tif",
            "raster_statistic",
            "inputs.rasters[1]",
            name="people_per_km2",
            statistic="density",
        ),
    ]
    territory = read_territory(layers, tmp_path, population=MethodSpec("census"))
    table = territory.block_table
    assert table.index.tolist() == list(made.BLOCKS)
    assert table["lights"].tolist() == pytest.approx([12] * 8)
    # One person to a cell of 100 m2, in a projection whose meters are true to half a percent.
    assert table["people_per_km2"].tolist() == pytest.approx([10_000] * 8, rel=0.01)
    report = {layer.layer: layer for layer in territory.intake.layers}["rasters[0]"]
    assert report.notes["covered_share"] == 1


def test_people_from_a_raster(tmp_path):
    layers = [one for one in made.write_city(tmp_path) if one.slot in ("blocks", "areas")]
    layers.append(made.spec("population_raster", "people.tif", "raster"))
    territory = read_territory(layers, tmp_path, population=MethodSpec("from_raster"))
    people = territory.blocks["population"]
    assert people.tolist() == pytest.approx([36] * 8, rel=0.001)  # 3,600 m2 each, 100 m2 a cell
    notes = {layer.layer: layer for layer in territory.intake.layers}["population_raster"].notes
    assert notes["covered_share"] == 1
    assert "raster_ratio" not in notes  # it is not set beside itself
    with pytest.raises(TargetingError) as raised:
        read_territory(layers[:2], tmp_path, population=MethodSpec("from_raster"))
    assert [one.code for one in raised.value.problems] == ["population-without-layer"]


def test_a_population_raster_of_another_place(tmp_path):
    path = write(tmp_path / "n.tif", NUMBERS)
    spec = LayerSpec("population_raster", "inputs.population_raster", "n.tif", MethodSpec("raster"))
    account = Account(spec, raster(path), "0")
    areas = here(a=shapely.box(5_000, 0, 5_010, 10))
    blocks = areas.assign(area_id="a", population=pd.Series({"a": 5.0}))
    problems = check_raster(account, areas, blocks)
    assert [one.code for one in problems] == ["raster-outside-city"]


@pytest.mark.real
@pytest.mark.parametrize(("city", "file"), [("zapopan", "manzanas_zapopan_2010.gpkg"),
                                            ("juarez", "agebs_2020.shp")])  # fmt: skip
def test_real_sums_are_those_of_the_library_exactextract(real_data, city, file):
    """exactextract 0.2 or newer, on the European population raster; its weights are float32."""
    from exactextract import exact_extract
    from exactextract.raster import RasterioRasterSource

    raster = real_data / city / "ghs_pop_2020_100m.tif"
    blocks = gpd.read_file(real_data / city / file).reset_index(drop=True)
    # INEGI's ITRF2008 is WGS 84 here; the .prj's bare name would move it by a meter.
    blocks = blocks.set_crs(recognize_crs(blocks.crs), allow_override=True)
    ours = read_under(raster, blocks.geometry)["sum"].fillna(0)
    with rasterio.open(raster) as source:
        shapes = blocks[["geometry"]].to_crs(source.crs.to_wkt()).assign(row=blocks.index)
        cells = RasterioRasterSource(source, 1, name="cells")
        theirs = exact_extract(cells, shapes, "sum", include_cols=["row"], output="pandas")
    theirs = theirs.set_index("row")["sum"].fillna(0)
    assert ours.sum() > 500_000  # people
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-3)
