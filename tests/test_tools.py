"""The scripts behind make: finding a browser and a Python, and saying what to do without one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tools import find_chromium

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has neither sh nor make")


def program(file: Path, script: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)
    return file


@posix
def test_the_browser_named_is_the_one_used(tmp_path: Path) -> None:
    mine = program(tmp_path / "my-chromium", "exit 0")
    assert find_chromium.find({"TARGETING_CHROMIUM": str(mine)}) == mine


def test_a_browser_named_and_absent_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="TARGETING_CHROMIUM"):
        find_chromium.find({"TARGETING_CHROMIUM": str(tmp_path / "nothing")})


@posix
def test_a_stand_in_that_does_not_start_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin" / "chromium-browser", "echo 'install the snap first' >&2; exit 1")
    chrome = program(tmp_path / "bin" / "google-chrome", "echo Chrome 1")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    monkeypatch.setattr(find_chromium, "COMMANDS", ("chromium-browser", "google-chrome"))
    assert find_chromium.find({}) == chrome


@posix
def test_without_a_browser_it_says_what_to_do_on_each_system(tmp_path: Path) -> None:
    asked = subprocess.run(
        [sys.executable, ROOT / "tools" / "find_chromium.py", "--install"],
        env={"PATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode == 0:
        pytest.skip(f"a browser stands outside PATH on this system: {asked.stdout.strip()}")
    assert asked.returncode == 1
    assert asked.stdout == ""
    for word in ("Debian", "Fedora", "macOS", "Windows", "TARGETING_CHROMIUM="):
        assert word in asked.stderr


@posix
@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        # Runs, and says of itself that it is too old.
        ('case "$2" in "") ;; *python_version*) echo 3.9.6;; *) exit 1;; esac', "(3.9.6)"),
        ("exit 127", "found: none"),
        # New enough, but without the module that makes environments.
        ('case "$2" in *ensurepip*) exit 1;; *print*) echo python3.12;; esac', "python3.12-venv"),
    ],
)
def test_without_a_fitting_python_make_says_what_to_do(
    tmp_path: Path, script: str, sentence: str
) -> None:
    for name in ("tools/setup_venv.sh", "requirements.lock", "requirements-dev.lock"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    tools = tmp_path / "bin"
    for name in ("sh", "cat", "cksum", "dirname", "id"):  # all it needs; no apt-get among them
        tools.mkdir(exist_ok=True)
        (tools / name).symlink_to(str(shutil.which(name)))
    asked = subprocess.run(
        [str(tools / "sh"), "tools/setup_venv.sh", "run"],
        cwd=tmp_path,
        env={"PATH": str(tools), "PYTHON": str(program(tmp_path / "python", script))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode != 0
    assert sentence in asked.stderr
    assert "sudo apt install" in asked.stderr
    assert not (tmp_path / ".venv").exists()
