"""Tests that what is not told is told apart from what is missing or masked, on map and account."""

from __future__ import annotations

from dataclasses import replace

import pytest

from targeting.i18n import LANGUAGES, say
from targeting.model import PublishSpec
from targeting.render import public, write_page
from tests.render.decoding import opened_page

SHARE = "no_internet_share"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def told(result):
    return replace(result, study=replace(result.study, publish=PublishSpec(people_min=60)))


@pytest.fixture(scope="module")
def file(told, tmp_path_factory):
    path = tmp_path_factory.mktemp("suppressed") / "index.html"
    write_page(told, path)
    return path


def test_the_map_and_its_legend_tell_them_apart(opened, file, told):
    page = opened(file).page
    page.select_option("#layer-choice", f"value.{SHARE}")
    hidden = int(public.protected(told).hidden[SHARE].sum())
    assert hidden > 10
    counts = page.evaluate(
        """() => { const s = targeting.scale, c = targeting.page.painted.counts;
          return [c[s.SUPPRESSED_CLASS], c[s.MASKED_CLASS], c[s.MISSING_CLASS]]; }"""
    )
    assert counts[0] == hidden
    assert counts[2] > 0
    for language in LANGUAGES:
        page.click(f'[data-language="{language}"]')
        legend = page.inner_text("#legend")
        for key in ("suppressed", "missing"):
            assert say(f"page.legend.{key}", language) in legend
    assert page.locator("#legend .swatch.suppressed").count() == 1


def test_the_patterns_differ_without_color(opened, file):
    page = opened(file).page
    patterns = page.evaluate(
        """() => [true, false, "crossed"].map((kind) => {
          const held = targeting.pixels(targeting.pattern(kind, 2));
          return [...held].map((one) => one !== held[1]).join("");
        })"""
    )
    assert len(set(patterns)) == 3


def test_the_account_of_a_block_says_so(opened, file, told):
    held = opened_page(file)
    at = int(held.steps(f"hidden.{SHARE}").argmax())
    page = opened(file).page
    page.click('[data-language="en"]')
    page.evaluate("(at) => targeting.page.chooseBlock(at)", at)
    row = page.locator(f'[data-indicator="{SHARE}"]').inner_text()
    assert say("page.publish.suppressed", "en") in row
    assert say("page.quality.suppressed", "en") in row
    assert say("page.value.missing", "en") not in row
    assert "Fewer than 60 people" in page.inner_text("#panel-body")
