"""The picture of the neighbors: what is drawn, what is counted, and that it opens."""

import re
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pytest
from shapely import LineString, Point, box

from targeting.delineation import street_links
from targeting.i18n import LANGUAGES
from targeting.render.neighbors import neighbors_svg

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def city():
    """Five blocks in a row and a river: a–b a street, c reaches b, d–e a street, f alone.

    Gaps: 10 m, 60 m, 40 m with the river in it, 10 m, 400 m.
    """
    west = [0, 90, 230, 350, 440, 920]
    shapes = [box(x, 0, x + 80, 80) for x in west]
    blocks = gpd.GeoSeries(shapes, index=list("abcdef"), crs="EPSG:6372")
    return blocks, gpd.GeoSeries([LineString([(330, -5000), (330, 5000)])], crs="EPSG:6372")


def drawn(svg):
    """Classes of the picture's paths (not the legend's), and the texts."""
    root = ET.fromstring(svg)
    picture = root.find(f"{SVG}g")
    classes = {path.get("class"): path.get("d") for path in picture.findall(f"{SVG}path")}
    return classes, [text.text for text in root.iter(f"{SVG}text")]


def test_each_kind_of_link_has_its_own_path_and_count(city):
    blocks, river = city
    links = street_links(blocks, river)
    classes, texts = drawn(neighbors_svg(blocks, links, river, title="Row", language="en"))
    assert set(classes) == {"blocks", "apart", "barrier", "street", "attached", "reach", "alone"}
    # a–b and d–e; b–c.
    assert classes["street"].count("l") == 2
    assert classes["attached"].count("l") == 1
    assert classes["reach"].count("z") == 2
    assert classes["alone"].count("z") == 1
    assert classes["apart"].count("z") == 2
    assert classes["blocks"].count("z") == 4
    told = " ".join(texts)
    assert "Neighbors: Row" in told
    for start in ("6 blocks", "2 pairs", "2 blocks outside", "1 links of", "1 blocks without"):
        assert any(text.startswith(start) for text in texts), start
    assert "make 2 groups" in told
    assert "part 1 pairs" in told


def test_a_bridge_is_drawn_and_counted(city):
    blocks, river = city
    links = street_links(blocks, river, bridges=(("c", "d"),), cuts=(("a", "b"),))
    classes, texts = drawn(neighbors_svg(blocks, links, river, title="Row", language="en"))
    assert classes["bridge"].count("l") == 1
    assert classes["end"].count("z") == 2
    assert any(text.startswith("1 bridges") and "1 of them over" in text for text in texts)
    assert any("1 pairs are parted by the study’s own cuts" in text for text in texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_script_no_address_and_the_title_is_text(city, language):
    blocks, river = city
    svg = neighbors_svg(
        blocks, street_links(blocks, river), river, title="<script>x</script>&", language=language
    )
    root = ET.fromstring(svg)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        *("svg", "title", "style", "defs", "pattern", "rect", "path", "text", "g")
    }
    assert re.findall(r"https?://[^\"' ]+", svg) == ["http://www.w3.org/2000/svg"]
    assert root.get("width") == "1200"
    assert root.get("lang") == language


def test_the_picture_stays_in_its_frame(city):
    # The river runs 5 km beyond the blocks and is cut off at the frame.
    blocks, river = city
    svg = neighbors_svg(blocks, street_links(blocks, river), river, title="x", language="es")
    classes, _ = drawn(svg)
    numbers = [int(n) for n in re.findall(r"-?\d+", classes["barrier"])]
    assert max(abs(n) for n in numbers) < 6000
    height = float(ET.fromstring(svg).get("height"))
    assert height < 500


def test_no_block_and_one_block():
    for shapes in ([], [Point(0, 0).buffer(50)]):
        blocks = gpd.GeoSeries(shapes, crs="EPSG:6372")
        svg = neighbors_svg(blocks, street_links(blocks), title="x", language="en")
        assert drawn(svg)[1][0] == "Neighbors: x"


def test_a_picture_of_many_blocks_is_small():
    # 2,500 blocks, 9,702 links, corners among them: less than 30 bytes for each.
    side = np.arange(50)
    shapes = [box(x * 90, y * 90, x * 90 + 80, y * 90 + 80) for x in side for y in side]
    blocks = gpd.GeoSeries(shapes, crs="EPSG:6372")
    links = street_links(blocks)
    svg = neighbors_svg(blocks, links, title="x", language="en")
    assert len(svg) < 30 * (len(blocks) + len(links.first))


def test_too_many_links_are_counted_and_not_drawn(city, monkeypatch):
    blocks, river = city
    monkeypatch.setattr("targeting.render.neighbors.MANY_LINKS", 1)
    svg = neighbors_svg(blocks, street_links(blocks, river), river, title="x", language="en")
    classes, texts = drawn(svg)
    assert "street" not in classes
    assert "attached" in classes
    assert any(text.startswith("2 pairs") and "too many to draw" in text for text in texts)


@pytest.mark.browser
def test_the_picture_opens(city, tmp_path, chromium_page):
    blocks, river = city
    file = tmp_path / "neighbors.svg"
    svg = neighbors_svg(blocks, street_links(blocks, river), river, title="Fila", language="es")
    file.write_text(svg, encoding="utf-8")
    opened = chromium_page(file)
    assert opened.errors == []
    assert opened.requests == []
    assert opened.page.evaluate("document.querySelector('path.street').getBBox().width") > 100
