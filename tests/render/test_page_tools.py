"""Measuring on the map, and correcting a polygon whose export the engine judges."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from targeting.cli import main
from targeting.delineation import street_links
from targeting.pipeline import carry_out, load
from targeting.render import write_page
from targeting.render.public import protected
from targeting.sample import write_city
from targeting.sources.drawn import read_plan

GEOD = pyproj.Geod(ellps="WGS84")


def points_on_map(page, count: int) -> list[tuple[float, float]]:
    """Spots of the screen over the open map, none of them on a line with two others."""
    box = page.locator(".folium-map").bounding_box()
    around = [(0.55, 0.35), (0.8, 0.4), (0.75, 0.7), (0.5, 0.75)][:count]
    return [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in around]


def number_in(text: str) -> float:
    return float(text.replace(",", ""))


# ------------------------------------------------------------------------------------ measure


@pytest.mark.browser
def test_distance_and_area_are_those_of_the_ellipsoid_within_half_a_percent(page):
    page.click("#measure")
    spots = points_on_map(page, 4)
    for spot in spots:
        page.mouse.click(*spot)
        page.wait_for_timeout(350)
    page.keyboard.press("Enter")
    places = page.evaluate("targeting.page.measure.places.map((one) => [one.lng, one.lat])")
    assert len(places) == 4
    longitude, latitude = np.array(places).T
    length = GEOD.line_length(longitude, latitude)
    area = abs(GEOD.polygon_area_perimeter(longitude, latitude)[0])
    assert page.evaluate("targeting.measuring.lengthOf(targeting.page.measure.places)") == (
        pytest.approx(length, rel=5e-3)
    )
    assert page.evaluate("targeting.measuring.areaOf(targeting.page.measure.places)") == (
        pytest.approx(area, rel=1e-2)
    )
    said = page.locator("#measure-box [role=status]").inner_text()
    found = re.fullmatch(r"Distancia: ([\d.,]+)\s(m|km) · Área: ([\d.,]+)\s(m²|km²)", said)
    scale = {"m": 1, "km": 1000, "m²": 1, "km²": 1e6}
    assert number_in(found[1]) * scale[found[2]] == pytest.approx(length, rel=0.01)
    assert number_in(found[3]) * scale[found[4]] == pytest.approx(area, rel=0.02)


@pytest.mark.browser
def test_a_double_click_ends_and_a_click_after_opens_blocks_again(page):
    page.click("#measure")
    first, second = points_on_map(page, 2)
    page.mouse.click(*first)
    page.wait_for_timeout(400)
    page.mouse.dblclick(*second)
    assert page.evaluate("targeting.page.measure.ended")
    assert page.evaluate("targeting.page.measure.places.length") == 2
    assert page.evaluate("targeting.page.view.name") == "home"
    page.locator("[data-measure=close]").click()
    spot = page.evaluate(
        """() => { const { page } = targeting, blocks = page.layers.blocks;
        const p = page.map.latLngToContainerPoint(blocks.bounds(55).getCenter());
        const box = page.map.getContainer().getBoundingClientRect();
        return [p.x + box.x, p.y + box.y]; }"""
    )
    page.mouse.click(*spot)
    assert page.evaluate("targeting.page.view.name") in ("block", "polygon")


@pytest.mark.browser
def test_measuring_with_the_keyboard_alone(page):
    page.locator("#measure").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.classList.contains('leaflet-container')")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(500)
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    places = page.evaluate("targeting.page.measure.places.map((one) => [one.lng, one.lat])")
    assert len(places) == 2
    assert places[1][0] > places[0][0]
    assert "Distancia" in page.locator("#measure-box").inner_text()
    page.keyboard.press("Escape")
    assert page.locator("#measure-box").is_hidden()
    assert page.evaluate("document.activeElement.id") == "measure"


@pytest.mark.browser
def test_escape_leaves_the_ruler_and_not_the_view_under_it(page):
    page.evaluate("targeting.page.choosePolygon(1)")
    page.click("#measure")
    page.keyboard.press("Escape")
    assert page.evaluate("targeting.page.view.name") == "polygon"
    page.keyboard.press("Escape")
    assert page.evaluate("targeting.page.view.name") == "home"


@pytest.mark.browser
def test_the_ruler_speaks_both_languages_on_a_phone(opened):
    watched = opened(viewport={"width": 360, "height": 740})
    page = watched.page
    page.click("#measure")
    assert "Pulse" in page.locator("#measure-box").inner_text()
    page.click("[data-language=en]")
    assert "Press the first point" in page.locator("#measure-box").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert watched.errors == []
    assert page.evaluate("[...targeting.words.state.missing]") == []


# ------------------------------------------------------------------------------------ correct


@pytest.mark.browser
def test_figures_follow_the_blocks(page):
    page.evaluate("targeting.page.choosePolygon(1)")
    page.click("#edit-polygon")
    cells = page.locator("#edit-figures tbody td").all_inner_texts()
    assert cells[0] == cells[1] == "20"
    people = page.evaluate("targeting.page.polygons[0].population")
    assert number_in(cells[2].replace("≈ ", "")) == people
    box = page.locator("[data-list=around] input").first
    block = int(box.get_attribute("data-block"))
    box.focus()
    page.keyboard.press("Space")
    cells = page.locator("#edit-figures tbody td").all_inner_texts()
    assert cells[:2] == ["20", "21"]
    added = page.evaluate(f"targeting.page.data.column('population').value({block}) || 0")
    assert number_in(cells[3].replace("≈ ", "")) == people + added
    # The keyboard stays where it was.
    assert page.evaluate("document.activeElement.dataset.block") == str(block)
    page.click("[data-edit=undo]")
    assert page.locator("#edit-figures tbody td").nth(1).inner_text() == "20"


@pytest.mark.browser
def test_a_click_on_the_map_takes_a_block_out_and_says_so(page):
    page.evaluate("targeting.page.choosePolygon(1)")
    page.click("#edit-polygon")
    block = page.evaluate("[...targeting.page.membership].indexOf(1)")
    page.evaluate(f"targeting.page.click(targeting.page.layers.blocks.bounds({block}).getCenter())")
    assert page.evaluate(f"targeting.page.edit.now[{block}]") == 0
    assert "sale del polígono 1" in page.locator("#panel-body [role=status]").inner_text()
    assert page.evaluate("targeting.page.edit.marks.getLayers().length") == 2
    page.click(".back")
    assert page.evaluate("targeting.page.view.name") == "polygon"
    assert not page.evaluate("targeting.page.map.hasLayer(targeting.page.edit.marks)")


@pytest.mark.browser
def test_neighbors_of_the_page_are_all_pairs_within_a_street(page, result):
    """Without barriers the page's pairs are those at most `street_max_m` apart."""
    blocks = result.territory.blocks
    tree = shapely.STRtree(blocks.geometry.to_numpy())
    near = tree.query(blocks.geometry.to_numpy(), predicate="dwithin", distance=49.0)
    far = tree.query(blocks.geometry.to_numpy(), predicate="dwithin", distance=51.0)
    ids = np.asarray(blocks.index)
    told = page.evaluate(
        """() => { const { page } = targeting, ids = page.blockIds;
        return ids.flatMap((id, i) => page.edit.near.of(i).map((j) => id + " " + ids[j])); }"""
    )
    pairs = [{f"{ids[a]} {ids[b]}" for a, b in found.T if a != b} for found in (near, far)]
    assert pairs[0] <= set(told) <= pairs[1]
    # Every link of the engine is one of them, but those that reach farther for a lonely block.
    links = street_links(blocks.geometry)
    seen = links.gap_m <= 49.0
    engine = {f"{ids[a]} {ids[b]}" for a, b in zip(links.first, links.second, strict=True)}
    assert seen.all()
    assert engine <= set(told)


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    folder = tmp_path_factory.mktemp("city")
    write_city(folder, blocks=500)
    study, territory = load(folder / "study.yaml")
    study = replace(study, doubt=replace(study.doubt, draws=0, redraws=0), weightings=())
    result = carry_out(study, territory)
    write_page(result, folder / "index.html")
    return folder, result


@pytest.mark.browser
def test_the_export_is_what_the_engine_judges(city, opened, tmp_path, capsys):
    folder, result = city
    watched = opened(folder / "index.html")
    page = watched.page
    page.evaluate("targeting.page.choosePolygon(1)")
    page.click("#edit-polygon")
    for _ in range(3):
        page.locator("[data-list=around] input:not(:checked)").first.click()
    page.locator("[data-list=inside] summary").click()
    page.locator("[data-list=inside] input:checked").nth(4).click()
    with page.expect_download() as waiting:
        page.click("[data-edit=save]")
    plan = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(plan)
    assert plan.name == "plan-corregido.csv"
    before = result.polygons.membership
    rows = list(csv.DictReader(io.StringIO(plan.read_text("utf-8"))))
    after = pd.Series({row["block_id"]: int(row["polygon"]) for row in rows})
    after = after.reindex(before.index).fillna(0).astype(int)
    assert int((after != before).sum()) == 4
    cells = page.locator("#edit-figures tbody td").all_inner_texts()
    capsys.readouterr()
    assert main(["judge", str(folder), "--plan", str(plan), "--json", "--lang", "en"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["reading"]["losses"] == []
    mine = next(one for one in record["polygons"] if one["polygon"] == "1")
    # What the engine read is what stood on the page, block by block.
    held = page.evaluate("targeting.page.blockIds.map((id, i) => [id, targeting.page.edit.now[i]])")
    read = read_plan(plan, result.territory.blocks)
    numbers = read.membership.map(lambda at: int(read.names[at - 1]) if at else 0)
    assert dict(held) == numbers.to_dict()
    assert mine["block_count"] == int(cells[1]) == int((after == 1).sum())
    assert number_in(cells[3].replace("≈ ", "")) == pytest.approx(mine["population"], rel=0.01)
    # The score is the public one, coarser than the engine's own.
    told = protected(result)
    inside = (after == 1) & told.scores.score.notna()
    people = told.territory.blocks["population"].fillna(0)[inside]
    shown = float((people * told.scores.score[inside]).sum() / people.sum())
    assert number_in(cells[5]) == pytest.approx(100 * shown, abs=1.5)
    if mine["part_count"] > 1:
        assert any(one["rule"] == "connected" for one in mine["broken"])
    assert watched.requests == []
    assert watched.errors == []
    assert page.evaluate("[...targeting.words.state.missing]") == []


@pytest.mark.browser
def test_editing_speaks_both_languages(page):
    page.evaluate("targeting.page.choosePolygon(2)")
    page.click("#edit-polygon")
    before = set(page.locator("#panel-body").inner_text().splitlines())
    page.click("[data-language=en]")
    text = page.locator("#panel-body").inner_text()
    assert "Correct polygon 2" in text
    assert "targeting judge" in text
    assert not {line for line in before if len(line.split()) > 2} & set(text.splitlines())
