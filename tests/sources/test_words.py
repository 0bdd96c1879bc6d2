"""Every problem, loss and figure of this room can be said in both languages."""

import re
from pathlib import Path

import pytest

import targeting
from targeting.i18n import LANGUAGES, catalogue
from targeting.model import MethodSpec
from targeting.sources import read_territory
from tests.sources import made

ROOM = Path(targeting.__file__).parent
SOURCE = "\n".join(
    path.read_text("utf-8") for path in [*ROOM.glob("sources/**/*.py"), ROOM / "spatial.py"]
)
PROBLEMS = set(re.findall(r'(?:Problem|\.problem)\(\s*"([a-z-]+)"', SOURCE))
LOSSES = set(re.findall(r'\.lose\(\s*"([a-z-]+)"', SOURCE))
LOSSES |= set(re.findall(r'"([a-z-]+)",\s*(?:losses|fallen|account\.losses)\b', SOURCE))
LOSSES -= {"polygon", "line"}  # arguments of keep_shapes
LOSSES |= set(re.findall(r'Loss\("", "([a-z-]+)"', SOURCE))
NOTES = set(re.findall(r'(?:notes|told)\["([a-z_]+)"\]', SOURCE))


def test_the_search_finds_the_codes():
    assert {"keys-unmatched", "no-crs", "wrong-format"} <= PROBLEMS
    assert {"outside-city", "zero-coordinates", "malformed-row", "duplicate-key"} <= LOSSES
    assert {"match_share", "raster_ratio"} <= NOTES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_its_sentence(language):
    words = catalogue(language)
    assert {code for code in PROBLEMS if f"problem.{code}" not in words} == set()
    assert {reason for reason in LOSSES if f"loss.{reason}" not in words} == set()
    assert {note for note in NOTES if f"note.{note}" not in words} == set()


def test_a_report_has_no_figure_without_a_name(tmp_path):
    territory = read_territory(made.write_city(tmp_path), tmp_path, population=MethodSpec("census"))
    for layer in territory.intake.layers:
        for note in layer.notes:
            assert f"note.{note}" in catalogue("es"), note


def test_every_problem_code_is_exercised():
    tests = "\n".join(
        path.read_text("utf-8")
        for path in [
            *Path(__file__).parent.glob("test_*.py"),
            *Path(__file__).parent.parent.glob("test_spatial.py"),
        ]
        if path.name != "test_words.py"
    )
    assert {code for code in PROBLEMS if f'"{code}"' not in tests} == set()
    assert {reason for reason in LOSSES if f'"{reason}"' not in tests} == set()
