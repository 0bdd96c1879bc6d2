"""What each indicator weighs and decides, and what to look at, as the planner reads it."""

from dataclasses import replace

import pandas as pd

from targeting.model import Finding
from targeting.render.indicators import finding_lines, indicator_table

SERIOUS = Finding("never-varies", "serious", ("no_internet_share",),
                  {"first": "no_internet_share", "weight": 20.0})  # fmt: skip
NOTE = Finding("people-urgent", "note", (), {"people": "1,200", "share": 8.0, "blocks": "40"})


def test_each_indicator_with_its_weight_and_what_it_decides(result):
    shares = pd.DataFrame({"share": [0.254]}, index=[result.indicators[0].key])
    table = indicator_table(replace(result, effects=shares))
    assert table["indicator"].tolist() == [one.key for one in result.indicators]
    assert abs(table["weight"].sum() - 1) < 1e-3
    assert table["decides"][0] == 0.25
    assert table["decides"][1:].isna().all()  # what was not measured is not 0
    assert {"name_es", "name_en", "source", "year", "unit", "worse", "origin"} <= set(table)


def test_a_formula_in_a_name_stays_a_text(result):
    first = replace(result.indicators[0], names={"es": "=1+1", "en": "+A1"})
    table = indicator_table(replace(result, indicators=(first, *result.indicators[1:])))
    assert table.loc[0, ["name_es", "name_en"]].tolist() == ["'=1+1", "'+A1"]


def test_findings_are_told_by_name_in_the_reader_s_language(result):
    told = replace(result, findings=(SERIOUS, NOTE))
    name = next(one for one in result.indicators if one.key == "no_internet_share").names
    es, en = (finding_lines(told, language) for language in ("es", "en"))
    assert es[0] == "Antes de confiar en el puntaje, revise:"
    assert len(es) == len(en) == 2
    assert f"«{name['es']}» vale lo mismo en todas las manzanas" in es[1]
    assert f"“{name['en']}” has the same value in every block" in en[1]
    assert len(finding_lines(told, "en", notes=True)) == 3


def test_without_findings_nothing_is_said(result):
    assert finding_lines(result, "es") == []
