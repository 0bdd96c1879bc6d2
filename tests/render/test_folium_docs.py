"""What docs/folium.md says of folium is so, and its examples run."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import folium
import pytest
from folium.features import GeoJsonStyleMapper

from tests.render.test_elements import links_answered

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("folium.md", "folium.es.md")


@pytest.fixture(scope="module")
def bench():
    folder = ROOT / "benchmarks"
    sys.path.insert(0, str(folder))
    try:
        spec = importlib.util.spec_from_file_location("folium_style", folder / "folium_style.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(folder))
    return module


def blocks_of(page: str, language: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


@pytest.mark.parametrize("page", PAGES)
def test_the_first_example_runs_as_it_stands(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(blocks_of(page, "python")[0], page, "exec"), {})
    assert "targeting.elements.BlocksLayer" in (tmp_path / "map.html").read_text("utf-8")


def test_both_pages_have_the_same_examples_and_figures():
    one, two = (blocks_of(page, "python") for page in PAGES)
    assert one == two
    rows = [
        re.findall(r"^\| [\d,]+ \|.*$", (ROOT / "docs" / page).read_text("utf-8"), re.M)
        for page in PAGES
    ]
    assert rows[0] == rows[1]
    assert len(rows[0]) == 6


def test_folium_still_writes_a_case_for_every_feature(bench):
    html = bench.as_users_write_it(bench.make(36)).get_root().render()
    # All but those of the style that folium takes as its default.
    assert 24 <= len(re.findall(r"\bcase \"\d+\":", html)) < 36
    assert 'case "' not in bench.tabled(bench.make(36)).get_root().render()


def test_the_default_is_not_the_style_most_features_have():
    mapping = {"often": ["1", "2", "3"], "once": ["9"]}
    GeoJsonStyleMapper._set_default_key(mapping)
    assert mapping["default"] == "once"


@pytest.mark.browser
def test_the_fix_gives_every_feature_the_style_it_had(bench, chromium_page, tmp_path):
    table = bench.make(64)
    looks = []
    for route in (bench.as_users_write_it, bench.tabled, bench.in_the_features):
        city = route(table)
        name = next(
            one.get_name() for one in city._children.values() if isinstance(one, folium.GeoJson)
        )
        file = tmp_path / f"{route.__name__}.html"
        city.save(str(file))
        watched = chromium_page()
        links_answered(watched, file)
        looks.append(
            watched.page.evaluate(
                f"{name}.getLayers().map((one) => [one.feature.id, one.options.fillColor])"
            )
        )
        assert watched.errors == []
    assert looks[0] == looks[1] == looks[2]
    assert len({color for _, color in looks[0]}) == 6
