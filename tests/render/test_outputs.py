from __future__ import annotations

import csv
import hashlib
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

from targeting.problems import TargetingError
from targeting.render import check_folder, outputs, write_outputs
from targeting.render.style import block_style
from targeting.render.tables import polygon_table
from tests.render.results import bare_result, make_result

FILES = {
    "index.html",
    "targeting.gpkg",
    "blocks.parquet",
    "polygons.parquet",
    "facilities_by_polygon.csv",
    "facility_counts.csv",
    "facility_merges.csv",
    "doubt.csv",
    "doubt_causes.csv",
    "reruns.csv",
    "hotspots.csv",
    "hold_out.csv",
    "indicators.csv",
    "intake.html",
    "intake.json",
    "manifest.json",
    "map.svg",
    "polygons.kmz",
    "sheets/all.html",
    "sheets/01.html",
    "sheets/02.html",
}


@pytest.fixture(scope="module")
def folder(result, tmp_path_factory):
    place = tmp_path_factory.mktemp("out") / "maps"
    write_outputs(result, place)
    return place


def test_every_output_is_there_and_nothing_else(folder):
    held = {one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()}
    assert held == FILES
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
    assert blocks.loc[blocks["population"] > 0, "population"].min() == 3
    assert blocks["population_few"].sum() == 2
    assert blocks["parts_withheld"].sum() == 2
    assert blocks.loc[blocks["parts_withheld"], "part_no_internet_share"].isna().all()
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
        sensitive = row["kind"] == "shelter"
        assert (row["nearest_m"] == "") == sensitive
        assert (row["count"] == "") == (row["count_few"] == "True")
        assert row["count"] not in ("0", "1", "2") or not sensitive
        assert row["kind_name_es"]
        assert row["kind_name_en"]
    assert any(row["count_few"] == "True" for row in rows)


def test_the_facility_list_names_kinds_in_both_languages(folder):
    text = (folder / "facilities_by_polygon.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines(keepends=True)))
    parks = [row for row in rows if row["kind"] == "park"]
    assert parks
    names = {(row["kind_name_es"], row["kind_name_en"]) for row in parks}
    assert names == {("Parque o área verde", "Park or green area")}


def test_figures_of_polygons_are_coarse(folder):
    table = gpd.read_parquet(folder / "polygons.parquet")
    sizes = {"population": 10, "need": 10, "violence": 0.05, "score": 0.01, "area_km2": 0.01}
    sizes |= {"incidents_per_1k": 1, "no_internet_share": 0.01, "clinic_distance_m": 10}
    for name, size in sizes.items():
        steps = table[name] / size
        assert (abs(steps - steps.round()) < 1e-9).all(), name


def test_a_small_polygon_tells_no_violence(result):
    small = result.polygons.polygons.assign(population=[999.0, 1000.0])
    table = polygon_table(replace(result, polygons=replace(result.polygons, polygons=small)))
    assert table["incidents_per_1k"].isna().tolist() == [True, False]
    assert table["violence_withheld"].tolist() == [True, False]
    assert table["clinic_distance_m"].notna().all()


def test_a_file_in_the_place_of_the_folder_is_told(result, tmp_path):
    (tmp_path / "maps").write_text("mine")
    for place in (tmp_path / "maps", tmp_path / "maps" / "below"):
        problems = check_folder(place)
        assert [(one.code, one.where) for one in problems] == [("unwritable", "--out")]
        assert "«maps»" in problems[0].text("es")
        with pytest.raises(TargetingError) as caught:
            write_outputs(result, place)
        assert caught.value.problems[0].code == "unwritable"
    assert (tmp_path / "maps").read_text() == "mine"


def test_a_folder_without_permission_is_told_before_computing(tmp_path, monkeypatch):
    assert check_folder(tmp_path / "new" / "maps") == []
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(outputs.os, "access", lambda *_: False)  # root may write anywhere
    problem = check_folder(tmp_path / "new" / "maps")[0]
    assert "permiso" in problem.text("es")
    assert "permission" in problem.text("en")


def test_a_file_that_cannot_be_replaced_is_told(result, tmp_path):
    (tmp_path / "index.html").mkdir()
    with pytest.raises(TargetingError) as caught:
        write_outputs(result, tmp_path)
    assert "“index.html”" in caught.value.text("en")
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


def test_a_file_open_elsewhere_is_told(result, tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(outputs, "write_geopackage", refuse)
    with pytest.raises(TargetingError) as caught:
        write_outputs(result, tmp_path / "maps")
    assert caught.value.problems[0].values["given"] == "maps"
    assert "otro programa" in caught.value.text("es")


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


def test_records_taken_for_one_facility_are_listed_with_the_reason(tmp_path):
    whole = make_result()
    # d00000 and d00001: a primary school and a health center; d00005: a shelter.
    merges = pd.DataFrame(
        {
            "facility_id": ["d00000", "d00001", "d00005", "d00001"],
            "kept_name": ["Benito Juárez", None, "Casa", None],
            "kept_reference": ["99DPR0001A", "CLUES1", "x", "CLUES1"],
            "kind": ["school", "health_center", "addiction_care", "shelter"],
            "name": ['=HYPERLINK("http://example.com")', "@Centro", "Casa", "Refugio"],
            "source": ["Mapa", "Mapa", "Mapa", "Mapa"],
            "reference": ["way/1", "way/2", "way/3", "way/4"],
            "distance_m": [12.5, 3.0, 1.0, 2.0],
            "why": ["like_names", "unnamed_nearby", "like_names", "by_third_record"],
        }
    )
    result = replace(whole, territory=replace(whole.territory, facility_merges=merges))
    write_outputs(result, tmp_path)
    text = (tmp_path / "facility_merges.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines(keepends=True)))
    # No shelter, neither as the one that stays nor as the one merged; no register's key.
    assert [row["facility_id"] for row in rows] == ["d00000", "d00001"]
    assert "CLUES1" not in text
    assert "way/" not in text
    first, second = rows
    assert (first["kind"], first["merged_kind"]) == ("primary_school", "school")
    assert (first["kind_name_es"], first["kind_name_en"]) == ("Primaria", "Primary school")
    assert first["merged_kind_name_es"] == "Escuela (nivel no indicado)"
    assert first["merged_kind_name_en"] == "School (level not given)"
    assert (first["name"], second["name"]) == ("Benito Juárez", "")
    assert first["merged_name"] == '\'=HYPERLINK("http://example.com")'
    assert second["merged_name"] == "'@Centro"
    assert (first["source"], first["merged_source"]) == ("Directorio <i>inventado</i>", "Mapa")
    assert (first["distance_m"], second["distance_m"]) == ("12.5", "3.0")
    place = whole.territory.facilities.geometry.to_crs(4326)["d00000"]
    assert float(first["lon"]) == pytest.approx(place.x, abs=1e-6)
    assert float(first["lat"]) == pytest.approx(place.y, abs=1e-6)
    assert (first["why"], first["why_es"]) == ("like_names", "los nombres se parecen")
    assert second["why_en"].startswith("one of the two has no name of its own")


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
    sheets = {name for name in FILES if name.startswith("sheets/")}
    assert {path.name for path in tmp_path.iterdir()} == FILES - sheets
    assert len(gpd.read_parquet(tmp_path / "polygons.parquet")) == 0


def test_block_style_has_a_rule_for_each_class_and_one_for_no_score():
    root = ET.fromstring(block_style([20, 40], missing="Sin dato"))
    rules = root.findall(".//rule")
    assert [rule.get("label") for rule in rules] == ["40 – 100", "20 – 39", "0 – 19", "Sin dato"]
    symbols = {symbol.get("name") for symbol in root.findall(".//symbol")}
    assert {rule.get("symbol") for rule in rules} == symbols
