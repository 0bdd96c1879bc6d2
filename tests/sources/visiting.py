"""A visit to publishers on this machine: what was told, and what it left."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

from targeting.sources.fetched import fetch_all
from targeting.sources.fetching import Patience
from targeting.sources.mx.publishers import fetch_municipality, wanted_files
from tests.sources.publishing import CENSUS, CONAPO, DENUE, FRAMEWORK

FAST = Patience(connect_s=1, read_s=1, tries=2, pause_s=0.01, pause_max_s=0.02)
DAY, NEXT_DAY = "2026-11-21", "2026-11-22"
ORDINARY = (FRAMEWORK, CENSUS, DENUE, CONAPO)
CODE = "08037"


class Heard(list):
    """What is told, as (event, values)."""

    def __call__(self, event, **values):
        self.append((event, values))

    def events(self):
        return [event for event, _ in self]


def fetch(server, into: Path, code: str = CODE, **settings):
    heard = Heard()
    settings = {"today": DAY, "patience": FAST, "base_url": server.url, "tell": heard} | settings
    return fetch_municipality(code, into, **settings), heard


def originals(server, into: Path, **settings):
    """Fetch without cutting."""
    heard = Heard()
    settings = {"today": DAY, "patience": FAST, "tell": heard} | settings
    return fetch_all(wanted_files(CODE, base_url=server.url), into, **settings), heard


def codes_of(error) -> list[tuple[str, str]]:
    return [(problem.where, problem.code) for problem in error.value.problems]


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def manifest(folder: Path) -> dict[str, dict]:
    listed = json.loads((folder / "fetched.json").read_text("utf-8"))["files"]
    return {entry["file"]: entry for entry in listed}


def rows_of(content: bytes, member: str, encoding: str) -> list[list[str]]:
    with zipfile.ZipFile(io.BytesIO(content)) as held:
        name = next(n for n in held.namelist() if member in n)
        return list(csv.reader(io.StringIO(held.read(name).decode(encoding))))
