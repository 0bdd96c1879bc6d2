"""Street environment, tables by AGEB, neighborhoods, municipal crimes, rasters and true counts."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import python_calamine
import rasterio
import shapely

from targeting.sample import City, write_city
from targeting.sample.area_tables import (
    GRADES,
    HOUSEHOLD_COLUMNS,
    LAG_COLUMNS,
    household_table,
    lag_table,
    write_area_tables,
)
from targeting.sample.area_tables import LEVELS as CLASSES
from targeting.sample.census import true_counts
from targeting.sample.census_columns import COUNTS, INDICATORS
from targeting.sample.colonias import UNMATCHED, colonia_layer, colonia_of_blocks
from targeting.sample.incidents import incidents_and_blocks
from targeting.sample.municipal import COLUMNS, MONTHS
from targeting.sample.spelling import plain
from targeting.sample.street_environment import FEATURES, LEVELS, UNKNOWN, street_environment
from targeting.sample.surfaces import HEIGHT_NODATA, LIGHTS_NODATA


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("city")
    write_city(place, blocks=800, seed=5)
    return place


def area_want(city: City) -> pd.Series:
    people = city.blocks["people"]
    weighted = (city.blocks["want"] * people).groupby(city.blocks["area_id"]).sum()
    return weighted / people.groupby(city.blocks["area_id"]).sum()


# ---- street environment


def test_streets_are_worse_where_want_is_higher(city: City) -> None:
    table = street_environment(city).set_index("CVEGEO")
    assert list(table.columns) == list(FEATURES)
    assert set(np.unique(table.to_numpy())) == {*LEVELS, UNKNOWN}
    lacking = len(city.blocks) - len(table)
    assert 0 < lacking < 0.02 * len(city.blocks)
    want = city.blocks["want"].loc[table.index]
    level = table["ALUMPUB_C"].map({name: n for n, name in enumerate(LEVELS)})
    known = level.notna()
    assert 0.01 < 1 - known.mean() < 0.02
    tied = np.corrcoef(level[known].rank(), want[known].rank())[0, 1]
    assert 0.3 < tied < 0.8
    poor = table.loc[city.ids_of("poor_not_violent").intersection(table.index), "ALUMPUB_C"]
    assert (poor == LEVELS[0]).mean() < 0.4 * (table["ALUMPUB_C"] == LEVELS[0]).mean()


# ---- tables by AGEB


def test_social_lag_has_six_rows_above_and_28_columns(city: City, tmp_path: Path) -> None:
    lag, _ = write_area_tables(city, tmp_path)
    book = python_calamine.load_workbook(lag)
    rows = book.get_sheet_by_index(0).to_python()
    assert len(rows[5]) == 28  # sources-mexico.md, section 1.5
    assert tuple(rows[5]) == LAG_COLUMNS
    assert "INVENTADOS" in rows[0][0]
    keys = [row[7] for row in rows[6:]]
    assert set(keys) <= set(city.areas.index)
    assert {row[27] for row in rows[6:]} == set(GRADES)
    with zipfile.ZipFile(lag) as held:
        assert b"2021-01-25T00:00:00Z" in held.read("docProps/core.xml")


def test_the_grade_follows_want_and_few_areas_are_left_out(city: City) -> None:
    table = lag_table(city).set_index("Clave AGEB")
    assert 0 <= len(city.areas) - len(table) <= 5
    grade = table["Grado de rezago social"].map({name: n for n, name in enumerate(GRADES)})
    want = area_want(city).reindex(table.index)
    assert np.corrcoef(grade.rank(), want.rank())[0, 1] > 0.7
    shares = table[list(LAG_COLUMNS[10:27])]
    assert shares.min().min() >= 0
    assert shares.max().max() <= 100
    homes = city.census.groupby(city.blocks["area_id"]).sum().loc[table.index]
    offline = 100 * (1 - homes["VPH_INTER"] / homes["VIVPARH_CV"])
    shown = table["Viviendas que no disponen de internet"]
    assert shown.to_numpy() == pytest.approx(offline.to_numpy(), abs=0.006)


def test_households_add_up_and_small_counts_are_not_told(city: City) -> None:
    table = household_table(city).set_index("CVEGEO")
    assert set(table.index) == set(city.areas.index)
    cells = table[list(CLASSES)]
    assert not cells.isin(["1", "2"]).any().any()
    wholly = (cells == "N/D").all(axis=1)
    assert 0 < wholly.sum() < 0.3 * len(table)
    assert (table.loc[wholly, "NIVEL PREDOMINANTE"] == "N/D").all()
    open_ = ~(cells == "N/D").any(axis=1)
    assert open_.sum() > 50
    told = cells[open_].astype(int)
    homes = city.census["TVIVPARHAB"].groupby(city.blocks["area_id"]).sum()
    assert (told.sum(axis=1) == homes.loc[told.index]).all()
    assert (told.idxmax(axis=1) == table.loc[told.index, "NIVEL PREDOMINANTE"]).mean() > 0.95
    poorest = told[["D", "E"]].sum(axis=1) / told.sum(axis=1)
    assert np.corrcoef(poorest, area_want(city).loc[told.index])[0, 1] > 0.7


@pytest.mark.real
def test_household_columns_are_the_real_ones(real_data: Path) -> None:
    with (real_data / "juarez" / "nse_amai_ageb.csv").open(encoding="utf-8") as real:
        assert tuple(real.readline().strip().split(",")) == HOUSEHOLD_COLUMNS


# ---- neighborhoods


def test_neighborhoods_cover_the_city_and_cut_through_areas(city: City) -> None:
    layer, owner = colonia_layer(city)
    shapes = layer.geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    assert layer["NOMBRE"].is_unique
    assert layer["CVE_COL"].is_unique
    middle = shapely.centroid(city.blocks.geometry.to_numpy())
    inside = shapely.distance(shapes[owner], middle)
    assert inside.max() < 0.05
    covered = shapely.area(shapes).sum()
    assert covered == pytest.approx(shapely.area(shapely.union_all(shapes)), rel=1e-4)
    across = pd.Series(owner).groupby(city.blocks["area_id"].to_numpy()).nunique()
    assert (across > 1).mean() > 0.5
    assert (colonia_of_blocks(city) == layer["NOMBRE"].to_numpy()[owner]).all()


def test_the_layer_has_no_date_of_today(folder: Path) -> None:
    file = folder / "boundaries" / "colonias_inventadas_99.gpkg"
    assert b"2021-01-25T00:00:00" in file.read_bytes()
    layer = gpd.read_file(file)
    assert layer.crs.to_epsg() == 6372
    assert list(layer.columns) == ["CVE_COL", "NOMBRE", "geometry"]
    assert pyogrio.list_layers(file).tolist() == [["colonias_inventadas", "MultiPolygon"]]


def test_counts_by_neighborhood_are_true_but_for_two_unmatched_names(folder: Path) -> None:
    table = pd.read_csv(folder / "incidents" / "incidentes_por_colonia_inventados_99.csv")
    truth = pd.read_csv(folder / "truth" / "colonias_truth_99.csv", keep_default_na=False)
    total = table.groupby("colonia")["total"].sum()
    assert (total.loc[truth["colonia"]].to_numpy() == truth["incidents"].to_numpy()).all()
    points = pd.read_csv(folder / "incidents" / "incidentes_inventados_99.csv")
    assert total.sum() == points["folio"].nunique()
    none = truth[truth["name"] == ""]
    assert set(none["colonia"]) == set(UNMATCHED)
    assert none["incidents"].sum() / total.sum() == pytest.approx(0.024, abs=0.01)
    named = truth[truth["name"] != ""]
    assert named["name"].is_unique
    assert (named["colonia"] != named["name"]).all()
    layer = gpd.read_file(folder / "boundaries" / "colonias_inventadas_99.gpkg")
    assert set(named["name"]) <= set(layer["NOMBRE"])
    # Each spelling ends like the name: the last word is never cut short.
    ends = [
        plain(a).upper().split()[-1] == plain(b).upper().split()[-1]
        for a, b in zip(named["colonia"], named["name"], strict=True)
    ]
    assert all(ends)


# ---- crimes by municipality


def test_municipal_table_is_wide_latin_1_and_blank_ahead(folder: Path) -> None:
    file = folder / "incidents" / "sesnsp_municipal_inventado_99.csv"
    assert "Año".encode("latin-1") in file.read_bytes()
    table = pd.read_csv(file, encoding="latin-1", dtype=str, keep_default_na=False)
    assert tuple(table.columns) == COLUMNS
    months = table[list(MONTHS)]
    first = table["Año"] == "2020"
    assert (months[first] != "").all().all()
    assert (months.loc[~first, list(MONTHS[:4])] != "").all().all()
    assert (months.loc[~first, list(MONTHS[4:])] == "").all().all()
    assert months.map(lambda text: "," in text).any().any()
    assert set(table["Cve. Municipio"]) == {"99001", "99002"}


def test_municipal_counts_are_a_part_of_the_incidents(folder: Path) -> None:
    points = pd.read_csv(folder / "incidents" / "incidentes_inventados_99.csv", dtype=str)
    points = points.drop_duplicates("folio")
    file = folder / "incidents" / "sesnsp_municipal_inventado_99.csv"
    table = pd.read_csv(file, encoding="latin-1", dtype=str)
    killed = table[(table["Subtipo de delito"] == "Homicidio doloso") & (table["Año"] == "2020")]
    for place, month in enumerate(MONTHS, start=1):
        of_month = points["fecha"].str[3:5].astype(int) == place
        known = (of_month & (points["delito"] == "HOMICIDIO DOLOSO")).sum()
        assert 0 <= killed[month].astype(int).sum() <= known
    known = (points["delito"] == "HOMICIDIO DOLOSO").sum()
    reported = killed[list(MONTHS)].astype(int).to_numpy().sum()
    # 60 % of each become a folder; four standard deviations of the binomial.
    assert abs(reported - 0.6 * known) < 4 * np.sqrt(known * 0.24)


def test_an_incident_names_the_neighborhood_of_its_block(city: City) -> None:
    table, block = incidents_and_blocks(city)
    names = colonia_of_blocks(city)[block]
    assert (table["colonia"].to_numpy() == np.char.upper(names.astype(str))).all()


# ---- rasters


def test_lights_follow_people_and_heights_the_river(city: City, folder: Path) -> None:
    with rasterio.open(folder / "rasters" / "luces_nocturnas_inventadas_99.tif") as lights:
        assert lights.dtypes == ("float32",)
        assert lights.crs.to_epsg() == 4326
        assert lights.nodata == LIGHTS_NODATA
        assert lights.res[0] * 3600 == pytest.approx(15.0)
        assert "INVENTADAS" in lights.descriptions[0]
        light = lights.read(1)
        assert (light == LIGHTS_NODATA).sum() == 6
        assert light[light != LIGHTS_NODATA].min() > 0
    with rasterio.open(folder / "rasters" / "elevacion_inventada_99.tif") as heights:
        assert heights.dtypes == ("int16",)
        assert heights.res == (90.0, 90.0)
        assert heights.nodata == HEIGHT_NODATA
        assert heights.crs.to_epsg() == 32613
        height = heights.read(1, masked=True)
        assert 900 < height.min() < height.max() < 1500
        assert height.mask.any()


def test_rasters_lie_over_the_city(folder: Path) -> None:
    blocks = gpd.read_file(folder / "boundaries" / "99m.shp").set_crs(6372, allow_override=True)
    for name in ("luces_nocturnas_inventadas_99", "elevacion_inventada_99"):
        with rasterio.open(folder / "rasters" / f"{name}.tif") as raster:
            west, south, east, north = blocks.to_crs(raster.crs).total_bounds
            left, bottom, right, top = raster.bounds
            assert left < west < east < right
            assert bottom < south < north < top


# ---- true counts


def test_true_counts_are_what_the_masks_hide(city: City) -> None:
    true = true_counts(city)
    assert list(true.columns) == list(INDICATORS)
    assert true.index.equals(city.blocks.index)
    assert (true[list(COUNTS)] == city.census[list(COUNTS)]).all().all()
    assert true["POBTOT"].sum() == city.blocks["people"].sum()
