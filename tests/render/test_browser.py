"""The page in Chromium, opened from disk with the network cut."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from targeting.facility_kinds import facility_kinds
from targeting.render import public

pytestmark = pytest.mark.browser
UNITS = Path(__file__).with_name("units.js").read_text(encoding="utf-8")


def test_it_opens_from_disk_without_a_request_or_an_error(opened):
    watched = opened()
    assert watched.requests == []
    assert watched.errors == []
    assert watched.page.inner_text("#title") == "Ciudad de <prueba> & más"
    assert watched.page.is_visible("#made")


def test_scripts_pass_their_unit_tests(page):
    assert page.evaluate(UNITS) == []


def test_columns_arrive_exactly(page, result):
    ids = page.evaluate("targeting.page.blockIds")
    assert sorted(ids) == list(result.territory.blocks.index)
    result = public.protected(result)
    order = result.territory.blocks.index.get_indexer(ids)
    parts, total = public.shown_points(result)
    people, few = public.shown_people(result)
    expected = {
        "score": total,
        "percentile": public.percentiles(pd.Series(total)),
        "population": people,
        "few": few.astype(float),
        "polygon": result.polygons.membership.to_numpy(float),
        "reason.margin": public.margin_points(result),
        "value.margin_index": np.round(result.values.value["margin_index"].to_numpy(), 2) * 100,
        "value.incidents_per_1k": public.levels(result.values.value["incidents_per_1k"]),
    }
    for at, indicator in enumerate(result.indicators):
        expected[f"points.{indicator.key}"] = parts[:, at]
    for name, values in expected.items():
        held = page.evaluate(
            """(name) => { const c = targeting.page.data.column(name);
              return Array.from(c.whole, (v, i) => c.has(i) ? v * c.step : null); }""",
            name,
        )
        given = np.array([np.nan if v is None else v for v in held])
        np.testing.assert_allclose(given, values[order], atol=1e-9, err_msg=name)


def shapes_of(page, name: str) -> list:
    """Shapes as the page draws them, as longitude and latitude."""
    rings = page.evaluate(
        """(name) => { const p = targeting.page;
          const s = name === "blocks" ? p.city.blocks : p.data.shapes(name);
          return Array.from({length: s.count}, (_, i) =>
            targeting.latlngs(p.city, s, i).map((r) => r.map((l) => [l.lng, l.lat]))); }""",
        name,
    )
    # Rings turn one way outside and the other way inside: the sum of their areas is the shape.
    out = []
    for held in rings:
        shape = shapely.Polygon()
        for ring in held:
            shape = shape.symmetric_difference(shapely.Polygon(ring))
        out.append(shape)
    return out


@pytest.mark.parametrize("name", ["blocks", "polygons"])
def test_shapes_arrive_within_half_a_meter(page, result, name):
    drawn = gpd.GeoSeries(shapes_of(page, name), crs=4326).to_crs(result.territory.crs)
    if name == "blocks":
        real = result.territory.blocks.geometry.loc[page.evaluate("targeting.page.blockIds")]
    else:
        real = result.polygons.polygons.geometry
    far = shapely.hausdorff_distance(drawn.to_numpy(), real.to_numpy())
    assert far.max() <= 0.5
    assert far.max() > 0.01  # it is a real comparison: the grid is not infinitely fine


def test_facilities_arrive_within_half_a_meter(page, result):
    held = page.evaluate(
        """() => { const p = targeting.page, o = L.point(p.city.origin);
          return Array.from({length: p.facilities.count}, (_, i) => {
            const at = L.CRS.EPSG3857.pointToLatLng(
              L.point(p.facilities.xs[i], p.facilities.ys[i]).add(o), p.city.zoom);
            return [at.lng, at.lat, p.facilities.names[i]]; }); }"""
    )
    places = result.territory.facilities
    places = places[~places["sensitive"]]
    points = gpd.GeoSeries([shapely.Point(x, y) for x, y, _ in held], crs=4326).to_crs(places.crs)
    assert points.distance(places.geometry.reset_index(drop=True)).max() <= 0.5
    assert [name for *_, name in held] == places["name"].fillna("").tolist()


def test_the_fallback_unpacks_the_same(chromium_page, page_file):
    watched = chromium_page()
    watched.page.add_init_script("delete window.DecompressionStream")
    watched.open(page_file)
    watched.page.evaluate("targeting.ready.then(() => 1)")
    assert watched.page.evaluate("typeof DecompressionStream") == "undefined"
    assert watched.page.evaluate("targeting.page.blockIds.length") == 100
    assert watched.errors == []


def click_block(page, polygon: int) -> int:
    """Click the middle of a solid block of a polygon (0: outside); return its number."""
    return page.evaluate(
        """(number) => { const p = targeting.page;
          for (let i = 0; i < p.city.blocks.count; i += 1) {
            const at = p.layers.blocks.bounds(i).getCenter();
            if (p.data.column("polygon").whole[i] === number && p.layers.blocks.hit(at) === i
                && p.layers.facilities.hit(at) < 0) {
              p.map.fire("click", {latlng: at});
              return i;
            }
          } }""",
        polygon,
    )


@pytest.mark.parametrize("number", [1, 2])
def test_a_click_in_a_polygon_lists_exactly_its_facilities(page, result, number):
    click_block(page, number)
    assert page.inner_text("#panel-body h2") == f"Polígono {number}"
    listed = page.evaluate(
        """() => [...document.querySelectorAll("#panel-body [data-kind]")].map((kind) => [
          kind.dataset.kind,
          kind.querySelector(".kind-count").textContent,
          [...kind.querySelectorAll("li")].map((li) => li.textContent)])"""
    )
    counts = result.profiles.facility_counts
    counts = counts[counts["polygon"] == number].set_index("kind")["count"]
    inside = result.profiles.facilities
    inside = inside[inside["polygon"] == number]
    # A kind with none is told as well: services as missing, others in one line.
    none = page.evaluate(
        """[...document.querySelectorAll("[data-missing]")].map((one) => one.dataset.missing)
             .concat((document.querySelector("[data-absent]") || {dataset: {absent: ""}})
               .dataset.absent.split(" ")).filter(Boolean)"""
    )
    assert sorted([kind for kind, *_ in listed] + none) == sorted(counts.index)
    assert (counts == 0).any()
    assert all(counts[kind] == 0 for kind in none)
    for kind, count, names in listed:
        if kind == "shelter" and counts[kind] < 3:
            assert count == "menos de 3 o reservado"
        else:
            assert int(count) == counts[kind]
        nameless = facility_kinds()[kind].label_without_name("es")
        mine = inside.loc[inside["kind"] == kind, "name"].fillna(nameless)
        assert sorted(names) == sorted(mine)
        if kind == "shelter":
            assert names == []


def test_sizes_are_not_compared_and_the_city_has_no_area(page):
    page.evaluate("targeting.page.choosePolygon(1)")
    rows = page.evaluate(
        """[...document.querySelectorAll("tbody.sizes tr")].map((row) =>
          [...[...row.cells].map((cell) => cell.textContent),
           row.querySelectorAll(".bar").length])"""
    )
    sizes = {name: (city, beside, bars) for name, _, city, beside, bars in rows}
    assert sizes == {
        "Habitantes": ("10,780", "", 0),  # 10,781 by hand
        "Superficie": ("–", "", 0),
        "Manzanas": ("100", "", 0),
    }


@pytest.mark.parametrize(
    ("language", "one", "two"),
    [("es", "Está 1 punto por", "Está 2 puntos por"), ("en", "lies 1 point ", "lies 2 points ")],
)
def test_one_point_is_singular(page, language, one, two):
    page.evaluate("(l) => targeting.page.speak(l)", language)
    for key in ("block.above", "block.below"):
        for count, words in ((1, one), (2, two)):
            said = page.evaluate(
                "([k, count]) => targeting.words.say(k, {count, line: '60'})", [key, count]
            )
            assert words in said


def test_a_click_again_opens_the_block_and_escape_goes_back(page):
    click_block(page, 1)
    click_block(page, 1)
    assert page.inner_text("#panel-body h2").startswith("Manzana")
    page.keyboard.press("Escape")
    assert "2 polígonos" in page.inner_text("#panel-body h2")


def test_every_account_adds_up(page):
    wrong = page.evaluate(
        """() => { const p = targeting.page, out = [];
          const keys = p.scene.indicators.map((one) => p.data.column("points." + one.key));
          const score = p.data.column("score");
          for (let i = 0; i < p.city.blocks.count; i += 1) {
            p.chooseBlock(i);
            const cells = [...document.querySelectorAll("tr[data-indicator] .points")];
            const shown = cells.map((cell) => parseInt(cell.textContent, 10) || 0);
            const sum = shown.reduce((a, b) => a + b, 0);
            const total = document.querySelector("[data-total]").textContent;
            const dimensions = [...document.querySelectorAll("tr.dimension .points")]
              .map((cell) => parseInt(cell.textContent, 10) || 0).reduce((a, b) => a + b, 0);
            const held = keys.reduce((s, c) => s + (c.has(i) ? c.whole[i] : 0), 0);
            const sums = [dimensions, held, score.whole[i], parseInt(total, 10)];
            if (score.has(i) ? sums.some((other) => other !== sum) : total !== "–") {
              out.push([i, sum, total]);
            }
          }
          return out; }"""
    )
    assert wrong == []


def test_a_block_says_where_its_data_are_from(page, result):
    ids = page.evaluate("targeting.page.blockIds")
    few = page.evaluate("targeting.page.data.column('few').whole.indexOf(1)")
    page.evaluate("(i) => targeting.page.chooseBlock(i)", few)
    assert "Menos de 3 habitantes" in page.inner_text("#panel-body")
    wide = result.values.value.index[9]
    page.evaluate("(i) => targeting.page.chooseBlock(i)", ids.index(wide))
    text = page.inner_text("#panel-body")
    assert "entre 0 y 99" in text
    assert "Reservado en la fuente" in text
    assert "Heredado del área" in text
    page.evaluate("(i) => targeting.page.chooseBlock(i)", ids.index(result.values.value.index[6]))
    assert "Sin puntaje" in page.inner_text("#panel-body")
    assert "Sin dato" in page.inner_text("#panel-body")
