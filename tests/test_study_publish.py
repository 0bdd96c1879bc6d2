"""Tests of `publish` in a study: from which number on counts may leave the office."""

from __future__ import annotations

from pathlib import Path

import pytest

from targeting.i18n import LANGUAGES
from targeting.model import PublishSpec
from targeting.study_file import draft_study

STUDY = (Path(__file__).parent.parent / "data" / "study.yaml").read_text("utf-8")


def drafted(folder: Path, more: str):
    path = folder / "study.yaml"
    path.write_text(STUDY + more, "utf-8")
    return draft_study(path)


def test_without_it_people_are_told_from_three_and_incidents_from_five(tmp_path):
    study = drafted(tmp_path, "").study
    assert study.publish == PublishSpec(3, 5)
    assert study.as_record()["publish"] == {"people_min": 3, "incidents_min": 5}


def test_what_is_stated_is_kept_and_recorded(tmp_path):
    study = drafted(tmp_path, "publish: {people_min: 10}\n").study
    assert study.publish == PublishSpec(10, 5)
    assert study.as_record()["publish"]["people_min"] == 10


def test_every_mistake_is_told_in_its_place(tmp_path):
    draft = drafted(tmp_path, "publish: {people_min: 2, incidents_min: few, faces: yes}\n")
    assert {one.where: one.code for one in draft.problems} == {
        "publish.people_min": "out-of-range",
        "publish.incidents_min": "wrong-type",
        "publish.faces": "unknown-key",
    }
    for problem in draft.problems:
        for language in LANGUAGES:
            assert "{" not in problem.text(language)
    assert draft.study is None


@pytest.mark.parametrize("given", ["3", "[people_min]"])
def test_what_is_no_group_of_keys_is_told_once(tmp_path, given):
    draft = drafted(tmp_path, f"publish: {given}\n")
    assert {one.where: one.code for one in draft.problems} == {"publish": "wrong-type"}
