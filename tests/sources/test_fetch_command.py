"""`targeting fetch`: what it prints, where it writes, which codes it takes."""

from pathlib import Path

import pytest

from targeting.cli import main
from targeting.i18n import LANGUAGES
from targeting.problems import TargetingError
from targeting.sources import fetching
from targeting.sources.mx.publishers import (
    check_code,
    places_of,
    publishers,
    wanted_files,
)
from targeting.sources.text import fold
from tests.sources.publishing import (
    CENSUS_RENAMED,
    FRAMEWORK,
    serving,
)
from tests.sources.visiting import CODE, DAY, ORDINARY, tree

# ---- the command


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_command_from_end_to_end(server, tmp_path, capsys, language):
    into = tmp_path / "data"
    base = ["--base-url", server.url, "--lang", language]
    assert main(["fetch", CODE, "--into", str(into), *base]) == 0
    told = capsys.readouterr()
    assert "targeting check" in told.out
    assert "raz_social" in told.err
    assert main(["fetch", CODE, "--into", str(into), *base]) == 0
    assert DAY[:2] in capsys.readouterr().err


def test_without_a_network_the_addresses_are_printed(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(fetching.time, "sleep", lambda _: None)
    with serving({}) as gone:
        pass
    into = tmp_path / "data"
    command = ["fetch", CODE, "--into", str(into), "--base-url", gone.url, "--lang", "en"]
    assert main(command) == 2
    told = capsys.readouterr()
    assert told.err.count("[not-fetched]") == 4
    assert "no connection to the server" in told.err
    for path in (*ORDINARY, CENSUS_RENAMED):
        assert gone.url + path in told.out
    assert (into / "originals" / "denue_08_csv.zip").as_posix() in told.out
    assert list(tree(into)) == []


def test_only_printing_asks_nobody(server, tmp_path, capsys):
    into = tmp_path / "data"
    base = ["--base-url", server.url, "--lang", "es", "--print"]
    assert main(["fetch", CODE, "--into", str(into), *base]) == 0
    assert server.url + FRAMEWORK in capsys.readouterr().out
    assert server.asked == []
    assert not into.exists()


def test_a_folder_that_cannot_be_made(server, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    into = tmp_path / "file" / "data"
    base = ["--base-url", server.url, "--lang", "en"]
    assert main(["fetch", CODE, "--into", str(into), *base]) == 2
    assert "[unwritable]" in capsys.readouterr().err
    assert server.asked == []


def test_a_folder_in_the_way_of_a_file(server, tmp_path, capsys):
    (tmp_path / "originals" / "08_chihuahua.zip.part").mkdir(parents=True)
    base = ["--base-url", server.url, "--lang", "en"]
    assert main(["fetch", CODE, "--into", str(tmp_path), *base]) == 2
    assert "[unwritable]" in capsys.readouterr().err


# ---- codes and addresses


@pytest.mark.parametrize(
    ("given", "code", "hint"),
    [
        ("Juárez", "municipality-by-name", ""),
        ("Nuevo León", "municipality-by-name", "19001 … (Nuevo León)"),
        ("8037", "bad-municipality-code", "08037"),
        ("037", "bad-municipality-code", ""),
        ("080037", "bad-municipality-code", ""),
        ("08000", "bad-municipality-code", ""),
        ("99001", "unknown-state", ""),
        ("00001", "unknown-state", ""),
        ("٠٨٠٣٧", "bad-municipality-code", ""),  # digits, but not ours
    ],
)
def test_a_code_that_is_none(given, code, hint, capsys, tmp_path):
    with pytest.raises(TargetingError) as error:
        check_code(given)
    (problem,) = error.value.problems
    assert (problem.code, problem.values["hint"]) == (code, hint)
    assert main(["fetch", given, "--into", str(tmp_path / "x"), "--lang", "es"]) == 2
    assert f"[{code}]" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_a_code_in_quotes_is_taken():
    assert check_code("'08037'") == "08037"


def test_the_states_files_follow_one_rule():
    states = publishers()["states"]
    assert list(states) == [f"{number:02d}" for number in range(1, 33)]
    for code, state in states.items():
        plain = fold(state["name"]).replace(" ", "")
        # Veracruz de Ignacio de la Llave goes without its first «de».
        expected = plain.replace("veracruzde", "veracruz") if code == "30" else plain
        assert state["slug"] == expected
    assert len({state["slug"] for state in states.values()}) == 32


@pytest.mark.parametrize("code", ["09", "15", "19"])
def test_addresses_are_whole(code):
    for wanted in wanted_files(f"{code}001"):
        assert wanted.source
        assert wanted.terms.startswith("https://")
        assert set(wanted.names) == set(LANGUAGES)
        for address, place in places_of(wanted, Path("data")):
            assert address.startswith(("https://", "http://www.conapo"))
            assert "{" not in address
            assert place == f"data/originals/{address.rsplit('/', 1)[1]}"
            assert code in address or wanted.key == "conapo"
