"""What the page shows in Chromium: layers, languages, hostile names, keyboard, phone, paper."""

from __future__ import annotations

import json

import pytest

from targeting.i18n import catalogue
from targeting.render import write_page
from tests.render.results import HOSTILE, bare_result

pytestmark = pytest.mark.browser
PHONE = {"width": 360, "height": 740}


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
    own |= set(result.territory.facilities["source"])
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
    "compared": "targeting.compare.show(targeting.page, 1, 2)",
    "facility": "targeting.found.openFacility(targeting.page, 3)",
    "filter": "targeting.page.filter.read('w~in;r~score~0.2~'); targeting.page.showTab('filter')",
    "no filter": "targeting.page.filter.read('')",
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


def test_the_address_brings_back_what_was_looked_at(opened, page_file):
    page = opened().page
    page.click('[data-language="en"]')
    page.select_option("#layer-choice", index=1)
    page.evaluate("targeting.page.choosePolygon(2)")
    page.evaluate("targeting.page.layers.facilities.show('park', true); targeting.page.remember()")
    address = page.evaluate("window.location.hash")
    again = opened().page
    again.evaluate("(hash) => { window.location.hash = hash; }", address)
    again.wait_for_function("targeting.page.view.name === 'polygon'")
    assert again.inner_text("#panel-body h2") == "Polygon 2"
    assert again.evaluate("window.location.hash") == address
    assert again.evaluate("targeting.page.layers.facilities.shown.has('park')")
    assert again.input_value("#layer-choice") == page.input_value("#layer-choice")


@pytest.mark.parametrize(
    "address", ["#view=p99", "#layer=no&tab=no&kinds=,x&place=1,a", "#%=%E0%A4"]
)
def test_an_address_that_makes_no_sense_is_left_out(opened, address):
    watched = opened()
    watched.page.evaluate("(hash) => { window.location.hash = hash; }", address)
    watched.page.evaluate("new Promise((done) => setTimeout(done, 50))")
    assert watched.page.evaluate("targeting.page.view.name") == "home"
    assert watched.errors == []
