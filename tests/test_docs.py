"""The pages about sources name every reader and setting, and their examples can be pasted."""

import re
from inspect import Parameter
from pathlib import Path

import pytest

from targeting import registry
from targeting.study_file import draft_study

DOCS = Path(__file__).parent.parent / "docs"
PAGES = ("sources.md", "sources.es.md")
# Enough of a study that the rest of it is in order; blocks where an example has none.
MINIMAL = "title: Prueba\npopulation: census\n"
BLOCKS = "  blocks: {file: 01m.shp, reader: inegi_blocks, year: 2020}\n"


def examples(page: str) -> list[str]:
    blocks = re.findall(r"^```yaml\n(.*?)^```$", (DOCS / page).read_text("utf-8"), re.M | re.S)
    return [block for block in blocks if block.startswith("inputs:\n")]


def problems_of_inputs(example: str, folder: Path) -> list[str]:
    if not re.search(r"^  blocks:", example, re.M):
        example = example.replace("inputs:\n", f"inputs:\n{BLOCKS}", 1)
    path = folder / "study.yaml"
    path.write_text(MINIMAL + example, "utf-8")
    found = draft_study(path).problems
    return [one.text("en") for one in found if one.where.startswith(("inputs", "study.yaml"))]


def said_of_settings(page: str) -> dict[str, str]:
    """Return what the last table of a page says of each reader."""
    table = (DOCS / page).read_text("utf-8").rpartition("|---|---|\n")[2]
    return dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", table, re.M))


@pytest.mark.parametrize(
    ("page", "number"), [(page, n) for page in PAGES for n in range(len(examples(page)))]
)
def test_an_example_can_be_pasted(page, number, tmp_path):
    assert problems_of_inputs(examples(page)[number], tmp_path) == []


def test_a_mistake_in_an_example_would_be_found(tmp_path):
    wrong = examples("sources.md")[0].replace("inegi_blocks,", "inegi_blokcs,")
    assert "inegi_blokcs" in " ".join(problems_of_inputs(wrong, tmp_path))
    wrong = examples("sources.md")[0].replace("reader: inegi_blocks", "reader: inegi_blocks, x: a")
    assert "no setting" in " ".join(problems_of_inputs(wrong, tmp_path))


def test_both_languages_have_the_same_examples():
    def readers(page: str) -> list[str]:
        return re.findall(r"reader: (\w+)", "".join(examples(page)))

    assert readers("sources.md") == readers("sources.es.md")
    assert len(examples("sources.md")) >= 10


@pytest.mark.parametrize("page", PAGES)
def test_every_reader_is_introduced_before_the_table_of_settings(page):
    introduced = (DOCS / page).read_text("utf-8").rpartition("|---|---|\n")[0]
    assert [name for name in registry.names("reader") if f"`{name}`" not in introduced] == []


@pytest.mark.parametrize("page", PAGES)
def test_the_table_of_settings_is_that_of_the_readers(page):
    expected = {}
    for name in registry.names("reader"):
        settings = registry.settings("reader", name).items()
        cells = [
            f"**`{key}`**" if one.default is Parameter.empty else f"`{key}`"
            for key, one in settings
        ]
        expected[name] = ", ".join(cells) or "–"
    assert said_of_settings(page) == expected
