"""Tables by area, municipality and colonia: CONAPO, CONEVAL, AMAI; and how they are joined."""

from __future__ import annotations

import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from targeting.catalogue import catalogue
from targeting.model import LayerSpec, MethodSpec
from targeting.model.vintages import vintages_apart, year_of
from targeting.problems import TargetingError
from targeting.sources import read_territory
from targeting.sources.mx.amai import LEVELS, amai_areas
from targeting.sources.mx.conapo import (
    COMPONENTS,
    conapo_areas,
    conapo_municipalities,
    conapo_neighborhoods,
)
from targeting.sources.mx.coneval import INDICATORS, coneval_areas, coneval_municipalities
from tests.sources import made
from tests.sources.indices import (
    BIG,
    LAG_HEADS,
    ND,
    SMALL,
    amai_csv,
    colonias,
    imm_csv,
    imm_rows,
    lag_row,
    lag_rows,
    workbook,
)

AREAS = list(made.AREAS)


def codes(error):
    return [problem.code for problem in error.value.problems]


# ---------------------------------------------------------------------------------- CONAPO


def test_conapo_by_municipality_and_its_direction(tmp_path):
    read = conapo_municipalities(imm_csv(tmp_path / "imm.csv", imm_rows()))
    assert read.data.index.name == "municipality_id"
    first = read.data.loc["01001"]
    assert (first["municipality_IM"], first["municipality_SBASC"]) == (39.0, 5.0)
    assert first["municipality_GM"] == "Alto"
    assert read.data["municipality_POB_TOTAL"].sum() == 78_000  # 1,000 · (1 + … + 12)
    assert dict(read.notes["index_direction"]) == {"lower_is_worse": "IM"}
    assert read.notes["table_year"] == "2020"


def test_conapo_keys_that_lost_their_zero_or_stand_apart(tmp_path):
    short = [[int(row[0]), row[1], int(row[2]), *row[3:]] for row in imm_rows()]
    read = conapo_municipalities(imm_csv(tmp_path / "a.csv", short))
    assert read.data.index[0] == "01001"
    assert read.notes["keys_padded"] == 12
    apart = [[*row[:2], row[2][2:], *row[3:]] for row in imm_rows()]
    assert conapo_municipalities(imm_csv(tmp_path / "b.csv", apart)).data.index[0] == "01001"


def test_an_index_that_rises_with_want_is_refused(tmp_path):
    with pytest.raises(TargetingError) as error:
        conapo_municipalities(imm_csv(tmp_path / "old.csv", imm_rows(reverse=True)))
    assert codes(error) == ["reversed-index"]


def test_conapo_out_of_the_zip_as_published(tmp_path):
    cells = [line.split(",") for line in made.imu_text().splitlines()]
    book = workbook(tmp_path / "IMU_2020.xlsx", cells, sheets=("Notas", "IMU_2020"))
    with zipfile.ZipFile(tmp_path / "IMU_2020.zip", "w") as archive:
        archive.write(book, "IMU_2020.xlsx")
        archive.writestr("Diccionario_IMU_2020.csv", "a,b\n1,2\n")
    plain = conapo_areas(made.write_text(tmp_path / "imu.csv", made.imu_text())).data
    packed = conapo_areas(tmp_path / "IMU_2020.zip").data
    pd.testing.assert_frame_equal(plain, packed)
    with pytest.raises(TargetingError) as error:
        conapo_areas(book, sheet="Otra")
    assert codes(error) == ["unknown-sheet"]


def test_a_workbook_of_something_else_names_what_lacks(tmp_path):
    with pytest.raises(TargetingError) as error:
        conapo_areas(workbook(tmp_path / "x.xlsx", [["a", "b"], [1, 2]]))
    assert codes(error) == ["other-table"]
    assert error.value.problems[0].values["wanted"] == f"CVE_AGEB, IM, {COMPONENTS[0]}"


def test_colonias_repeated_between_files_and_without_components(tmp_path):
    rows = [
        ("01001_0001", "Centro", 150.0, None, 60),
        ("01001_0001", "Centro", 150.0, 9.0, 50),  # the neighbor's file: smaller, but told
        ("01002_0003", "NINGUNO", 120.0, None, 60),
    ]
    read = conapo_neighborhoods(colonias(tmp_path / "c.gpkg", rows))
    assert [(loss.reason, loss.count) for loss in read.losses] == [("duplicate-shape-differs", 1)]
    data = read.data.set_index("id")
    assert data.loc["01001_0001", "SBASC"] == 9.0
    assert data.geometry.area.tolist() == [3600.0, 3600.0]
    assert (data["level"] == "neighborhood").all()
    assert read.notes["components_restored"] == 1
    assert read.notes["without_components"] == 1
    assert read.notes["fractional_people"] == 2
    assert dict(read.notes["rows_by_municipality"]) == {"01001": 1, "01002": 1}


def test_colonias_are_places_of_the_city(tmp_path):
    colonias(tmp_path / "c.gpkg", [("01001_0001", "Centro", 150.0, 9.0, 10)])
    made.write_blocks(tmp_path / "01m.shp")
    frame = gpd.read_file(tmp_path / "c.gpkg")
    frame.geometry = [made.shape(shapely.box(0, 0, 130, 130))]
    frame.set_crs(6372, allow_override=True).to_file(tmp_path / "c.gpkg")
    layers = [
        made.spec("blocks", "01m.shp", "inegi_blocks"),
        made.spec("places", "c.gpkg", "conapo_neighborhoods"),
    ]
    places = read_territory(layers, tmp_path).places
    assert places.index.tolist() == ["neighborhood:01001_0001"]
    assert places["name"].tolist() == ["Centro"]


# --------------------------------------------------------------------------------- CONEVAL


@pytest.mark.parametrize("blank", [0, 2, 5])
def test_coneval_finds_its_header_by_content(tmp_path, blank):
    rows = lag_rows(lag_row(AREAS[0], 1, "Muy alto"), lag_row(AREAS[1], 41, "Bajo"), blank=blank)
    read = coneval_areas(workbook(tmp_path / "grs.xlsx", rows, sheets=("Notas", "AGEB")))
    assert read.rows_read == 2
    assert read.data["social_lag_grade"].tolist() == [5.0, 2.0]
    assert read.notes["other_lines"] == 7 + blank  # a title, three of header, three below
    names = list(INDICATORS)
    # "teléfono" is in both headings of telephones; the cell phone is told first by our table.
    order = [*names[:6], "no_piped_water_percent", "no_toilet_percent", "no_drainage_percent"]
    order += ["no_electricity_percent", "dirt_floor_percent", "no_washing_machine_percent"]
    order += ["no_refrigerator_percent", "no_telephone_percent", "no_cell_phone_percent"]
    order += ["no_computer_percent", "no_internet_percent"]
    first = read.data.loc[AREAS[0], [f"lag_{name}" for name in order]]
    assert first.tolist() == list(range(1, 18))


def test_coneval_hides_areas_with_few_dwellings(tmp_path):
    rows = lag_rows(lag_row(AREAS[0], 1, "Medio"), lag_row(AREAS[1], 1, None))
    with zipfile.ZipFile(tmp_path / "GRS_AGEB_urbana_2020.zip", "w") as archive:
        archive.write(workbook(tmp_path / "g.xlsx", rows), "GRS_AGEB_urbana_2020.xlsx")
    read = coneval_areas(tmp_path / "GRS_AGEB_urbana_2020.zip")
    assert read.data.loc[AREAS[1]].drop("municipality_id").isna().all()
    assert (read.notes["rows_suppressed"], read.notes["without_grade"]) == (1, 1)


def test_coneval_names_every_column_that_lacks(tmp_path):
    rows = lag_rows(lag_row(AREAS[0], 1, "Medio"))
    rows = [[cell for cell in row if cell != LAG_HEADS[-1]] for row in rows]
    with pytest.raises(TargetingError) as error:
        coneval_areas(workbook(tmp_path / "g.xlsx", rows))
    assert [problem.values["given"] for problem in error.value.problems] == [
        "lag_no_internet_percent"
    ]


# ------------------------------------------------------------------------------------ AMAI


def test_amai_shares_worked_by_hand(tmp_path):
    rows = [(10, 20, 30, 10, 10, 15, 5, 100, BIG, AREAS[0]), (*[ND] * 8, BIG, AREAS[1])]
    read = amai_areas(amai_csv(tmp_path / "nse.csv", rows))
    first = read.data.loc[AREAS[0]]
    assert first["low_socioeconomic_share"] == 0.2  # (15 + 5) / 100
    assert first["households_c_plus_share"] == 0.2
    assert first["low_socioeconomic_share_low"] == first["low_socioeconomic_share_high"] == 0.2
    assert read.data.loc[AREAS[1]].drop(["municipality_id", "may_lack_shape"]).isna().all()
    assert (read.notes["rows_not_told"], read.notes["hidden_cells"]) == (1, 0)


def test_amai_hidden_levels_are_bounded_by_the_total(tmp_path):
    # 40 told of 43: C- and E hide three, so one holds 1 and the other 2.
    rows = [
        (10, 10, 10, ND, 5, 5, ND, 43, BIG, AREAS[0]),
        (10, 10, 10, 3, 5, ND, ND, 41, BIG, AREAS[1]),  # D and E hide 3, both low
    ]
    data = amai_areas(amai_csv(tmp_path / "nse.csv", rows)).data
    bounds = ["low_socioeconomic_share_low", "low_socioeconomic_share_high"]
    assert data.loc[AREAS[0], bounds].tolist() == pytest.approx([6 / 43, 7 / 43])
    assert data.loc[AREAS[0], "low_socioeconomic_share"] == pytest.approx(6.5 / 43)
    assert data.loc[AREAS[1], bounds].tolist() == pytest.approx([3 / 41, 3 / 41])
    shares = [f"households_{level}_share" for level in LEVELS.values()]
    assert data[shares].sum(axis=1).tolist() == pytest.approx([1.0, 1.0])


def test_amai_bounds_hold_the_truth(tmp_path):
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 12, size=(400, 7))
    rows = []
    for n, counts in enumerate(truth):
        shown = [ND if count in (1, 2) else count for count in counts]
        rows.append((*shown, counts.sum(), BIG, f"0100100{n:06d}"))
    data = amai_areas(amai_csv(tmp_path / "nse.csv", rows)).data
    told = data["low_socioeconomic_share"].notna().to_numpy()
    low = truth[:, 5:].sum(axis=1) / truth.sum(axis=1)
    assert told.sum() > 390
    assert (data["low_socioeconomic_share_low"] <= low + 1e-12)[told].all()
    assert (data["low_socioeconomic_share_high"] >= low - 1e-12)[told].all()
    assert (data["low_socioeconomic_share_low"] < data["low_socioeconomic_share_high"]).any()


def test_amai_lacking_a_level(tmp_path):
    path = amai_csv(tmp_path / "nse.csv", [(1, 2, 3, 4, 5, 6, 7, 28, BIG, AREAS[0])])
    path.write_text(path.read_text("utf-8").replace("D+", "DP").replace("VIVIENDAS", "V"), "utf-8")
    with pytest.raises(TargetingError) as error:
        amai_areas(path)
    assert [problem.values["given"] for problem in error.value.problems] == ["D+", "VIVIENDAS"]


# ----------------------------------------------------------------------------- joining them


def city(folder, slot, file, reader, *, areas=True, **more):
    made.write_blocks(folder / "01m.shp")
    made.write_areas(folder / "01a.shp")
    layers = [made.spec("blocks", "01m.shp", "inegi_blocks")]
    layers += [made.spec("areas", "01a.shp", "inegi_areas")] if areas else []
    own = {"source": "made", "year": "2020"} | more
    spec = LayerSpec(slot, f"inputs.{slot}", file, MethodSpec(reader, {}), **own)
    territory = read_territory([*layers, spec], folder)
    return territory, territory.intake.layers[-1]


def test_a_table_by_municipality_reaches_every_area(tmp_path):
    imm_csv(tmp_path / "imm.csv", imm_rows())
    territory, report = city(tmp_path, "area_table", "imm.csv", "conapo_municipalities")
    table = territory.area_table
    assert table.index.tolist() == sorted(AREAS)
    assert table["municipality_IM"].tolist() == [39.0, 39.0]  # both are in 01001
    assert report.rows_kept == 1
    assert report.notes["other_municipalities"] == 11
    assert report.notes["blocks_match_share"] == 1.0


def test_a_table_without_the_citys_municipality_is_refused(tmp_path):
    imm_csv(tmp_path / "imm.csv", imm_rows()[1:])
    with pytest.raises(TargetingError) as error:
        city(tmp_path, "area_table", "imm.csv", "conapo_municipalities")
    assert codes(error) == ["blocks-without-row"]
    assert error.value.problems[0].values["examples"] == "01001"


def test_rural_rows_are_a_level_of_their_own(tmp_path):
    counts = (10, 20, 30, 10, 10, 15, 5, 100)
    rural = [(*counts, SMALL, f"010010{n:03d}3177") for n in range(5)]
    rows = [(*counts, BIG, AREAS[0]), (*counts, "1,000 a 2,499", AREAS[1]), *rural]
    amai_csv(tmp_path / "nse.csv", rows)
    territory, report = city(tmp_path, "area_table", "nse.csv", "amai_areas")
    assert [(loss.reason, loss.count) for loss in report.losses] == [("place-too-small", 5)]
    assert report.notes["match_share"] == 1.0  # of the two that can have a shape
    assert "may_lack_shape" not in territory.area_table.columns
    assert territory.area_table["low_socioeconomic_share"].tolist() == [0.2, 0.2]


def test_a_match_too_low_names_rows_unless_the_input_allows_it(tmp_path):
    counts = (10, 20, 30, 10, 10, 15, 5, 100)
    strangers = [f"010010001{n:04d}" for n in (1001, 1002)]
    amai_csv(tmp_path / "nse.csv", [(*counts, BIG, key) for key in (*AREAS, *strangers)])
    with pytest.raises(TargetingError) as error:
        city(tmp_path, "area_table", "nse.csv", "amai_areas")
    assert codes(error) == ["keys-unmatched"]
    assert strangers[0] in error.value.problems[0].values["examples"]
    _, report = city(tmp_path, "area_table", "nse.csv", "amai_areas", match_min=0.5)
    assert report.notes["match_share"] == 0.5
    assert [(loss.reason, loss.examples) for loss in report.losses] == [
        ("no-shape", tuple(strangers))
    ]


def test_both_ways_of_a_match_are_told_with_examples(tmp_path):
    made.write_text(tmp_path / "imu.csv", made.imu_text(order=[0]))
    _, report = city(tmp_path, "area_table", "imu.csv", "conapo_areas", year="s/f")
    assert report.notes["match_share"] == 1.0
    assert report.notes["blocks_match_share"] == 0.5
    assert report.notes["areas_without_row"] == 1
    assert report.notes["areas_without_row_examples"] == [AREAS[1]]
    assert report.notes["year_not_checked"] is True


def test_years_apart_are_told_with_both_inputs():
    def layer(slot, year):
        return LayerSpec(slot, f"inputs.{slot}", f"{slot}.csv", MethodSpec("table"), "", year)

    layers = [
        layer("blocks", "2010"),
        layer("census", "Censo 2020"),
        layer("area_table", "2014"),
        layer("rasters", "1990"),
        layer("block_table", ""),
    ]
    (problem,) = vintages_apart(layers, 4)
    assert problem.code == "vintages-apart"
    assert problem.where == "inputs.census"
    told = problem.text("en")
    assert "2010" in told
    assert "2020" in told
    assert "inputs.blocks" in told
    assert "years_apart_max: 10" in told
    assert [one.where for one in vintages_apart(layers, 3)] == [
        "inputs.census",
        "inputs.area_table",
    ]
    assert vintages_apart(layers, 10) == []
    assert year_of("889463807469") is None


def test_the_catalogue_uses_columns_these_readers_give(tmp_path):
    rows = lag_rows(lag_row(AREAS[0], 1, "Medio"))
    counts = (10, 20, 30, 10, 10, 15, 5, 100)
    given = {
        "coneval_areas": coneval_areas(workbook(tmp_path / "g.xlsx", rows)),
        "amai_areas": amai_areas(amai_csv(tmp_path / "n.csv", [(*counts, BIG, AREAS[0])])),
        "conapo_municipalities": conapo_municipalities(imm_csv(tmp_path / "m.csv", imm_rows())),
    }
    own = {key: r for key, r in catalogue().items() if r.get("reader") in given}
    assert len(own) == 5
    for key, record in own.items():
        measure = record["measure"]
        wanted = {measure[name] for name in ("column", "low", "high") if name in measure}
        assert wanted <= set(given[record["reader"]].data.columns), key


# ------------------------------------------------------------------------------ real files


def test_real_conapo_by_municipality(real_data):
    folder = real_data / "indices" / "conapo"
    # Rows as counted in the publication of each year.
    for year, rows in ((2010, 2456), (2015, 2457), (2020, 2469)):
        table = conapo_municipalities(folder / f"IMM_{year}.parquet").data
        assert len(table) == rows
        means = table.groupby("municipality_GM")["municipality_IM"].mean()
        order = ["Muy alto", "Alto", "Medio", "Bajo", "Muy bajo"]
        assert means[order].is_monotonic_increasing
    assert table["municipality_GM"].value_counts()[order].tolist() == [204, 586, 494, 530, 655]


def test_real_conapo_of_the_whole_country(real_data):
    table = conapo_areas(real_data / "indices" / "conapo" / "IMU_2020.parquet").data
    assert len(table) == 50_790
    assert table["GM"].value_counts().sort_index().to_dict() == {
        "Alto": 8274, "Bajo": 14105, "Medio": 13209, "Muy alto": 5910, "Muy bajo": 9292,
    }  # fmt: skip


def test_real_colonias_of_monterrey(real_data):
    read = conapo_neighborhoods(real_data / "monterrey" / "colonias_imc2020.gpkg")
    assert read.rows_read == 3409
    assert [(loss.reason, loss.count) for loss in read.losses] == [("duplicate-shape-differs", 273)]
    assert len(read.data) == 3136
    # The 895 rows of Monterrey's own file (26 %) lack the indicators. Counted apart, with a plain
    # group by key: 108 of them stand in a neighbor's file too, which has them.
    assert (read.notes["without_components"], read.notes["components_restored"]) == (787, 108)
    assert read.notes["repaired_geometries"] == 6
    assert read.data["IM"].notna().all()


def test_real_coneval_by_municipality(real_data):
    path = real_data / "indices" / "coneval" / "IRS_entidades_mpios_2020.xlsx"
    table = coneval_municipalities(path).data
    assert len(table) == 2469
    assert table["municipality_social_lag_index"].mean() == pytest.approx(0, abs=1e-6)
    assert table["municipality_social_lag_index"].std(ddof=1) == pytest.approx(1, abs=1e-6)
    means = table.groupby("municipality_social_lag_grade")["municipality_social_lag_index"].mean()
    assert means.index.tolist() == [1, 2, 3, 4, 5]
    assert means.is_monotonic_increasing
    first = table.loc["01001"]
    assert first["municipality_lag_illiterate_percent"] == 1.642183


def test_real_amai_of_juarez(real_data):
    read = amai_areas(real_data / "juarez" / "nse_amai_ageb.csv")
    assert read.rows_read == len(read.data) == 773
    assert read.notes["rows_not_told"] == 139
    told = read.data["low_socioeconomic_share"].dropna()
    assert told.between(0, 1).all()
    assert len(told) == 634


def test_real_juarez_joins_both_ways(real_data):
    folder = real_data / "juarez"
    layers = [
        made.spec("blocks", "manzanas_2010.gpkg", "polygons", id="CVEGEO"),
        made.spec("areas", "agebs_2020.shp", "inegi_areas"),
        made.spec("area_table", "imu_2020.csv", "conapo_areas", "inputs.area_table[0]"),
        made.spec("area_table", "nse_amai_ageb.csv", "amai_areas", "inputs.area_table[1]"),
    ]
    territory = read_territory(layers, folder)
    index, levels = territory.intake.layers[2:]
    assert (index.rows_read, index.notes["match_share"]) == (579, 1.0)
    # 773 rows: 632 match, 139 are of localities under 2,500 people, one is of a locality of 2,500
    # to 4,999, and one of the city itself has an AGEB that the framework lacks.
    lost = {loss.reason: loss.count for loss in levels.losses}
    assert lost == {"place-too-small": 139, "no-shape": 2}
    assert levels.notes["match_share"] == pytest.approx(632 / 634, abs=1e-6)
    table = territory.area_table
    both = table[["IM", "low_socioeconomic_share"]].dropna()
    assert both.corr(method="spearman").iloc[0, 1] < -0.5  # poorer by one, poorer by the other
