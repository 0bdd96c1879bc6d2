"""The ranked table, a polygon's place, its facilities inside, near and missing, and comparing."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely

from targeting.facility_kinds import facility_kinds
from targeting.render import write_page
from tests.render.results import make_result
from tests.render.waiting import until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Four polygons: two squares of the city cut in halves; the second half of one is renamed."""
    whole = make_result(facilities=90)
    x = whole.territory.blocks.geometry.centroid.x
    member = whole.polygons.membership.copy()
    middles = {n: x[member == n].median() for n in (1, 2)}
    member[(member == 1) & (x > middles[1])] = 3
    member[(member == 2) & (x > middles[2])] = 4
    from targeting.characterization import profile
    from tests.render.results import INDICATORS

    rows = []
    score, people = whole.scores.score, whole.territory.blocks["population"].fillna(0)
    for number in (1, 2, 3, 4):
        mine = member == number
        outline = whole.territory.blocks.geometry[mine].buffer(8).union_all().buffer(-4)
        rows.append(
            {
                "need": float((score[mine] * people[mine]).sum()),
                "objective": 1.0,
                "score": float(np.average(score[mine].fillna(0), weights=people[mine])),
                "population": float(people[mine].sum()),
                "area_km2": outline.area / 1e6,
                "perimeter_m": outline.length,
                "compactness": 0.7,
                "block_count": int(mine.sum()),
                "geometry": outline,
            }
        )
    table = type(whole.polygons.polygons)(
        rows, index=pd.Index([1, 2, 3, 4], name="polygon"), crs=whole.territory.crs
    )
    reasons = whole.polygons.reasons.assign(polygon=member)
    polygons = replace(whole.polygons, membership=member, polygons=table, reasons=reasons)
    profiles = profile(whole.territory, INDICATORS, whole.values, whole.scores, polygons)
    result = replace(whole, polygons=polygons, profiles=profiles)
    path = tmp_path_factory.mktemp("many") / "many.html"
    write_page(result, path)
    return result, path


@pytest.fixture
def four(chromium_page, many):
    watched = chromium_page(many[1], viewport={"width": 1280, "height": 800})
    watched.page.evaluate("targeting.ready.then(() => 1)")
    yield watched.page
    assert watched.requests == []
    assert watched.errors == []
    assert watched.page.evaluate("[...targeting.words.state.missing]") == []


def rows(page) -> list[list[str]]:
    return page.evaluate(
        """[...document.querySelectorAll(".ranking tbody tr[data-number]")].map((row) =>
          [row.dataset.number, ...[...row.cells].slice(1).map((cell) => cell.innerText.trim())])"""
    )


def test_the_table_sorts_by_every_column_and_says_so(four):
    columns = four.evaluate(
        "[...document.querySelectorAll('[data-sort]')].map((one) => one.dataset.sort)"
    )
    assert columns == ["number", "score", "violence", "marginalization", "facilities", "population"]
    assert four.get_attribute("th:has([data-sort=number])", "aria-sort") == "ascending"
    records = four.evaluate("targeting.page.scene.polygons")
    for at, key in enumerate(columns[1:], start=1):
        four.click(f"[data-sort={key}]")
        assert four.evaluate("document.activeElement.dataset.sort") == key
        held = {str(one["number"]): one["dimensions"].get(key, one.get(key)) for one in records}
        for direction, down in (("descending", True), ("ascending", False)):
            assert four.locator("[aria-sort]").count() == 1
            assert four.get_attribute(f"th:has([data-sort={key}])", "aria-sort") == direction
            table = rows(four)
            order = sorted(held, key=lambda n: (-held[n] if down else held[n], int(n)))
            assert [row[0] for row in table] == order
            # The shown number is the record's: points of 100, or people.
            for row in table:
                value = held[row[0]] * (1 if key == "population" else 100)
                assert int(row[at].replace(",", "")) == round(value)
            if down:
                four.click(f"[data-sort={key}]")
    assert "sort=population%2B" in four.evaluate("location.hash")


def test_the_table_holds_the_polygons_of_the_map(four):
    labels = four.evaluate(
        "[...document.querySelectorAll('.polygon-label')].map((one) => one.innerText.trim())"
    )
    assert sorted(labels) == sorted(row[0] for row in rows(four)) == ["1", "2", "3", "4"]
    four.click("[data-sort=score]")
    first = rows(four)[0][0]
    four.press(f"tr[data-number='{first}'] button", "Enter")
    assert four.inner_text("#panel-body h2") == f"Polígono {first}"


def test_a_polygon_says_its_place_among_the_others(four):
    records = four.evaluate("targeting.page.scene.polygons")
    points = {one["number"]: round(one["score"] * 100) for one in records}
    for language, word in (("es", "{}.º en puntaje"), ("en", "{} in priority score")):
        four.evaluate("(l) => targeting.page.speak(l)", language)
        for number, mine in points.items():
            four.evaluate("(n) => targeting.page.choosePolygon(n)", number)
            place = 1 + sum(other > mine for other in points.values())
            told = (
                str(place) if language == "es" else {1: "1st", 2: "2nd", 3: "3rd"}.get(place, "4th")
            )
            assert word.format(told) in four.inner_text("[data-standing]")
    assert four.evaluate("[11, 12, 13, 21, 22, 103, 112].map(targeting.table.ordinal)") == [
        "11th",
        "12th",
        "13th",
        "21st",
        "22nd",
        "103rd",
        "112th",
    ]


def test_equal_numbers_share_a_place(four):
    four.evaluate(
        "targeting.page.polygons.forEach((one, i) => { one.score = [.8, .8, .9, .1][i]; })"
    )
    for number, told in (
        (1, "2.º en puntaje de prioridad (empatado)"),
        (3, "1.º en puntaje"),
        (4, "4.º en puntaje de prioridad"),
    ):
        four.evaluate("(n) => targeting.page.choosePolygon(n)", number)
        assert told in four.inner_text("[data-standing]")


def test_distances_to_the_edge_are_those_of_the_ground(four, many):
    result = many[0]
    places = result.territory.facilities
    places = places[~places["sensitive"]]
    for number in (1, 2, 3, 4):
        told = four.evaluate(
            "(n) => [...targeting.services.distances(targeting.page, n)]"
            ".map((far) => far === Infinity ? null : far)",
            number,
        )
        shape = result.polygons.polygons.geometry[number]
        real = shapely.distance(places.geometry.to_numpy(), shape)
        norm = places["kind"].map(lambda kind: facility_kinds()[kind].norm_m or 0).to_numpy()
        nearest = (
            pd.Series(real)
            .groupby(places["kind"].to_numpy())
            .transform(lambda far: far == far[far > 0].min())
        )
        held = result.profiles.facilities
        inside = places.index.isin(held.loc[held["polygon"] == number, "facility_id"])
        for far, true, near, of_norm, within in zip(told, real, nearest, norm, inside, strict=True):
            if within:
                assert far == -1
            elif far is None:
                assert true > of_norm
                assert not near
            else:
                assert far == pytest.approx(true, abs=1.0)  # half a meter of packing at each end


def test_inside_near_and_missing_are_apart_and_whole(four, many):
    result = many[0]
    places = result.territory.facilities
    services = {
        kind
        for kind in places["kind"].unique()
        if facility_kinds()[kind].role == "service" and not facility_kinds()[kind].sensitive
    }
    held = result.profiles.facilities
    for number in (1, 2, 3, 4):
        four.evaluate("(n) => targeting.page.choosePolygon(n)", number)
        near = four.evaluate(
            """Object.fromEntries([...document.querySelectorAll("[data-near]")].map((one) =>
              [one.dataset.near, [...one.querySelectorAll("[data-facility]")].length]))"""
        )
        missing = set(
            four.evaluate(
                "[...document.querySelectorAll('[data-missing]')].map((one) => one.dataset.missing)"
            )
        )
        mine = held[held["polygon"] == number]
        assert missing == services - set(mine["kind"])
        shape = result.polygons.polygons.geometry[number]
        for kind in services:
            norm = facility_kinds()[kind].norm_m
            out = places[(places["kind"] == kind) & ~places.index.isin(mine["facility_id"])]
            far = out.distance(shape)
            within = 0 if norm is None else int((far <= norm).sum())
            assert near.get(kind, 0) == min(within, 30)
            if kind in missing:
                text = four.inner_text(f"[data-missing={kind}]")
                assert f"{round(far.min() / 10) * 10:,.0f}\u00a0m" in text
                assert ("dentro de la norma" in text) == (within > 0)


STORED = """() => { const p = targeting.page, plans = targeting.plans;
  const turn = (whole) => Int32Array.from(whole, (n) => [0, 2, 1, 0, 0][n]);
  const other = turn(p.membership);
  p.facilities.polygon = {...p.facilities.polygon, whole: turn(p.facilities.polygon.whole)};
  const list = plans.records(p, other, p.facilities.polygon).sort((a, b) => a.number - b.number);
  const {canvas, entries} = plans.outlines(p, list);
  p.layers.polygons.use(canvas, entries);
  p.usePlan(list, other); }"""


def test_polygons_of_a_plan_for_other_weights_are_compared_and_saved(four, many):
    blocks = many[0].polygons.membership
    four.evaluate(STORED)
    assert len(rows(four)) == 2
    with four.expect_download() as held:
        four.get_by_role("button", name="Polígonos (GeoJSON)").click()
    saved = json.loads(held.value.path().read_text(encoding="utf-8"))
    for feature in saved["features"]:
        before = {1: 2, 2: 1}[feature["properties"]["polygon"]]
        # Such a plan has no outlines of its own: its blocks are saved, part by part.
        mine = many[0].territory.blocks.geometry[blocks == before]
        assert len(feature["geometry"]["coordinates"]) == shapely.get_num_geometries(mine).sum()
    four.evaluate("targeting.compare.show(targeting.page, 1, 2)")
    assert four.inner_text("#panel-body h2") == "Polígonos 1 y 2"
    counts = four.evaluate(
        "[...document.querySelectorAll('[data-key=block_count] td')].map((one) => one.innerText)"
    )
    assert counts[:2] == [str((blocks == 2).sum()), str((blocks == 1).sum())]
    near = four.evaluate("[...targeting.services.distances(targeting.page, 1)]")
    assert sum(far == -1 for far in near) == four.evaluate(
        "targeting.page.facilities.polygon.whole.filter((one) => one === 1).length"
    )
    assert min(far for far in near if far >= 0) > 0


def test_two_polygons_stand_beside_the_city(four, many):
    four.evaluate("targeting.page.choosePolygon(1)")
    four.select_option("#compare-with", "3")
    assert four.inner_text("#panel-body h2") == "Polígonos 1 y 3"
    assert four.evaluate("location.hash").endswith(
        "compare=1%2C3"
    ) or "compare=1%2C3" in four.evaluate("location.hash")
    records = {one["number"]: one for one in four.evaluate("targeting.page.scene.polygons")}
    table = four.evaluate(
        """Object.fromEntries([...document.querySelectorAll(".compare [data-key]")].map((row) =>
          [row.dataset.key, [...row.cells].slice(1).map((cell) => cell.innerText.trim())]))"""
    )
    profiles = {n: {row["key"]: row for row in records[n]["profile"]} for n in (1, 3)}
    assert set(table) == set(profiles[1])
    for key in ("score", "violence", "marginalization", "facilities"):
        told = [round(profiles[n][key]["value"] * 100) for n in (1, 3)]
        assert [int(cell) for cell in table[key]] == [*told, round(profiles[1][key]["city"] * 100)]
    people = [int(cell.replace(",", "")) for cell in table["population"]]
    assert people[:2] == [profiles[n]["population"]["value"] for n in (1, 3)]
    assert table["area_km2"][2] == "–"
    kinds = four.evaluate(
        """[...document.querySelectorAll("[data-kind-row]")].map((row) =>
          [row.dataset.kindRow, ...[...row.cells].slice(1).map((cell) => cell.innerText.trim())])"""
    )
    counts = many[0].profiles.facility_counts.set_index(["polygon", "kind"])["count"]
    for kind, *cells in kinds:
        for cell, number in zip(cells, (1, 3), strict=False):
            real = counts[number, kind]
            assert cell == (
                "menos de 3 o reservado" if kind == "shelter" and real < 3 else str(real)
            )
    four.select_option("#compare-second", "4")
    assert four.inner_text("#panel-body h2") == "Polígonos 1 y 4"
    assert four.evaluate("document.activeElement.id") == "compare-second"
    four.evaluate("targeting.page.home()")
    four.evaluate("location.hash = '#compare=2,3'")
    until(four, "targeting.page.view.name === 'compare'")
    for bad in ("2,2", "9,1", "x", ""):
        four.evaluate(
            "(bad) => targeting.rooms.addresses.find((one) => one.key === 'compare')"
            ".write(targeting.page, bad)",
            bad,
        )
    assert four.inner_text("#panel-body h2") == "Polígonos 2 y 3"
