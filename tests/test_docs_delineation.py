"""The documents about delineation: examples can be pasted, settings and codes are the program's."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from inspect import Parameter
from pathlib import Path
from typing import Any

import pytest

from targeting import carry_out, load, registry
from targeting.cli import _parser
from targeting.delineation import CODES
from targeting.delineation.exact.delineator import UNITS_MAX
from targeting.delineation.plans.matching import SHARE_MIN
from targeting.delineation.stability.reruns import BOUNDS, PRICES
from targeting.delineation.stability.summing import CORE, SAME
from targeting.i18n import catalogue
from targeting.model import DoubtSpec
from targeting.render.sureness import rerun_table
from targeting.render.tables import block_table, polygon_table
from targeting.sample import write_city
from targeting.study_file import draft_study

DOCS = Path(__file__).parent.parent / "docs"
PAGES = ("delineation.md", "delineation.es.md")
KINDS = ("delineator", "graph", "hotspot", "scan")
SECTIONS = ("streets:", "delineation:", "uncertainty:", "hotspots:", "hold_out:")
NONE = ("none", "ninguno", "ninguna")
CITY = """title: Prueba
inputs:
  blocks: {file: 14m.shp, reader: inegi_blocks, year: 2020}
  census: {file: ageb_mza_urbana_14_cpv2020_csv.zip, reader: inegi_census, year: 2020}
  incidents: {file: i.csv, reader: points, x: x, y: y, kind: k, date: d, kinds: mexico, year: 2023}
weights:
  violence: {indicators: [homicides_per_100k]}
  marginalization: {indicators: [no_internet_share]}
"""


def read(page: str) -> str:
    return (DOCS / page).read_text("utf-8")


def code(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", read(page), re.M | re.S)


def bare(page: str) -> list[str]:
    """Return every example of a page without its comments."""
    return [re.sub(r" *#.*", "", one) for one in (*code(page, "yaml"), *code(page, "python"))]


def problems(example: str, folder: Path) -> list[str]:
    (folder / "study.yaml").write_text(CITY + example, "utf-8")
    return [one.text("en") for one in draft_study(folder / "study.yaml").problems]


def section(page: str, number: int) -> str:
    """Return a part of a page by its place: the languages have the same parts."""
    return re.split(r"^## ", read(page), flags=re.M)[number]


def rows(text: str, cells: int) -> list[tuple[str, ...]]:
    return re.findall("^" + r"\| ([^|\n]+) " * cells + r"\|$", text, re.M)


def told_defaults(page: str, number: int) -> dict[str, str]:
    """Return what the tables of a part say of each setting left out."""
    told: dict[str, str] = {}
    for names, values, _ in rows(section(page, number), 3):
        keys = re.findall(r"`(\w+)`", names)
        told |= dict(zip(keys, values.split(", "), strict=True)) if keys else {}
    return {key: value.strip("`") for key, value in told.items()}


def defaults(kind: str, name: str) -> dict[str, str]:
    """Return the same as the program has it; nothing for what is not asked."""
    held = {key: one.default for key, one in registry.settings(kind, name).items()}
    plain = {True: "true", False: "false"}
    return {
        key: "" if one is None or one == () else plain[one] if isinstance(one, bool) else str(one)
        for key, one in held.items()
    }


@pytest.mark.parametrize(
    ("page", "number"), [(page, n) for page in PAGES for n in range(len(code(page, "yaml")))]
)
def test_an_example_can_be_pasted(page: str, number: int, tmp_path: Path) -> None:
    example = code(page, "yaml")[number]
    assert example.startswith(SECTIONS)
    assert problems(example, tmp_path) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("attach_m", "atach_m"),
        ("led_by", "lead_by"),
        ("redraws", "redraw"),
        ("local_moran", "local_morran"),
        ("against: [ward", "against: [wart"),
    ],
)
def test_a_mistake_in_an_example_would_be_found(right: str, wrong: str, tmp_path: Path) -> None:
    (example,) = (one for one in code("delineation.md", "yaml") if right in one)
    assert wrong.split("[")[-1] in " ".join(problems(example.replace(right, wrong), tmp_path))


def test_both_languages_have_the_same_examples() -> None:
    english, spanish = (bare(page) for page in PAGES)
    assert english == spanish
    assert len(english) >= 8


@pytest.mark.parametrize("page", PAGES)
def test_the_program_of_the_page_runs(page: str) -> None:
    (program,) = code(page, "python")
    names: dict[str, Any] = {}
    exec(program, names)  # the page's own text
    # By hand: 16 blocks of 100 people with a score of 1, the line at 0.1.
    found = names["found"]
    assert found.polygons[["population", "block_count"]].to_numpy().tolist() == [[1600.0, 16.0]]
    assert found.polygons["need"].tolist() == pytest.approx([1440.0])
    assert found.notes["worth"] <= found.notes["bound"]
    assert found.reasons.loc[[0, 4], "code"].tolist() == ["chosen", "below_line"]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_is_one_of_ours(page: str) -> None:
    lines = re.findall(r"^    targeting (.*)$", read(page), re.M)
    assert len(lines) == 3
    for line in lines:
        assert _parser("en").parse_args(shlex.split(line, comments=True)).action


@pytest.mark.parametrize("page", PAGES)
def test_every_method_is_told_of_in_a_table_of_its_own(page: str) -> None:
    text = read(page).rpartition("|---|---|---|\n")[0]
    told = [name for row in rows(text, 4) for name in re.findall(r"^`(\w+)`$", row[0])]
    known = [name for kind in KINDS for name in registry.names(kind)]
    assert sorted(set(known) - set(told)) == []


@pytest.mark.parametrize("page", PAGES)
def test_the_table_of_settings_is_that_of_the_methods(page: str) -> None:
    table = read(page).rpartition("|---|---|---|\n")[2]
    found = {(kind, name.strip("`")): said for kind, name, said in rows(table, 3)}
    expected = {}
    for kind in KINDS:
        for name in registry.names(kind):
            settings = registry.settings(kind, name)
            cells = [
                f"**`{key}`**" if one.default is Parameter.empty else f"`{key}`"
                for key, one in settings.items()
            ]
            expected[kind, name] = ", ".join(cells)
    assert found == expected


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("number", "kind", "name"), [(1, "graph", "street_links"), (2, "delineator", "grow")]
)
def test_the_defaults_told_are_those_of_the_methods(
    page: str, number: int, kind: str, name: str
) -> None:
    told = told_defaults(page, number)
    assert {key: "" if value in NONE else value for key, value in told.items()} == defaults(
        kind, name
    )


@pytest.mark.parametrize("page", PAGES)
def test_the_reasons_told_are_the_twelve_in_their_order(page: str) -> None:
    (table,) = (part for part in re.split(r"^## ", read(page), flags=re.M) if "`not_worth`" in part)
    assert tuple(row[0].strip("`") for row in rows(table, 4) if "`" in row[0]) == CODES
    language = "es" if ".es." in page else "en"
    assert [one for one in CODES if f"reason.{one}" not in catalogue(language)] == []


def test_both_languages_have_the_same_parts_and_names() -> None:
    english, spanish = (
        [
            set(re.findall(r"`([\w.:…]+)`", part))
            for part in re.split(r"^## ", read(page), flags=re.M)
        ]
        for page in PAGES
    )
    assert len(english) == len(spanish)
    # Of the bridge of a code's advice one language needs the name of the setting.
    own = {"accuracy", "efficiency", "bridge", "bridges"}
    assert [one - own for one in english] == [one - own for one in spanish]


@pytest.mark.parametrize("page", PAGES)
def test_the_figures_told_are_those_of_the_program(page: str) -> None:
    text = " ".join(read(page).split())
    assert re.search(rf"`uncertainty.redraws` .* \| {DoubtSpec().redraws} ", read(page))
    assert (PRICES, BOUNDS, CORE, SAME, SHARE_MIN) == ((0.5, 2.0), (0.8, 1.25), 0.9, 0.5, 0.25)
    assert re.search(r"0\.8 (and|y) 1\.25", text)
    assert f"{UNITS_MAX:,}" in text


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Return the columns of the tables of a small city, by the file a page calls them by."""
    folder = tmp_path_factory.mktemp("city")
    write_city(folder, blocks=500)
    study, territory = load(folder / "study.yaml")
    few = replace(study.doubt, draws=20, sensitivity=0, redraws=1)
    result = carry_out(replace(study, doubt=few), territory)
    return {
        "polygons.parquet": set(polygon_table(result).columns),
        "blocks.parquet": set(block_table(result).columns),
        "reruns.csv": set(rerun_table(result).columns),
        "manifest.json": set(result.polygons.notes),
    }


@pytest.mark.parametrize("page", PAGES)
def test_columns_told_of_are_written(page: str, written: dict[str, set[str]]) -> None:
    told = {
        re.findall(r"`([\w.]+)`", where)[0]: set(re.findall(r"`(\w+)`", what))
        for where, what in rows(section(page, 4), 2)
        if "`" in where
    }
    for file, columns in written.items():
        assert told[file]
        assert told[file] <= columns
    bands = {name for row in rows(section(page, 7), 2) for name in re.findall(r"`(\w+)`", row[0])}
    assert len(bands) == 7
    assert bands <= set.union(*written.values())
