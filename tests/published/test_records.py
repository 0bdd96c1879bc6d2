"""Every record that comes with the package; and records with mistakes in them."""

from __future__ import annotations

from typing import Any

import pytest

from targeting import registry
from targeting.problems import TargetingError
from targeting.published import listing, published, published_ids, read_record
from targeting.published.catalog import document
from targeting.published.record_file import KINDS

EXPECTED = {
    "asem",
    "calenviroscreen-2.0",
    "calenviroscreen-3.0",
    "calenviroscreen-3.0-draft",
    "calenviroscreen-4.0",
    "gdi-2022",
    "gii-2022",
    "hdi-2022",
    "ihdi-2022",
    "imd-2000",
    "imd-2010",
    "imd-2015",
    "imd-2019",
    "imd-2025",
    "simd-2016",
    "simd-2020",
    "svi-2014",
    "svi-2016",
    "svi-2018",
    "svi-2020",
    "svi-2022",
    "wimd-2019",
}


def test_the_families_asked_for_are_there() -> None:
    assert set(published_ids()) >= EXPECTED


@pytest.mark.parametrize("key", published_ids())
def test_a_record_says_what_it_is_in_both_languages(key: str) -> None:
    record = published(key)
    for words in (record.name, record.level):
        assert words.es.strip()
        assert words.en.strip()
    assert record.publisher.strip()
    assert record.licence.strip()
    assert len(record.source) > 10
    assert len(record.method) > 5
    assert 1990 <= record.year <= 2030
    assert record.worse in ("higher", "lower")
    assert any(entry.kind == "index" for entry in record.publishes)
    if any(entry.agrees < 1 for entry in record.publishes) and "2.0" not in key:
        assert record.note is not None or key == "calenviroscreen-2.0"


@pytest.mark.parametrize("key", published_ids())
def test_a_record_names_registered_methods_and_columns_that_are_used(key: str) -> None:
    record = published(key)
    used = {name for step in record.steps for name in step.takes}
    used |= {entry.made for entry in record.publishes}
    used |= {rule.column for rule in record.left_out}
    for step in record.steps:
        assert step.kind in KINDS
        assert step.use in registry.names(step.kind)
        assert set(step.weights or step.of) == set(step.of)
    unused = {name for name in record.columns if name not in used}
    assert unused == set()
    made = {name for name in record.made if name not in used}
    index = next(entry.made for entry in record.publishes if entry.kind == "index")
    assert index in record.made
    assert made <= {"rank"}, f"made and never used: {made}"


@pytest.mark.parametrize("key", published_ids())
def test_the_names_of_a_column_are_told_apart(key: str) -> None:
    from targeting.published.taking import plain

    record = published(key)
    owner: dict[str, str] = {}
    for name, column in record.columns.items():
        for heading in column.names:
            assert owner.setdefault(plain(heading), name) == name, heading


def test_a_record_for_many_years_answers_to_each() -> None:
    assert published("hdi-1995").columns["life_expectancy"].names == ("le_1995",)
    assert published("hdi").key == "hdi-2022"
    assert published("undp-hdi").key == "hdi-2022"
    assert published("ces-4.0").key == "calenviroscreen-4.0"
    years = {line.key: line.years for line in listing()}
    assert (years["hdi-2022"][0], years["hdi-2022"][-1]) == (1990, 2022)
    assert years["imd-2025"] == ()


def test_an_id_that_is_none_is_told_with_the_nearest() -> None:
    with pytest.raises(TargetingError) as caught:
        published("imd-2024")
    (problem,) = caught.value.problems
    assert problem.code == "unknown-name"
    assert problem.values["hint"].startswith("imd-20")


GOOD = """
name: {es: Uno, en: One}
publisher: P
source: a table
method: a paper
licence: none
year: 2020
level: {es: cosa, en: thing}
worse: higher
key: id
columns:
  a: A
  b: [B, Bee]
steps:
  - {column: total, of: [a, b], weights: {a: 1.0, b: 2.0}, make: sum}
publishes:
  - {made: sum, names: Sum, kind: index}
"""


def mistakes(text: str) -> set[tuple[str, str]]:
    with pytest.raises(TargetingError) as caught:
        read_record(text, "one")
    return {(problem.code, problem.where) for problem in caught.value.problems}


def test_a_good_record_is_read_with_its_short_forms() -> None:
    record = read_record(GOOD, "one")
    assert record.columns["b"].names == ("B", "Bee")
    assert record.steps[0].make == {"sum": ""}
    assert record.units.names == ("id",)


def test_every_mistake_is_told_at_once() -> None:
    wrong = GOOD.replace("column: total", "column: totl").replace("weights: {a: 1.0,", "weights: {")
    wrong = wrong.replace("made: sum", "made: som")
    assert mistakes(wrong) == {
        ("unknown-name", "one.steps[1]"),
        ("missing-key", "one.steps[1].weights.a"),
        ("unknown-name", "one.publishes[1].made"),
    }


@pytest.mark.parametrize(
    ("old", "new", "code", "where"),
    [
        ("worse: higher", "worse: up", "wrong-type", "one.worse"),
        ("publisher: P\n", "", "missing-key", "one.publisher"),
        ("year: 2020", "yeer: 2020\nyear: 2020", "unknown-key", "one.yeer"),
        ("year: 2020", "year: MMXX", "wrong-type", "one.year"),
        ("column: total", "colum: total", "step-without-method", "one.steps[1]"),
        ("of: [a, b]", "of: [a, c]", "unknown-name", "one.steps[1].of"),
        ("make: sum", "make: a", "column-made-twice", "one.steps[1].make"),
        ("make: sum", "make: sum, with: {most: 1}", "unknown-setting", "one.steps[1].with.most"),
        (
            "make: sum",
            "make: sum, with: {missing_max: -1}",
            "out-of-range",
            "one.steps[1].with.missing_max",
        ),
        ("make: sum", "make: sum, hence: 1", "unknown-key", "one.steps[1].hence"),
        ("  a: A", "  a: {names: [A], optinal: true}", "unknown-key", "one.columns.a.optinal"),
        ("kind: index", "kind: indx", "wrong-type", "one.publishes.0.kind"),
        ("key: id", "key: id\nleave_out: {people: 0}", "unknown-name", "one.leave_out"),
    ],
)
def test_a_mistake_is_named_with_its_place(old: str, new: str, code: str, where: str) -> None:
    assert old in GOOD
    assert (code, where) in mistakes(GOOD.replace(old, new))


def test_what_is_no_record_is_told_so() -> None:
    assert mistakes("- 1\n- 2") == {("wrong-type", "one")}
    assert mistakes("a: [") != set()


def test_no_record_is_special_code() -> None:
    """A record is YAML and nothing else: its document holds texts, numbers, lists and groups."""

    def plain(value: Any) -> bool:
        if isinstance(value, dict):
            return all(isinstance(name, str) and plain(one) for name, one in value.items())
        if isinstance(value, list | tuple):
            return all(plain(one) for one in value)
        return value is None or isinstance(value, str | int | float)

    assert all(plain(document(key)) for key in published_ids())
