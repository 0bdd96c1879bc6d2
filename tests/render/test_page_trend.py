"""Recorded violence over time: an index by year that tells no count, and nothing where few."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from targeting.render import write_page
from targeting.render.scene import build_scene
from targeting.render.trend import trend_record

YEARS = (2019, 2020, 2021, 2022)
# Incidents of polygon 1, polygon 2 and of one block outside, by year.
COUNTS = {1: (10, 20, 30, 20), 2: (9, 4, 12, 15), 0: (40, 40, 40, 80)}


def dated(result, counts=COUNTS, *, people=5000.0, years=YEARS):
    """The result with so many dated incidents, one a day from the first of January."""
    member = result.polygons.membership
    rows = []
    for number, by_year in counts.items():
        block = member.index[member == number][0]
        for year, count in zip(years, by_year, strict=True):
            rows += [(block, pd.Timestamp(year, 1, 1) + pd.Timedelta(days=d)) for d in range(count)]
    rows.append(
        (member.index[member == 0][0], pd.Timestamp(years[-1], 12, 31))
    )  # the days that are covered
    block, date = zip(*rows, strict=True)
    incidents = gpd.GeoDataFrame(
        {"kind": "robbery", "block_id": block, "distance_m": 0.0, "date": date},
        geometry=shapely.points(np.zeros((len(rows), 2))),
        crs=result.territory.crs,
    )
    table = result.polygons.polygons.assign(population=people)
    return replace(
        result,
        territory=replace(result.territory, incidents=incidents),
        polygons=replace(result.polygons, polygons=table),
    )


def test_the_index_is_each_years_share_of_the_mean(result):
    told = trend_record(dated(result))
    assert [one["year"] for one in told["periods"]] == list(YEARS)
    # 80 in four years: 20 a year is 100; 2020 is a leap year, to steps of 5 the same.
    assert told["polygons"]["1"] == [50, 100, 150, 100]
    # 59, 64, 82, 116 of 321 (with the last day's one): 73.6, 79.6, 102.3, 144.7.
    assert told["city"] == [75, 80, 100, 145]


def test_one_period_of_too_few_tells_nothing_of_the_polygon(result):
    assert trend_record(dated(result))["polygons"]["2"] is None  # four in 2020, five are told
    enough = COUNTS | {2: (9, 5, 12, 15)}
    assert trend_record(dated(result, enough))["polygons"]["2"] is not None
    strict = replace(
        result, study=replace(result.study, publish=replace(result.study.publish, incidents_min=11))
    )
    assert trend_record(dated(strict))["polygons"]["1"] is None
    assert trend_record(dated(result, people=999.0))["polygons"] == {"1": None, "2": None}


def test_counts_twice_as_high_tell_the_same(result):
    twice = {number: tuple(2 * count for count in held) for number, held in COUNTS.items()}
    one, two = trend_record(dated(result)), trend_record(dated(result, twice))
    assert one["polygons"]["1"] == two["polygons"]["1"]


def test_two_years_are_told_by_half_years_and_one_not_at_all(result):
    counts = {1: (190, 190), 0: (300, 300)}
    told = trend_record(dated(result, counts, years=(2021, 2022)))
    assert [(one["year"], one["half"]) for one in told["periods"]] == [
        (2021, 1),
        (2021, 2),
        (2022, 1),
        (2022, 2),
    ]
    # The 181 days of a first half hold 181, the 184 of a second 9: 1 and 0.049 a day; mean 0.521.
    assert told["polygons"]["1"] == [190, 10, 190, 10]
    assert trend_record(dated(result, {1: (200,), 0: (9,)}, years=(2021,))) is None


def test_without_dates_there_is_no_trend(result):
    assert trend_record(result) is None
    assert build_scene(result).record["trend"] is None


@pytest.mark.browser
def test_the_page_draws_it_and_says_it_in_words(chromium_page, result, tmp_path):
    write_page(dated(result), tmp_path / "dated.html")
    watched = chromium_page(tmp_path / "dated.html", viewport={"width": 1280, "height": 800})
    page = watched.page
    page.evaluate("targeting.ready.then(() => 1)")
    page.evaluate("targeting.page.choosePolygon(1)")
    assert "entre 2019 y 2022" in page.inner_text("[data-trend=told]")
    assert "está en 100 y la ciudad en 145" in page.inner_text("[data-trend=told]")
    cells = page.evaluate(
        """[...document.querySelectorAll(".trend-table tbody tr")].map((row) =>
          [...row.cells].map((cell) => cell.textContent))"""
    )
    assert cells == [
        ["2019", "50", "75"],
        ["2020", "100", "80"],
        ["2021", "150", "100"],
        ["2022", "100", "145"],
    ]
    heights = page.evaluate(
        "[...document.querySelectorAll('.trend-dot')].map((d) => +d.getAttribute('cy'))"
    )
    assert heights[1] == heights[3] < heights[0]
    assert heights[2] < heights[1]
    page.evaluate("targeting.page.choosePolygon(2)")
    assert page.is_visible("[data-trend=withheld]")
    assert page.locator(".trend").count() == 0
    page.evaluate("targeting.page.speak('en')")
    assert watched.errors == []
    assert page.evaluate("[...targeting.words.state.missing]") == []
