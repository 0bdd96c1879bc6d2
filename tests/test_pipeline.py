"""The whole chain: same study, shuffled rows, same bytes; and every output in its place."""

import csv
import json
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest

from targeting.cli import main
from targeting.pipeline import run
from tests.render.decoding import everything_in

DATA = Path(__file__).parent.parent / "data"
FILES = {
    "blocks.parquet",
    "facilities_by_polygon.csv",
    "facility_counts.csv",
    "facility_merges.csv",
    "indicators.csv",
    "doubt.csv",
    "doubt_causes.csv",
    "reruns.csv",
    "hotspots.csv",
    "hold_out.csv",
    "index.html",
    "neighbors.svg",
    "intake.html",
    "intake.json",
    "manifest.json",
    "map.svg",
    "polygons.kmz",
    "polygons.parquet",
    "targeting.gpkg",
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    out = tmp_path_factory.mktemp("outputs")
    run(DATA / "study.yaml", out)
    return out


def test_every_output_and_nothing_else(outputs):
    assert {path.name for path in outputs.iterdir()} == FILES | {"sheets"}


def test_the_manifest_knows_inputs_outputs_and_losses(outputs):
    manifest = json.loads((outputs / "manifest.json").read_text("utf-8"))
    text = json.dumps(manifest)
    assert str(DATA.parent) not in text
    assert manifest["study"]["delineation"]["population_min"] == 5000
    assert "zero-coordinates" in text
    files = {one["file"].partition("/")[0] for one in manifest["outputs"]}
    assert files == FILES - {"manifest.json"} | {"sheets"}
    assert all(len(one["sha256"]) == 64 for one in manifest["outputs"])


def test_the_page_and_the_tables_agree(outputs):
    polygons = gpd.read_parquet(outputs / "polygons.parquet")
    blocks = gpd.read_parquet(outputs / "blocks.parquet")
    assert 1 <= len(polygons) <= 10
    assert polygons["population"].between(5000, 12000).all()
    assert set(blocks["polygon"].unique()) == {0, *range(1, len(polygons) + 1)}
    with (outputs / "facility_counts.csv").open(encoding="utf-8-sig") as file:
        counts = list(csv.DictReader(file))
    assert any(row["count"] == "0" for row in counts)
    layers = {name for name, _ in pyogrio.list_layers(outputs / "targeting.gpkg")}
    assert {"blocks", "polygons"} <= layers


def test_no_output_carries_incidents_contacts_or_shelters(outputs):
    page = everything_in(outputs / "index.html")
    listed = pd.read_csv(outputs / "facilities_by_polygon.csv")
    assert all(str(name) in page for name in listed["name"].dropna())  # names are found if there
    protected = {"shelter", "addiction_care"}
    assert not set(listed["kind"]) & protected
    merged = pd.read_csv(outputs / "facility_merges.csv")
    assert len(merged) > 100
    assert not (set(merged["kind"]) | set(merged["merged_kind"])) & protected
    for word in ("INV-2020", "telefono", "correoelec", "raz_social"):  # folios, DENUE's columns
        assert word not in page


def shuffled_city(folder: Path) -> Path:
    """The made city with the rows of every table and layer in another order."""
    shutil.copytree(DATA, folder)
    generator = np.random.default_rng(7)
    for path in sorted(folder.glob("boundaries/*.shp")):
        layer = gpd.read_file(path, encoding="ISO-8859-1")
        crs = path.with_suffix(".prj").read_text()
        for part in path.parent.glob(f"{path.stem}.*"):
            part.unlink()
        layer = layer.iloc[generator.permutation(len(layer))]
        layer.to_file(path, encoding="ISO-8859-1")
        path.with_suffix(".prj").write_text(crs)
    for path in (*folder.glob("incidents/*.csv"), *folder.glob("facilities/*.csv")):
        encoding = "utf-8" if path.name.startswith("incidentes") else "latin-1"
        with path.open(encoding=encoding, newline="") as file:
            head, *rows = list(csv.reader(file))
        with path.open("w", encoding=encoding, newline="") as file:
            order = generator.permutation(len(rows))
            csv.writer(file).writerows([head, *(rows[i] for i in order)])
    return folder / "study.yaml"


def test_same_study_twice_and_rows_shuffled_give_the_same_bytes(outputs, tmp_path):
    run(DATA / "study.yaml", tmp_path / "again")
    run(shuffled_city(tmp_path / "shuffled"), tmp_path / "mixed")
    for name in sorted(FILES):
        first = (outputs / name).read_bytes()
        assert (tmp_path / "again" / name).read_bytes() == first, name
        # They hold the hashes of the inputs, and the intake the numbers of rows: they differ.
        if name not in {"manifest.json", "intake.html", "intake.json"}:
            assert (tmp_path / "mixed" / name).read_bytes() == first, name


def test_the_commands_of_the_readme(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["new", "my-city"]) == 0
    assert main(["new", "my-city"]) == 2  # nothing is overwritten
    assert "[folder-not-empty]" in capsys.readouterr().err
    assert main(["check", "my-city/study.yaml"]) == 0
    assert not (tmp_path / "my-city" / "results").exists()
    assert main(["run", "my-city/study.yaml", "--lang", "en"]) == 0
    assert "needs no network" in capsys.readouterr().out
    assert (tmp_path / "my-city" / "results" / "index.html").is_file()
    assert main(["list", "methods"]) == 0
    assert "power_mean" in capsys.readouterr().out


def test_check_writes_the_intake_that_run_writes(outputs, tmp_path, capsys):
    folder = tmp_path / "report"
    assert main(["check", str(DATA / "study.yaml"), "--report", str(folder), "--lang", "en"]) == 0
    assert str(folder / "intake.html") in capsys.readouterr().out
    assert {path.name for path in folder.iterdir()} == {"intake.html", "intake.json"}
    for path in folder.iterdir():
        assert path.read_bytes() == (outputs / path.name).read_bytes(), path.name


def test_the_intake_adds_up_and_holds_no_contact(outputs):
    text = "".join((outputs / f"intake.{end}").read_text("utf-8") for end in ("html", "json"))
    held = json.loads((outputs / "intake.json").read_text("utf-8"))
    for layer in held["layers"]:
        rows = layer["rows"]
        assert rows["read"] == rows["used"] + rows["aside"] + rows["lost"], layer["layer"]
    for word in ("INV-2020", "telefono", "correoelec", "raz_social"):
        assert word not in text


def test_a_report_nobody_can_write_is_told_before_anything_is_read(tmp_path, capsys):
    file = tmp_path / "taken"
    file.write_text("a file")
    assert main(["check", str(DATA / "study.yaml"), "--report", str(file)]) == 2
    told = capsys.readouterr().err
    assert "--report" in told
    assert "[unwritable]" in told


def test_run_without_a_study_makes_the_example(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["run"]) == 0
    assert (tmp_path / "ciudad-ejemplo" / "results" / "index.html").is_file()
