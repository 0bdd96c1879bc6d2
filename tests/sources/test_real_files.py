"""The real files, as their publishers gave them; figures from the reference, or counted here."""

import time

import numpy as np
import pandas as pd
import pytest

from targeting.model import MethodSpec
from targeting.sources import read_territory
from targeting.sources.incidents import points
from targeting.sources.mx.census import inegi_census
from targeting.sources.mx.conapo import conapo_areas
from targeting.sources.mx.denue import denue
from targeting.sources.mx.framework import inegi_areas, inegi_blocks
from targeting.sources.tables import read_text_table
from targeting.study_file import read_study

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def zapopan(real_data, root):
    study = read_study(root / "tests" / "studies" / "zapopan.yaml")
    start = time.perf_counter()
    territory = read_territory(
        study.layers,
        real_data / "zapopan",
        population=study.population,
        match_min=study.match_min,
        tolerance_m=study.place_within_m,
    )
    return territory, time.perf_counter() - start


def layer(territory, name):
    return next(one for one in territory.intake.layers if one.layer == name)


def test_zapopan_is_read_whole_and_soon(zapopan):
    territory, seconds = zapopan
    assert len(territory.blocks) == 12_513
    assert len(territory.areas) == 455
    assert territory.crs.to_epsg() == 32613
    assert seconds < 20  # 3 s on two free cores; the bound leaves room for a crowded machine


def test_zapopan_has_conapos_people(zapopan, real_data):
    territory, _ = zapopan
    table = pd.read_csv(real_data / "zapopan" / "imu_2010.csv", dtype={"CVE_AGEB": str})
    inside = table[table["CVE_AGEB"].isin(territory.blocks["area_id"])]
    by_area = territory.blocks.groupby("area_id")["population"].sum(min_count=1).dropna()
    expected = inside.set_index("CVE_AGEB")["POB_TOTAL"].reindex(by_area.index)
    np.testing.assert_allclose(by_area, expected)
    # 99.3 % of the blocks lie in an AGEB with an index (reference, section 2).
    known = territory.blocks["population"].notna()
    assert known.mean() == pytest.approx(0.993, abs=0.0005)
    assert (~known).sum() == 92


def test_zapopan_raster_bears_the_population_out(zapopan):
    notes = layer(zapopan[0], "population_raster").notes
    assert notes["areas_compared"] == 422
    assert notes["rank_correlation"] > 0.9
    assert 0.8 < notes["raster_ratio"] < 1.2


def test_zapopan_incidents_chosen_by_name(zapopan):
    territory, _ = zapopan
    intake = layer(territory, "incidents")
    assert intake.rows_read == 4865
    # Counted in the file: 7 + 2 + 2 + 20 + 13 homicides, 104 + 3 of domestic violence.
    kinds = intake.notes["kinds"]
    assert 140 <= kinds["homicide"] + kinds["domestic_violence"] <= 151  # less those without place
    assert intake.notes["not_chosen_texts"]["VEHICULO RECUPERADO"] == 414
    assert "texts_not_found" not in intake.notes
    lost = sum(loss.count for loss in intake.losses)
    assert intake.rows_kept + lost + intake.notes["not_chosen"] == intake.rows_read
    assert (intake.notes["first_date"], intake.notes["last_date"]) == ("2014-01-01", "2014-03-31")
    assert set(territory.incidents["kind"]) == {
        "homicide",
        "injury",
        "robbery",
        "domestic_violence",
        "aggression",
    }


def test_zapopan_incidents_of_every_kind_are_placed(zapopan, real_data):
    from targeting.spatial import place_points, to_crs

    territory, _ = zapopan
    read = points(
        real_data / "zapopan" / "delitos.csv", x="long", y="lat", kind="delito", date="fecha"
    )
    assert read.rows_read == 4865
    assert {loss.reason: loss.count for loss in read.losses} == {"zero-coordinates": 20}
    moved, _ = to_crs(np.asarray(read.data.geometry.array), 4326, territory.crs)
    _, distance = place_points(moved, territory.blocks.geometry, tolerance_m=50)
    # Shares of all 4,865 rows; the reference has 36 % inside, 95.6 % and 96.0 % as the least.
    assert (distance == 0).sum() / 4865 == pytest.approx(0.364, abs=0.005)
    assert (distance <= 25).sum() / 4865 >= 0.956
    assert (distance <= 50).sum() / 4865 >= 0.960


def test_zapopan_facilities_without_median_strips(zapopan):
    territory, _ = zapopan
    strips = next(
        x for x in layer(territory, "facilities[1]").losses if x.reason == "not-a-facility"
    )
    # 3,566 median strips, 282 roundabouts, 21 bodies of water, 8 tanks (counted in the file).
    assert strips.count == 3566 + 282 + 21 + 8
    assert layer(territory, "facilities[0]").rows_read == 6011
    assert set(territory.facilities["kind"]) >= {"school", "park", "plaza", "health_center"}
    assert not territory.facilities["name"].isin(["NINGUNO", "NO APLICA", "S/N"]).any()
    schools = territory.facilities[territory.facilities["kind"] == "school"]
    assert schools["name"].isna().mean() > 0.9  # 99 % are NINGUNO


def test_zapopan_barriers_reach_no_farther_than_the_city(zapopan):
    barriers = zapopan[0].barriers
    assert set(barriers["kind"]) == {"CORRIENTE DE AGUA", "CANAL", "VÍA FÉRREA"}
    west, south, east, north = zapopan[0].blocks.total_bounds
    found = barriers.total_bounds
    assert (found >= [west - 3001, south - 3001, west, south]).all()
    assert (found <= [east, north, east + 3001, north + 3001]).all()


def test_zapopan_directories_in_mac_roman(real_data):
    for name in ("Tianguis", "CentrosRecreativos", "DependenciasGobiernos"):
        assert read_text_table(real_data / "zapopan" / f"{name}.csv").encoding == "mac-roman"
    streets = read_text_table(real_data / "zapopan" / "Tianguis.csv").frame()["UbicaTianguis"]
    assert streets.str.contains("Copérnico|Copèrnico", regex=True).any()


@pytest.fixture(scope="module")
def aguascalientes(real_data):
    return inegi_census(real_data / "aguascalientes" / "RESAGEBURB_01001_2020.csv")


def test_aguascalientes_census_by_level(aguascalientes):
    assert aguascalientes.notes["rows_by_level"] == {
        "state": 1,
        "municipality": 1,
        "locality": 10,
        "area": 333,
        "block": 11_123,
    }
    assert aguascalientes.encoding == "utf-8-sig"
    # A naive sum over the file would count everybody up to five times; 901,446 by AGEB rows.
    assert aguascalientes.counts["area"].value["POBTOT"].sum() == 901_446
    assert aguascalientes.counts["block"].value["POBTOT"].sum() == 901_444


def test_aguascalientes_masks(aguascalientes):
    assert aguascalientes.notes["masked_share"] == pytest.approx(0.156, abs=0.0006)
    assert aguascalientes.notes["wholly_masked_blocks"] == 427
    counts = aguascalientes.counts["block"]
    assert counts.value["GRAPROES"].isna().mean() == pytest.approx(0.038, abs=0.0006)


def test_aguascalientes_masked_blocks_fit_their_areas(real_data, aguascalientes):
    text = pd.read_csv(
        real_data / "aguascalientes" / "RESAGEBURB_01001_2020.csv", dtype=str, encoding="utf-8-sig"
    )
    text = text[text["MZA"] != "000"]
    keys = text["ENTIDAD"] + text["MUN"] + text["LOC"] + text["AGEB"] + text["MZA"]
    counts = aguascalientes.counts["block"]
    for column in ("PDESOCUP", "P15YM_AN", "PSINDER", "VPH_PISOTI"):
        raw = pd.Series(text[column].to_numpy(), index=keys).reindex(counts.value.index)
        shown = raw != "*"
        assert (counts.low[column][shown] == raw[shown].astype(float)).all()
        assert (counts.high[column][shown] == raw[shown].astype(float)).all()
        hidden = counts.high[column][~shown]
        assert (counts.low[column][~shown] >= 0).all()
        assert (hidden >= 1).any()
    whole = aguascalientes.counts["area"]
    area_of = counts.value.index.str.slice(0, 13)
    low = counts.low["PSINDER"].groupby(area_of).sum()
    high = counts.high["PSINDER"].groupby(area_of).sum()
    fits = (low <= whole.high["PSINDER"]) & (whole.low["PSINDER"] <= high)
    assert fits.mean() > 0.99  # AGEB rows are the sum of their blocks in 99.7 %


def test_aguascalientes_blocks_of_2010_meet_the_census_of_2020(real_data):
    folder = real_data / "aguascalientes"
    blocks = inegi_blocks(folder / "manzanas_2010.gpkg").data
    census = inegi_census(folder / "RESAGEBURB_01001_2020.csv", columns=()).counts["block"].value
    # Both ways, as the reference measured them (section 2), and the people to the person.
    matched = blocks["id"].isin(census.index)
    assert matched.mean() == pytest.approx(0.928, abs=0.0006)
    assert census.index.isin(blocks["id"]).mean() == pytest.approx(0.776, abs=0.0006)
    assert census["POBTOT"].reindex(blocks["id"]).sum() == 748_575


def test_a_census_of_another_year_is_refused(real_data):
    from targeting.problems import TargetingError
    from tests.sources.made import spec

    layers = [
        spec("blocks", "manzanas_2010.gpkg", "inegi_blocks"),
        spec("census", "RESAGEBURB_01001_2020.csv", "inegi_census"),
    ]
    with pytest.raises(TargetingError) as raised:
        read_territory(
            layers,
            real_data / "aguascalientes",
            population=MethodSpec("census"),
            census_columns=(),
        )
    assert [one.code for one in raised.value.problems] == ["keys-unmatched", "keys-unmatched"]


def test_denue_with_long_headers(real_data):
    path = real_data / "aguascalientes" / "denue_muestra_encabezados_largos.csv"
    text = read_text_table(path)
    assert text.rows_read == 14
    from targeting.problems import TargetingError

    # Fumigation services and the like: none of the fourteen is a facility.
    with pytest.raises(TargetingError) as raised:
        denue(path)
    assert raised.value.problems[0].code == "no-facility-found"


def test_juarez_areas_and_index(real_data):
    areas = inegi_areas(real_data / "juarez" / "agebs_2020.shp")
    index = conapo_areas(real_data / "juarez" / "imu_2020.csv").data
    assert areas.crs_in == "MEXICO_ITRF_2008_LCC (EPSG:6372)"
    assert len(index) == 579
    assert index.index.isin(areas.data["id"]).all()
    assert areas.data["id"].isin(index.index).mean() == pytest.approx(0.864, abs=0.0006)


@pytest.mark.parametrize("city", ["zapopan", "aguascalientes", "juarez"])
@pytest.mark.parametrize("year", ["2010", "2020"])
def test_a_higher_index_means_less_marginalized(real_data, city, year):
    table = conapo_areas(real_data / city / f"imu_{year}.csv").data
    means = table.groupby("GM")["IM"].mean()
    order = [g for g in ("Muy alto", "Alto", "Medio", "Bajo", "Muy bajo") if g in means.index]
    assert means[order].is_monotonic_increasing
    assert table["IM"].corr(table["SBASC"], method="spearman") < -0.7


def test_monterreys_damaged_census_keys_are_restored(real_data):
    read = inegi_census(real_data / "monterrey" / "censo2020_ageb_nl_latin1.csv")
    keys = read.counts["area"].value.index
    assert len(keys) == 2575
    assert keys.is_unique
    assert (keys.str.len() == 13).all()
    areas = inegi_areas(real_data / "monterrey" / "agebs_2020.shp").data
    assert keys.isin(areas["id"]).sum() == 2091
