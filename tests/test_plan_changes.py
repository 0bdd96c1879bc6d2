"""Which choice changed which polygon: by hand, and on a small made city carried out again."""

import json
import re
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from targeting.cli import main
from targeting.explaining import plan_changes as changes
from targeting.explaining.plan_changes import (
    TOGETHER,
    Choice,
    plan_changes,
    plan_choices,
    plan_lines,
)
from targeting.i18n import LANGUAGES, catalogue
from targeting.model import MethodSpec
from targeting.pipeline import carry_out, load
from targeting.problems import Problem, TargetingError
from targeting.sample import write_city

BLOCKS = list("abcdefgh")


def result(text):
    """A result with one digit a block for its polygon, and 100 people in each."""
    membership = pd.Series([int(one) for one in text], index=BLOCKS)
    blocks = pd.DataFrame({"population": 100.0}, index=BLOCKS)
    return SimpleNamespace(
        polygons=SimpleNamespace(membership=membership),
        territory=SimpleNamespace(blocks=blocks),
    )


def followed(monkeypatch, *plans):
    """Switch choices A, B, C … whose plans are given; None where it cannot be carried out."""
    choices = [Choice(name) for name in "ABCD"[: len(plans) - 1]]

    def drawn(before, after, choices, count, linked):
        if plans[count] is None:
            raise TargetingError([Problem("out-of-range", "x", {"given": 1, "expected": "2"})])
        return result(plans[count]).polygons.membership

    monkeypatch.setattr(changes, "plan_choices", lambda before, after: choices)
    monkeypatch.setattr(changes, "_drawn", drawn)
    return plan_changes(result(plans[0]), result(plans[-1]))


def causes(record):
    return {
        one["cause"]: (one["entering"], one["leaving"], one["moving"]) for one in record["causes"]
    }


def test_each_block_is_put_down_to_the_last_switch_that_took_it_where_it_ends(monkeypatch):
    """A takes c in and a out; B takes a in again and d too; C takes b out. a ends as it began."""
    record = followed(monkeypatch, "11000000", "01100000", "11110000", "10110000")
    assert causes(record) == {"A": (1, 0, 0), "B": (1, 0, 0), "C": (0, 1, 0)}
    assert [one["entering"] for one in record["steps"]] == [1, 2, 0]
    (polygon,) = record["polygons"]
    assert polygon["causes"] == [
        {"cause": "A", "gained": 1, "lost": 0},
        {"cause": "B", "gained": 1, "lost": 0},
        {"cause": "C", "gained": 0, "lost": 1},
    ]
    assert polygon["people_gained"] == 200


def test_polygons_keep_their_identity_when_numbers_change_on_the_way(monkeypatch):
    record = followed(monkeypatch, "11100222", "22200111", "11110222")
    assert causes(record) == {"B": (1, 0, 0)}
    assert record["steps"][0]["changed"] == []
    assert [one["fate"] for one in record["polygons"]] == ["changed", "same"]


def test_new_gone_and_moving(monkeypatch):
    """A gives c from 1 to 2; B takes 1 away and brings a new one."""
    record = followed(monkeypatch, "11122000", "11222000", "00222011")
    fates = {one["key"]: one["fate"] for one in record["polygons"]}
    assert fates == {1: "gone", 2: "changed", 3: "new"}
    assert causes(record) == {"A": (0, 0, 1), "B": (2, 2, 0)}


def test_a_choice_that_cannot_stand_alone_is_switched_with_the_next(monkeypatch):
    record = followed(monkeypatch, "11000000", None, "11100000", "11110000")
    assert [one["cause"] for one in record["steps"]] == ["A+B", "C"]
    assert causes(record) == {"A+B": (1, 0, 0), "C": (1, 0, 0)}
    last = followed(monkeypatch, "11000000", "11100000", None, "11110000")
    assert [one["cause"] for one in last["steps"]] == ["A", "B+C"]


def test_a_change_no_single_switch_made(monkeypatch):
    """Polygon 1 walks away block by block: never another from plan to plan, yet it ends as one.

    In steps of half its people it keeps its key; from first to last it shares nothing.
    """
    record = followed(monkeypatch, "11110000", "00111100", "00001111")
    assert [one["fate"] for one in record["polygons"]] == ["gone", "new"]
    assert causes(record) == {"A": (2, 2, 0), "B": (2, 2, 0)}
    # And where a block stays inside all along while its polygon becomes another bit by bit.
    record = followed(monkeypatch, "11112222", "11222222", "22222222", "22211111")
    assert record["steps"][-1]["changed"]
    assert set(causes(record)) <= {"A", "B", "C", TOGETHER}
    total = [sum(one[way] for one in record["causes"]) for way in ("entering", "leaving")]
    assert total == [0, 0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("city")
    write_city(place, blocks=500)
    return place


@pytest.fixture(scope="module")
def first(folder):
    study, territory = load(folder / "study.yaml")
    return carry_out(replace(study, doubt=replace(study.doubt, draws=0)), territory)


def again(one, *, streets=None, **settings):
    """Carry a study out with other settings of its delineation."""
    spec = one.study.delineation
    spec = MethodSpec(settings.pop("use", spec.use), {**spec.settings, **settings})
    study = replace(one.study, delineation=spec, streets=streets or one.study.streets)
    return carry_out(study, one.territory)


@pytest.fixture(scope="module")
def other(first):
    return again(first, population_min=3000.0, population_max=8000.0, threshold_share=0.3)


@pytest.fixture(scope="module")
def record(first, other):
    return plan_changes(first, other)


def test_settings_are_switched_in_the_order_of_the_method(first, other):
    told = [(one.name, one.before, one.after) for one in plan_choices(first, other)]
    assert told == [
        ("delineation.population_min", 5000, 3000.0),
        ("delineation.population_max", 12000, 8000.0),
        ("delineation.threshold_share", 0.25, 0.3),
    ]


def test_the_causes_sum_to_the_difference(record, first, other):
    before, after = first.polygons.membership > 0, other.polygons.membership > 0
    assert sum(one["entering"] for one in record["causes"]) == (after & ~before).sum() > 0
    assert sum(one["leaving"] for one in record["causes"]) == (before & ~after).sum()
    for one in record["polygons"]:
        assert sum(cause["gained"] for cause in one["causes"]) == one["blocks_gained"]
        assert sum(cause["lost"] for cause in one["causes"]) == one["blocks_lost"]
    kept = sum(one["blocks_kept"] + one["blocks_gained"] for one in record["polygons"])
    assert kept == after.sum()


def test_each_step_is_the_study_with_those_choices(record, first):
    """The first step carried out by itself draws what the step says it draws."""
    alone = again(first, population_min=3000.0)
    step = record["steps"][0]
    before, after = first.polygons.membership > 0, alone.polygons.membership > 0
    assert step["polygons"] == alone.polygons.membership.max()
    assert step["entering"] == (after & ~before).sum()
    assert step["leaving"] == (before & ~after).sum()


def test_nothing_differs(first):
    record = plan_changes(first, first)
    assert record["steps"] == []
    assert record["causes"] == []
    assert {one["fate"] for one in record["polygons"]} == {"same"}


def test_bounds_that_contradict_each_other_on_the_way_are_switched_together(first):
    second = replace(
        first,
        study=replace(
            first.study,
            delineation=MethodSpec(
                "grow",
                {
                    **first.study.delineation.settings,
                    "population_min": 13_000.0,
                    "population_max": 20_000.0,
                },
            ),
        ),
    )
    record = plan_changes(first, second)
    assert [one["cause"] for one in record["steps"]] == [
        "delineation.population_min+delineation.population_max"
    ]


def test_people_of_another_year_are_data_and_streets_are_a_choice(first):
    blocks = first.territory.blocks.copy()
    blocks["population"] = blocks["population"].iloc[::-1].to_numpy()
    moved = replace(first.territory, blocks=blocks)
    streets = {**first.study.streets, "street_max_m": 30.0}
    study = replace(first.study, streets=streets)
    second = carry_out(study, moved)
    names = [one.name for one in plan_choices(first, second)]
    assert names[0] == "data"
    assert "streets.street_max_m" in names
    record = plan_changes(first, second)
    assert record["causes"]


def test_another_method_brings_all_its_settings(first):
    spec = MethodSpec("ward", {"population_min": 2000.0})
    second = carry_out(replace(first.study, delineation=spec), first.territory)
    told = plan_choices(first, second)
    assert [(one.name, one.before, one.after) for one in told] == [
        ("delineation.use", "grow", "ward")
    ]
    record = plan_changes(first, second)
    assert [one["cause"] for one in record["steps"]] == ["delineation.use"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_words(record, first, language):
    text = "\n".join(plan_lines(record, language))
    assert not re.search(r"\{\w|\bnan\b|None", text)
    assert "delineation.population_min (5,000 → 3,000)" in text
    same = "\n".join(plan_lines(plan_changes(first, first), language))
    assert catalogue(language)["compare.plan-no-steps"] in same


def test_compare_tells_it_from_files(folder, capsys):
    text = (folder / "study.yaml").read_text("utf-8")
    second = folder / "second.yaml"
    assert "population_min: 5000" in text
    second.write_text(text.replace("population_min: 5000", "population_min: 3000"), "utf-8")
    given = ["compare", str(folder), str(second), "--lang", "en"]
    assert main([*given, "--json"]) == 0
    held = json.loads(capsys.readouterr().out)["plan"]
    assert [one["cause"] for one in held["steps"]] == ["delineation.population_min"]
    assert main(given) == 0
    assert "delineation.population_min (5000 → 3000)" in capsys.readouterr().out.replace(",", "")


def test_languages_say_the_same_with_the_same_values():
    named = re.compile(r"\{(\w+)")
    for key, text in catalogue("es").items():
        if key.startswith("compare.plan-"):
            assert sorted(named.findall(text)) == sorted(named.findall(catalogue("en")[key])), key
