from __future__ import annotations

import csv
import hashlib
import json
import sqlite3
from contextlib import closing
from xml.etree import ElementTree as ET

import geopandas as gpd
import pyogrio
import pytest

from targeting.render import outputs, write_outputs
from targeting.render.style import block_style
from tests.render.results import bare_result, make_result

FILES = {
    "index.html",
    "targeting.gpkg",
    "blocks.parquet",
    "polygons.parquet",
    "facilities_by_polygon.csv",
    "facility_counts.csv",
    "manifest.json",
}


@pytest.fixture(scope="module")
def folder(result, tmp_path_factory):
    place = tmp_path_factory.mktemp("out") / "maps"
    write_outputs(result, place)
    return place


def test_every_output_is_there_and_nothing_else(folder):
    assert {path.name for path in folder.iterdir()} == FILES
    assert [path.name for path in folder.parent.iterdir()] == ["maps"]


def test_two_runs_give_the_same_bytes(folder, tmp_path):
    write_outputs(make_result(), tmp_path / "again")
    for name in sorted(FILES):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes(), name


def test_a_failure_leaves_what_was_there(result, tmp_path, monkeypatch):
    place = tmp_path / "maps"
    place.mkdir()
    (place / "index.html").write_text("before")
    monkeypatch.setattr(outputs, "write_geopackage", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_outputs(result, place)
    assert (place / "index.html").read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["maps"]


def test_other_files_in_the_folder_stay(result, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    write_outputs(result, tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_the_geopackage_opens_with_both_layers_and_their_styles(folder, result):
    path = folder / "targeting.gpkg"
    assert {"blocks", "polygons"} <= set(pyogrio.list_layers(path)[:, 0])
    blocks = gpd.read_file(path, layer="blocks")
    assert len(blocks) == 100
    assert blocks.crs == result.territory.crs
    with closing(sqlite3.connect(path)) as file:
        rows = file.execute(
            "SELECT f_table_name, styleQML, useAsDefault, update_time FROM layer_styles"
        ).fetchall()
        times = file.execute("SELECT DISTINCT last_change FROM gpkg_contents").fetchall()
    assert [row[0] for row in rows] == ["blocks", "polygons"]
    for _, qml, default, when in rows:
        assert ET.fromstring(qml).tag == "qgis"
        assert default == 1
        assert when.startswith("2000-01-01")
    assert times == [("2000-01-01T00:00:00.000Z",)]


def test_public_tables_hold_no_counts_and_no_small_blocks(folder):
    blocks = gpd.read_parquet(folder / "blocks.parquet")
    assert not [name for name in blocks.columns if "incident" in name and "part_" not in name]
    assert blocks["population"].min() == 3
    assert blocks["population_few"].sum() == 3
    assert blocks.loc[blocks["population_few"], "population"].isna().all()
    steps = blocks["part_incidents_per_1k"].dropna() * 20
    assert (abs(steps - steps.round()) < 1e-9).all()
    assert (abs(blocks["score"] * 100 - (blocks["score"] * 100).round()).dropna() < 1e-9).all()


def test_every_polygon_and_kind_has_a_count(folder):
    text = (folder / "facility_counts.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(text.decode("utf-8-sig").splitlines()))
    assert len(rows) == 2 * 6
    assert any(row["count"] == "0" for row in rows)
    for row in rows:
        assert (row["nearest_m"] == "") == (row["kind"] == "shelter")


def test_no_cell_of_the_facility_list_is_a_formula(tmp_path):
    result = make_result(facilities=600)
    write_outputs(result, tmp_path)
    text = (tmp_path / "facilities_by_polygon.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines(keepends=True)))
    names = {row["name"] for row in rows}
    assert len(rows) == len(result.profiles.facilities)
    assert {row["kind"] for row in rows}.isdisjoint({"shelter"})
    for name in names:
        assert not name.startswith(("=", "+", "-", "@"))


def test_the_manifest_tells_everything_and_no_clock(folder, result, tmp_path):
    text = (folder / "manifest.json").read_text(encoding="utf-8")
    record = json.loads(text)
    assert record["study"] == json.loads(json.dumps(result.study.as_record()))
    assert record["seed"] == 7
    assert record["inputs"][0]["sha256"] == "ab" * 32
    assert record["inputs"][0]["losses"][0]["count"] == 2
    assert {row["file"] for row in record["outputs"]} == FILES - {"manifest.json"}
    for row in record["outputs"]:
        assert row["sha256"] == hashlib.sha256((folder / row["file"]).read_bytes()).hexdigest()
    assert str(folder) not in text
    assert list(record) == sorted(record)


def test_a_city_without_polygons_or_facilities_has_all_its_files(tmp_path):
    write_outputs(bare_result(), tmp_path)
    assert FILES <= {path.name for path in tmp_path.iterdir()}
    assert len(gpd.read_parquet(tmp_path / "polygons.parquet")) == 0


def test_block_style_has_a_rule_for_each_class_and_one_for_no_score():
    root = ET.fromstring(block_style([20, 40], missing="Sin dato"))
    rules = root.findall(".//rule")
    assert [rule.get("label") for rule in rules] == ["40 – 100", "20 – 39", "0 – 19", "Sin dato"]
    symbols = {symbol.get("name") for symbol in root.findall(".//symbol")}
    assert {rule.get("symbol") for rule in rules} == symbols
