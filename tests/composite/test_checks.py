"""Each check finds what was put there, and says nothing of a sound composite."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from targeting.composite import score
from targeting.composite.checks import check_composite
from targeting.i18n import catalogue, say
from targeting.model import MethodSpec, Node, Values
from tests.cities import indicator

SIZE = 600
TREE = {"violence": (1.0, {"a": 1.0, "b": 1.0}), "marginalization": (1.0, {"c": 1.0, "d": 1.0})}
HOME = {"a": "violence", "b": "violence", "c": "marginalization", "d": "marginalization"}
NAMES = {"a": "Homicidios", "c": "Sin agua"}


@pytest.fixture
def sound():
    """Four parts with something in common, none alike."""
    random = np.random.default_rng(1)
    common = random.normal(size=SIZE)
    table = {key: common + random.normal(size=SIZE) * 1.2 for key in HOME}
    index = pd.Index([f"b{i:03d}" for i in range(SIZE)], name="block_id")
    return pd.DataFrame(table, index=index)


def checked(table, *, tree=TREE, origin="block", people=100.0, worse=None, **settings):
    told = Values(table, table, table, {key: origin for key in table.columns})
    known = [indicator(key, HOME[key], worse=(worse or {}).get(key, "higher")) for key in table]
    given = {"normalize": MethodSpec("minmax"), "aggregate": MethodSpec("arithmetic")} | settings
    node = Node.of(tree)
    scores = score(told, known, node, **given)
    population = pd.Series(people, index=table.index)
    found = check_composite(told, known, node, scores, population)
    for one in found:
        for language in ("es", "en"):
            assert "{" not in say(one.key, language, **one.told())
    return {one.code: one for one in found}


def test_a_sound_composite_says_only_how_many_people(sound):
    found = checked(sound)
    assert list(found) == ["people-urgent"]
    # A tenth of 600 blocks of 100 people.
    assert dict(found["people-urgent"].values) == {"people": 6000, "share": 10.0, "blocks": 60}
    assert found["people-urgent"].severity == "note"


def test_two_that_say_the_same_within_a_group_and_across(sound):
    random = np.random.default_rng(2)
    twin = sound["a"] + random.normal(size=SIZE) * 0.2
    found = checked(sound.assign(b=twin))
    assert found["nearly-same"].about == ("a", "b")
    assert found["nearly-same"].severity == "look"
    assert found["nearly-same"].values["weight"] == 50
    across = checked(sound.assign(c=twin))
    assert "nearly-same" not in across
    one = across["nearly-same-across"]
    assert (one.severity, one.about) == ("serious", ("a", "c"))
    assert (one.values["one"], one.values["two"]) == ("violence", "marginalization")
    assert "«Homicidios» (en «violence») y «Sin agua»" in say(one.key, "es", **one.told(NAMES))


def test_a_weight_that_cannot_matter(sound):
    found = checked(sound.assign(b=3.0))
    assert (found["never-varies"].about, found["never-varies"].severity) == (("b",), "serious")
    assert found["never-varies"].values["weight"] == 25
    rare = np.where(np.arange(SIZE) == 0, 1.0, 0.0)
    found = checked(sound.assign(b=rare))
    assert found["one-value"].about == ("b",)
    assert found["one-value"].values["share"] == 100  # 99.8
    assert found["matters-little"].about == ("b",)


def test_a_weight_of_zero_is_nobodys_business(sound):
    tree = TREE | {"violence": (1.0, {"a": 1.0, "b": 0.0})}
    assert list(checked(sound.assign(b=3.0), tree=tree)) == ["people-urgent"]


def test_a_direction_that_contradicts_the_rest(sound):
    found = checked(sound.assign(d=-3 * sound["d"]))
    assert found["against-its-group"].about == ("d",) or "against-the-score" in found
    found = checked(sound.assign(d=-sound["d"]), worse={"d": "lower"})
    assert list(found) == ["people-urgent"]
    light = TREE | {"marginalization": (1.0, {"c": 5.0, "d": 1.0})}
    found = checked(sound.assign(d=-sound["d"]), tree=light)
    assert (found["against-the-score"].about, found["against-the-score"].severity) == (
        ("d",),
        "serious",
    )


def test_a_dimension_that_rules(sound):
    # Violence from 0 to 1, marginalization within a hundredth of it.
    flat = sound.assign(c=sound["c"] / 100, d=sound["d"] / 100)
    found = checked(flat, normalize=MethodSpec("minmax", {"low": -4.0, "high": 4.0}))
    assert found["dimension-rules"].about == ("violence",)
    assert found["dimension-rules"].values["weight"] == 50
    assert found["dimension-rules"].values["share"] > 70


def test_an_urgent_tenth_where_nobody_lives(sound):
    # People live in the half with the least of everything.
    people = np.where(sound.sum(axis=1) < sound.sum(axis=1).median(), 100.0, 0.0)
    found = checked(sound, people=people)
    assert found["few-people-urgent"].severity == "serious"
    assert found["few-people-urgent"].values["share"] < 2
    assert checked(sound, people=0.0) == {}


def test_ties_at_the_line_are_taken_in_part():
    # Ten blocks, all the same but one: a tenth is one block, the worst.
    table = pd.DataFrame({"a": [0.0] * 8 + [1.0, 1.0]}, index=list("abcdefghij"))
    found = checked(table, tree={"violence": (1.0, {"a": 1.0})}, people=[10.0] * 8 + [0.0, 20.0])
    assert found["people-urgent"].values["people"] == 10  # half of the two that share the line


def test_values_handed_down_from_areas(sound):
    found = checked(sound, origin="area")
    assert found["mostly-handed-down"].about == ("a", "b", "c", "d")
    told = Values(sound, sound, sound, {"a": "area", "b": "block", "c": "shrunk", "d": "block"})
    known = [indicator(key, HOME[key]) for key in sound]
    node = Node.of(TREE)
    scores = score(
        told, known, node, normalize=MethodSpec("rank"), aggregate=MethodSpec("arithmetic")
    )
    people = pd.Series(1.0, index=sound.index)
    codes = [one.code for one in check_composite(told, known, node, scores, people)]
    assert codes == ["handed-down", "people-urgent"]


def test_mostly_missing(sound):
    holed = sound.copy()
    holed.iloc[:400, 0] = np.nan
    found = checked(holed)
    assert found["mostly-missing"].about == ("a",)
    assert found["mostly-missing"].values["share"] == 67


def test_the_serious_come_first(sound):
    table = sound.assign(b=3.0, d=sound["c"] + 0.01 * sound["a"])
    told = list(checked(table, origin="area").values())
    order = {"serious": 0, "look": 1, "note": 2}
    levels = [order[one.severity] for one in told]
    assert levels == sorted(levels)
    assert len(set(levels)) == 3


def test_every_code_has_words_and_every_word_a_test():
    words = {key.removeprefix("check.") for key in catalogue("es") if key.startswith("check.")}
    text = Path(__file__).read_text(encoding="utf-8")
    assert {word for word in words if f'"{word}"' not in text} == set()
