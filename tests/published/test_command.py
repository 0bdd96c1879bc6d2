"""`targeting reproduce` and `targeting list published`."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from targeting.cli import main
from targeting.published import published_ids

# By hand: (52.5 - 20) / 65 = .5, (9/18 + 7.5/15) / 2 = .5, income at the geometric middle of 100
# and 75,000 = .5; the second country is at every goalpost's end.
NATIONS = {
    "iso3": ["AAA", "BBB"],
    "le_2010": [52.5, 85.0],
    "eys_2010": [9.0, 18.0],
    "mys_2010": [7.5, 15.0],
    "gnipc_2010": [2738.612788, 75000.0],
    "hdi_2010": [0.5, 1.0],
}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "hdi.csv"
    pd.DataFrame(NATIONS).to_csv(file, index=False)
    return file


def test_the_json_has_the_keys_promised(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "hdi-2010", str(table), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    keys = {"id", "rows", "max_abs_diff", "ranks_equal", "classes_equal", "columns"}
    assert set(told) == keys
    assert (told["id"], told["rows"], told["max_abs_diff"]) == ("hdi-2010", 2, 0.0)
    assert (told["ranks_equal"], told["classes_equal"]) == (1.0, None)
    first = told["columns"][0]
    assert (first["name"], first["kind"], first["equal_share"]) == ("hdi_2010", "index", 1.0)


@pytest.mark.parametrize(("language", "said"), [("es", "NO coincide"), ("en", "Does NOT agree")])
def test_a_difference_is_told_and_sets_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, said: str
) -> None:
    file = tmp_path / "hdi.csv"
    pd.DataFrame(NATIONS | {"hdi_2010": [0.51, 1.0]}).to_csv(file, index=False)
    assert main(["reproduce", "hdi-2010", str(file), "--lang", language]) == 1
    out = capsys.readouterr().out
    assert said in out
    assert "AAA" in out
    assert "50.000 %" in out


def test_other_headings_come_through_a_map(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, columns = tmp_path / "hdi.csv", tmp_path / "map.yaml"
    table = pd.DataFrame(NATIONS).rename(columns={"le_2010": "vida", "hdi_2010": "idh"})
    table.to_csv(file, index=False)
    assert main(["reproduce", "hdi-2010", str(file), "--lang", "en"]) == 2
    assert "le_2010" in capsys.readouterr().err
    columns.write_text("life_expectancy: vida\nhdi_2010: idh\n", encoding="utf-8")
    assert main(["reproduce", "hdi-2010", str(file), "--columns", str(columns)]) == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [("- a\n", "wrong-type"), ("a: [", "bad-yaml"), ("nothing: x", "unknown-name")],
)
def test_a_bad_map_is_told(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, code: str
) -> None:
    columns = tmp_path / "map.yaml"
    columns.write_text(text, encoding="utf-8")
    assert main(["reproduce", "hdi-2010", str(table), "--columns", str(columns)]) == 2
    assert f"[{code}]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["reproduce", "hdi-1989", "{table}"], "unknown-name"),
        (["reproduce", "hdi-2010", "nowhere.csv"], "no-such-file"),
        (["reproduce", "hdi-2010", "{table}", "--columns", "nowhere.yaml"], "no-such-file"),
        (["reproduce", "svi-2018", "{table}"], "missing-column"),
    ],
)
def test_what_cannot_be_done_is_told_without_a_trace(
    table: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: str
) -> None:
    assert main([word.format(table=table) for word in words]) == 2
    told = capsys.readouterr()
    assert f"[{code}]" in told.err
    assert "Traceback" not in told.err
    assert told.out == ""


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_list_has_every_id(capsys: pytest.CaptureFixture[str], language: str) -> None:
    assert main(["list", "published", "--lang", language]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert tuple(line.split()[0] for line in lines) == published_ids()
