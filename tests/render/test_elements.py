"""Layers on anyone's folium map, and folium's own layers on our page."""

from __future__ import annotations

import re
from pathlib import Path

import branca
import folium
import folium.plugins
import geopandas as gpd
import numpy as np
import pytest
import shapely
from folium.utilities import JsCode

from targeting.problems import TargetingError
from targeting.render import BlocksLayer, FacilitiesLayer, PolygonsLayer, TargetMap
from targeting.render.inlined import asset
from targeting.render.public import protected
from tests.render.results import HOSTILE, METRIC, lattice

SCREEN = {"width": 1000, "height": 700}


@pytest.fixture(scope="module")
def blocks():
    shapes = lattice(8, 8)
    table = gpd.GeoDataFrame(geometry=shapes.to_numpy(), crs=METRIC)
    table["need"] = np.arange(64) / 4
    table["people"] = np.where(np.arange(64) == 5, np.nan, np.arange(64) * 10)
    table["title"] = [HOSTILE[i % len(HOSTILE)] for i in range(64)]
    return table


@pytest.fixture(scope="module")
def places(blocks):
    points = shapely.centroid(blocks.geometry.to_numpy()[:24])
    return gpd.GeoDataFrame(
        {
            "kind": [("school", "clinic", HOSTILE[0])[i % 3] for i in range(24)],
            "title": [HOSTILE[i % len(HOSTILE)] for i in range(24)],
        },
        geometry=points,
        crs=METRIC,
    )


def links_answered(watched, pages: Path) -> None:
    """Answer folium's links with our Leaflet and with nothing: the test needs no network."""

    def answer(route):
        url = route.request.url
        if url.endswith("leaflet.js"):
            route.fulfill(body=asset("leaflet/leaflet.js"), content_type="text/javascript")
        elif url.endswith("leaflet.css"):
            route.fulfill(body=asset("leaflet/leaflet.css"), content_type="text/css")
        elif url.startswith("http"):
            kind = "text/css" if url.endswith("css") else "text/javascript"
            route.fulfill(body="", content_type=kind)
        else:
            route.continue_()

    watched.page.route("**/*", answer)
    watched.open(pages)


@pytest.fixture
def plain(chromium_page, tmp_path):
    """Open a folium map whose links are answered here."""

    def start(city, *layers):
        file = tmp_path / "map.html"
        city.save(str(file))
        watched = chromium_page(viewport=SCREEN)
        links_answered(watched, file)
        for layer in layers:
            watched.page.evaluate(f"{layer.get_name()}.ready.then(() => 1)")
        watched.page.wait_for_timeout(200)
        return watched

    return start


def center(layer):
    (south, west), (north, east) = layer.get_bounds()
    return [(south + north) / 2, (west + east) / 2]


PIXELS = """(name) => {
  const canvas = window[name].getContainer ? window[name].getContainer() : window[name]._container;
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const seen = new Map();
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] === 255) {
      const hex = "#" + [0, 1, 2].map((k) => data[i + k].toString(16).padStart(2, "0")).join("");
      seen.set(hex, (seen.get(hex) || 0) + 1);
    }
  }
  return Object.fromEntries([...seen].filter(([, n]) => n > 200));
}"""


# ------------------------------------------------------------------ our layers on a plain map


@pytest.mark.browser
def test_blocks_are_drawn_on_a_plain_folium_map(blocks, plain):
    layer = BlocksLayer(blocks, "need", name="Need")
    city = folium.Map(center(layer), zoom_start=15, tiles=None)
    layer.add_to(city)
    watched = plain(city, layer)
    assert watched.errors == []
    colors = watched.page.evaluate(PIXELS, layer.get_name())
    # Six classes of the ramp, 64 different values.
    assert set(layer.record["colors"]) <= set(colors)


@pytest.mark.browser
def test_the_pointer_reads_a_block_and_its_texts_stay_texts(blocks, plain):
    layer = BlocksLayer(blocks, "need", tooltip=["title", "people", "need"])
    city = folium.Map(center(layer), zoom_start=16, tiles=None)
    layer.add_to(city)
    watched = plain(city, layer)
    lines = watched.page.evaluate(f"[...Array(64).keys()].map((i) => {layer.get_name()}.lines(i))")
    shown = {line for one in lines for line in one}
    assert {f"title: {name}" for name in HOSTILE} <= shown
    assert "people: sin dato" in shown
    needs = {line for line in shown if line.startswith("need: ")}
    assert needs == {f"need: {i / 4:.2f}" for i in range(64)}
    name = layer.get_name()
    spot = watched.page.evaluate(
        f"""() => {{ const map = {name}._map, at = {name}.bounds(20).getCenter();
        const p = map.latLngToContainerPoint(at); return [p.x, p.y]; }}"""
    )
    watched.page.mouse.move(*spot)
    watched.page.wait_for_timeout(150)
    tip = watched.page.locator(".targeting-tip")
    assert tip.inner_text().splitlines() == lines[20]
    assert watched.page.evaluate("window.hacked") is None
    assert watched.errors == []


@pytest.mark.browser
def test_layers_mix_with_folium_and_the_control_turns_each_off(blocks, places, plain):
    need = BlocksLayer(blocks, "need", name=HOSTILE[0])
    people = BlocksLayer(blocks, "people", name="People", show=False)
    points = FacilitiesLayer(places, "kind", "title", name="Places")
    zones = PolygonsLayer(blocks.iloc[[3, 40]], "title", name="Zones", tooltip=["title"])
    city = folium.Map(center(need), zoom_start=15, tiles=None)
    for layer in (need, people, points, zones):
        layer.add_to(city)
    folium.GeoJson(blocks.iloc[[0]].to_crs(4326).__geo_interface__, name="Own").add_to(city)
    folium.LayerControl(collapsed=False).add_to(city)
    watched = plain(city, need, people, points, zones)
    page = watched.page
    boxes = page.locator(".leaflet-control-layers-overlays label")
    assert [one.strip() for one in boxes.all_inner_texts()] == [
        HOSTILE[0],
        "People",
        "Places",
        "Zones",
        "Own",
    ]
    assert page.locator(".targeting-canvas").count() == 2
    assert page.locator(".targeting-number").all_inner_texts() == [HOSTILE[3], HOSTILE[40 % 12]]
    boxes.nth(0).locator("input").click()
    assert page.locator(".targeting-canvas").count() == 1
    boxes.nth(1).locator("input").click()
    assert page.locator(".targeting-canvas").count() == 2
    assert page.locator(".targeting-legend strong").all_inner_texts() == ["people"]
    boxes.nth(3).locator("input").click()
    assert page.locator(".targeting-number").count() == 0
    boxes.nth(3).locator("input").click()
    assert page.locator(".targeting-number").count() == 2
    assert page.evaluate("window.hacked") is None
    assert watched.errors == []


def test_scripts_stand_once_in_a_figure_and_data_once_a_layer(blocks):
    city = folium.Map()
    first = BlocksLayer(blocks, "need").add_to(city)
    second = BlocksLayer(blocks, "people").add_to(city)
    html = city.get_root().render()
    assert html.count("targeting.inflate = ") == 1
    for layer in (first, second):
        assert html.count(f'id="{layer.data_id()}"') == 1
    again = city.get_root().render()
    assert again.count("targeting.inflate = ") == 1


@pytest.mark.browser
def test_two_maps_in_one_notebook(blocks, chromium_page, tmp_path):
    parts = []
    for column in ("need", "people"):
        layer = BlocksLayer(blocks, column)
        city = folium.Map(center(layer), zoom_start=15, tiles=None)
        layer.add_to(city)
        parts.append(city._repr_html_())
    file = tmp_path / "notebook.html"
    file.write_text("<!DOCTYPE html><body>" + "".join(parts), encoding="utf-8")
    watched = chromium_page(viewport=SCREEN)
    links_answered(watched, file)
    watched.page.wait_for_timeout(800)
    frames = watched.page.frames[1:]
    assert len(frames) == 2
    for frame in frames:
        assert frame.locator(".targeting-canvas").count() == 1
        assert frame.locator(".targeting-legend").count() == 1


@pytest.mark.browser
def test_a_result_gives_its_layers_to_any_map(result, plain):
    score = BlocksLayer(result, name="Score", language="en")
    level = BlocksLayer(result, "incidents_per_1k", name="Level", show=False)
    zones = PolygonsLayer(result)
    points = FacilitiesLayer(result)
    city = folium.Map(center(score), zoom_start=15, tiles=None)
    for layer in (score, level, zones, points):
        layer.add_to(city)
    watched = plain(city, score, level, zones, points)
    page = watched.page
    lines = page.evaluate(f"[...Array(100).keys()].map((i) => {score.get_name()}.lines(i)[0])")
    numbers = [int(m[1]) for line in lines if (m := re.fullmatch(r"Priority score: (\d+)", line))]
    # The figures the public may see, rounded as on the page: a point at most.
    known = np.sort(protected(result).scores.score.dropna().to_numpy()) * 100
    assert np.abs(np.sort(numbers) - known).max() <= 1.5
    assert sum("no data" in line for line in lines) == int(result.scores.score.isna().sum())
    assert page.locator(".targeting-number").all_inner_texts() == ["1", "2"]
    assert watched.errors == []
    held = points.get_name()
    used = page.evaluate(f"[...{held}.held.kind.whole].map((at) => {held}.kinds[at].key)")
    # No place of a sensitive kind.
    assert "shelter" not in used
    assert "primary_school" in used


def test_a_result_has_only_its_own_columns(result):
    with pytest.raises(TargetingError) as caught:
        BlocksLayer(result, "wealth")
    assert caught.value.problems[0].code == "element-no-column"
    assert "incidents_per_1k" in caught.value.text("es")


def test_tables_that_cannot_be_drawn_are_refused(blocks, places):
    for make, code in [
        (lambda: BlocksLayer(blocks.set_crs(None, allow_override=True), "need"), "element-no-crs"),
        (lambda: BlocksLayer(places, None), "element-other-shapes"),
        (lambda: FacilitiesLayer(blocks), "element-other-shapes"),
        (lambda: BlocksLayer(blocks, "wealth"), "element-no-column"),
        (lambda: BlocksLayer(blocks, "title"), "element-not-numbers"),
    ]:
        with pytest.raises(TargetingError) as caught:
            make()
        assert caught.value.problems[0].code == code
        assert caught.value.text("es") != caught.value.text("en")


def test_rows_without_a_shape_are_left_out_aloud(blocks):
    holed = blocks.copy()
    holed.loc[3, "geometry"] = None
    with pytest.warns(UserWarning, match="1 rows without a shape"):
        layer = BlocksLayer(holed, "need")
    assert layer.record["data"]["value"]["count"] == 63


# ------------------------------------------------------------------ folium's layers on our page


def _guests(blocks):
    shape = blocks.iloc[[0, 9]].to_crs(4326)
    shape["<b>key</b>"] = HOSTILE[:2]
    at = [shape.geometry.iloc[0].centroid.y, shape.geometry.iloc[0].centroid.x]
    group = folium.FeatureGroup(name=HOSTILE[1])
    folium.Marker(at, tooltip=folium.Tooltip(HOSTILE[2], style="color: red;")).add_to(group)
    folium.Marker(
        [at[0] + 0.001, at[1]], popup="<b>bold</b>" + HOSTILE[0] + HOSTILE[2] + HOSTILE[3]
    ).add_to(group)
    corner = [at[0] - 0.002, at[1] + 0.003]
    return [
        group,
        folium.GeoJson(
            shape.drop(columns="title").__geo_interface__,
            name="shapes",
            tooltip=folium.GeoJsonTooltip(["<b>key</b>"], style="color: #222;"),
            popup=folium.GeoJsonPopup(["<b>key</b>"], aliases=[HOSTILE[0]]),
        ),
        folium.Polygon([at, corner, [at[0], corner[1]]], tooltip="`quoted`"),
        folium.CircleMarker(corner, popup=folium.Popup(HOSTILE[1], parse_html=True)),
        folium.Marker(corner, icon=folium.DivIcon(html="<i>D</i>" + HOSTILE[0])),
        BlocksLayer(blocks, "people", name="mine", show=False, tooltip=["title"]),
        folium.LayerControl(collapsed=False),
    ]


@pytest.fixture
def hosted(result, blocks, chromium_page, tmp_path):
    def start(*, guarded: bool):
        city = TargetMap(result)
        for guest in _guests(blocks):
            guest.add_to(city)
        city.get_root().html.add_child(
            folium.Element('<div id="note" style="position: absolute; left: 320px">note</div>')
        )
        html = city.get_root().render()
        if not guarded:
            html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
        (tmp_path / "hosted.html").write_text(html, encoding="utf-8")
        watched = chromium_page(tmp_path / "hosted.html", viewport={"width": 1280, "height": 800})
        watched.page.evaluate("targeting.ready.then(() => 1)")
        return watched

    return start


@pytest.mark.browser
@pytest.mark.parametrize("guarded", [True, False], ids=["policy", "no-policy"])
def test_guests_of_folium_live_on_the_page(hosted, guarded):
    watched = hosted(guarded=guarded)
    page = watched.page
    names = [one.strip() for one in page.locator(".leaflet-control-layers label").all_inner_texts()]
    assert names == [HOSTILE[1], "shapes", "mine"]
    assert page.locator("img.leaflet-marker-icon").count() == 2
    assert page.locator("img.leaflet-marker-icon").first.evaluate("(one) => one.naturalWidth") > 0
    said = page.evaluate(
        """() => { const out = [];
        targeting.page.map.eachLayer((layer) => {
          const both = layer.getTooltip ? [layer.getTooltip(), layer.getPopup()] : [];
          for (const held of both) {
            if (held && !(layer instanceof L.FeatureGroup && !layer.feature)) {
              layer[held instanceof L.Popup ? "openPopup" : "openTooltip"]();
              const node = held.getElement();
              if (node) out.push([node.innerText, node.querySelectorAll("b, i, td, th").length]);
            }
          }
        }); return out; }"""
    )
    text = "\n".join(one for one, _ in said)
    assert HOSTILE[2] in text
    assert HOSTILE[1] in text
    assert HOSTILE[3] in text
    assert "`quoted`" in text
    assert any("bold" in one and count == 1 for one, count in said)
    assert page.locator(".leaflet-marker-icon i").inner_text() == "D"
    assert page.locator("#note").evaluate("(one) => getComputedStyle(one).left") == "320px"
    page.wait_for_timeout(200)
    assert page.evaluate("window.hacked") is None
    assert watched.requests == []
    assert watched.errors == []


@pytest.mark.browser
def test_a_layer_of_ours_is_a_guest_too(hosted):
    watched = hosted(guarded=True)
    page = watched.page
    before = page.locator(".targeting-canvas").count()
    page.locator(".leaflet-control-layers label input").nth(2).click()
    page.wait_for_timeout(200)
    assert page.locator(".targeting-canvas").count() == before + 1
    assert page.locator(".targeting-legend strong").inner_text() == "people"
    assert watched.errors == []


@pytest.mark.browser
def test_a_notebook_shows_the_page_and_asks_for_nothing(result, chromium_page, tmp_path):
    file = tmp_path / "notebook.html"
    file.write_text("<!DOCTYPE html><body>" + TargetMap(result)._repr_html_(), encoding="utf-8")
    watched = chromium_page(file, viewport={"width": 1280, "height": 800})
    frame = watched.page.frames[1]
    frame.evaluate("targeting.ready.then(() => 1)")
    assert frame.locator("#layer-card").is_visible()
    assert watched.requests == []
    assert watched.errors == []


def test_without_guests_nothing_is_brought_for_them(result):
    html = TargetMap(result).get_root().render()
    assert "targeting.guests" not in html
    assert "targeting.elements" not in html


def test_the_templates_of_folium_are_left_as_they_were(result):
    city = TargetMap(result)
    popup = folium.Popup("text")
    folium.Marker([20, -103], popup=popup).add_to(city)
    assert city.get_root().render() == city.get_root().render()
    assert "_template" not in popup.__dict__


@pytest.mark.parametrize(
    ("guest", "name", "todo"),
    [
        (folium.TileLayer("OpenStreetMap"), "TileLayer", "calles"),
        (folium.Marker([20, -103], icon=folium.Icon()), "Icon", "DivIcon"),
        (folium.plugins.Fullscreen(), "Fullscreen", "folium.Map"),
        (lambda file: folium.GeoJson(file, embed=False), "GeoJson", "embed=True"),
        (
            folium.raster_layers.ImageOverlay(
                "https://example.com/a.png", [[20, -103], [21, -102]]
            ),
            "ImageOverlay",
            "data:",
        ),
        (folium.Marker([20, -103], popup='<img src="https://example.com/a.png">'), "Html", "data:"),
        (
            folium.Marker([20, -103], popup=folium.Popup(branca.element.IFrame("text"))),
            "IFrame",
            "marco",
        ),
        (folium.features.CustomIcon("https://example.com/a.png"), "CustomIcon", "data:"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_cannot_be_inlined_is_refused_by_name(result, guest, name, todo, tmp_path):
    city = TargetMap(result)
    if callable(guest):
        file = tmp_path / "shapes.json"
        file.write_text('{"type": "FeatureCollection", "features": []}', encoding="utf-8")
        guest = guest(str(file))
    if isinstance(guest, folium.features.CustomIcon):
        guest = folium.Marker([20, -103], icon=guest)
    guest.add_to(city)
    with pytest.raises(TargetingError) as caught:
        city.save(str(tmp_path / "never.html"))
    assert not (tmp_path / "never.html").exists()
    assert {one.where for one in caught.value.problems} == {f"page.{name}"}
    assert todo in caught.value.text("es")
    assert caught.value.text("en") != caught.value.text("es")


def test_code_inside_markup_is_refused(result):
    city = TargetMap(result)
    city.get_root().html.add_child(folium.Element('<button onclick="alert(1)">x</button>'))
    with pytest.raises(TargetingError, match="onclick"):
        city.get_root().render()


@pytest.mark.browser
def test_a_click_on_a_block_reaches_the_map_of_its_owner(blocks, plain):
    layer = BlocksLayer(blocks, "need")
    city = folium.Map(center(layer), zoom_start=16, tiles=None)
    layer.add_to(city)
    layer.on(click=JsCode("(event) => { window.clicked = event.lines; }"))
    watched = plain(city, layer)
    name = layer.get_name()
    spot = watched.page.evaluate(
        f"""() => {{ const p = {name}._map.latLngToContainerPoint({name}.bounds(20).getCenter());
        return [p.x, p.y]; }}"""
    )
    watched.page.mouse.click(*spot)
    assert watched.page.evaluate("window.clicked") == watched.page.evaluate(f"{name}.lines(20)")
