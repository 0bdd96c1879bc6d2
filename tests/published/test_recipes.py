"""Families whose tables are not at hand: small tables, the expected values by plain code."""

from __future__ import annotations

import math
import random

import pandas as pd
import pytest

from targeting.problems import TargetingError
from targeting.published import reproduce
from tests.published.plainly import (
    average_ranks,
    half_up,
    known_mean,
    percent_rank,
    positive_percentile,
    ranked_down,
    transformed,
)


def some_ranks(domains: int, count: int, seed: int) -> list[list[int]]:
    """Published ranks of each domain: places from 1, equal units the smallest number."""
    chance = random.Random(seed)
    tables = []
    for _ in range(domains):
        values = [chance.randrange(count) for _ in range(count)]
        tables.append(ranked_down(values))
    return tables


def summed(parts: list[list[float]], weights: list[float]) -> list[float]:
    return [
        sum(part * weight for part, weight in zip(row, weights, strict=True))
        for row in zip(*parts, strict=True)
    ]


ENGLAND = {
    "Income_rank": 0.225,
    "Employment_rank": 0.225,
    "Education_rank": 0.135,
    "Health_rank": 0.135,
    "Crime_rank": 0.093,
    "Housing_and_Access_rank": 0.093,
    "Environment_rank": 0.093,
}


@pytest.mark.parametrize(("key", "decimals"), [("imd-2019", 3), ("imd-2010", 2)])
def test_england_takes_the_mean_of_equal_ranks(key: str, decimals: int) -> None:
    count = 137
    ranks = some_ranks(7, count, 1)
    parts = [transformed(average_ranks(one), with_itself=True) for one in ranks]
    scores = summed(parts, list(ENGLAND.values()))
    places = ranked_down(scores)
    ceiling = [math.ceil(10 * place / count) for place in places]
    floor = [(10 * (place - 1)) // count + 1 for place in places]
    table = pd.DataFrame(dict(zip(ENGLAND, ranks, strict=True)))
    table["lsoa_code"] = [f"E{number:08}" for number in range(count)]
    table["IMD_score"] = [round(score, decimals) for score in scores]
    table["IMD_rank"] = places
    table["IMD_decile"] = floor if key == "imd-2010" else ceiling
    assert ceiling != floor  # so that the wrong rule of deciles would be seen
    answer = reproduce(key, table)
    assert answer.max_abs_diff <= 0.5 * 10**-decimals
    assert (answer.ranks_equal, answer.classes_equal) == (1.0, 1.0)
    assert answer.index.value.tolist() == pytest.approx(scores, abs=1e-9)


def test_the_wards_of_2000_have_six_domains() -> None:
    names = ["Income", "Employment", "Health", "Education", "Housing", "Access"]
    weights = [0.25, 0.25, 0.15, 0.15, 0.1, 0.1]
    ranks = some_ranks(6, 90, 2)
    parts = [transformed(average_ranks(one), with_itself=True) for one in ranks]
    scores = summed(parts, weights)
    table = pd.DataFrame({f"Rank of {n} Domain": one for n, one in zip(names, ranks, strict=True)})
    table["Ward"] = [f"W{number}" for number in range(90)]
    table["Index of Multiple Deprivation Score"] = scores
    table["Rank of Index of Multiple Deprivation"] = ranked_down(scores)
    answer = reproduce("imd-2000", table)
    assert answer.max_abs_diff < 1e-11
    assert answer.ranks_equal == 1.0
    assert answer.agrees


def test_wales_takes_the_published_ranks_as_they_are() -> None:
    names = ["Income", "Employment", "Health", "Education", "Access", "Housing", "Environment"]
    names.append("Crime")
    weights = [0.22, 0.22, 0.15, 0.14, 0.1, 0.07, 0.05, 0.05]
    ranks = some_ranks(8, 111, 3)
    parts = [transformed(one, with_itself=True) for one in ranks]
    scores = summed(parts, weights)
    table = pd.DataFrame({f"{n}_rank": one for n, one in zip(names, ranks, strict=True)})
    for name, part in zip(names, parts, strict=True):
        table[f"{name}_score"] = part
    table["lsoa11_code"] = [f"W{number}" for number in range(111)]
    places = ranked_down(scores)
    table["IMD_score"], table["IMD_rank"] = scores, places
    table["IMD_decile"] = [(10 * (place - 1)) // 111 + 1 for place in places]
    answer = reproduce("wimd-2019", table)
    assert answer.max_abs_diff < 1e-11
    assert (answer.ranks_equal, answer.classes_equal) == (1.0, 1.0)
    assert len(answer.columns) == 3 + 8
    assert answer.agrees


@pytest.mark.parametrize("key", ["simd-2016", "simd-2020"])
def test_scotland_counts_only_the_zones_beyond(key: str) -> None:
    names = ["Income", "Employment", "Health", "Education", "Access", "Crime", "Housing"]
    weights = [0.28, 0.28, 0.14, 0.14, 0.09, 0.05, 0.02]
    ranks = [average_ranks(one) for one in some_ranks(7, 123, 4)]
    scores = summed([transformed(one, with_itself=False) for one in ranks], weights)
    table = pd.DataFrame({f"{n}_rank": one for n, one in zip(names, ranks, strict=True)})
    table["dz11_code"] = [f"S{number}" for number in range(123)]
    places = ranked_down(scores)
    table["IMD_rank"] = places
    table["IMD_decile"] = [(10 * (place - 1)) // 123 + 1 for place in places]
    answer = reproduce(key, table)
    assert (answer.ranks_equal, answer.classes_equal) == (1.0, 1.0)
    assert answer.max_abs_diff is None  # no scores are published
    assert answer.index.value.tolist() == pytest.approx(scores, abs=1e-9)


POLLUTION = ("Ozone", "PM2.5", "Diesel PM", "Drinking Water", "Pesticides", "Tox. Release")
POLLUTION += ("Traffic",)
EFFECTS = ("Cleanup Sites", "Groundwater Threats", "Haz. Waste", "Imp. Water Bodies")
EFFECTS += ("Solid Waste",)
PEOPLE_2 = ("Age", "Asthma", "Low Birth Weight", "Education", "Linguistic Isolation", "Poverty")
PEOPLE_2 += ("Unemployment",)


def tracts(names: tuple[str, ...], count: int, seed: int) -> dict[str, list[float | None]]:
    """Raw indicators: many zeros, some missing, some equal."""
    chance = random.Random(seed)

    def one(name: str) -> float | None:
        draw = chance.random()
        if draw < 0.05 and name in PEOPLE_2:
            return None
        return 0.0 if draw < 0.25 else float(chance.randrange(1, 40)) / 4

    table = {name: [one(name) for _ in range(count)] for name in names}
    for row in (7, 11):  # four of the population missing, and three
        for name in PEOPLE_2[: 4 if row == 7 else 3]:
            table[name][row] = None
        for name in PEOPLE_2[4 if row == 7 else 3 :]:
            table[name][row] = 1.0
    return table


def test_calenviroscreen_2_rounds_before_it_scales() -> None:
    names = POLLUTION + EFFECTS + PEOPLE_2
    raw = tracts(names, 60, 5)
    places = {name: positive_percentile(values) for name, values in raw.items()}
    weights = [1.0] * 7 + [0.5] * 5
    burden, people = [], []
    for row in range(60):
        burden.append(known_mean([places[n][row] for n in POLLUTION + EFFECTS], weights, 1))
        people.append(known_mean([places[n][row] for n in PEOPLE_2], [1.0] * 7, 4))
    assert people[7] is None
    assert people[11] is not None
    scaled = []
    for values in (burden, people):
        rounded = [None if v is None else round(v, 3) for v in values]
        top = max(v for v in rounded if v is not None)
        scaled.append([None if v is None else 10 * v / top for v in rounded])
    table = pd.DataFrame({"Census Tract": [str(6001000100 + row) for row in range(60)]})
    for name in names:
        table[name], table[f"{name} Pctl"] = raw[name], places[name]
    table["Pollution Burden Score"], table["Pop. Char. Score "] = scaled
    table["CES 2.0 Score"] = [
        None if a is None or b is None else a * b for a, b in zip(*scaled, strict=True)
    ]
    answer = reproduce("calenviroscreen-2.0", table)
    assert answer.max_abs_diff < 1e-11
    assert answer.agrees, [one.name for one in answer.columns if not one.agrees]
    assert len(answer.columns) == 3 + 19
    assert math.isnan(answer.index.value.iloc[7])
    # From the raw columns alone the same index comes out.
    bare = table.drop(columns=[f"{name} Pctl" for name in names])
    again = reproduce("calenviroscreen-2.0", bare)
    assert again.max_abs_diff < 1e-11
    assert len(again.columns) == 3
    # A column of percentiles under the name of the raw one is told by the map, and only so.
    placed = bare.assign(Ozone=table["Ozone Pctl"])
    mapped = reproduce("calenviroscreen-2.0", placed, columns={"ozone": "Ozone"})
    assert mapped.max_abs_diff < 1e-11
    with pytest.raises(TargetingError) as caught:
        reproduce("calenviroscreen-2.0", bare.drop(columns="Ozone"))
    told = {(one.code, one.where) for one in caught.value.problems}
    assert ("index-not-made", "calenviroscreen-2.0") in told
    assert {("missing-column", "ozone"), ("missing-column", "raw_ozone")} <= told
    unrounded = [10 * v / max(burden) for v in burden]
    wrong = max(abs(a - b) for a, b in zip(unrounded, scaled[0], strict=True))
    assert wrong > 1e-6  # scaling without rounding first would be seen


SVI_2020 = {
    "1": ["POV150", "UNEMP", "HBURD", "NOHSDP", "UNINSUR"],
    "2": ["AGE65", "AGE17", "DISABL", "SNGPNT", "LIMENG"],
    "3": ["MINRTY"],
    "4": ["MUNIT", "MOBILE", "CROWD", "NOVEH", "GROUPQ"],
}


@pytest.mark.parametrize("key", ["svi-2020", "svi-2022"])
def test_the_svi_of_2020_has_sixteen_variables(key: str) -> None:
    chance = random.Random(6)
    count = 67  # as many counties as Pennsylvania has
    table: dict[str, list[float]] = {"E_TOTPOP": [1000.0] * count}
    table["FIPS"] = [42001 + 2 * row for row in range(count)]
    sums: dict[str, list[float]] = {}
    for theme, names in SVI_2020.items():
        for name in names:
            values = [chance.randrange(5, 300) / 10 for _ in range(count)]
            table[f"EP_{name}"] = values
            places = percent_rank(values)
            table[f"EPL_{name}"] = [half_up(place, 4) for place in places if place is not None]
            table[f"F_{name}"] = [float(place >= 0.9) for place in table[f"EPL_{name}"]]
        rows = zip(*(table[f"EPL_{name}"] for name in names), strict=True)
        sums[theme] = [round(sum(row), 4) for row in rows]
        table[f"SPL_THEME{theme}"] = sums[theme]
        table[f"RPL_THEME{theme}"] = [
            half_up(p, 4) for p in percent_rank(sums[theme]) if p is not None
        ]
        flags = zip(*(table[f"F_{name}"] for name in names), strict=True)
        table[f"F_THEME{theme}"] = [sum(row) for row in flags]
    whole = [round(sum(row), 4) for row in zip(*sums.values(), strict=True)]
    table["SPL_THEMES"] = whole
    table["RPL_THEMES"] = [half_up(p, 4) for p in percent_rank(whole) if p is not None]
    flags = zip(*(table[f"F_THEME{theme}"] for theme in SVI_2020), strict=True)
    table["F_TOTAL"] = [sum(row) for row in flags]
    frame = pd.DataFrame(table)
    # A county without residents is ranked nowhere, whatever its percentages say.
    empty = dict.fromkeys(frame.columns, -999.0) | {"E_TOTPOP": 0.0, "FIPS": 42999}
    frame = pd.concat([frame, pd.DataFrame([empty])], ignore_index=True)
    answer = reproduce(key, frame)
    assert len(answer.columns) == 47
    assert [one.name for one in answer.columns if one.equal_share < 1] == []
    assert answer.max_abs_diff == 0.0
    assert (answer.rows, answer.left_out) == (count, ("42999",))


SVI_2018 = {
    "1": ["POV", "UNEMP", "PCI", "NOHSDP"],
    "2": ["AGE65", "AGE17", "DISABL", "SNGPNT"],
    "3": ["MINRTY", "LIMENG"],
    "4": ["MUNIT", "MOBILE", "CROWD", "NOVEH", "GROUPQ"],
}


@pytest.mark.parametrize("key", ["svi-2014", "svi-2016"])
def test_the_svi_of_before_2018_starts_from_the_published_ranks(key: str) -> None:
    """The file rounds the percentages after the counties were ranked by the unrounded ones."""
    chance = random.Random(7)
    count = 67
    table: dict[str, list[float]] = {"FIPS": [float(42001 + 2 * row) for row in range(count)]}
    sums: dict[str, list[float]] = {}
    for theme, names in SVI_2018.items():
        exact = {}
        for name in names:
            values = [chance.uniform(1.0, 9.0) for _ in range(count)]
            table[f"EP_{name}"] = [round(value, 1) for value in values]
            places = [place for place in percent_rank(values) if place is not None]
            exact[name] = [1 - place for place in places] if name == "PCI" else places
            table[f"EPL_{name}"] = [half_up(place, 4) for place in exact[name]]
            table[f"F_{name}"] = [float(place >= 0.9) for place in table[f"EPL_{name}"]]
        rows = zip(*exact.values(), strict=True)
        sums[theme] = [half_up(sum(row), 4) for row in rows]
        table[f"SPL_THEME{theme}"] = sums[theme]
        places = percent_rank(sums[theme])
        table[f"RPL_THEME{theme}"] = [half_up(p, 4) for p in places if p is not None]
        flags = zip(*(table[f"F_{name}"] for name in names), strict=True)
        table[f"F_THEME{theme}"] = [sum(row) for row in flags]
    table["SPL_THEMES"] = [round(sum(row), 4) for row in zip(*sums.values(), strict=True)]
    table["RPL_THEMES"] = [
        half_up(p, 4) for p in percent_rank(table["SPL_THEMES"]) if p is not None
    ]
    answer = reproduce(key, pd.DataFrame(table))
    by_name = {one.name: one for one in answer.columns}
    assert answer.agrees, [one.name for one in answer.columns if not one.agrees]
    assert answer.max_abs_diff == 0.0
    assert by_name["SPL_THEME4"].max_abs_diff <= 0.0003
    assert by_name["EPL_POV"].equal_share < 1.0  # ties that were none when they were ranked
    assert by_name["F_POV"].equal_share == 1.0
