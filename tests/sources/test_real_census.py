"""INEGI's real censuses and blocks: sums, masks, codes and shapes, as the reference measured them.

Aguascalientes (census 2020, blocks 2010), Zapopan (SCINCE 2010), Juárez (blocks 2010, AGEB 2020).
"""

import numpy as np
import pandas as pd
import pytest

from targeting.model import MethodSpec
from targeting.sources import read_territory
from targeting.sources.mx.census import inegi_census
from targeting.sources.mx.masks import AREA
from targeting.sources.mx.scince import scince_areas
from tests.sources.made import spec

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def path(real_data):
    return real_data / "aguascalientes" / "RESAGEBURB_01001_2020.csv"


@pytest.fixture(scope="module")
def census(path):
    return inegi_census(path)


@pytest.fixture(scope="module")
def published(path):
    text = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    text["key"] = text["ENTIDAD"] + text["MUN"] + text["LOC"] + text["AGEB"] + text["MZA"]
    return text[text["MZA"] != "000"].set_index("key").sort_index()


def test_areas_are_the_sum_of_their_blocks_but_for_one(census):
    notes = census.notes
    assert notes["census_year"] == "2020"
    # 332 of 333 (99.7 %); AGEB 0888 counts two people more than its blocks (in the file).
    assert (notes["areas_sum_checked"], notes["areas_sum_mismatch"]) == (333, 1)
    assert notes["areas_sum_mismatch_keys"] == ["0100100010888"]
    assert (notes["city_sum_checked"], notes["city_sum_mismatch"]) == (10, 0)


def test_people_outside_any_block(census):
    # 948,990 in the municipality (the reference's worked check), 901,444 in its blocks.
    assert notes_of(census, "municipal_population") == {"01001": 948_990}
    assert notes_of(census, "people_outside_blocks") == {"01001": 948_990 - 901_444}


def notes_of(layer, name):
    return dict(layer.notes[name])


def test_masks_by_column_and_size(census):
    by_column = census.notes["masked_by_column"]
    expected = {"PDESOCUP": 0.35, "P15YM_AN": 0.29, "VPH_PISOTI": 0.12, "PSINDER": 0.095}
    for column, share in expected.items():
        assert by_column[column] == pytest.approx(share, abs=0.006)
    by_size = census.notes["masked_by_size"]
    # Small blocks are hidden, empty ones are zeros: a mask is no zero.
    assert by_size["1–5"] == pytest.approx(0.965, abs=0.01)
    assert by_size["0"] < 0.01
    order = [by_size[name] for name in ("1–5", "6–10", "11–30", "31–60")]
    assert order == sorted(order, reverse=True)
    assert 0.10 <= by_size[">60"] <= 0.14
    for impossible in ("unreadable_cells", "negative_cells", "cells_above_total"):
        assert impossible not in census.notes


def test_rows_masked_whole_are_those_of_one_or_two_dwellings(published):
    # What the reader's rule rests on: TVIVHAB 1 or 2, and only there.
    figures = published.columns[8:-1]
    hidden = (published[figures] == "*").mean(axis=1) > 0.9
    few = published["TVIVHAB"].isin(["1", "2"])
    assert (hidden == few).all()
    assert hidden.sum() == 427


def test_visible_blocks_add_up_in_every_column(census, published, path):
    """The areas bound the masks only if sums hold: column by column, where all is visible."""
    text = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    areas = text[(text["MZA"] == "000") & (text["AGEB"] != "0000")]
    areas = areas.set_index(areas["ENTIDAD"] + areas["MUN"] + areas["LOC"] + areas["AGEB"])
    wanted = census.counts["block"].value.columns.difference(
        ["REL_H_M", "PROM_HNV", "GRAPROES", "GRAPROES_F", "GRAPROES_M", "PROM_OCUP", "PRO_OCUP_C"]
    )
    blocks = published[wanted].apply(pd.to_numeric, errors="coerce")
    total = areas[wanted].apply(pd.to_numeric, errors="coerce")
    group = blocks.index.str.slice(0, AREA)
    summed = blocks.groupby(group).sum().reindex(total.index)
    shown = blocks.notna().groupby(group).all().reindex(total.index)
    compared = shown & total.notna()
    wrong = (summed != total) & compared
    assert compared.to_numpy().sum() > 14_000
    # The one AGEB with two people more than its blocks, in the columns that count them.
    assert set(wrong.index[wrong.any(axis=1)]) <= {"0100100010888"}


def test_bounds_are_never_wider_than_the_mask_says(census, published):
    counts = census.counts["block"]
    few = published["TVIVHAB"].isin(["1", "2"])
    for column in ("PDESOCUP", "PSINDER", "VPH_PISOTI"):
        lone = (published[column] == "*") & ~few
        assert counts.low.loc[lone, column].min() >= 1
        assert counts.high.loc[lone, column].max() <= 2
        whole = (published[column] == "*") & few
        most = published["VIVTOT" if column.startswith("VPH") else "POBTOT"].astype(float)
        assert (counts.high.loc[whole, column] <= most[whole]).all()


def test_the_rates_of_the_join_reach_the_report(real_data):
    layers = [
        spec("blocks", "manzanas_2010.gpkg", "inegi_blocks"),
        spec("census", "RESAGEBURB_01001_2020.csv", "inegi_census"),
    ]
    city = read_territory(
        layers,
        real_data / "aguascalientes",
        population=MethodSpec("census"),
        census_columns=(),
        match_min=0.7,
    )
    blocks, census = (
        next(one for one in city.intake.layers if one.layer == name)
        for name in ("blocks", "census")
    )
    # 92.8 % and 77.6 %, and the people to the person (reference, section 2).
    assert census.notes["blocks_match_share"] == pytest.approx(0.928, abs=0.0006)
    assert census.notes["match_share"] == pytest.approx(0.776, abs=0.0006)
    assert blocks.notes["population"] == 748_575
    assert census.notes["people_without_shape"] == 901_444 - 748_575
    # Counted in the file: 12 blocks below 50 m² (reference, section 4), one inside another.
    assert blocks.notes["slivers"] == 12
    assert blocks.notes["nested_shapes"] == 1
    assert blocks.notes["overlapping_pairs"] == 1


def test_juarez_blocks_overlap_in_seven_places(real_data):
    layers = [
        spec("blocks", "manzanas_2010.gpkg", "inegi_blocks"),
        spec("areas", "agebs_2020.shp", "inegi_areas"),
    ]
    city = read_territory(layers, real_data / "juarez", match_min=0.5)
    blocks, areas = (
        next(one for one in city.intake.layers if one.layer == name).notes
        for name in ("blocks", "areas")
    )
    assert blocks["overlapping_pairs"] == 7  # by more than 1 m² (reference, section 4)
    assert "nested_shapes" not in blocks
    # AGEB are a true coverage: none shares more than 1 m² with another.
    assert not {"overlapping_pairs", "nested_shapes", "enclosing_shapes"} & set(areas)


def test_monterrey_census_without_blocks_is_compared_no_further(real_data):
    notes = inegi_census(real_data / "monterrey" / "censo2020_ageb_nl_latin1.csv").notes
    assert notes["rows_by_level"]["area"] == 2575
    assert notes["keys_padded"] == 2575
    assert "areas_sum_checked" not in notes
    assert "people_outside_blocks" not in notes


def test_scince_codes_of_jalisco(real_data):
    path = real_data / "zapopan" / "censo2010_ageb_scince.csv"
    read = scince_areas(path)
    # Counted in the file: 54,554 of -6, 5,852 of -8, 680 of -9 (two AGEB) in 1,774 by 343 cells.
    assert notes_of(read, "sentinels") == {"-6": 54_554, "-8": 5_852, "-9": 680}
    assert read.notes["cells"] == 1774 * 343
    assert (54_554 + 5_852 + 680) / (1774 * 343) == pytest.approx(0.100, abs=0.0005)
    assert read.notes["rows_with_mask"] / 1774 == pytest.approx(0.97, abs=0.002)
    assert read.notes["wholly_masked_rows"] == 55
    assert "negative_cells" not in read.notes
    numbers = read.data.select_dtypes("number")
    assert float(numbers.min().min()) >= 0
    assert np.isnan(numbers.to_numpy()).sum() == 54_554 + 5_852 + 680
    # The codes' meaning rests on this: -8 only in shares, and a masked count masks its share.
    raw = pd.read_csv(path)
    counts = [c for c in raw.columns if c != "CVEGEO" and not c.endswith("_R")]
    assert not (raw[counts] == -8).any().any()
    both = [c for c in counts if f"{c}_R" in raw.columns]
    for column in both:
        assert ((raw[column] == -6) <= (raw[f"{column}_R"] == -6)).all(), column
    inside = scince_areas(path, municipalities=("14120",))
    assert len(inside.data) == 455  # Zapopan's AGEB, as its polygons


def test_where_nobody_lives_any_number_of_dwellings_may_be_masked(census, published):
    """84 blocks of Aguascalientes have dwellings (up to 80) and no people; all mask `TVIVPAR`."""
    vacant = published[(published["POBTOT"] == "0") & (published["VIVTOT"] != "0")]
    assert len(vacant) == 84
    assert (vacant["TVIVPAR"] == "*").all()
    counts = census.counts["block"]
    assert (counts.high.loc[vacant.index, "TVIVPAR"] <= vacant["VIVTOT"].astype(float)).all()
    assert counts.high.loc[vacant.index, "TVIVPAR"].max() > 2
