"""Search: blocks, colonias, facilities and polygons from one box, by keyboard and by hand."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely

from targeting.model import PolygonName
from targeting.render import write_page
from targeting.render.scene import build_scene
from tests.render.results import HOSTILE
from tests.render.waiting import until

pytestmark = pytest.mark.browser
NAMES = ["Niños Héroes", "San José del Río", HOSTILE[0], None]


@pytest.fixture(scope="module")
def placed(result):
    """The city in four quarters: three named colonias (one of harm), one without a name."""
    left, bottom, right, top = result.territory.blocks.total_bounds
    x, y = (left + right) / 2, (bottom + top) / 2
    quarters = [
        shapely.box(left - 9, y, x, top + 9),
        shapely.box(x, y, right + 9, top + 9),
        shapely.box(left - 9, bottom - 9, x, y),
        shapely.box(x, bottom - 9, right + 9, y),
    ]
    places = gpd.GeoDataFrame(
        {"level": "neighborhood", "name": NAMES},
        index=["c3", "c1", "c2", "c0"],
        geometry=quarters,
        crs=result.territory.crs,
    )
    names = tuple(
        PolygonName(number, (colonia,), (0.9,), 0.0)
        for number, colonia in ((1, "Niños Héroes"), (2, HOSTILE[1]))
    )
    return replace(result, territory=replace(result.territory, places=places), names=names)


@pytest.fixture
def found(chromium_page, placed, tmp_path):
    write_page(placed, tmp_path / "placed.html")
    watched = chromium_page(tmp_path / "placed.html", viewport={"width": 1280, "height": 800})
    watched.page.evaluate("targeting.ready.then(() => 1)")
    yield watched.page
    assert watched.requests == []
    assert watched.errors == []
    assert watched.page.evaluate("[...targeting.words.state.missing]") == []
    assert watched.page.evaluate("window.hacked") is None


def look(page, text: str) -> dict[str, list[str]]:
    page.fill("#finder-text", text)
    return page.evaluate(
        """Object.fromEntries([...document.querySelectorAll("#finder-list [role=group]")].map(
          (group) => [group.querySelector(".finder-title").textContent,
            [...group.querySelectorAll("[role=option] span > bdi:first-child")]
              .map((one) => one.textContent)]))"""
    )


def test_texts_are_folded_and_words_have_no_order(page):
    def fold(text):
        return page.evaluate("(text) => targeting.search.fold(text)", text)

    assert fold("  Ñandú, «Niños»-HÉROES ") == " nandu ninos heroes"
    assert fold("Ñ".encode().decode()) == fold("N\u0303") == " n"
    assert fold("学校 مدرسة") == " 学校 مدرسة"
    assert fold("…") == ""


@pytest.mark.parametrize("text", ["ninos heroes", "HEROES niños", "éroes iño"])
def test_a_colonia_is_found_and_its_blocks_and_polygons_are_told(found, placed, text):
    hits = look(found, text)
    assert hits["Colonias"] == ["Niños Héroes"]
    assert hits["Polígonos"] == ["Polígono 1"]
    found.click("#finder-list [role=group]:nth-child(2) [role=option]")
    assert found.inner_text("#panel-body h2") == "Niños Héroes"
    blocks = placed.territory.blocks
    quarter = placed.territory.places.geometry.iloc[0]
    inside = shapely.within(shapely.point_on_surface(blocks.geometry.to_numpy()), quarter)
    people = blocks["population"][inside]
    # Public: whole people, and none from blocks of fewer than three.
    told = np.floor(people[people >= 3].round().sum() / 10 + 0.5) * 10
    text = found.inner_text("#panel-body .lead")
    assert text == f"{inside.sum()} manzanas con unos {told:,.0f} habitantes."
    member = placed.polygons.membership[inside]
    listed = found.evaluate(
        "[...document.querySelectorAll('#panel-body .cards li')].map((li) => li.textContent)"
    )
    assert listed == [
        f"Ver el polígono {number} {count} de sus manzanas"
        for number, count in member[member > 0].value_counts().sort_index().items()
    ]
    bounds = found.evaluate(
        """() => { const b = targeting.page.map.getBounds(), p = targeting.page;
          return p.view.blocks.every((i) => b.contains(p.layers.blocks.bounds(i))); }"""
    )
    assert bounds


def test_the_place_of_a_block_is_packed_by_name_and_the_nameless_is_left_out(placed):
    record = build_scene(placed).record
    assert record["places"] == [{"level": "neighborhood", "count": 3}]
    assert (
        "places"
        in build_scene(replace(placed, territory=replace(placed.territory, places=None))).record
    )


def test_a_block_is_found_by_its_key_with_or_without_hyphens(found):
    key = found.evaluate("targeting.page.blockIds.find((id) => id.includes('A'))")
    for text in (key, key.lower(), f"{key[:5]} {key[5:9]}-{key[9]} {key[10:]}"):
        hits = look(found, text)
        assert next(iter(hits.values()))[0] == key
    found.keyboard.press("Enter")
    assert found.inner_text("#panel-body h2 .key") == key
    at = found.evaluate(
        "targeting.page.layers.blocks.bounds(targeting.page.view.block).getCenter()"
    )
    assert found.evaluate("(at) => targeting.page.map.getBounds().contains(at)", at)


def test_letters_alone_do_not_bring_every_block(found):
    assert "Manzanas" not in " ".join(look(found, "a"))


def test_a_facility_is_found_by_name_or_kind_and_shown_on_the_map(found):
    assert look(found, "ninos escuela nandu")["Equipamiento y servicios"] == [HOSTILE[10]]
    found.keyboard.press("ArrowDown")
    found.keyboard.press("Enter")
    assert found.inner_text("#panel-body h2") == HOSTILE[10]
    assert found.locator(".found-facility").count() == 1
    assert found.evaluate("location.hash").startswith("#found=f~")
    kinds = look(found, "parque")
    assert len(next(iter(kinds.values()))) == 10  # every sixth of sixty
    found.evaluate("targeting.page.home()")
    assert found.locator(".found-facility").count() == 0


def test_sensitive_places_are_never_found(found, placed):
    shelters = placed.territory.facilities
    shelters = shelters[shelters["sensitive"]]
    for name in shelters["name"].dropna():
        for hits in look(found, name).values():
            assert name not in hits
    assert not any("Equipamiento" in title for title in look(found, "refugio"))


def test_hostile_names_are_found_as_text(found):
    for text in ("img src x onerror", "window hacked", "script"):
        hits = look(found, text)
        assert hits
        assert found.locator("#finder-list img, #finder-list script").count() == 0


def test_twenty_are_shown_and_the_rest_is_counted(found):
    hits = look(found, "99001")
    assert sum(map(len, hits.values())) == 20
    assert list(hits) == ["Manzanas · 80 más"]
    said = found.inner_text("#finder [role=status]")
    assert said == "Se muestran 20 y hay 80 más: escriba más para encontrarlos."
    many = look(found, "o")  # polygons, colonias and facilities share the twenty
    assert sum(map(len, many.values())) == 20
    assert len(many) == 3


def test_the_box_is_a_combobox_for_a_keyboard(found):
    box = found.locator("#finder-text")
    box.fill("poligono")
    assert box.get_attribute("aria-expanded") == "true"
    assert found.inner_text("#finder [role=status]") == "2 resultados."
    found.keyboard.press("ArrowUp")
    assert box.get_attribute("aria-activedescendant") == "finder-option-1"
    found.keyboard.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") == "finder-option-0"
    assert found.locator("[role=option][aria-selected=true]").count() == 1
    found.keyboard.press("Escape")
    assert box.get_attribute("aria-expanded") == "false"
    assert box.input_value() == "poligono"
    found.keyboard.press("Escape")
    assert box.input_value() == ""
    box.fill("2")
    found.keyboard.press("Enter")
    assert found.inner_text("#panel-body h2") == "Polígono 2"
    assert found.evaluate("document.activeElement.id") == "panel-body"
    box.fill("zzzz")
    assert found.inner_text("#finder [role=status]").startswith("Sin resultados")
    found.keyboard.press("Enter")
    assert found.inner_text("#panel-body h2") == "Polígono 2"


def test_the_address_opens_what_was_found(found):
    look(found, "san jose")
    found.keyboard.press("Enter")
    address = found.evaluate("location.hash")
    assert "found=n~neighborhood~" in address
    found.evaluate("targeting.page.home()")
    until(found, "!location.hash.includes('found')")  # the page writes its address a little later
    found.evaluate("(hash) => { location.hash = hash; }", address)
    until(found, "targeting.page.view.name === 'place'")
    assert found.inner_text("#panel-body h2") == "San José del Río"
    for bad in ("f~-1", "f~9999", "f~x", "n~neighborhood~99", "n~no~0", "q"):
        found.evaluate(
            "(bad) => targeting.rooms.addresses.find((one) => one.key === 'found')"
            ".write(targeting.page, bad)",
            bad,
        )
    assert found.inner_text("#panel-body h2") == "San José del Río"


def test_a_quarter_of_a_million_keys_answer_at_once(found):
    spent = found.evaluate(
        """() => { const ids = Array.from({length: 250000}, (_, i) =>
            "14" + String(120 + i % 7) + "0001" + String(i % 5000).padStart(4, "0") + "A"
            + String(i % 997).padStart(3, "0"));
          const page = {...targeting.page, scene: targeting.page.scene, blockIds: ids,
            polygons: [], data: targeting.page.data, facilities: targeting.page.facilities};
          const groups = targeting.search.groups(page);
          const start = performance.now();
          for (const text of ["14", "0001", "1412", "4999a", "120 0001 4999"]) {
            targeting.search.search(groups, text, 20);
          }
          return (performance.now() - start) / 5; }"""
    )
    assert spent < 400  # 30 ms on an idle machine; this one may be loaded
