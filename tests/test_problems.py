"""Problems are told in both languages, with what, where, given, and what to do."""

import pytest

from targeting.i18n import catalogue, say
from targeting.problems import Problem, TargetingError, closest, unknown_name
from targeting.units import UNITS


def test_the_message_of_the_design_document():
    problem = unknown_name("method.normalize", "rnk", ["rank", "minmax"])
    assert problem.text("es").startswith("method.normalize: no existe «rnk». ¿Quiso decir «rank»?")
    assert problem.text("es").endswith("[unknown-name]")


def test_expected_words_are_translated():
    problem = Problem("wrong-type", "x", {"given": "a", "expected": "expected.number"})
    assert "un número" in problem.text("es")
    assert "a number" in problem.text("en")


def test_each_language_has_its_own_quotes():
    assert {key for key, text in catalogue("en").items() if set("«»") & set(text)} == set()
    assert {key for key, text in catalogue("es").items() if set("“”") & set(text)} == set()


def test_an_error_tells_every_problem_on_its_own_line():
    error = TargetingError([Problem("missing-key", "a"), Problem("missing-key", "b")])
    lines = error.text("en").splitlines()
    assert [line.split(":")[0] for line in lines] == ["a", "b"]


def test_an_error_without_problems_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        TargetingError([])


def test_nothing_like_it_offers_nothing():
    assert closest("zzzz", ["rank"]) == ""


def test_a_language_we_do_not_speak_is_refused():
    with pytest.raises(ValueError, match="language"):
        catalogue("fr")


def test_literal_braces_survive():
    assert say("expected.title", "en").endswith("{es: …, en: …}")


def test_units_are_read_as_people_read_them():
    assert UNITS["share"].shown(0.254) == "25.4 %"
    assert UNITS["m"].shown(1234.4) == "1,234 m"
    assert UNITS["people"].shown(1234) == "1,234"
