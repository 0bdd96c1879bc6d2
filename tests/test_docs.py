"""The documents: their examples can be pasted, their commands exist, their names are right."""

import re
import shlex
from inspect import Parameter
from pathlib import Path

import pandas as pd
import pytest

from targeting import registry
from targeting.catalogue import catalogue as indicators
from targeting.cli import _parser, main
from targeting.i18n import catalogue
from targeting.model import DoubtSpec
from targeting.published import published_ids, read_record, reproduce
from targeting.study_file import draft_study

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
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


def said_settings(kind: str, name: str) -> str:
    """Return the settings of a method as a table tells them; bold what must be given."""
    cells = [
        f"**`{key}`**" if one.default is Parameter.empty else f"`{key}`"
        for key, one in registry.settings(kind, name).items()
    ]
    return ", ".join(cells) or "–"


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
    expected = {name: said_settings("reader", name) for name in registry.names("reader")}
    assert said_of_settings(page) == expected


COMPOSITE = ("composite.md", "composite.es.md")
DOUBT = ("doubt.md", "doubt.es.md")
KINDS = ("treatment", "normalizer", "weigher", "aggregator", "classifier")
SECTIONS = ("indicators:", "weights:", "composite:", "uncertainty:")
# Inputs for the indicators the examples name.
CITY = """title: Prueba
inputs:
  blocks: {file: 14m.shp, reader: inegi_blocks, year: 2020}
  census: {file: ageb_mza_urbana_14_cpv2020_csv.zip, reader: inegi_census, year: 2020}
  area_table: {file: IMU_2020.csv, reader: conapo_areas, year: 2020}
  incidents: {file: i.csv, reader: points, x: x, y: y, kind: k, kinds: mexico, year: 2023}
  facilities: {file: denue_inegi_14_.csv, reader: denue, year: 2023}
"""
WEIGHTS = """weights:
  violence: {indicators: [homicides_per_100k]}
  marginalization: {indicators: [no_internet_share]}
  facilities: {indicators: [school_distance_m]}
"""


def composites(page: str) -> list[str]:
    blocks = re.findall(r"^```yaml\n(.*?)^```$", (DOCS / page).read_text("utf-8"), re.M | re.S)
    return [block for block in blocks if block.startswith(SECTIONS)]


def problems_of_composite(example: str, folder: Path) -> list[str]:
    weights = "" if re.search(r"^weights:", example, re.M) else WEIGHTS
    (folder / "study.yaml").write_text(CITY + weights + example, "utf-8")
    return [one.text("en") for one in draft_study(folder / "study.yaml").problems]


@pytest.mark.parametrize(
    ("page", "number"),
    [(page, n) for page in (*COMPOSITE, *DOUBT) for n in range(len(composites(page)))],
)
def test_an_example_of_a_composite_can_be_pasted(page, number, tmp_path):
    assert problems_of_composite(composites(page)[number], tmp_path) == []


def test_a_mistake_in_a_composite_would_be_found(tmp_path):
    (wrong,) = (one for one in composites("composite.md") if "critic" in one)
    assert "critik" in " ".join(problems_of_composite(wrong.replace("critic", "critik"), tmp_path))
    wrong = wrong.replace("aggregate: arithmetic", "agregate: arithmetic")
    assert "agregate" in " ".join(problems_of_composite(wrong, tmp_path))


def test_both_languages_have_the_same_composites():
    def bare(page: str) -> list[str]:
        return [re.sub(r" *#.*", "", one) for one in composites(page)]

    assert bare("composite.md") == bare("composite.es.md")
    assert len(bare("composite.md")) >= 10
    assert bare("doubt.md") == bare("doubt.es.md")
    assert len(bare("doubt.md")) >= 3


@pytest.mark.parametrize("page", COMPOSITE)
def test_every_method_is_told_of_in_a_table_of_its_own(page):
    told = (DOCS / page).read_text("utf-8").rpartition("|---|---|---|---|\n")[0]
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| [^|]+ \| [^|]+ \| [^|]+ \|$", told, re.M)
    names = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    known = [name for kind in KINDS for name in registry.names(kind)]
    assert sorted(set(known) - set(names)) == []


@pytest.mark.parametrize("page", COMPOSITE)
def test_settings_and_laws_are_those_of_the_methods(page):
    table = (DOCS / page).read_text("utf-8").rpartition("|---|---|---|---|\n")[2]
    found = {
        (kind, name): (said, laws)
        for kind, name, said, laws in re.findall(
            r"^\| (\w+) \| `(\w+)` \| (.*) \| (.*) \|$", table, re.M
        )
    }
    expected = {
        (kind, name): (
            said_settings(kind, name),
            ", ".join(
                f"`{law}`" for law in registry.LAWS if law in registry.traits(kind, name).laws
            ),
        )
        for kind in KINDS
        for name in registry.names(kind)
    }
    assert found == expected


@pytest.mark.parametrize("page", COMPOSITE)
def test_the_defaults_of_the_doubt_are_those_told(page):
    told = dict(
        re.findall(r"^\| `(\w+)` \| `?([\w.]+)`? \| [^|]+ \|$", (DOCS / page).read_text(), re.M)
    )
    plain = DoubtSpec()
    for key in ("draws", "weights", "weights_within", "top_share", "sensitivity"):
        assert told[key] == str(getattr(plain, key))
    assert (plain.data, plain.normalize, plain.aggregate, plain.treat) == (True, (), (), ())


@pytest.mark.parametrize("page", COMPOSITE)
def test_every_law_is_explained(page):
    told = re.findall(r"^\| `(\w+)` \| [^|]+ \|$", (DOCS / page).read_text("utf-8"), re.M)
    assert [law for law in registry.LAWS if law not in told] == []


@pytest.mark.parametrize("page", DOUBT)
def test_the_table_of_settings_is_that_of_the_measures(page):
    expected = {name: said_settings("measure", name) for name in registry.names("measure")}
    assert said_of_settings(page) == expected


@pytest.mark.parametrize("page", DOUBT)
def test_every_check_of_a_planner_is_told_of(page):
    text = (DOCS / page).read_text("utf-8")
    codes = {key[6:] for key in catalogue("en") if key.startswith("check.")}
    assert [code for code in sorted(codes) if f"`{code}`" not in text] == []


@pytest.mark.parametrize("page", DOUBT)
def test_the_shares_drawn_towards_their_area_are_those_told(page):
    known = indicators()
    drawn = {key for key, one in known.items() if one["measure"].get("shrink") == "area"}
    shares = {key for key, one in known.items() if one["measure"]["use"] == "share"}
    text = (DOCS / page).read_text("utf-8")
    (told,) = re.findall(
        r"never as a number.*?:(.*?)\.\s|nunca como un número.*?:(.*?)\.\s", text, re.S
    )
    assert set(re.findall(r"`(\w+)`", "".join(told))) & shares == drawn


INDICES = ("indices.md", "indices.es.md")


@pytest.mark.parametrize("page", INDICES)
def test_every_record_has_a_row_of_what_agrees(page):
    rows = re.findall(r"^\| (`[^|]+`) \|(?: [^|]+ \|){5}$", (DOCS / page).read_text("utf-8"), re.M)
    told = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert sorted(told) == sorted(published_ids())


def test_both_languages_tell_the_same_of_what_agrees():
    def figures(page: str) -> list[list[str]]:
        rows = re.findall(r"^\| (`[^|]+`.*) \|$", (DOCS / page).read_text("utf-8"), re.M)
        return [re.findall(r"`[^`]+`|\d[\d.,]*(?:e-\d+)?", row) for row in rows]

    assert figures("indices.md") == figures("indices.es.md")


@pytest.mark.parametrize("page", INDICES)
def test_the_record_of_the_page_makes_its_index(page):
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", (DOCS / page).read_text("utf-8"), re.M | re.S)
    # By hand: of 3, 2 and 1 the ranks are 1, 0.5 and 0; of 10 and 20, 0 and 1; −999 is missing.
    table = pd.DataFrame(
        {
            "Clave": ["1", "2", "3"],
            "Pobreza": [10, 20, -999],
            "Hacinamiento": [3, 2, 1],
            "Index": [0.333, 0.833, 0.0],
            "Place": [2, 1, 3],
            "Level": ["Bajo", "Alto", "Bajo"],
        }
    )
    answer = reproduce(read_record(text, "my-index"), table)
    assert [(one.name, one.equal_share) for one in answer.columns] == [
        ("Index", 1.0),
        ("Place", 1.0),
        ("Level", 1.0),
    ]
    assert answer.index.value.index[0] == "001"


def named_figures(page: str) -> list[tuple[str, str]]:
    """Return the words and the name of each figure a page about the account tells of."""
    rows = re.findall(r"^\| (.*?) \|", (DOCS / page).read_text("utf-8"), re.M)
    return [pair for row in rows for pair in re.findall(r"([^|`]+) \(`([\w-]+)`\)", row)]


@pytest.mark.parametrize(("page", "language"), [("account.md", "en"), ("account.es.md", "es")])
def test_every_figure_of_the_account_is_called_as_the_report_calls_it(page, language):
    words = catalogue(language)
    wrong = []
    for text, name in named_figures(page):
        keys = [f"{kind}.{name}" for kind in ("note", "loss", "intake.city")]
        if not any(text.endswith(words[key]) for key in keys if key in words):
            wrong.append((name, text))
    assert wrong == []
    assert len(named_figures(page)) >= 30


def test_both_languages_tell_of_the_same_figures():
    english, spanish = ([name for _, name in named_figures(f"account{x}.md")] for x in ("", ".es"))
    assert english == spanish


def test_the_limits_the_account_names_are_the_defaults(tmp_path):
    (tmp_path / "study.yaml").write_text(f"{MINIMAL}inputs:\n{BLOCKS}", "utf-8")
    known = draft_study(tmp_path / "study.yaml").understood
    for page in ("account.md", "account.es.md"):
        table = (DOCS / page).read_text("utf-8")
        limits = dict(re.findall(r"^\| .* \| (\d+)(?: %)? \| `(\w+)`", table, re.M))
        limits = {name: int(value) for value, name in limits.items()}
        assert limits == {
            "match_min": round(100 * (1 - known["match_min"])),
            "unplaced_max": round(100 * known["unplaced_max"]),
            "years_apart_max": known["years_apart_max"],
        }


def links(file: Path) -> list[str]:
    found = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", file.read_text("utf-8"))
    return [link for link in found if "://" not in link]


def test_every_link_between_the_documents_leads_somewhere():
    pages = [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in links(page)
        if not (page.parent / link).exists()
    ]
    assert broken == []
    assert len(links(ROOT / "README.md")) >= 5


READMES = ("README.md", "README.es.md")


def commands(file: Path) -> list[list[str]]:
    """Return the commands of a page, each as its words."""
    lines = re.findall(r"^    targeting (.*)$", file.read_text("utf-8"), re.M)
    return [shlex.split(line, comments=True) for line in lines]


@pytest.mark.parametrize(
    ("page", "words"),
    [(f"{x}.md", tuple(words)) for x in ("README", "README.es", "docs/sources", "docs/sources.es",
     "docs/account", "docs/account.es", "docs/install", "docs/indices", "docs/indices.es",
     "docs/doubt", "docs/doubt.es") for words in commands(ROOT / f"{x}.md")],
)  # fmt: skip
def test_a_command_of_the_documents_is_one_of_ours(page, words):
    assert _parser("en").parse_args(words).action


def test_a_command_that_is_not_ours_would_be_found():
    with pytest.raises(SystemExit):
        _parser("en").parse_args(["fetch", "08037", "--to", "juarez/"])
    assert len(commands(ROOT / "README.md")) >= 8


@pytest.mark.parametrize("page", READMES)
def test_the_study_of_a_readme_can_be_pasted(page, tmp_path):
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / page).read_text("utf-8"), re.M | re.S)
    (tmp_path / "study.yaml").write_text(example, "utf-8")
    assert [one.text("en") for one in draft_study(tmp_path / "study.yaml").problems] == []


def test_a_run_writes_what_the_readmes_say(tmp_path, capsys):
    city, account = str(tmp_path / "city"), str(tmp_path / "account")
    study = f"{city}/study.yaml"
    assert main(["sample", "--blocks", "500", "--out", city]) == 0
    for words in (["check", study], ["check", study, "--report", account], ["run", study]):
        assert main(words) == 0, capsys.readouterr().err
    written = {file.name for file in (tmp_path / "city" / "results").iterdir()}
    assert {file.name for file in (tmp_path / "account").iterdir()} <= written
    for page in READMES:
        table = re.findall(r"^\| (`.*?`) \| ", (ROOT / page).read_text("utf-8"), re.M)
        named = {name.partition("/")[0] for name in re.findall(r"`([\w./]+)`", " ".join(table))}
        assert named == written | {"internal", "phone.html"}  # only when asked for
