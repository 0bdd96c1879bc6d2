"""Picture, sheets and the file for phones: what they hold, and that they hold nothing else."""

from __future__ import annotations

import base64
import importlib.util
import re
import zipfile
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import shapely
from rasterio.io import MemoryFile

from targeting.problems import TargetingError
from targeting.render import write_outputs, write_page
from targeting.render.rings import rings_of
from targeting.render.scene import build_scene
from targeting.render.sharing import (
    check_pictures,
    picture_svg,
    write_index,
    write_kmz,
    write_picture,
    write_sheets,
)
from targeting.render.sharing.raster import class_image, closed, png_address
from targeting.render.sharing.tables import facility_rows
from tests.render.results import HOSTILE, bare_result

KML = {"k": "http://www.opengis.net/kml/2.2"}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def scene(result):
    return build_scene(result)


@pytest.mark.parametrize("seed", range(5))
def test_the_image_says_which_block_holds_each_pixel(seed):
    """Shapely's own point-in-polygon is the peer; holes and several parts among the shapes."""
    chance = np.random.default_rng(seed)
    lone = [
        shapely.convex_hull(shapely.MultiPoint(chance.uniform(0, 9, (6, 2)) + at))
        for at in ([0, 0], [12, 0], [0, 12])
    ]
    holed = shapely.difference(shapely.box(11, 11, 20, 20), shapely.box(13.3, 13.1, 17.2, 16.9))
    parts = shapely.union_all([shapely.box(21, 1, 24, 8), shapely.box(21.5, 10, 28, 12.2)])
    shapes = np.array([*lone, holed, parts])
    image = class_image(rings_of(shapes), np.arange(1, 6), (0, 0, 30, 24), width=60)
    middle = (np.mgrid[0:48, 0:60].transpose(1, 2, 0) + 0.5) / 2
    expected = np.zeros((48, 60), int)
    for number, shape in enumerate(shapes, start=1):
        expected[shapely.contains_xy(shape, middle[..., 1], middle[..., 0])] = number
    assert (image == closed(expected.astype(np.uint8))).all()
    assert set(np.unique(image)) == {0, 1, 2, 3, 4, 5}


def test_shapes_outside_the_frame_are_cut_not_wrapped():
    shapes = np.array([shapely.box(-50, -50, 2, 2), shapely.box(8, 3, 99, 99)])
    image = class_image(rings_of(shapes), np.array([1, 2]), (0, 0, 10, 6), width=10)
    assert (image[:2, :2] == 1).all()
    assert (image[3:, 8:] == 2).all()
    assert image[:3, 3:].max() == 0


@pytest.mark.filterwarnings("ignore:Dataset has no geotransform")
def test_the_image_keeps_its_colors():
    image = np.array([[0, 1], [2, 2]], dtype=np.uint8)
    data = base64.b64decode(png_address(image, ["#102030", "#ff0080"]).partition(",")[2])
    with MemoryFile(data) as file, file.open() as held:
        assert held.read(1).tolist() == image.tolist()
        palette = held.colormap(1)
    assert palette[1][:3] == (16, 32, 48)
    assert palette[2][:3] == (255, 0, 128)


def test_the_picture_shows_every_polygon_and_is_the_same_again(result, scene):
    text = picture_svg(result, scene.record)
    assert text == picture_svg(result, scene.record)
    root = ET.fromstring(text)
    numbers = [int(one.text) for one in root.iter(f"{SVG}text") if (one.text or "").isdigit()]
    assert numbers == [one["number"] for one in scene.record["polygons"]]
    assert len(list(root.iter(f"{SVG}path"))) == 2 * len(numbers)
    assert not re.search(r"<script|style=|href=\"(?!data:image/png)|on\w+=", text)


def test_the_bar_of_the_picture_is_as_long_as_it_says(result, scene):
    """From the coordinates of the made blocks: two corners a known distance apart."""
    root = ET.fromstring(picture_svg(result, scene.record))
    [text] = [one.text for one in root.iter(f"{SVG}text") if re.fullmatch(r"\d+ k?m", one.text)]
    length = float(text.split()[0]) * (1000 if text.endswith("km") else 1)
    bar = next(one for one in root.iter(f"{SVG}rect") if one.get("height") == "4.0")
    from targeting.render.sharing.picture import _box, _Frame

    origin = np.asarray(scene.record["origin"])
    frame = _Frame(result.territory.crs, origin, _box(result, scene.record, None), 1000)
    x, y = result.territory.blocks.geometry.iloc[0].centroid.coords[0]
    ends = frame.place(np.array([[x, y], [x + 1000, y]]))
    per_unit = 1000 / np.hypot(*(ends[1] - ends[0]))
    assert float(bar.get("width")) * per_unit == pytest.approx(length, rel=0.01)


def test_the_file_for_phones_has_polygons_figures_and_listed_facilities(result, scene, tmp_path):
    write_kmz(result, scene.record, tmp_path / "a.kmz")
    write_kmz(result, scene.record, tmp_path / "b.kmz")
    assert (tmp_path / "a.kmz").read_bytes() == (tmp_path / "b.kmz").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.kmz") as file:
        root = ET.fromstring(file.read("doc.kml"))
    polygons = root.findall(".//k:Placemark[k:styleUrl]", KML)
    assert len(polygons) == len(scene.record["polygons"])
    shapes = result.polygons.polygons.geometry.to_crs(4326)
    for place, shape in zip(polygons, shapes, strict=True):
        rings = [
            [tuple(map(float, pair.split(","))) for pair in one.text.split()]
            for one in place.findall(".//k:coordinates", KML)
        ]
        assert sum(map(len, rings)) == shapely.get_num_coordinates(shape)
        assert shapely.hausdorff_distance(shapely.Polygon(rings[0], rings[1:]), shape) < 2e-6
    spots = root.findall(".//k:Point", KML)
    assert len(spots) == len(scene.listed)
    names = {one.text for one in root.findall(".//k:Folder/k:name", KML)}
    assert "Refugio" not in names


def test_sheets_hold_their_polygon_and_no_foreign_markup(result, scene, tmp_path):
    names = write_sheets(result, scene.record, scene.listed, tmp_path)
    assert names == ["all.html", "01.html", "02.html"]
    for number in (1, 2):
        html = (tmp_path / f"0{number}.html").read_text("utf-8")
        polygon = scene.record["polygons"][number - 1]
        assert f"Polígono {number}" in html
        for name, told in facility_rows(scene.record, polygon):
            assert f"{name}</bdi></th><td>{told}</td>" in html
    every = (tmp_path / "all.html").read_text("utf-8")
    assert every.count("<article>") == 2
    assert not any(text in every for text in HOSTILE if "<" in text)


@pytest.mark.browser
def test_sheets_open_without_a_word_on_the_console(result, scene, tmp_path, chromium_page):
    write_sheets(result, scene.record, scene.listed, tmp_path)
    watched = chromium_page(tmp_path / "all.html")
    assert watched.page.locator("article svg").count() == 2
    assert watched.page.evaluate("window.hacked") is None
    assert watched.requests == []
    assert watched.errors == []


def test_a_city_without_polygons_has_a_picture_and_no_sheets(tmp_path):
    result = bare_result()
    scene = build_scene(result)
    assert "<image" in picture_svg(result, scene.record)
    assert write_sheets(result, scene.record, scene.listed, tmp_path) == []
    write_kmz(result, scene.record, tmp_path / "none.kmz")


@pytest.mark.parametrize("kind", ["png", "pdf", "svg"])
def test_the_picture_is_written_for_reports_the_same_each_time(scene, result, tmp_path, kind):
    picture = picture_svg(result, scene.record)
    for name in ("a", "b"):
        write_picture(picture, tmp_path / f"{name}.{kind}")
    data = (tmp_path / f"a.{kind}").read_bytes()
    assert data == (tmp_path / f"b.{kind}").read_bytes()
    assert data.startswith({"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<svg"}[kind])
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.filterwarnings("ignore:Dataset has no geotransform")
def test_outlines_stand_where_the_polygons_are(scene, result, tmp_path):
    """In the text as steps from a first point, and as ink on paper of 2.5 dots a unit."""
    from targeting.render.sharing.picture import _box, _Frame

    picture = picture_svg(result, scene.record)
    write_picture(picture, tmp_path / "a.png")
    with MemoryFile((tmp_path / "a.png").read_bytes()) as file, file.open() as held:
        dark = held.read()[:3].sum(axis=0) < 200
    origin = np.asarray(scene.record["origin"])
    frame = _Frame(result.territory.crs, origin, _box(result, scene.record, None), 1000)
    paths = [one.get("d") for one in ET.fromstring(picture).iter(f"{SVG}path")][
        1::2
    ]  # ink on paper
    for path, shape in zip(paths, result.polygons.polygons.geometry, strict=True):
        rings = []
        for ring in path.split("z")[:-1]:
            first, steps = re.fullmatch(r"M(\S+ \S+)l(.*)", ring).groups()
            pairs = np.array(f"{first} {steps}".split(), float).reshape(-1, 2)
            rings.append(np.cumsum(pairs, axis=0))
        placed = shapely.transform(shape, frame.place)
        drawn = shapely.MultiLineString([np.vstack([ring, ring[:1]]) for ring in rings])
        # Simplified by 0.4, rounded to tenths: no point is a unit away.
        assert shapely.hausdorff_distance(drawn, placed.boundary) < 0.6
        spots = shapely.get_coordinates(
            shapely.line_interpolate_point(drawn, np.arange(5, 200, 10))
        )
        column, row = np.rint(spots.T * 2.5).astype(int)
        assert dark[row, column].mean() > 0.8  # numbers and the legend cover some


def test_every_picture_that_cannot_be_written_is_named_before_anything_runs(tmp_path):
    problems = check_pictures([tmp_path / "a.gif", tmp_path / "no" / "b.svg", tmp_path / "c.svg"])
    assert [problem.code for problem in problems] == ["unknown-picture", "unwritable"]


def test_a_report_without_matplotlib_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    [problem] = check_pictures([tmp_path / "a.png"])
    assert problem.code == "package-missing"
    assert "matplotlib" in problem.text("en")
    assert check_pictures([tmp_path / "a.svg"]) == []


@pytest.fixture(scope="module")
def results(result, tmp_path_factory):
    """Results of two cities beside each other."""
    folder = tmp_path_factory.mktemp("cities")
    for name in ("norte", "sur & más"):
        write_outputs(result, folder / name)
    return folder


@pytest.mark.browser
@pytest.mark.parametrize("language", ["es", "en"])
def test_one_page_leads_to_several_cities(results, chromium_page, language):
    folders = [results / "norte", results / "sur & más"]
    write_index(folders, results / "index.html", language=language)
    watched = chromium_page(results / "index.html")
    page = watched.page
    assert page.locator(".cities li").count() == 2
    assert page.evaluate("[...document.images].every((one) => one.naturalWidth > 0)")
    assert page.evaluate("window.hacked") is None
    page.locator(".cities a").nth(1).click()
    page.wait_for_selector("body.ready")
    assert page.inner_text("#title") == "Ciudad de <prueba> & más"
    assert watched.requests == []
    assert watched.errors == []


def test_folders_without_results_are_all_named_and_nothing_is_written(results, tmp_path):
    folders = [tmp_path / "none", results / "norte", tmp_path]
    with pytest.raises(TargetingError) as caught:
        write_index(folders, tmp_path / "index.html")
    assert [one.code for one in caught.value.problems] == ["not-results"] * 2
    assert list(tmp_path.iterdir()) == []


def test_sheets_of_an_earlier_run_do_not_stay(result, tmp_path):
    write_outputs(result, tmp_path)
    stale = tmp_path / "sheets" / "99.html"
    stale.write_text("old", encoding="utf-8")
    own = tmp_path / "sheets" / "notes.html"
    own.write_text("mine", encoding="utf-8")
    write_outputs(result, tmp_path)
    assert not stale.exists()
    assert own.exists()
    assert (tmp_path / "sheets" / "01.html").exists()


@pytest.mark.browser
def test_a_light_page_opens_in_every_view_and_is_smaller(result, page_file, tmp_path, opened):
    write_page(result, tmp_path / "phone.html", light=True)
    data = [path.read_text("utf-8") for path in (page_file, tmp_path / "phone.html")]
    full, light = (re.search(r'id="targeting-data">([^<]*)<', text)[1] for text in data)
    assert len(light) < len(full)
    watched = opened(tmp_path / "phone.html", viewport={"width": 360, "height": 740})
    page = watched.page
    tabs = page.locator("[data-tab]").evaluate_all("(all) => all.map((one) => one.dataset.tab)")
    assert "weights" not in tabs
    acts = [f"targeting.page.showTab('{tab}')" for tab in tabs]
    acts += ["targeting.page.choosePolygon(1)", "targeting.page.chooseBlock(20)"]
    layers = page.evaluate("targeting.page.scene.layers.map((layer) => layer.id)")
    acts += [f"targeting.page.chooseLayer('{layer}')" for layer in layers]
    for act in acts:
        page.evaluate(act)
    assert "ligera" in page.inner_text("#panel-body")
    assert page.evaluate("[...targeting.words.state.missing]") == []
    assert watched.errors == []
    assert watched.requests == []


def test_a_light_page_is_written_only_when_asked_for(result, tmp_path):
    names = [path.name for path in write_outputs(result, tmp_path, phone=True)]
    assert "phone.html" in names
    assert (tmp_path / "phone.html").exists()
    assert "phone.html" not in [path.name for path in write_outputs(result, tmp_path)]
    assert not (tmp_path / "phone.html").exists()
