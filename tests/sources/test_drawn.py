"""Plans made by hand, read from maps and tables as planners hand them over."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from targeting.i18n import LANGUAGES
from targeting.problems import TargetingError
from targeting.sources.drawn import read_plan

CRS = "EPSG:6372"
X, Y = 2_400_000.0, 800_000.0


@pytest.fixture
def blocks():
    """Rows of four blocks of 60 m, 10 m apart: b0 … b3 below, b4 … b7 above."""
    at = np.arange(8)
    x, y = X + at % 4 * 70, Y + at // 4 * 70
    ids = pd.Index([f"b{n}" for n in at], name="block_id")
    return gpd.GeoDataFrame(index=ids, geometry=shapely.box(x, y, x + 60, y + 60), crs=CRS)


def drawing(*boxes, names=None, column="name", crs=CRS):
    shapes = [shapely.box(X + a, Y + b, X + c, Y + d) for a, b, c, d in boxes]
    held = {} if names is None else {column: names}
    return gpd.GeoDataFrame(held, geometry=shapes, crs=crs)


def codes(error):
    return [problem.code for problem in error.value.problems]


def told(error):
    for language in LANGUAGES:
        assert "{" not in error.value.text(language)
    return error.value.text("en")


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "shp"])
@pytest.mark.parametrize("crs", [CRS, "EPSG:4326"])
def test_a_drawing_of_any_format_in_any_coordinates(tmp_path, blocks, ending, crs):
    file = tmp_path / f"plan.{ending}"
    drawing((-5, -5, 65, 65), (140, -5, 275, 135), names=["Norte", "Sur"]).to_crs(crs).to_file(file)
    plan = read_plan(file, blocks)
    assert plan.names == ("Norte", "Sur")
    assert plan.membership[plan.membership > 0].to_dict() == {
        "b0": 1,
        "b2": 2,
        "b3": 2,
        "b6": 2,
        "b7": 2,
    }
    assert plan.membership.index.equals(blocks.index)
    assert plan.cut_blocks == 0


def test_a_block_belongs_where_most_of_it_lies(tmp_path, blocks):
    """b1 begins at 70: a line at 100 leaves it half, at 99 less, at 101 more."""
    for right, expected in ((99.0, 0), (100.0, 1), (101.0, 1)):
        file = tmp_path / f"{right}.gpkg"
        drawing((0, 0, right, 60)).to_file(file)
        plan = read_plan(file, blocks)
        assert plan.membership["b1"] == expected
        assert plan.cut_blocks == 1


def test_of_two_halves_the_first_name_has_the_block_whatever_the_order_of_rows(tmp_path, blocks):
    left, right = (0, 0, 100, 60), (100, 0, 200, 60)
    for place, (boxes, names) in enumerate((((left, right), "ab"), ((right, left), "ba"))):
        file = tmp_path / f"{place}.gpkg"
        drawing(*boxes, names=list(names)).to_file(file)
        plan = read_plan(file, blocks)
        assert plan.names == ("a", "b")
        assert plan.membership["b1"] == 1


def test_numbers_come_by_size_and_pieces_of_one_name_are_one_polygon(tmp_path, blocks):
    file = tmp_path / "plan.gpkg"
    boxes = ((0, 0, 60, 60), (70, 0, 130, 60), (210, 0, 270, 60))
    drawing(*boxes, names=[10, 2, 10], column="Polígono").to_file(file)
    plan = read_plan(file, blocks)
    assert plan.names == ("2", "10")
    assert plan.membership[:4].tolist() == [2, 1, 0, 2]


def test_without_names_the_rows_are_counted(tmp_path, blocks):
    file = tmp_path / "plan.gpkg"
    drawing((0, 0, 60, 60), (70, 0, 130, 60)).to_file(file)
    assert read_plan(file, blocks).names == ("1", "2")
    some = tmp_path / "some.gpkg"
    drawing((0, 0, 60, 60), (70, 0, 130, 60), names=["A", None]).to_file(some)
    assert read_plan(some, blocks).names == ("A", "– 2")


def test_slivers_are_told_and_polygons_over_each_other_refused(tmp_path, blocks):
    file = tmp_path / "sliver.gpkg"
    drawing((0, 0, 66, 60), (64, 0, 130, 60), names=["A", "B"]).to_file(file)
    plan = read_plan(file, blocks)
    assert plan.overlaps == (("A", "B", pytest.approx(120.0)),)
    assert plan.membership[:2].tolist() == [1, 2]
    file = tmp_path / "over.gpkg"
    drawing((0, 0, 130, 60), (70, 0, 200, 60), names=["A", "B"]).to_file(file)
    with pytest.raises(TargetingError) as error:
        read_plan(file, blocks)
    assert codes(error) == ["drawn-overlap"]
    assert "b1" in told(error)


def test_a_polygon_without_blocks_is_told_and_all_without_refused(tmp_path, blocks):
    file = tmp_path / "plan.gpkg"
    drawing((0, 0, 60, 60), (61, 0, 69, 60), names=["A", "street"]).to_file(file)
    assert read_plan(file, blocks).without_blocks == ("street",)
    file = tmp_path / "small.gpkg"
    drawing((0, 0, 20, 20)).to_file(file)
    with pytest.raises(TargetingError) as error:
        read_plan(file, blocks)
    assert codes(error) == ["drawn-no-blocks"]
    assert told(error)


def test_another_city_and_wrong_coordinates(tmp_path, blocks):
    away = tmp_path / "away.gpkg"
    drawing((9000, 0, 9060, 60)).to_file(away)
    with pytest.raises(TargetingError) as error:
        read_plan(away, blocks)
    assert codes(error) == ["drawn-elsewhere"]
    assert told(error)
    # Meters in a file that must hold degrees.
    meters = tmp_path / "meters.geojson"
    drawing((0, 0, 60, 60)).set_crs("EPSG:4326", allow_override=True).to_file(meters)
    with pytest.raises(TargetingError) as error:
        read_plan(meters, blocks)
    assert codes(error) == ["coordinates-not-of-crs"]
    nowhere = tmp_path / "nowhere.shp"
    with pytest.warns(UserWarning, match="crs"):
        drawing((0, 0, 60, 60), crs=None).to_file(nowhere)
    with pytest.raises(TargetingError) as error:
        read_plan(nowhere, blocks)
    assert codes(error) == ["no-crs"]


def test_points_lines_and_broken_shapes(tmp_path, blocks):
    file = tmp_path / "points.gpkg"
    gpd.GeoDataFrame(geometry=[shapely.Point(X, Y)], crs=CRS).to_file(file)
    with pytest.raises(TargetingError) as error:
        read_plan(file, blocks)
    assert codes(error) == ["no-rows-left"]
    bow = shapely.Polygon([(X, Y), (X + 130, Y + 60), (X + 130, Y), (X, Y + 60)])
    file = tmp_path / "bow.gpkg"
    square = shapely.box(X, Y + 70, X + 60, Y + 130)
    gpd.GeoDataFrame(geometry=[bow, square], crs=CRS).to_file(file)
    plan = read_plan(file, blocks)
    assert plan.notes == {"repaired_geometries": 1}
    assert plan.membership["b4"] == 2


def test_several_layers(tmp_path, blocks):
    file = tmp_path / "plan.gpkg"
    drawing((0, 0, 60, 60)).to_file(file, layer="draft")
    drawing((70, 0, 130, 60)).to_file(file, layer="final")
    with pytest.raises(TargetingError) as error:
        read_plan(file, blocks)
    assert codes(error) == ["drawn-layers"]
    assert "draft, final" in told(error)
    assert read_plan(file, blocks, layer="final").membership["b1"] == 1
    drawing((140, 0, 200, 60)).to_file(file, layer="polygons")
    assert read_plan(file, blocks).membership["b2"] == 1
    with pytest.raises(TargetingError) as error:
        read_plan(file, blocks, layer="finale")
    assert codes(error) == ["unknown-layer"]


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_of_block_and_polygon(tmp_path, blocks):
    file = write(tmp_path / "plan.csv", "block_id;Polígono\nb0;Norte\nb1;0\nb2;\nb3;Norte\n")
    plan = read_plan(file, blocks)
    assert plan.names == ("Norte",)
    assert plan.membership[:4].tolist() == [1, 0, 0, 1]
    assert not plan.drawn
    numbers = write(tmp_path / "numbers.csv", "block_id,polygon\nb0,10.0\nb1,2.0\nb1,2.0\n")
    assert read_plan(numbers, blocks).names == ("2", "10")
    book = tmp_path / "plan.xlsx"
    pd.DataFrame({"block_id": ["b4"], "polygon": [3]}).to_excel(book, index=False)
    assert read_plan(book, blocks).membership["b4"] == 1


def test_a_layer_of_blocks_with_both_columns_is_a_table(tmp_path, blocks):
    chosen = blocks.reset_index().assign(polygon=[0, 1, 1, 0, 2, 2, 0, 0])
    for file in (tmp_path / "blocks.gpkg", tmp_path / "blocks.parquet"):
        chosen.to_parquet(file) if file.suffix == ".parquet" else chosen.to_file(file)
        plan = read_plan(file, blocks)
        assert plan.membership.tolist() == [0, 1, 1, 0, 2, 2, 0, 0]
        assert not plan.drawn
    shapes = tmp_path / "drawn.parquet"
    drawing((0, 0, 60, 60), names=["A"]).to_parquet(shapes)
    assert read_plan(shapes, blocks).drawn


def test_zeros_a_spreadsheet_took_are_put_back(tmp_path, blocks):
    ids = blocks.set_index(pd.Index([f"0{n}00" for n in range(8)], name="block_id"))
    file = write(tmp_path / "plan.csv", "block_id,polygon\n100,1\n200,1\n")
    plan = read_plan(file, ids)
    assert plan.membership[:4].tolist() == [0, 1, 1, 0]
    assert plan.notes == {"keys_padded": 2}


def test_everything_wrong_with_a_table_at_once(tmp_path, blocks):
    file = write(tmp_path / "plan.csv", "block_id,polygon\nb0,1\nb0,2\nb99,1\n,3\n")
    with pytest.raises(TargetingError) as error:
        read_plan(file, blocks)
    assert codes(error) == ["drawn-block-twice", "drawn-unknown-blocks"]
    assert "b99" in told(error)
    assert "b0" in told(error)


def test_tables_that_are_no_plan(tmp_path, blocks):
    with pytest.raises(TargetingError) as error:
        read_plan(write(tmp_path / "other.csv", "clave,zona\nb0,1\n"), blocks)
    assert codes(error) == ["missing-column", "missing-column"]
    with pytest.raises(TargetingError) as error:
        read_plan(write(tmp_path / "none.csv", "block_id,polygon\nb0,0\nb1,\n"), blocks)
    assert codes(error) == ["drawn-empty"]
    assert told(error)
    with pytest.raises(TargetingError) as error:
        read_plan(write(tmp_path / "head.csv", "block_id,polygon\n"), blocks)
    assert codes(error) == ["empty-layer"]
    with pytest.raises(TargetingError) as error:
        read_plan(tmp_path / "nowhere.csv", blocks)
    assert codes(error) == ["drawn-no-file"]
    assert "nowhere.csv" in told(error)
    with pytest.raises(TargetingError) as error:
        read_plan(write(tmp_path / "empty.gpkg", ""), blocks)
    assert codes(error) == ["empty-file"]
    (tmp_path / "picture.gpkg").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    with pytest.raises(TargetingError) as error:
        read_plan(tmp_path / "picture.gpkg", blocks)
    assert codes(error)[0] in ("wrong-format", "unreadable-file")


def test_a_row_without_an_id_is_counted(tmp_path, blocks):
    file = write(tmp_path / "plan.csv", "block_id,polygon\nb0,1\n,3\n")
    plan = read_plan(file, blocks)
    assert plan.names == ("1",)
    assert [(one.reason, one.count) for one in plan.losses] == [("no-key", 1)]
