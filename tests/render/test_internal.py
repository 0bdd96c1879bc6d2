"""Tests of the page for the office: another file, watermarked, with exact values and no points."""

from __future__ import annotations

import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest

from targeting.i18n import LANGUAGES, say
from targeting.render import public, write_outputs, write_page
from targeting.render.outputs import INTERNAL
from targeting.render.scene import build_scene
from tests.render.decoding import opened_page, opened_scene
from tests.render.results import HOSTILE


@pytest.fixture(scope="module")
def folder(result, tmp_path_factory):
    place = tmp_path_factory.mktemp("internal") / "maps"
    write_outputs(result, place, internal=True)
    return place


@pytest.fixture(scope="module")
def inside(folder):
    return opened_page(folder / INTERNAL[0])


def test_it_is_never_written_unless_asked_for(result, folder):
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["internal"] == sorted(INTERNAL)
    assert {one["file"] for one in manifest["outputs"]} >= set(INTERNAL)
    write_outputs(result, folder.parent / "again", internal=True)
    write_outputs(result, folder.parent / "again")
    assert not (folder.parent / "again" / "internal").exists()
    manifest = json.loads((folder.parent / "again" / "manifest.json").read_text("utf-8"))
    assert manifest["internal"] == []


def test_the_public_page_beside_it_is_the_same_as_without_it(result, folder, page_file):
    assert (folder / "index.html").read_bytes() == page_file.read_bytes()
    assert opened_page(page_file).record["mode"] == "public"


def test_it_holds_exact_values(result, inside):
    assert inside.record["mode"] == "internal"
    assert np.nansum(inside.column("few")) == 0
    held = result.territory.blocks["population"].to_numpy(float)
    assert np.array_equal(np.sort(inside.column("population")), np.sort(held), equal_nan=True)
    rates = result.values.value["incidents_per_1k"].to_numpy(float)
    shown = inside.column("value.incidents_per_1k")
    assert np.nanmax(np.abs(np.sort(shown) - np.sort(rates))) <= 0.5
    exact = np.sort(result.scores.score.to_numpy(float))
    assert np.nanmax(np.abs(np.sort(inside.column("score")) - exact)) <= 0.005 + 1e-9
    people = result.territory.blocks["population"].groupby(result.polygons.membership).sum()
    told = {one["number"]: one["population"] for one in inside.record["polygons"]}
    assert told == people[people.index > 0].to_dict()
    assert not any(one["level"] for one in inside.record["indicators"])


def test_it_counts_protected_places_and_lists_none(result, inside):
    at = [kind["key"] for kind in inside.record["kinds"]].index("shelter")
    counts = result.profiles.facility_counts
    real = counts[counts["kind"] == "shelter"].set_index("polygon")["count"]
    told = [one["kinds"][at]["count"] for one in inside.record["polygons"]]
    assert told == real.tolist()
    facilities = result.territory.facilities
    assert inside.record["facilities"]["count"] == (facilities["kind"] != "shelter").sum()


def test_its_tables_lie_apart(folder):
    exact = gpd.read_parquet(folder / INTERNAL[1])
    told = gpd.read_parquet(folder / "blocks.parquet")
    assert exact["population_few"].sum() == 0
    assert told["population_few"].sum() == 2
    assert exact["part_incidents_per_1k"].nunique() > told["part_incidents_per_1k"].nunique()


def test_protecting_twice_changes_nothing(result):
    once = public.protected(result)
    assert public.protected(once) is once
    assert public.protected(once, internal=True) is once  # what is gone does not come back


@pytest.mark.browser
@pytest.mark.parametrize("media", ["screen", "print"])
def test_it_says_so_on_screen_and_paper(opened, folder, media):
    watched = opened(folder / INTERNAL[0])
    page = watched.page
    page.emulate_media(media=media)
    band = page.locator(".internal-band")
    assert band.is_visible()
    for language in LANGUAGES:
        assert say("page.internal.band", language) in band.inner_text()
    mark = page.evaluate("getComputedStyle(document.body, '::after').content")
    assert "INTERN" in mark
    assert watched.errors == watched.requests == []


@pytest.mark.browser
def test_the_public_page_has_no_mark(opened):
    page = opened().page
    assert page.locator(".internal-band").count() == 0
    assert page.evaluate("getComputedStyle(document.body, '::after').content") == "none"


def test_the_watermark_is_not_the_title(result, tmp_path):
    study = replace(result.study, title=dict.fromkeys(LANGUAGES, HOSTILE[0]))
    write_page(replace(result, study=study), tmp_path / "x.html", internal=True)
    html = (tmp_path / "x.html").read_text("utf-8")
    assert html.count('<body class="internal">') == 1
    assert opened_scene(build_scene(result, internal=True)).record["mode"] == "internal"
