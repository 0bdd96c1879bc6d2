"""Find a Chromium or Chrome for the browser tests; with `--install`, get one from the system.

Nothing is ever downloaded from a browser's own site: the tests use what the system has.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
MAC_APPLICATIONS = (
    "Chromium.app/Contents/MacOS/Chromium",
    "Google Chrome.app/Contents/MacOS/Google Chrome",
)
WINDOWS_PROGRAMS = (
    "Chromium/Application/chrome.exe",
    "Google/Chrome/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
)
WHAT_TO_DO = """\
The browser tests need Chromium or Chrome, and none was found.
  Debian:          sudo apt install chromium
  Ubuntu:          sudo snap install chromium
  Fedora:          sudo dnf install chromium
  Arch:            sudo pacman -S chromium
  macOS:           brew install --cask chromium    (or install Google Chrome)
  Windows:         install Google Chrome; Microsoft Edge, which comes with Windows, also serves
Then repeat the command. If it stands elsewhere, say where:
  TARGETING_CHROMIUM=/path/to/chromium make test
Everything but the browser tests:  .venv/bin/python -m pytest -m "not browser and not nightly"\
"""

WHAT_THE_DRIVER_NEEDS = """\
Playwright, which drives the browser in the tests, does not start; most likely libatomic is missing.
  Debian, Ubuntu:  sudo apt install libatomic1
  Fedora:          sudo dnf install libatomic
Then repeat the command.\
"""


def candidates(environment: Mapping[str, str]) -> list[Path]:
    """Return every place where a browser may stand, best first."""
    found = [shutil.which(command) for command in COMMANDS]
    places = [Path(path) for path in found if path]
    home = environment.get("HOME")
    for folder in [Path("/Applications"), *([Path(home) / "Applications"] if home else [])]:
        places += [folder / application for application in MAC_APPLICATIONS]
    for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        if environment.get(variable):
            places += [Path(environment[variable]) / program for program in WINDOWS_PROGRAMS]
    return places


def find(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the browser to use, or None.

    Raises
    ------
    FileNotFoundError
        TARGETING_CHROMIUM names something that is not there.
    """
    chosen = environment.get("TARGETING_CHROMIUM")
    if chosen:
        place = shutil.which(chosen)
        if place is None:
            raise FileNotFoundError(f"TARGETING_CHROMIUM is {chosen!r}, and no such program exists")
        return Path(place)
    return next((place for place in candidates(environment) if runs(place)), None)


def runs(place: Path) -> bool:
    """Tell whether this is a browser that starts, not a stand-in that asks for another package."""
    if not place.is_file():
        return False
    if os.name == "nt":  # there, `--version` opens a window
        return True
    try:
        asked = subprocess.run([place, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


def driver_starts() -> bool:
    """Tell whether playwright's own program starts: a minimal system may lack libatomic."""
    try:
        from playwright._impl._driver import compute_driver_executable
    except ImportError:  # not installed here, so there is nothing to check
        return True
    program = compute_driver_executable()[0]
    return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0


def apt_get() -> list[str] | None:
    """Return the command that may install a package without asking, or None."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return ["apt-get"]
    if shutil.which("sudo") is None:
        return None
    asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    return ["sudo", "-n", "apt-get"] if asked.returncode == 0 else None


def install(command: list[str], package: str) -> None:
    """Install a package of the system; what apt-get says goes to standard error."""
    print(f"Installing the system's package {package} for the browser tests ...", file=sys.stderr)
    for arguments in (
        ["update", "-qq"],
        ["install", "-y", "-qq", "--no-install-recommends", package],
    ):
        subprocess.run(
            [*command, *arguments],
            stdout=sys.stderr,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            check=False,
        )


def main() -> int:
    """Print the browser's path; 1 and what to do when there is none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--install", action="store_true", help="install it when it is missing")
    arguments = parser.parse_args()
    try:
        browser = find()
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    command = apt_get() if arguments.install else None
    if browser is None and command:
        install(command, "chromium")
        browser = find()
    if command and not driver_starts():
        install(command, "libatomic1")
    if browser is None:
        print(WHAT_TO_DO, file=sys.stderr)
        return 1
    if not driver_starts():
        print(WHAT_THE_DRIVER_NEEDS, file=sys.stderr)
        return 1
    print(browser)
    return 0


if __name__ == "__main__":
    sys.exit(main())
