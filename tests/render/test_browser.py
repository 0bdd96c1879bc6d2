"""The page in Chromium, opened from disk with the network cut."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from targeting.facility_kinds import facility_kinds
from targeting.i18n import catalogue
from targeting.render import public, write_page
from tests.render.results import HOSTILE, bare_result

pytestmark = pytest.mark.browser
UNITS = Path(__file__).with_name("units.js").read_text(encoding="utf-8")
SCREEN = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def opened(chromium_page, page_file):
    def start(file=page_file, **settings):
        watched = chromium_page(file, **({"viewport": SCREEN} | settings))
        watched.page.evaluate("targeting.ready.then(() => 1)")
        return watched

    return start


@pytest.fixture
def page(opened):
    watched = opened()
    yield watched.page
    assert watched.requests == []
    assert watched.errors == []
    assert watched.page.evaluate("[...targeting.words.state.missing]") == []
    assert watched.page.evaluate("window.hacked") is None


def texts(page) -> set[str]:
    """Every text a person sees, labels and titles among them."""
    return set(
        page.evaluate(
            """() => {
              const out = [document.title];
              const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
              while (walk.nextNode()) {
                const parent = walk.currentNode.parentElement;
                if (!parent.closest("script, noscript, style, code, pre, [hidden]")) {
                  out.push(walk.currentNode.textContent.trim());
                }
              }
              for (const element of document.querySelectorAll("[aria-label], [title]")) {
                out.push(element.getAttribute("aria-label") || "", element.title || "");
              }
              return out.filter((text) => /[a-záéíóúñ]{2}/i.test(text));
            }"""
        )
    )


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
    order = result.territory.blocks.index.get_indexer(ids)
    parts, total = public.shown_points(result)
    people, few = public.population(result.territory.blocks["population"])
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
        """(name) => { const p = targeting.page, s = p.data.shapes(name);
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
    assert {kind for kind, *_ in listed} == set(counts.index)
    assert (counts == 0).any()  # a kind with none is shown too
    for kind, count, names in listed:
        if kind == "shelter" and counts[kind] < 3:
            assert count == "menos de 3"
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


def colors(page) -> list[int]:
    return page.evaluate(
        """() => { const c = document.querySelector(".city-canvas");
          const data = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
          let sum = 0, filled = 0;
          for (let i = 0; i < data.length; i += 4) {
            if (data[i + 3] === 255) { filled += 1; sum = (sum * 31 + data[i] + data[i + 2]) | 0; }
          }
          return [filled, sum]; }"""
    )


def test_every_layer_draws_itself_and_its_legend(page, result):
    seen, legends = set(), set()
    layers = page.evaluate("targeting.page.scene.layers.map((layer) => layer.id)")
    for layer in layers:
        page.select_option("#layer-choice", layer)
        filled, sum_ = colors(page)
        assert filled > 50_000
        seen.add(sum_)
        legend = page.inner_text("#legend")
        legends.add(legend)
        for word in ("Unidad", "Año", "Fuente"):
            assert word in legend
        assert "Sin dato" in legend
        assert page.locator("#legend .swatch").count() >= 2
    assert len(seen) == len(layers) == 8
    assert len(legends) == len(layers)
    page.select_option("#layer-choice", "value.no_internet_share")
    assert "Reservado en la fuente" in page.inner_text("#legend")
    page.select_option("#layer-choice", "value.margin_index")
    assert "valor más bajo" in page.inner_text("#legend")


def test_the_color_of_a_block_is_its_class(page):
    wrong = page.evaluate(
        """() => { const p = targeting.page, layer = p.layers.blocks, out = [];
          const canvas = layer._container, ctx = layer._ctx;
          const {scale, x, y, dense} = layer.frame();
          for (let i = 0; i < p.city.blocks.count; i += 1) {
            const b = layer._boxes.subarray(4 * i, 4 * i + 4);
            const [cx, cy] = [(b[0] + b[2]) / 2, (b[1] + b[3]) / 2];
            if (layer.grid.at(cx, cy) !== i || p.painted.classes[i] > 10) continue;
            const at = [cx * scale + x, cy * scale + y].map((v) => Math.round(v * dense));
            const d = ctx.getImageData(at[0], at[1], 1, 1).data;
            const two = (v) => v.toString(16).padStart(2, "0");
            const hex = "#" + [...d].slice(0, 3).map(two).join("");
            if (hex !== p.painted.colors[p.painted.classes[i]]) out.push([i, hex]);
          }
          return out; }"""
    )
    assert wrong == []


def foreign(result) -> set[str]:
    """Texts of the data, and words that are the same in both languages."""
    own = {name for name in result.territory.facilities["name"].dropna()}
    own |= {"Español", "English", "Mexico ITRF2008 / LCC (EPSG:6372)"}
    own |= {f"{area:.2f}\u00a0km²" for area in result.polygons.polygons["area_km2"]}
    for one in result.indicators:
        own.add(one.source)
    es, en = catalogue("es"), catalogue("en")
    return own | {text for key, text in es.items() if en.get(key) == text}


VIEWS = {
    "home": "targeting.page.home()",
    "polygon": "targeting.page.choosePolygon(1)",
    "block": "targeting.page.chooseBlock(20)",
    "empty block": "targeting.page.chooseBlock(targeting.page.data.column('few').whole.indexOf(1))",
    "about": "targeting.page.showTab('about')",
    "violence": "targeting.page.home(); targeting.page.chooseLayer('dimension.violence')",
    "indicator": "targeting.page.chooseLayer('value.no_internet_share')",
}


def test_the_other_language_changes_every_word(page, result):
    same = foreign(result)
    for name, view in VIEWS.items():
        page.evaluate(view)
        page.click('[data-language="es"]')
        spanish = texts(page)
        page.click('[data-language="en"]')
        english = texts(page)
        both = {
            text
            for text in spanish & english
            if not any(text == own or (len(own) > 8 and own in text) for own in same)
        }
        assert both == set(), name
        assert page.get_attribute("html", "lang") == "en"
        assert "⟦" not in " ".join(spanish | english)


@pytest.mark.parametrize("bypass", [False, True], ids=["with the policy", "without the policy"])
def test_hostile_names_are_text_and_nothing_runs(opened, bypass):
    watched = opened(bypass_csp=bypass)
    page = watched.page
    for number in (1, 2):
        page.evaluate("(n) => targeting.page.choosePolygon(n)", number)
        page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    for i in range(page.evaluate("targeting.page.facilities.count")):
        page.evaluate("(i) => targeting.page.showFacility(i)", i)
    for view in VIEWS.values():
        page.evaluate(view)
    page.evaluate("targeting.page.choosePolygon(1)")
    page.wait_for_timeout(200)
    assert page.evaluate("window.hacked") is None
    assert page.locator("#panel-body img, #panel-body b, #tip img, #title b").count() == 0
    shown = page.evaluate("targeting.page.facilities.names")
    assert HOSTILE[0] in shown
    assert watched.errors == []
    assert watched.requests == []


def test_a_keyboard_alone_opens_a_polygon_and_its_facilities(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("!!document.activeElement.closest('tr[data-number]')"):
            break
    page.keyboard.press("Enter")
    assert page.inner_text("#panel-body h2") == "Polígono 1"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('details.kind > summary')"):
            break
    page.keyboard.press("Enter")
    assert page.locator("details.kind[open] li").first.is_visible()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == "1"


def test_polygons_and_kinds_can_be_switched(page):
    page.uncheck("#show-polygons")
    assert page.locator(".polygon-label").count() == 0
    page.check("#show-polygons")
    assert page.locator(".polygon-label").count() == 2
    page.click("#kinds summary")
    page.check('#kind-toggles input[value="park"]')
    shown = page.evaluate(
        """Array.from({length: targeting.page.facilities.count}, (_, i) => i)
             .filter((i) => targeting.page.layers.facilities.visible(i)).length"""
    )
    assert shown == 10  # every sixth of sixty is a park
    assert page.locator('#kind-toggles input[value="shelter"]').count() == 0


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_phone_shows_map_and_panel_side_by_side_without_scrolling_sideways(opened, language):
    watched = opened(viewport=PHONE, is_mobile=True, has_touch=True, device_scale_factor=2)
    page = watched.page
    page.evaluate("(l) => targeting.page.speak(l)", language)
    for view in VIEWS.values():
        page.evaluate(view)
        wide = page.evaluate(
            "[document.documentElement.scrollWidth, document.getElementById('panel').scrollWidth]"
        )
        assert max(wide) <= PHONE["width"]
        boxes = [page.locator(name).bounding_box() for name in (".map-area", "#panel")]
        assert boxes[0]["height"] >= 220
        assert boxes[1]["y"] >= boxes[0]["y"] + boxes[0]["height"] - 1
        assert boxes[1]["height"] >= 200
    assert watched.errors == []


def test_without_javascript_the_tables_are_there(chromium_page, page_file):
    page = chromium_page(page_file, java_script_enabled=False).page
    text = page.inner_text("noscript")
    assert "Polígonos candidatos" in text
    assert "Polígono 2" in text
    assert "Primaria" in text


def test_a_city_of_one_block_opens(chromium_page, tmp_path):
    write_page(bare_result(), tmp_path / "bare.html")
    watched = chromium_page(tmp_path / "bare.html")
    watched.page.evaluate("targeting.ready.then(() => 1)")
    assert watched.errors == []
    watched.page.evaluate("targeting.page.chooseBlock(0)")
    watched.page.evaluate("targeting.page.showTab('about')")
    assert watched.page.evaluate("[...targeting.words.state.missing]") == []


def test_it_prints(opened, tmp_path):
    page = opened().page
    page.evaluate("targeting.page.choosePolygon(1)")
    page.evaluate(
        """window.addEventListener("beforeprint", () => {
          const canvases = [...document.querySelectorAll(".city-canvas")];
          window.printed = {
            canvases: canvases.filter((canvas) => !canvas.hidden).length,
            wide: document.querySelector(".map-area").clientWidth,
            lists: document.querySelectorAll("details.kind:not([open])").length,
          };
        })"""
    )
    data = page.pdf(format="Letter")
    assert data.startswith(b"%PDF")
    # One canvas only: on paper a second one would blank the first.
    assert page.evaluate("window.printed") == {"canvases": 1, "wide": 680, "lists": 0}
    assert page.locator(".city-canvas[hidden]").count() == 0
    assert page.evaluate("document.body.classList.contains('printing')") is False
    assert json.loads(page.evaluate("JSON.stringify(targeting.page.view.name)")) == "polygon"
