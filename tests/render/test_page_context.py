"""Streets, water, parks and names under and over the blocks, from the user's own layers."""

from __future__ import annotations

import dataclasses
import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from targeting.problems import TargetingError
from targeting.render import TargetMap, write_page
from targeting.render import context as context_room
from targeting.render.context import fit, group_of, joined, pack_context
from targeting.render.encode import Packer
from targeting.render.scene import build_scene
from tests.render.results import HOSTILE, METRIC, ORIGIN, STEP_M, make_result
from tests.render.test_accessibility import SCREENS, axe

WEST, NORTH = ORIGIN[0], ORIGIN[1] + STEP_M


def grid_streets(count: int) -> gpd.GeoDataFrame:
    """Streets between the blocks of the lattice: every fifth one an avenue."""
    size = count * STEP_M
    lines, kinds = [], []
    for at in range(count + 1):
        x, y = WEST - 6 + at * STEP_M, NORTH - 6 - at * STEP_M
        lines += [
            shapely.LineString([(WEST - 6, y), (WEST - 6 + size, y)]),
            shapely.LineString([(x, NORTH - 6), (x, NORTH - 6 - size)]),
        ]
        kinds += ["Avenida" if at % 5 == 0 else "Calle"] * 2
    return gpd.GeoDataFrame({"kind": kinds, "name": HOSTILE[0]}, geometry=lines, crs=METRIC)


def with_context(rows: int = 10):
    """The result by hand with streets, a river, a railway, colonias, a park and a safe zone."""
    result = make_result(rows, rows)
    size = rows * STEP_M
    river = shapely.LineString([(WEST, NORTH - 300), (WEST + size, NORTH - 480)])
    rail = shapely.LineString([(WEST + 400, NORTH), (WEST + 520, NORTH - size)])
    barriers = gpd.GeoDataFrame(
        {"kind": ["CORRIENTE DE AGUA", "VÍA FÉRREA"]}, geometry=[river, rail], crs=METRIC
    )
    half = size / 2
    corners = [(WEST, NORTH - half), (WEST + half, NORTH - half), (WEST, NORTH - size)]
    boxes = [shapely.box(x, y, x + half, y + half) for x, y in corners]
    park = shapely.box(WEST + half, NORTH - size, WEST + size, NORTH - half).buffer(-60)
    places = gpd.GeoDataFrame(
        {
            "level": ["neighborhood"] * 3 + ["park", "safe_zone"],
            "name": ["Colonia Ñandú", HOSTILE[0], HOSTILE[1], "Parque", HOSTILE[2]],
        },
        geometry=[*boxes, park, boxes[0].buffer(-100)],
        index=pd.Index([f"c{i}" for i in range(5)], name="place_id"),
        crs=METRIC,
    )
    territory = dataclasses.replace(
        result.territory, street_axes=grid_streets(rows), barriers=barriers, places=places
    )
    return dataclasses.replace(result, territory=territory)


@pytest.fixture(scope="module")
def context_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("context") / "index.html"
    write_page(with_context(), path)
    return path


@pytest.fixture
def shown(opened, context_file):
    watched = opened(context_file)
    yield watched.page
    assert watched.requests == []
    assert watched.errors == []
    assert watched.page.evaluate("[...targeting.words.state.missing]") == []
    assert watched.page.evaluate("window.hacked") is None


# ------------------------------------------------------------------------------------- packing


def test_kinds_of_publishers_become_groups():
    kinds = pd.Series(["BOULEVARD", "Calle", "primary", "", None, "Privada"])
    assert group_of(kinds, "streets", "minor").tolist() == [
        "main",
        "minor",
        "main",
        "minor",
        "minor",
        "minor",
    ]
    lines = pd.Series(["Corriente de agua", "vía férrea", "river", "Ducto"])
    assert group_of(lines, "lines", "line").tolist() == ["water", "rail", "water", "line"]


def test_a_grid_of_pieces_becomes_its_streets():
    """Nine by nine crossings in pieces: eighteen streets, each two vertices once simplified."""
    pieces = []
    for at in range(9):
        for step in range(8):
            pieces.append([(step * 90, at * 90), (step * 90 + 90, at * 90)])
            pieces.append([(at * 90, step * 90), (at * 90, step * 90 + 90)])
    lines = joined(shapely.linestrings(pieces))
    assert len(lines) == 18
    kept, _ = fit({"street.minor": lines}, 1_000)
    assert shapely.get_num_coordinates(kept["street.minor"]).tolist() == [2] * 18
    assert shapely.length(lines).tolist() == [720.0] * 18


@pytest.mark.parametrize("angle", [0, 30, 90, 135])
def test_a_street_that_bends_a_little_stays_one_at_any_bearing(angle):
    turns = np.cumsum(np.radians([angle, 3, -5, 2, 4, -6, 3]))
    steps = np.column_stack([np.cos(turns), np.sin(turns)]) * 90
    points = np.cumsum(steps, axis=0)
    pieces = shapely.linestrings(np.stack([points[:-1], points[1:]], axis=1))
    assert len(joined(pieces)) == 1


def test_joining_keeps_every_street_where_it_was():
    rng = np.random.default_rng(7)
    ends = rng.integers(0, 12, (300, 2, 2)) * 50.0
    pieces = shapely.linestrings(ends[(ends[:, 0] != ends[:, 1]).any(axis=1)])
    lines = joined(pieces)
    assert shapely.length(lines).sum() == pytest.approx(shapely.length(pieces).sum())
    far = shapely.hausdorff_distance(
        shapely.multilinestrings(pieces), shapely.multilinestrings(lines)
    )
    assert far < 1e-6


def test_lines_are_within_the_stated_tolerance():
    bent = shapely.LineString([(i * 5.0, (i % 2) * 2.0) for i in range(200)])
    kept, cuts = fit({"water": np.array([bent])}, 1_000)
    assert cuts["water"].within_m == 1.5
    assert shapely.hausdorff_distance(bent, kept["water"][0]) <= 1.5 + 1e-9


def test_what_does_not_fit_is_cut_from_plain_streets_first_and_counted():
    straight = [shapely.LineString([(0, i), (100 + i, i)]) for i in range(50)]
    groups = {"street.minor": np.array(straight), "water": np.array(straight[:10])}
    kept, cuts = fit(groups, 40)
    assert len(kept["water"]) == 10
    assert len(kept["street.minor"]) == 10
    assert cuts["street.minor"].kept == 10
    assert cuts["street.minor"].of == 50
    # The longest stay.
    assert shapely.length(kept["street.minor"]).min() == 140


def test_eighty_thousand_vertices_cost_about_a_fifth_of_a_megabyte():
    rng = np.random.default_rng(4)
    turns = np.cumsum(rng.normal(0, 0.5, (1000, 80)), axis=1)
    steps = np.stack([np.cos(turns), np.sin(turns)], axis=2) * 25.0
    paths = np.cumsum(steps, axis=1) + rng.uniform(0, 20_000, (1000, 1, 2)) + np.array(ORIGIN)
    packer = Packer()
    packer.lines("street", gpd.GeoSeries(list(shapely.linestrings(paths)), crs=METRIC), np.zeros(2))
    assert packer.directory["street.x"]["count"] >= 75_000
    assert len(packer.text()) < 260_000


def test_a_result_without_such_layers_has_none(result):
    record = build_scene(result).record["context"]
    assert record == {"groups": [], "labels": 0}


def test_groups_names_and_counts_of_a_result():
    record = build_scene(with_context()).record["context"]
    held = {one["id"]: one for one in record["groups"]}
    assert set(held) == {
        "street.main",
        "street.minor",
        "water",
        "rail",
        "ground.park",
        "further.safe_zone",
    }
    assert held["further.safe_zone"]["names"] == {"es": "Zona segura", "en": "Safe zone"}
    assert all(one["kept"] == one["of"] for one in record["groups"])
    assert record["labels"] == 3


def test_incidents_are_never_drawn():
    result = with_context()
    points = shapely.points(np.array(ORIGIN) + np.arange(20)[:, None] * 7.0)
    incidents = gpd.GeoDataFrame(
        {"kind": ["robbery"] * 20, "block_id": result.territory.blocks.index[0], "distance_m": 1.0},
        geometry=points,
        crs=METRIC,
    )
    territory = dataclasses.replace(result.territory, incidents=incidents)
    told = dataclasses.replace(result, territory=territory)
    one, two = Packer(), Packer()
    origin = np.zeros(2, np.int64)
    assert pack_context(one, told, origin) == pack_context(two, result, origin)
    assert one.text() == two.text()


def test_the_cut_is_said_on_the_page(monkeypatch):
    monkeypatch.setattr(context_room, "VERTICES_MOST", 40)
    record = build_scene(with_context()).record["context"]
    minor = next(one for one in record["groups"] if one["id"] == "street.minor")
    assert 0 < minor["kept"] < minor["of"]


# ----------------------------------------------------------------------------------- the page

COLORS = """(at) => {
  const canvas = document.querySelectorAll(".context-canvas")[at];
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let drawn = 0;
  for (let i = 3; i < data.length; i += 4) drawn += data[i] > 0;
  return drawn;
}"""


def look_at(page, zoom: float) -> None:
    page.evaluate(f"targeting.page.map.setZoom({zoom}, {{animate: false}})")


@pytest.mark.browser
def test_each_switch_takes_its_part_off_the_map(shown):
    look_at(shown, 15.5)
    shown.locator("#context summary").click()
    boxes = shown.locator("#context input")
    assert boxes.evaluate_all("(all) => all.map((one) => one.dataset.context)") == [
        "streets",
        "water",
        "lines",
        "parks",
        "further.safe_zone",
        "names",
    ]
    for at in range(boxes.count()):
        before = shown.evaluate(COLORS, 0) + shown.evaluate(COLORS, 1)
        boxes.nth(at).click()
        after = shown.evaluate(COLORS, 0) + shown.evaluate(COLORS, 1)
        assert after < before, at
    assert after == 0


@pytest.mark.browser
def test_the_hidden_ones_are_in_the_address(shown, opened, context_file):
    shown.evaluate("targeting.page.context.show('streets', false)")
    assert "context=streets" in shown.evaluate("location.hash")
    again = opened(context_file).page
    again.evaluate("location.hash = '#context=streets,names'")
    again.wait_for_function("targeting.page.context.hidden.size === 2")
    assert not again.locator("[data-context=streets]").is_checked()
    assert again.locator("[data-context=water]").is_checked()


@pytest.mark.browser
def test_names_do_not_touch_each_other(shown):
    look_at(shown, 15.5)
    written = shown.evaluate("targeting.page.context.layers[1].written")
    assert len(written) >= 1
    assert "Colonia Ñandú" in {one["text"] for one in written}
    boxes = [shapely.box(*one["box"]) for one in written]
    for i, box in enumerate(boxes):
        assert not any(box.intersects(other) for other in boxes[i + 1 :])


@pytest.mark.browser
def test_streets_lie_between_the_blocks(shown):
    """Sampled along the streets, no point is inside a block: nothing is displaced."""
    hits = shown.evaluate(
        """() => {
          const { page } = targeting, { map, city } = page;
          const shapes = page.data.lines("context.street.minor");
          let [inside, all] = [0, 0];
          for (let ring = 0; ring + 1 < shapes.ringEnds.length; ring += 1) {
            const [a, b] = [shapes.ringEnds[ring], shapes.ringEnds[ring + 1] - 1];
            for (let t = 0.05; t < 1; t += 0.1) {
              const x = shapes.xs[a] + t * (shapes.xs[b] - shapes.xs[a]);
              const y = shapes.ys[a] + t * (shapes.ys[b] - shapes.ys[a]);
              const place = map.unproject(L.point(x, y).add(L.point(city.origin)), city.zoom);
              all += 1;
              inside += page.layers.blocks.hit(place) >= 0;
            }
          }
          return [inside, all];
        }"""
    )
    assert hits[1] > 100
    # The lattice is bent by up to nine meters: where it leans over its street.
    assert hits[0] < 0.2 * hits[1]


@pytest.mark.browser
def test_the_words_change_with_the_language(shown):
    shown.locator("#context summary").click()
    assert "Calles" in shown.locator("#context").inner_text()
    shown.click("[data-language=en]")
    text = shown.locator("#context").inner_text()
    assert "Streets" in text
    assert "Safe zone" in text
    assert "Calles" not in text


def test_tiles_are_only_there_when_asked_for(context_file):
    html = context_file.read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1]
    assert "img-src data:;" in policy
    assert "L.tileLayer(" not in html


@pytest.mark.parametrize(
    "address",
    ["http://tiles.example/{z}/{x}/{y}.png", "https://tiles.example/{z}/{x}.png", "tiles", ""],
)
def test_what_is_no_address_of_tiles_is_refused(result, address):
    with pytest.raises(TargetingError) as caught:
        TargetMap(result, tiles=address)
    assert caught.value.problems[0].code == "page-tiles-address"
    assert "{z}" in caught.value.text("es")


@pytest.mark.browser
def test_tiles_ask_their_host_alone_and_are_absent_without_harm(opened, tmp_path):
    file = tmp_path / "tiles.html"
    address = "https://{s}.tiles.example/{z}/{x}/{y}.png"
    TargetMap(with_context(), tiles=address, tiles_credit=HOSTILE[0]).save(str(file))
    watched = opened(file)
    page = watched.page
    page.wait_for_timeout(300)
    assert watched.requests
    hosts = {request.split("/")[2] for request in watched.requests}
    assert hosts <= {f"{one}.tiles.example" for one in "abc"}
    assert all("Failed to load resource" in error for error in watched.errors)
    assert page.locator(".leaflet-control-attribution").inner_text() == HOSTILE[0]
    assert page.evaluate("window.hacked") is None
    assert page.locator("#legend .swatch").count() > 2
    page.locator("#context summary").click()
    assert "tiles.example" in page.locator("#context").inner_text()
    page.locator("[data-context=tiles]").click()
    assert page.locator(".leaflet-tile-container").count() == 0
    assert page.evaluate("[...targeting.words.state.missing]") == []


@pytest.mark.browser
def test_without_such_layers_there_is_no_switch(page):
    assert page.locator("#context").count() == 0
    assert page.locator(".context-canvas").count() == 0


@pytest.mark.browser
@pytest.mark.parametrize(("screen", "scheme"), [("screen", "light"), ("phone", "dark")])
def test_no_rule_of_wcag_is_broken_by_context_ruler_and_edit(opened, context_file, screen, scheme):
    page = opened(context_file, color_scheme=scheme, **SCREENS[screen]).page
    edit = "document.getElementById('edit-polygon').click()"
    acts = {
        "context": "['layer-card', 'context'].forEach((id) => "
        "(document.getElementById(id).open = true))",
        "ruler": "document.getElementById('layer-card').open = false; "
        "targeting.page.measure.open()",
        "measured": "targeting.page.measure.end()",
        "edit": f"targeting.page.measure.close(); targeting.page.choosePolygon(1); {edit}",
        "all blocks": "document.querySelector('[data-list=inside]').open = true",
    }
    broken = {}
    for name, act in acts.items():
        page.evaluate(act)
        page.wait_for_timeout(50)
        if found := axe(page):
            broken[name] = found
    assert broken == {}
