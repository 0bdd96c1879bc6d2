"""What a study may say of its inputs: years apart, own thresholds, which reader, grades by rank."""

import pytest

from targeting.study_file import draft_study

STUDY = """
title: Ciudad
inputs:
  blocks: {file: m.shp, reader: inegi_blocks, year: "2020"}
  census: {file: c.csv, reader: inegi_census, year: CENSUS_YEAR}
  area_table:
    - {file: i.csv, reader: conapo_areas, source: CONAPO, year: 2020}
    - {file: g.xlsx, reader: coneval_areas, source: CONEVAL, year: 2020MATCH}
  rasters: {file: l.tif, reader: raster_statistic, name: RASTER, source: NOAA, year: 2021}
weights:
  marginalization:
    indicators: {INDICATOR: 1}
"""


def draft(tmp_path, *, census="2020", match="", raster="night_lights", more="", indicator):
    text = STUDY.replace("CENSUS_YEAR", census).replace("MATCH", match)
    text = text.replace("RASTER", raster).replace("INDICATOR", indicator) + more
    path = tmp_path / "study.yaml"
    path.write_text(text, "utf-8")
    return draft_study(path)


def codes(found):
    return [(problem.code, problem.where) for problem in found.problems]


def test_inputs_of_years_apart_are_refused_unless_on_purpose(tmp_path):
    apart = draft(tmp_path, census="2010", indicator="conapo_marginalization")
    assert codes(apart) == [("vintages-apart", "inputs.census")]
    told = apart.problems[0].text("es")
    assert "inputs.blocks" in told
    assert "2010" in told
    more = "years_apart_max: 10\n"
    meant = draft(tmp_path, census="2010", more=more, indicator="conapo_marginalization")
    assert not meant.problems
    assert meant.study.as_record()["years_apart_max"] == 10
    near = draft(tmp_path, census="2016", indicator="conapo_marginalization")
    assert not near.problems


def test_an_input_has_its_own_threshold(tmp_path):
    own = draft(tmp_path, match=", match_min: 0.8", indicator="conapo_marginalization")
    assert [layer.match_min for layer in own.layers] == [None, None, None, 0.8, None]
    assert own.study.as_record()["inputs"][3]["match_min"] == 0.8
    wrong = draft(tmp_path, match=", match_min: 80", indicator="conapo_marginalization")
    assert codes(wrong) == [("out-of-range", "inputs.area_table[1].match_min")]


@pytest.mark.parametrize(
    ("indicator", "source"),
    [
        ("conapo_marginalization", "CONAPO"),
        ("coneval_social_lag_grade", "CONEVAL"),
        ("night_lights_mean", "NOAA"),
    ],
)
def test_an_indicator_is_of_the_input_its_reader_gives(tmp_path, indicator, source):
    (one,) = draft(tmp_path, indicator=indicator).study.indicators
    assert one.source == source


def test_an_indicator_without_its_reader_or_its_raster_is_told(tmp_path):
    amai = draft(tmp_path, indicator="amai_low_socioeconomic_share")
    place = "weights.marginalization.indicators"
    assert codes(amai) == [("indicator-without-layer", f"{place}.amai_low_socioeconomic_share")]
    assert "amai_areas" in amai.problems[0].text("en")
    dark = draft(tmp_path, raster="elevation", indicator="night_lights_mean")
    assert codes(dark) == [("indicator-without-layer", f"{place}.night_lights_mean")]
    assert dark.problems[0].values["slot"] == "rasters (name: night_lights)"


def test_the_generic_reader_may_hold_any_table(tmp_path):
    path = tmp_path / "study.yaml"
    text = STUDY.replace("reader: conapo_areas", "reader: table, key: CVE")
    text = text.replace("CENSUS_YEAR", "2020").replace("MATCH", "")
    path.write_text(text.replace("INDICATOR", "conapo_marginalization"), "utf-8")
    assert not draft_study(path).problems


def test_a_grade_is_counted_by_rank_only(tmp_path):
    more = "composite: {normalize: minmax}\n"
    counted = draft(tmp_path, more=more, indicator="coneval_social_lag_grade")
    assert codes(counted) == [("grade-not-ranked", "composite.normalize")]
    assert not draft(tmp_path, indicator="coneval_social_lag_grade").problems
    assert not draft(tmp_path, more=more, indicator="conapo_marginalization").problems
