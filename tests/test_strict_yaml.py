"""YAML is read strictly: zeros kept, double keys refused, dates left as text."""

import pytest
import yaml

from targeting.problems import TargetingError
from targeting.strict_yaml import WrittenInt, _Loader, read_yaml


def test_the_quick_loader_reads_as_the_plain_one_does():
    text = "a: 01001\nb: 2020-01-01\nc: [1.5, null, yes, 'x']\nd: {e: 0o7}\n"
    plain = yaml.load(text, Loader=_Loader)
    assert plain == read_yaml(text)
    assert [type(value) for value in plain.values()] == [
        type(value) for value in read_yaml(text).values()
    ]


@pytest.mark.parametrize("text", ["a: [1,\t2", "{a: x?y, b: 1}\n}"])
def test_what_the_quick_loader_forgives_is_still_refused(text):
    with pytest.raises(TargetingError):
        read_yaml(text)


def test_a_code_remembers_its_zeros():
    code = read_yaml("code: 01001")["code"]
    assert isinstance(code, WrittenInt)
    assert code.written == "01001"  # YAML 1.1 alone would read octal 513


def test_digits_that_cannot_be_octal_stay_text():
    assert read_yaml("code: 08037")["code"] == "08037"


def test_a_key_written_twice_is_refused_with_its_line():
    with pytest.raises(TargetingError) as caught:
        read_yaml("a: 1\nb: 2\na: 3\n")
    problem = caught.value.problems[0]
    assert (problem.code, problem.values["line"]) == ("duplicate-key", 3)


def test_broken_yaml_names_its_line():
    with pytest.raises(TargetingError) as caught:
        read_yaml("a: [1, 2\nb: 3\n", where="study.yaml")
    assert caught.value.problems[0].where.startswith("study.yaml, 2:")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title: Zapopan: el estudio", "yaml-colon"),
        ("a: {file: b, source: c", "yaml-bracket"),
        ('a: {file: "b" "c"}', "yaml-bracket"),
        ("a:\n  b: 1\n c: 2", "yaml-indent"),
        ('a: "b\nc: 2', "yaml-quote"),
        ("a: @b", "yaml-character"),
        ("a: *b", "yaml-character"),
    ],
)
def test_what_is_wrong_with_the_yaml_is_told_in_the_readers_language(text, words):
    with pytest.raises(TargetingError) as caught:
        read_yaml(text)
    assert caught.value.problems[0].values["detail"] == f"expected.{words}"
    assert "expected" not in caught.value.text("es")


def test_numbers_and_text_as_usual():
    assert read_yaml("{a: 1.5, b: [x, 2], c: true, d: 0x1F}") == {
        "a": 1.5,
        "b": ["x", 2],
        "c": True,
        "d": 31,
    }
