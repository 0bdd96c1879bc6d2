"""The repository itself: words in both languages, rooms of a sane size, locks, no litter."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from string import Formatter

import pytest

import targeting
from targeting.i18n import LANGUAGES, catalogue
from tests.conftest import ROOT, absent
from tools import check_wheel

PACKAGE = ROOT / "targeting"
SOURCES = sorted(PACKAGE.rglob("*.py"))
MODULES = sorted(
    found.name
    for found in pkgutil.walk_packages(targeting.__path__, "targeting.")
    if not found.name.endswith("__main__")
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HEAVY = ("numpy", "pandas", "geopandas", "shapely", "scipy", "numba", "folium", "pydantic")


def name_of(requirement: str) -> str:
    """Name of a package as the index normalizes it: `types-PyYAML>=6` is `types-pyyaml`."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s<>=!~;\[]", requirement, maxsplit=1)[0]).lower()


def locked(file: str) -> dict[str, set[str]]:
    """Name to versions (one for each kind of machine) of a lock file."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([a-z0-9.-]+)==([^ ;\\]+)", line):
            found.setdefault(match[1], set()).add(match[2])
    return found


def tracked() -> list[Path]:
    """Every file that git knows and that is there."""
    try:
        command = ["git", "ls-files", "-z"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        absent("not a git repository, so there are no tracked files to check")
    names = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [name for name in names if name.is_file()]


# ---- words


def holes(text: str) -> list[str]:
    """Names of a message's placeholders."""
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def test_both_languages_have_the_same_messages() -> None:
    assert sorted(catalogue("es")) == sorted(catalogue("en"))


def test_both_languages_have_the_same_files() -> None:
    folders = [PACKAGE / "locale" / language for language in LANGUAGES]
    spanish, english = (sorted(file.name for file in folder.iterdir()) for folder in folders)
    assert spanish == english


@pytest.mark.parametrize("key", sorted(catalogue("es")))
def test_a_message_names_the_same_values_in_both_languages(key: str) -> None:
    spanish, english = catalogue("es")[key], catalogue("en").get(key, "")
    assert spanish.strip()
    assert english.strip()
    assert holes(spanish) == holes(english)


def test_every_locale_file_is_a_flat_table_of_texts() -> None:
    for file in (PACKAGE / "locale").rglob("*.json"):
        for key, text in json.loads(file.read_text(encoding="utf-8")).items():
            assert isinstance(text, str), f"{file.name}: {key}"


def codes(tree: ast.AST, maker: str, position: int) -> Iterator[str]:
    """Literal codes given to `Problem(code, ...)` or `Loss(layer, reason, ...)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == maker:
            named = {word.arg: word.value for word in node.keywords}
            given = node.args[position] if len(node.args) > position else named.get("reason")
            if isinstance(given, ast.Constant) and isinstance(given.value, str):
                yield given.value


@pytest.mark.parametrize(
    ("maker", "position", "prefix"), [("Problem", 0, "problem."), ("Loss", 1, "loss.")]
)
def test_every_code_the_package_raises_has_its_sentence(
    maker: str, position: int, prefix: str
) -> None:
    used = {
        code
        for file in SOURCES
        for code in codes(ast.parse(file.read_text(encoding="utf-8")), maker, position)
    }
    assert used, f"no {maker} found: the search is broken"
    assert sorted(code for code in used if prefix + code not in catalogue("es")) == []


# ---- code


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_no_room_is_over_450_lines(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").count("\n")
    assert lines <= 450, "split it: is this still one room?"


@pytest.mark.parametrize("module", MODULES)
def test_every_module_imports_and_says_what_it_is(module: str) -> None:
    imported = importlib.import_module(module)
    assert (imported.__doc__ or "").strip(), f"{module} has no docstring"


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\nfrom targeting.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)\n"
    )
    asked = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert asked.returncode == 0, asked.stderr
    loaded = set(asked.stderr.split())
    assert "targeting" in loaded
    assert loaded.isdisjoint(HEAVY), sorted(loaded.intersection(HEAVY))


def test_mexican_names_stay_in_their_room() -> None:
    """CVEGEO and its like are known to sources/mx, and to the made city, which imitates them."""
    rooms = (PACKAGE / "sources" / "mx", PACKAGE / "sample")
    outside = [file for file in SOURCES if not any(file.is_relative_to(room) for room in rooms)]
    pattern = re.compile(r"CVEGEO|POBTOT|SCIAN|codigo_act")
    found = {
        f"{file.relative_to(ROOT).as_posix()}:{number}: {line.strip()}"
        for file in outside
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line)
    }
    assert found == set()


def test_numba_has_one_door() -> None:
    """Compiled loops are typed, cached and left out of the coverage alike."""
    found = {
        file.relative_to(PACKAGE).as_posix()
        for file in SOURCES
        if re.search(r"^\s*(import|from) numba", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert found == {"compiled.py"}


# ---- dependencies


def test_every_import_is_a_declared_dependency() -> None:
    """Always, or with an extra that users choose: such a package is imported where it is used."""
    always = {name_of(requirement) for requirement in PROJECT["project"]["dependencies"]}
    extras = PROJECT["project"]["optional-dependencies"]
    chosen = {name_of(each) for extra in ("mcdm", "report") for each in extras[extra]}
    providers = packages_distributions()
    undeclared = set()
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            else:
                continue
            declared = always | chosen if node.col_offset else always
            for top in {name.partition(".")[0] for name in names}:
                if top in sys.stdlib_module_names or top == "targeting":
                    continue
                if declared.isdisjoint(name_of(each) for each in providers.get(top, [top])):
                    undeclared.add(f"{file.relative_to(ROOT).as_posix()}: {top}")
    assert sorted(undeclared) == []


def test_every_dependency_is_locked() -> None:
    core = {name_of(each) for each in PROJECT["project"]["dependencies"]}
    extras = PROJECT["project"]["optional-dependencies"]
    tested = [group for name, group in extras.items() if name != "bench"]
    all_extras = {name_of(each) for group in tested for each in group} - {"targeting"}
    peers = {name_of(each) for each in extras["bench"]}
    assert core | peers <= set(locked("requirements-bench.lock"))
    assert core | {name_of(each) for each in extras["build"]} <= set(locked("requirements.lock"))
    assert core | all_extras <= set(locked("requirements-dev.lock"))


def test_both_locks_choose_the_same_versions() -> None:
    running, testing = locked("requirements.lock"), locked("requirements-dev.lock")
    assert len(running) > 20
    assert {name: testing.get(name) for name in running} == running


@pytest.mark.parametrize(
    "file", ["requirements.lock", "requirements-dev.lock", "requirements-bench.lock"]
)
def test_a_lock_has_hashes_and_no_address(file: str) -> None:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    entries = [index for index, line in enumerate(lines) if re.match(r"\S+==", line)]
    assert entries
    for index in entries:
        assert lines[index].endswith("\\"), lines[index]
        assert "--hash=sha256:" in lines[index + 1]
    options = [line for line in lines if line.lstrip().startswith("-") and "--hash=" not in line]
    assert options == []
    assert not [line for line in lines if "://" in line]


def test_make_and_ci_use_what_is_there() -> None:
    """Files that the Makefile, the shell scripts and .ci/run name exist."""
    scripts = [ROOT / "Makefile", ROOT / ".ci" / "run", *sorted((ROOT / "tools").glob("*.sh"))]
    named = {
        match
        for script in scripts
        for match in re.findall(
            r"(?:tools|benchmarks|data)/[\w/]+\.(?:py|sh|txt|yaml)|requirements[\w-]*\.lock",
            script.read_text(encoding="utf-8"),
        )
    }
    assert {"tools/setup_venv.sh", "requirements.lock"} <= named
    assert sorted(name for name in named if not (ROOT / name).is_file()) == []


# ---- what the wheel must hold


def test_the_check_of_the_wheel_sees_what_is_missing() -> None:
    expected = ["targeting/cli.py", "targeting/render/assets/page.js"]
    held = ["targeting/cli.py", "tests/test_cli.py", "targeting/x.pyc"]
    found = check_wheel.mistakes(held, expected)
    assert "not in the wheel: targeting/render/assets/page.js" in found
    assert "should not be in the wheel: tests/test_cli.py" in found
    assert "should not be in the wheel: targeting/x.pyc" in found
    assert "nothing in the wheel matches targeting/render/assets/*.css" in found


def test_the_wheel_is_held_to_every_file_of_the_package() -> None:
    tree = check_wheel.tree()
    assert {f"{file.relative_to(ROOT).as_posix()}" for file in SOURCES} <= set(tree)
    data = [file for file in tracked() if file.is_relative_to(PACKAGE) and file.suffix != ".py"]
    assert len(data) > 40  # words, tables, the page's assets
    assert {file.relative_to(ROOT).as_posix() for file in data} <= set(tree)
    assert [name for name in tree if name.endswith((".pyc", ".nbi", ".nbc"))] == []


def test_the_repository_has_what_the_wheel_must_hold() -> None:
    tree = check_wheel.tree()
    patterns = [each for each in check_wheel.MUST_HOLD if each.startswith("targeting/")]
    missing = [line for line in check_wheel.mistakes(tree, []) if "nothing" in line]
    assert patterns
    assert [line for line in missing if not line.partition(".dist-info")[1]] == []


# ---- no litter


def machine_paths(text: str) -> list[str]:
    """Return the places of one person's machine that a text names."""
    general = re.findall(r"/(?:home/\w+|root|Users/\w+)/|\b[A-Za-z]:\\Users\\\w+", text)
    own = [str(place) for place in (ROOT, Path.home()) if len(place.parts) > 1]
    return general + [place for place in own if re.search(re.escape(place) + r"(?![\w-])", text)]


@pytest.mark.parametrize(
    "place",
    ["/home/" + "ana/x", "/Users/" + "ana/x", "/ro" + "ot/x", "C:" + r"\Users\ana", str(ROOT)],
)
def test_the_search_for_machine_paths_finds_them(place: str) -> None:
    assert machine_paths(f"see {place} for it")


def test_no_tracked_file_names_a_machine_path() -> None:
    found = {}
    for file in tracked():
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if places := machine_paths(text):
            found[file.relative_to(ROOT).as_posix()] = places[:3]
    assert found == {}


def test_no_tracked_file_is_over_3_mb() -> None:
    big = {file.name: file.stat().st_size for file in tracked() if file.stat().st_size > 3_000_000}
    assert big == {}
