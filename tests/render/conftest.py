"""One result and its page, made once for all tests of this room; the page in Chromium."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from targeting.model import Result
from targeting.pipeline import carry_out, load
from targeting.render import write_page
from targeting.render.page import asset
from targeting.sample import write_city
from tests.render.results import make_result

SCREEN = {"width": 1280, "height": 800}
DRAWING = (
    "leaflet/leaflet.js",
    "inflate.js",
    "unpack.js",
    "scale.js",
    "raster.js",
    "runs.js",
    "blocks.js",
)


@pytest.fixture(scope="session")
def result() -> Result:
    return make_result()


@pytest.fixture(scope="session")
def page_file(result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "index.html"
    write_page(result, path)
    return path


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


@pytest.fixture
def tab(chromium_page):
    """A page with an empty map of 600 by 400 pixels, and our scripts."""
    watched = chromium_page(viewport={"width": 600, "height": 400})
    page = watched.page
    page.set_content(
        "<style>*{margin:0} #map{width:600px;height:400px;position:relative;overflow:hidden}"
        ".leaflet-pane,.leaflet-pane canvas{position:absolute;left:0;top:0}</style>"
        "<div id='map'></div>"
    )
    for name in DRAWING:
        page.add_script_tag(content=asset(name))
    yield page
    assert watched.errors == []


@pytest.fixture(scope="session")
def city(tmp_path_factory) -> Result:
    """A whole run of a small made city, without what this room does not look at."""
    folder = tmp_path_factory.mktemp("city")
    write_city(folder, blocks=600)
    study, territory = load(folder / "study.yaml")
    study = replace(study, doubt=replace(study.doubt, draws=0, redraws=0))
    return carry_out(study, territory)


@pytest.fixture(scope="session")
def city_file(city, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "city.html"
    write_page(city, path)
    return path


@pytest.fixture
def moved(opened, city_file):
    watched = opened(city_file)
    yield watched.page
    assert watched.requests == []
    assert watched.errors == []
    assert watched.page.evaluate("[...targeting.words.state.missing]") == []
