"""Tests of `page.weightings` in a study: the weights the page has a plan ready for."""

from __future__ import annotations

from pathlib import Path

import pytest

from targeting.i18n import LANGUAGES
from targeting.study_file import draft_study

STUDY = (Path(__file__).parent.parent / "data" / "study.yaml").read_text("utf-8")


def drafted(folder: Path, more: str):
    path = folder / "study.yaml"
    path.write_text(STUDY + more, "utf-8")
    return draft_study(path)


@pytest.mark.parametrize("more", ["", "page: {}\n", "page: {weightings: auto}\n"])
def test_without_it_the_weightings_around_the_stated_one_are_taken(tmp_path, more):
    study = drafted(tmp_path, more).study
    assert study.weightings is None
    assert study.as_record()["page"] == {"weightings": "auto"}


@pytest.mark.parametrize("none", ["0", "[]"])
def test_none_can_be_asked_for(tmp_path, none):
    study = drafted(tmp_path, f"page: {{weightings: {none}}}\n").study
    assert study.weightings == ()
    assert study.as_record()["page"] == {"weightings": []}


def test_a_list_is_scaled_to_whole_percent_and_what_is_not_named_weighs_nothing(tmp_path):
    more = "page: {weightings: [{violence: 2, facilities: 1}, {marginalization: 0.5}]}\n"
    study = drafted(tmp_path, more).study
    held = [dict(one.percent) for one in study.weightings]
    # 2 of 3 is 66.67, 1 of 3 is 33.33: the largest remainder is the first.
    assert held == [
        {"violence": 67, "marginalization": 0, "facilities": 33},
        {"violence": 0, "marginalization": 100, "facilities": 0},
    ]
    assert {one.kind for one in study.weightings} == {"stated"}
    assert study.as_record()["page"]["weightings"] == held


def test_every_mistake_is_told_in_its_place_in_both_languages(tmp_path):
    more = (
        "page:\n  colour: red\n  weightings:\n"
        "    - {violence: -1, water: 3}\n    - {violence: 0}\n    - 7\n    - {facilities: many}\n"
    )
    draft = drafted(tmp_path, more)
    assert {one.where: one.code for one in draft.problems} == {
        "page.colour": "unknown-key",
        "page.weightings[0].violence": "negative-weight",
        "page.weightings[0].water": "unknown-key",
        "page.weightings[1]": "zero-weights",
        "page.weightings[2]": "wrong-type",
        "page.weightings[3].facilities": "wrong-type",
    }
    assert draft.study is None


@pytest.mark.parametrize("given", ["7", "many", "true", "{violence: 1}"])
def test_what_is_no_list_says_what_is_expected(tmp_path, given):
    draft = drafted(tmp_path, f"page: {{weightings: {given}}}\n")
    assert [one.where for one in draft.problems] == ["page.weightings"]
    for language in LANGUAGES:
        text = draft.problems[0].text(language)
        assert "auto" in text
        assert "{violence: 50" in text


def test_more_than_two_dozen_are_refused(tmp_path):
    many = ", ".join(f"{{violence: {one}, facilities: 1}}" for one in range(1, 26))
    draft = drafted(tmp_path, f"page: {{weightings: [{many}]}}\n")
    assert [one.code for one in draft.problems] == ["out-of-range"]
