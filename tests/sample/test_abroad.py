"""A city outside Mexico: other formats, other names, the other hemisphere, the same page."""

from __future__ import annotations

import hashlib
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import rasterio

from targeting.cli import main
from targeting.pipeline import carry_out, load
from targeting.sample import City, make_city, write_generic_city
from targeting.sample.abroad import block_codes
from targeting.study import Study
from tests.render.decoding import opened_page

GENERIC = {"polygons", "table", "points", "facilities", "lines", "raster"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("abroad")
    written = write_generic_city(place)
    assert sorted(written) == sorted(place.iterdir())
    return place


@pytest.fixture(scope="module")
def here() -> City:
    return make_city(blocks=1500, seed=20240229)


def hashes(folder: Path) -> dict[str, str]:
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(folder.iterdir())}


def test_data_holds_what_the_generator_writes(folder: Path, root: Path) -> None:
    """If this fails: `targeting sample --abroad --out data/abroad`."""
    assert hashes(folder) == hashes(root / "data" / "abroad")


def test_it_is_small_and_says_that_it_is_made(folder: Path) -> None:
    assert sum(file.stat().st_size for file in folder.iterdir()) < 1_500_000
    assert "MADE DATA" in (folder / "README.txt").read_text(encoding="utf-8")
    named = {file.name for file in folder.iterdir()} - {"README.txt", "study.yaml"}
    assert all("_made" in name for name in named)


def test_it_lies_in_the_other_hemisphere_under_names_of_its_own(folder: Path) -> None:
    blocks = gpd.read_file(folder / "blocks_made.fgb")
    assert len(blocks) == 1500
    assert blocks.crs.to_epsg() == 4326
    west, south, east, north = blocks.total_bounds
    assert 33.2 < west < east < 33.6
    assert -30.8 < south < north < -30.4
    assert blocks.geometry.is_valid.all()
    assert list(blocks.columns) == ["block_code", "district_code", "geometry"]
    assert blocks["block_code"].str.fullmatch(r"D\d{3}-\d{3}").all()
    census = (folder / "census_made.csv").read_text(encoding="utf-8")
    assert census.startswith("block_code;residents;adults;")
    assert "CVEGEO" not in (folder / "study.yaml").read_text(encoding="utf-8")


def test_shapes_and_counts_are_those_of_the_made_city(folder: Path, here: City) -> None:
    blocks = gpd.read_file(folder / "blocks_made.fgb").set_index("block_code")
    blocks = blocks.to_crs(32736).loc[block_codes(here)]
    # Scale of UTM near its central meridian: 0.9996, twice for areas.
    ratio = blocks.geometry.area.to_numpy() / here.blocks.geometry.area.to_numpy()
    assert abs(ratio - 1).max() < 0.002
    census = pd.read_csv(folder / "census_made.csv", sep=";").set_index("block_code")
    assert (census.loc[block_codes(here), "residents"] == here.blocks["people"].to_numpy()).all()
    with rasterio.open(folder / "people_made.tif") as raster:
        cells = raster.read(1, masked=True)
        assert cells.sum() == pytest.approx(here.blocks["people"].sum(), rel=0.02)


def test_dates_are_iso_and_bad_places_stay_bad(folder: Path) -> None:
    table = pd.read_parquet(folder / "incidents_made.parquet")
    assert table["occurred_on"].str.fullmatch(r"2024-\d\d-\d\d").all()
    assert table["longitude"].isna().any()
    assert (table["longitude"] == 0).any()
    placed = table["longitude"].notna() & (table["longitude"] != 0)
    assert table.loc[placed, "longitude"].between(33.0, 34.0).mean() > 0.99


def test_formats_are_what_they_say(folder: Path) -> None:
    assert pyogrio.detect_write_driver(folder / "blocks_made.fgb") == "FlatGeobuf"
    assert len(gpd.read_parquet(folder / "districts_made.parquet")) > 20
    kinds = set(pyogrio.read_dataframe(folder / "lines_made.gpkg")["kind"])
    assert kinds == {"river", "rail", "avenue"}
    facilities = gpd.read_file(folder / "facilities_made.geojson")
    assert facilities["name"].str.endswith("(made)").all()


@pytest.fixture(scope="module")
def carried_out(folder: Path):
    study, territory = load(folder / "study.yaml")
    return study, territory, carry_out(study, territory)


def test_only_generic_readers(carried_out) -> None:
    study: Study = carried_out[0]
    assert {layer.reader.use for layer in study.layers} == GENERIC
    assert study.made


def test_the_corner_bad_in_both_is_found_abroad_too(carried_out, here: City) -> None:
    result = carried_out[2]
    membership = result.polygons.membership
    codes = pd.Series(block_codes(here), index=here.blocks.index)
    planted = membership.index.isin(codes[here.ids_of("both")])
    best = max(
        ((membership == number) & planted).sum() / ((membership == number) | planted).sum()
        for number in result.polygons.polygons.index
    )
    assert best >= 0.6
    assert planted.sum() > 30


def test_the_command_writes_it_and_runs_it(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "harbor"
    assert main(["sample", "--abroad", "--blocks", "600", "--out", str(out), "--lang", "en"]) == 0
    assert "9 files" in capsys.readouterr().out
    assert main(["run", str(out / "study.yaml"), "--lang", "en"]) == 0
    record = opened_page(out / "results" / "index.html").record
    assert record["title"]["en"] == "Harbor City (made data)"
    assert "Homes without piped water" in [one["names"]["en"] for one in record["indicators"]]
