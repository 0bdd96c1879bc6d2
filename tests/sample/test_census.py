"""The made census adds up and hides what INEGI hides."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from targeting.sample import City
from targeting.sample.census import means
from targeting.sample.census_columns import COUNTS, DECIMALS, IDENTIFIERS, INDICATORS, NEVER_MASKED
from targeting.sample.census_file import NOT_LIVED_IN, UNAVAILABLE, write_census
from targeting.sample.conapo import COMPONENTS, CUTS, GRADES, components, conapo_table

MEMBER = "ageb_mza_urbana_99_cpv2020/conjunto_de_datos/conjunto_de_datos_ageb_urbana_99_cpv2020.csv"


@pytest.fixture(scope="module")
def raw(city: City, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("census")
    (file,) = write_census(city, folder)
    assert file.name == "ageb_mza_urbana_99_cpv2020_csv.zip"
    with zipfile.ZipFile(file) as held:
        return held.read(MEMBER)


@pytest.fixture(scope="module")
def published(raw: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(raw), dtype=str, encoding="utf-8-sig", keep_default_na=False)


@pytest.fixture(scope="module")
def blocks(published: pd.DataFrame) -> pd.DataFrame:
    rows = published[published["MZA"] != "000"]
    key = rows["ENTIDAD"] + rows["MUN"] + rows["LOC"] + rows["AGEB"] + rows["MZA"]
    return rows.set_axis(key.to_numpy(), axis=0)


def test_header_is_inegis(raw: bytes) -> None:
    assert raw.startswith(b"\xef\xbb\xbfENTIDAD,NOM_ENT,MUN,")
    assert len(IDENTIFIERS) + len(INDICATORS) == 230  # sources-mexico.md, section 1.2


@pytest.mark.real
def test_header_is_that_of_the_real_file(published: pd.DataFrame, real_data: Path) -> None:
    file = real_data / "aguascalientes" / "RESAGEBURB_01001_2020.csv"
    with file.open(encoding="utf-8-sig") as held:
        assert held.readline().strip().split(",") == list(published.columns)


def test_five_kinds_of_rows(published: pd.DataFrame, city: City) -> None:
    zero = published[["MUN", "LOC", "AGEB", "MZA"]].apply(lambda c: c.str.strip("0") == "")
    level = zero.sum(axis=1)
    counted = level.value_counts().to_dict()
    assert counted == {4: 1, 3: 2, 2: 3, 1: len(city.areas), 0: len(city.blocks)}
    assert published["NOM_ENT"].str.contains("datos inventados").all()
    assert (published.loc[level == 1, "NOM_LOC"] == "Total AGEB urbana").all()
    assert (published.loc[level == 2, "NOM_LOC"] == "Total de la localidad urbana").all()
    ordered = published[["MUN", "LOC", "AGEB", "MZA"]].apply("".join, axis=1)
    assert ordered.is_monotonic_increasing


def test_totals_add_up_level_by_level(published: pd.DataFrame) -> None:
    people = published.assign(people=published["POBTOT"].astype(int))
    area = people[(people["AGEB"] != "0000") & (people["MZA"] == "000")]
    block = people[people["MZA"] != "000"]
    by = ["MUN", "LOC", "AGEB"]
    assert (area.set_index(by)["people"] == block.groupby(by)["people"].sum()).all()
    place = people[(people["LOC"] != "0000") & (people["AGEB"] == "0000")]
    assert (place.set_index(by[:2])["people"] == area.groupby(by[:2])["people"].sum()).all()
    town = people[(people["MUN"] != "000") & (people["LOC"] == "0000")]
    assert (town.set_index("MUN")["people"] == place.groupby("MUN")["people"].sum()).all()
    assert people.loc[people["MUN"] == "000", "people"].item() == town["people"].sum()


def test_every_total_is_the_sum_of_the_true_blocks(published: pd.DataFrame, city: City) -> None:
    rows = published[(published["AGEB"] != "0000") & (published["MZA"] == "000")]
    key = rows["ENTIDAD"] + rows["MUN"] + rows["LOC"] + rows["AGEB"]
    true = city.census.groupby(city.blocks["area_id"]).sum().loc[key.to_numpy()]
    for name in COUNTS:
        shown = pd.to_numeric(rows[name], errors="coerce").to_numpy()
        held = ~np.isnan(shown)
        assert (shown[held] == true[name].to_numpy()[held]).all(), name


def test_blocks_show_the_truth_or_a_mask(blocks: pd.DataFrame, city: City) -> None:
    """INEGI's rule: 1 and 2 are masked; with one or two inhabited dwellings nearly all cells."""
    true = city.census.loc[blocks.index]
    lived = true["TVIVHAB"].to_numpy()
    whole = np.isin(lived, [1, 2])
    vacant = (lived == 0) & (true["VIVTOT"].to_numpy() > 0)
    assert whole.sum() > 100
    assert vacant.sum() > 10
    for name in COUNTS:
        value, shown = true[name].to_numpy(), blocks[name].to_numpy()
        hidden = whole | np.isin(value, [1, 2]) | (vacant & (name in NOT_LIVED_IN))
        if name in NEVER_MASKED:
            hidden = vacant & (name == "TVIVHAB")
        absent = shown == "N/D"
        assert (shown[hidden & ~absent] == "*").all(), name
        open_ = ~hidden & ~absent
        assert (shown[open_] == value[open_].astype(str)).all(), name
    decimals = means(true)
    for name in DECIMALS:
        shown = blocks[name].to_numpy()
        assert ((shown == "*") == whole).all()
        open_ = ~np.isin(shown, ["*", "N/D"])
        assert (shown[open_].astype(float) == decimals[name].to_numpy()[open_]).all()
    assert not (blocks["POBTOT"] == "*").any()


def test_a_few_cells_are_not_available(blocks: pd.DataFrame) -> None:
    absent = blocks[list(INDICATORS)] == "N/D"
    assert set(absent.columns[absent.any()]) == set(UNAVAILABLE)
    assert 5 <= absent.any(axis=1).sum() <= 60


def test_masks_are_as_common_as_in_real_files(blocks: pd.DataFrame) -> None:
    """sources-mexico.md, section 4: 15.6 to 22.8 % of block cells, 3.8 to 9.6 % of rows wholly."""
    hidden = blocks[list(INDICATORS)] == "*"
    assert 0.14 <= hidden.to_numpy().mean() <= 0.24
    assert 0.03 <= (hidden.mean(axis=1) > 0.9).mean() <= 0.10


def test_parts_never_exceed_their_whole(city: City) -> None:
    c = city.census.astype(int)
    assert (c >= 0).all().all()
    assert (c["POBFEM"] + c["POBMAS"] == c["POBTOT"]).all()
    assert (c["POBTOT"] == city.blocks["people"]).all()
    assert (c["P_0A2"] + c["P_3YMAS"] == c["POBTOT"]).all()
    assert (c["POB0_14"] + c["POB15_64"] + c["POB65_MAS"] == c["POBTOT"]).all()
    assert (c["P_15A17"] + c["P_18YMAS"] == c["P_15YMAS"]).all()
    assert (c["P_12A14"] + c["P_15YMAS"] == c["P_12YMAS"]).all()
    assert (c["POCUPADA"] + c["PDESOCUP"] == c["PEA"]).all()
    assert (c["HOGJEF_F"] + c["HOGJEF_M"] == c["TOTHOG"]).all()
    for low, high in (
        ("POB65_MAS", "P_60YMAS"),
        ("P_60YMAS", "P_18YMAS"),
        ("P_18A24", "P_18YMAS"),
        ("P_15A49_F", "P_15YMAS_F"),
        ("VIVPARH_CV", "TVIVPARHAB"),
        ("TVIVPARHAB", "TVIVHAB"),
        ("TVIVHAB", "VIVTOT"),
        ("VIVPAR_HAB", "TVIVPAR"),
        ("TVIVPAR", "VIVTOT"),
        ("P15YM_AN", "P15YM_SE"),
        ("P3A5_NOA", "P_3A5"),
        ("P15A17A", "P_15A17"),
        ("P18YM_PB", "P_18YMAS"),
        ("PDER_IMSS", "PDER_SS"),
    ):
        assert (c[low] <= c[high]).all(), (low, high)
    schooling = c[["P15YM_SE", "P15PRI_IN", "P15PRI_CO", "P15SEC_IN", "P15SEC_CO"]].sum(axis=1)
    assert (schooling <= c["P_15YMAS"]).all()
    assert (c["PEA"] + c["PE_INAC"] <= c["P_12YMAS"]).all()
    assert (c["PSINDER"] + c["PDER_SS"] <= c["POBTOT"]).all()
    for name in (column for column in COUNTS if column.startswith("VPH_")):
        assert (c[name] <= c["VIVPARH_CV"]).all(), name
    for parts in (
        ("VPH_PISODT", "VPH_PISOTI"),
        ("VPH_C_ELEC", "VPH_S_ELEC"),
        ("VPH_AGUADV", "VPH_AGUAFV"),
        ("VPH_DRENAJ", "VPH_NODREN"),
        ("VPH_1CUART", "VPH_2CUART", "VPH_3YMASC"),
    ):
        assert (c[list(parts)].sum(axis=1) <= c["VIVPARH_CV"]).all(), parts
    assert (c["VPH_SNBIEN"] <= c["VIVPARH_CV"] - c["VPH_REFRI"]).all()
    sexed = [name for name in COUNTS if f"{name}_F" in COUNTS and f"{name}_M" in COUNTS]
    assert len(sexed) > 20
    for name in sexed:
        assert (c[f"{name}_F"] + c[f"{name}_M"] == c[name]).all(), name
    people = c["POBTOT"] > 0
    assert ((c["TVIVHAB"] > 0) == people).all()


def test_want_drives_what_people_lack(city: City) -> None:
    c = components(city.census.groupby(city.blocks["area_id"]).sum())
    weighted = city.blocks["want"] * city.blocks["people"]
    want = (
        weighted.groupby(city.blocks["area_id"]).sum()
        / city.blocks.groupby("area_id")["people"].sum()
    )
    tied = c.corrwith(want, method="spearman")
    for name in ("SBASC", "PSDSS", "OVSREF", "OVSINT", "OVHAC", "OVPT"):
        assert tied[name] > 0.6, name


def test_conapo_table_has_its_form_and_direction(city: City) -> None:
    table = conapo_table(city)
    assert table["CVE_AGEB"].str.len().eq(13).all()
    assert set(table["CVE_AGEB"]) <= set(city.areas.index)
    assert 1 <= len(city.areas) - len(table) <= 0.12 * len(city.areas)
    worse = table[list(COMPONENTS)].corrwith(table["IM_2020"], method="spearman")
    assert (worse < -0.2).all()
    assert (table["IMN_2020"] - table["IM_2020"] / 128.0143).abs().max() < 1e-6
    expected = [GRADES[int(np.searchsorted(CUTS, value))] for value in table["IM_2020"]]
    assert table["GM_2020"].tolist() == expected
    assert table["GM_2020"].nunique() == 5
    exact = components(city.census.groupby(city.blocks["area_id"]).sum()).loc[table["CVE_AGEB"]]
    assert table[list(COMPONENTS)].to_numpy() == pytest.approx(exact.to_numpy(), abs=1e-5)


@pytest.mark.real
def test_conapo_columns_are_the_real_ones(city: City, real_data: Path) -> None:
    real = pd.read_csv(real_data / "zapopan" / "imu_2020.csv", nrows=1)
    assert list(conapo_table(city).columns) == list(real.columns)
