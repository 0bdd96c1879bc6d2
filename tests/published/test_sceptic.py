"""What a sceptic tries: other years, other editions, one value changed, commas for points."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from targeting.problems import TargetingError
from targeting.published import published, read_record, reproduce
from targeting.published.report import report_lines
from tests.published.test_conapo import PLACES, made_table, settings_of
from tests.published.test_recipes import ENGLAND
from tests.published.test_taking import RECORD, ROWS


def one_year(year: int) -> pd.DataFrame:
    """Return a table as CONAPO gives it, its index under a heading that names no year."""
    table = made_table(PLACES, settings_of("conapo-imm-2020", "dp2")["reference"], 2020)
    table = table.rename(columns={"IM_2020": "IM", "IMN_2020": "IMN"})
    table.insert(0, "CVE_MUN", [f"{number:05}" for number in range(1001, 1061)])
    return table.assign(ANIO=str(year))


@pytest.mark.parametrize("key", ["conapo-imm-2010", "conapo-imm-2015"])
def test_a_table_of_another_year_is_not_said_to_agree(key: str) -> None:
    with pytest.raises(TargetingError) as caught:
        reproduce(key, one_year(2020))
    (problem,) = caught.value.problems
    assert (problem.code, problem.values["given"]) == ("nothing-left", 60)
    assert problem.values["expected"] == int(key[-4:])


def test_of_a_table_of_three_years_the_record_takes_its_own() -> None:
    other = one_year(2015)
    other["IM"] += 5.0
    answer = reproduce("conapo-imm-2020", pd.concat([other, one_year(2020)]))
    assert (answer.rows, len(answer.left_out)) == (60, 60)
    assert answer.max_abs_diff <= 1e-9
    assert answer.agrees


@pytest.mark.parametrize(
    ("key", "heading"),
    [("imd-2019", "lsoa21_code"), ("imd-2015", "LSOA code (2021)"), ("imd-2025", "LSOA11CD")],
)
def test_units_of_another_edition_are_refused(key: str, heading: str) -> None:
    ranks = {name: [1.0, 2.0, 3.0] for name in ENGLAND}
    table = pd.DataFrame({heading: ["a", "b", "c"], **ranks, "IMD_rank": [1.0, 2.0, 3.0]})
    with pytest.raises(TargetingError) as caught:
        reproduce(key, table)
    assert [one.code for one in caught.value.problems] == ["another-edition"]
    assert caught.value.problems[0].values["given"] == heading
    # A table that has both codes is the record's own.
    own = published(key).units.names[0]
    assert reproduce(key, table.assign(**{own: table[heading]})).rows == 3


SLACK = (
    RECORD.replace("kind: rank}", "kind: rank, agrees: 0.5, apart_max: 1.0}")
    .replace("kind: class,", "kind: class, agrees: 0.5, apart_max: 1.0,")
    .replace("2: [Alto, High]", "2: [Alto, High], 3: Altísimo")
)


@pytest.mark.parametrize(
    ("column", "said", "agrees"),
    [
        ("lugar", "3", True),  # 2 is made: one apart, as known of the others
        ("lugar", "4", False),
        ("GRADO", "Alto", True),  # low is made: the class beside
        ("GRADO", "Altísimo", False),
        ("GRADO", "¿?", False),
    ],
)
def test_known_differences_are_small_ones(column: str, said: str, agrees: bool) -> None:
    table = pd.DataFrame(ROWS)
    table.loc[0, column] = said
    answer = reproduce(read_record(SLACK, "trial"), table)
    (changed,) = [one for one in answer.columns if one.equal_share < 1]
    assert (changed.name, changed.worst) == (column, ("001",))
    assert answer.agrees is agrees


def test_one_index_of_a_country_changed_is_seen() -> None:
    count = 200
    names = {"le_2022": 52.5, "eys_2022": 9.0, "mys_2022": 7.5, "gnipc_2022": 2738.61279}
    table = pd.DataFrame({name: np.full(count, value) for name, value in names.items()})
    table.insert(0, "country", [f"c{number}" for number in range(count)])
    table["hdi_2022"] = 0.5  # half way between the ends, in all three
    assert reproduce("hdi-2022", table).agrees
    table.loc[7, "hdi_2022"] = 0.52
    answer = reproduce("hdi-2022", table)
    assert answer.columns[0].worst == ("c7",)
    assert not answer.agrees


def test_decimal_commas_are_read_by_the_column(tmp_path: Path) -> None:
    table = one_year(2020)
    table["ANALF"] = table["ANALF"].round(3)  # "12,345" alone would be read as a thousand
    plain = reproduce("conapo-imm-2020", table).index.value
    table.to_csv(tmp_path / "t.csv", index=False, sep=";", decimal=",", encoding="latin-1")
    again = reproduce("conapo-imm-2020", tmp_path / "t.csv").index.value
    assert again.to_numpy() == pytest.approx(plain.to_numpy(), abs=1e-9)


@pytest.mark.parametrize("none", ["..", "...", "–", "N/D"])
def test_words_for_no_value_are_neither_numbers_nor_classes(none: str) -> None:
    table = pd.DataFrame(ROWS)
    table.loc[3, ["BEE", "indice", "lugar", "GRADO"]] = none
    answer = reproduce(read_record(RECORD, "trial"), table)
    assert answer.unreadable == {}
    assert [one.only_published for one in answer.columns] == [(), (), ()]
    assert answer.agrees


def test_ranks_nobody_publishes_are_told_as_ranks() -> None:
    table = one_year(2020)
    table.loc[[0, 1], "IM"] = table.loc[[1, 0], "IM"].to_numpy()
    lines = report_lines(reproduce("conapo-imm-2020", table), "en")
    told = [line.strip() for line in lines if "“IM”" in line]
    assert [line.split(":")[0] for line in told] == ["“IM”", "Ranks by “IM”"]


def renamed(table: pd.DataFrame, heads: dict[str, str]) -> pd.DataFrame:
    assert set(heads) <= set(table.columns)
    return table.rename(columns=heads)


def test_the_headings_of_the_publishers_maps_are_known() -> None:
    ranks = {name: np.arange(1.0, 12.0) for name in ENGLAND}
    table = pd.DataFrame(
        {"lsoa11cd": [f"E{n}" for n in range(11)], **ranks, "IMD_rank": ranks["Income_rank"]}
    )
    short = ("IncRank", "EmpRank", "EduRank", "HDDRank", "CriRank", "BHSRank", "EnvRank")
    heads = dict(zip(ENGLAND, short, strict=True)) | {"IMD_rank": "IMDRank"}
    assert reproduce("imd-2019", renamed(table, heads)).agrees
    zones = ("Income", "Employment", "Health", "Education", "Access", "Crime", "Housing")
    table = pd.DataFrame({f"{name}_rank": np.arange(1.0, 12.0) for name in zones})
    table["DataZone"] = [f"S{n}" for n in range(11)]
    table["Rankv2"] = np.arange(1.0, 12.0)
    short = ("IncRankv2", "EmpRank", "HlthRank", "EduRank", "GAccRank", "CrimeRank", "HouseRank")
    heads = {f"{name}_rank": other for name, other in zip(zones, short, strict=True)}
    assert reproduce("simd-2020", renamed(table, heads)).agrees
    heads |= {"Income_rank": "IncRank", "Rankv2": "Overall_SIMD16_rank"}
    assert reproduce("simd-2016", renamed(table, heads)).agrees
