"""Registers of schools and health units, and the street map: one place, records that differ."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import pyogrio
import pytest
import python_calamine
import shapely

from targeting.sample import City
from targeting.sample.clinics import CLOSED, OPERATING, SHEET, clinics_table, write_clinics
from targeting.sample.clinics import COLUMNS as CLINIC_COLUMNS
from targeting.sample.facilities import denue_table, near_void, service_areas, service_points
from targeting.sample.places import lon_lat
from targeting.sample.schools import COLUMNS as SCHOOL_COLUMNS
from targeting.sample.schools import NEIGHBOR_M, schools_table
from targeting.sample.spelling import HANDS, plain, rewritten
from targeting.sample.street_map import street_map, write_street_map
from targeting.sample.twins import SHIFT_M, Places, Truth, known_places

DEGREES = "EPSG:4326"


class Made:
    """Every register of a city and the truth about them."""

    def __init__(self, city: City) -> None:
        self.truth = Truth()
        self.denue = denue_table(city)
        points, areas = service_points(city), service_areas(city)
        self.places: Places = known_places(self.denue, points, areas, self.truth)
        self.schools = schools_table(city, self.places, self.truth)
        self.clinics = clinics_table(city, self.places, self.truth)
        self.map = street_map(city, self.places, self.truth)
        self.table = self.truth.table()

    def of(self, source: str) -> pd.DataFrame:
        return self.table[self.table["source"] == source].set_index("record")


@pytest.fixture(scope="module")
def made(city: City) -> Made:
    return Made(city)


@pytest.fixture(scope="module")
def extract(city: City, made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("map")
    (file,) = write_street_map(city, made.places, Truth(), place)
    return file


def test_every_record_is_told_once(made: Made) -> None:
    assert not made.table.duplicated(["source", "record"]).any()
    assert set(made.of("denue").index) == set(made.denue["id"].astype(str))
    assert set(made.of("schools").index) == set(made.schools["CVE_CT"])
    assert set(made.of("clinics").index) == set(made.clinics["CLUES"])
    none = made.table["place_id"] == ""
    assert set(made.table.loc[none, "note"]) == {
        "office, no school",
        "office, no care",
        "out of operation",
    }


def test_no_place_has_two_records_in_the_directory(made: Made) -> None:
    for source in ("denue", "services"):
        assert made.of(source)["place_id"].is_unique


def test_registers_overlap(made: Made) -> None:
    """Merging has something to do: most schools and clinics are in two sources or three."""
    sources = made.table[made.table["place_id"] != ""].groupby("place_id")["source"].nunique()
    assert (sources >= 2).sum() > 400
    assert (sources >= 3).sum() > 100
    only = made.table.groupby("place_id").filter(lambda rows: len(rows) == 1)
    assert {"denue", "services", "schools", "clinics", "street_map"} == set(only["source"])


def test_records_of_one_place_are_close_and_say_how_far(city: City, made: Made) -> None:
    directory = made.places.table
    held = made.schools.set_index("CVE_CT")
    told = made.of("schools")
    known = told["place_id"].isin(directory.index) & (held["X"].reindex(told.index) != "")
    told = told[known]
    xy = directory.loc[told["place_id"], ["x", "y"]].to_numpy()
    longitude, latitude = lon_lat(xy)
    degrees = held.loc[told.index, ["X", "Y"]].astype(float).to_numpy()
    # One degree of latitude is 110.8 km here and one of longitude 99.3 km (WGS84 at 27° north).
    away = np.hypot((degrees[:, 0] - longitude) * 99_300, (degrees[:, 1] - latitude) * 110_800)
    assert away == pytest.approx(told["shift_m"].to_numpy(), abs=0.25)
    assert told["shift_m"].max() <= SHIFT_M
    assert told["shift_m"].max() > 0.9 * SHIFT_M


def test_names_differ_in_hand_but_not_in_words(made: Made) -> None:
    first = made.of("denue").set_index("place_id")["name"]
    second = made.of("schools")
    second = second[second["place_id"].isin(first.index) & (second["note"] == "")]
    ours, theirs = first.loc[second["place_id"]].to_numpy(), second["name"].to_numpy()
    assert (ours != theirs).mean() > 0.9
    numbers = [
        [[word.strip(",") for word in text.split() if word.strip(",").isdigit()] for text in pair]
        for pair in zip(ours, theirs, strict=True)
        if "inventado" in pair[0]
    ]
    assert len(numbers) > 250
    assert all(sorted(a) == sorted(b) for a, b in numbers)
    assert all("INVENTAD" in name.upper() for name in theirs)


@pytest.mark.parametrize("hand", HANDS)
def test_a_hand_keeps_the_mark(hand: str) -> None:
    written = rewritten("Jardín de Niños La Semilla 3 (inventado)", hand)
    assert written.lower().endswith("(inventado)")
    assert "SEMILLA 3" in plain(written).upper()


def test_schools_have_the_registers_columns_and_traps(city: City, made: Made) -> None:
    table, told = made.schools, made.of("schools")
    assert tuple(table.columns) == SCHOOL_COLUMNS
    assert table["CVE_CT"].str.fullmatch(r"99[A-Z]{3}\d{4}[A-Z]").all()
    assert table["CVE_CT"].is_unique
    assert ((table["X"] == "") == (table["Y"] == "")).all()
    assert (table["X"] == "").sum() == 2
    offices = told.index[told["note"] == "office, no school"]
    assert table.loc[table["CVE_CT"].isin(offices), "SERV_EDUC"].eq("SUPERVISIÓN").all()
    again = told[told["note"] == "second shift"]
    assert len(again) > 5
    first = told[told["note"] != "second shift"].set_index("place_id")["name"]
    assert (first.loc[again["place_id"]].to_numpy() == again["name"].to_numpy()).all()
    assert 300 < len(table) < 500


def test_neighbors_are_near_and_another_school(made: Made) -> None:
    told = made.of("schools")
    across = told[told["note"].str.startswith("another")]
    assert len(across) >= 4
    assert not across["place_id"].isin(made.places.table.index).any()
    held = made.schools.set_index("CVE_CT").loc[across.index, ["X", "Y"]].astype(float).to_numpy()
    near = made.places.table[made.places.table["code"] == "611122"]
    longitude, latitude = lon_lat(near[["x", "y"]].to_numpy())
    for x, y in held:
        away = np.hypot((longitude - x) * 99_300, (latitude - y) * 110_800).min()
        assert away <= NEIGHBOR_M[1] + 0.5


def test_only_few_health_units_operate_and_some_lie(made: Made, tmp_path: Path, city: City) -> None:
    (file,) = write_clinics(city, made.places, Truth(), tmp_path)
    book = python_calamine.load_workbook(file)
    assert book.sheet_names == [SHEET]
    head, *rows = book.get_sheet_by_name(SHEET).to_python()
    assert tuple(head) == CLINIC_COLUMNS
    table = pd.DataFrame(rows, columns=head)
    pd.testing.assert_frame_equal(table, made.clinics.astype(str), check_dtype=False)
    share = (table["ESTATUS DE OPERACION"] == OPERATING).mean()
    assert 0.5 < share < 0.8  # 41,225 of 64,133 operate: sources-mexico.md, section 1.8
    assert set(table["ESTATUS DE OPERACION"]) == {OPERATING, CLOSED}
    assert (table["LONGITUD"] == "").sum() == 2
    longitude = pd.to_numeric(table["LONGITUD"])
    assert (longitude > 0).sum() >= 2
    assert longitude.abs().dropna().between(104.0, 104.6).all()
    assert (pd.to_numeric(table["LATITUD"]) < 20).sum() == 1


def test_the_extract_is_openstreetmaps(extract: Path, city: City, made: Made) -> None:
    held: dict[str, list[int]] = {"n": [], "w": [], "r": []}
    tagged: dict[str, dict[str, str]] = {}
    names = {"n": "node", "w": "way", "r": "relation"}
    for found in osmium.FileProcessor(str(extract)):
        held[found.type_str()].append(found.id)
        tagged[f"{names[found.type_str()]}/{found.id}"] = dict(found.tags)
        assert found.version == 0
        assert found.timestamp.year == 1970
    assert len(held["n"]) > 1_000
    assert len(held["w"]) > 50
    assert len(held["r"]) == 1
    assert all(ids == sorted(set(ids)) for ids in held.values())
    told = made.of("street_map")
    assert set(told.index) <= set(tagged)
    assert [tagged[record].get("name", "") for record in told.index] == told["name"].tolist()
    assert all("inventados" in tags["source"] for tags in tagged.values() if tags)
    box = osmium.io.Reader(str(extract)).header().box()
    longitude, latitude = lon_lat(np.array([city.blocks.total_bounds[:2]]))
    assert box.bottom_left.lon == pytest.approx(longitude[0], abs=1e-4)
    assert box.bottom_left.lat == pytest.approx(latitude[0], abs=1e-4)


def test_another_program_reads_the_park_with_its_pond(extract: Path) -> None:
    """GDAL's reader of OpenStreetMap, which is not the library that wrote the file."""
    areas = pyogrio.read_dataframe(extract, layer="multipolygons")
    park = areas[areas["osm_id"].notna()]
    assert len(park) == 1
    (shape,) = shapely.get_parts(park.geometry.iloc[0])
    assert len(shape.interiors) == 1
    assert park["leisure"].item() == "park"
    points = pyogrio.read_dataframe(extract, layer="points")
    assert len(points) > 300
    assert points.geometry.notna().all()


def test_nothing_useful_is_added_to_the_corner_that_lacks(city: City, made: Made) -> None:
    schools = made.schools[made.schools["X"] != ""]
    xy = np.concatenate(
        [
            schools[["X", "Y"]].astype(float).to_numpy(),
            [place for _, place, tags in made.map.nodes if tags.get("amenity") == "school"],
        ]
    )
    points = gpd.GeoSeries.from_xy(*xy.T, crs=DEGREES).to_crs(city.blocks.crs)
    assert len(points) > 350
    # 330 m as in test_plants; the shift of up to 15 m is within the margin of VOID_M.
    assert not near_void(city, points.to_numpy(), reach_m=330.0).any()
