"""The files wanted of their publishers: those there, those fetched, and the list of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from targeting.problems import Problem, TargetingError
from targeting.sources.fetching import (
    AbsentError,
    Arrived,
    NotFetchedError,
    Patience,
    UnchangedError,
    download,
    host_of,
)
from targeting.sources.files import fingerprint
from targeting.sources.whole import check_archive

MANIFEST = "fetched.json"
ORIGINALS = "originals"
PART = "{part}"
_PARTS_MAX = 40
Tell = Callable[..., None]


@dataclass(frozen=True)
class Wanted:
    """Something a publisher offers.

    Parameters
    ----------
    key : str
        Short name, such as `census`.
    names : mapping
        What it is, by language.
    addresses : tuple of str
        Tried in order: where it is, where it was, where a copy is. An address with `{part}` stands
        for pieces numbered from 1, as many as there are.
    source, year, terms, page : str
        Publisher and title; of when (empty: of the day it is fetched); terms of use; page to look
        for it by hand.
    expected : str
        What the file is, by its first bytes.
    """

    key: str
    names: Mapping[str, str]
    addresses: tuple[str, ...]
    source: str
    year: str
    terms: str
    page: str
    expected: str = "ZIP"


class Manifest:
    """The list, kept beside the files, of what was fetched from where and when.

    Parameters
    ----------
    folder : Path
        Where `fetched.json` is or will be.

    Raises
    ------
    TargetingError
        `unreadable-file`: the list is there and cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / MANIFEST
        self.files: dict[str, dict[str, Any]] = {}
        if not self.path.is_file():
            return
        try:
            held = json.loads(self.path.read_text(encoding="utf-8"))
            self.files = {str(entry["file"]): dict(entry) for entry in held["files"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            values = {"given": MANIFEST, "detail": str(error)[:200]}
            raise TargetingError([Problem("unreadable-file", "fetch", values)]) from error

    def note(self, *entries: Mapping[str, Any]) -> None:
        """Write down some files, at once; the list is always whole."""
        self.files |= {str(entry["file"]): dict(entry) for entry in entries}
        held = {"files": [self.files[key] for key in sorted(self.files)]}
        text = json.dumps(held, ensure_ascii=False, indent=2) + "\n"
        write_whole(self.path, text.encode("utf-8"))


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that has its name only once it is whole."""
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


def fetch_all(
    wanted: Sequence[Wanted],
    folder: Path,
    *,
    today: str,
    replace_files: str = "never",
    patience: Patience | None = None,
    tell: Tell = lambda event, **values: None,
) -> dict[str, tuple[Path, ...]]:
    """Have every file that is wanted in `folder/originals`, fetching what is not there.

    Parameters
    ----------
    wanted : sequence of Wanted
        In the order to fetch them.
    folder : Path
        Made if absent.
    today : str
        Date for the list, `2026-11-21`.
    replace_files : {"never", "when newer"}
        Whether a file that is there is asked for again and replaced by what comes. Without it a
        file that is not as it was fetched is a problem.
    patience : Patience, optional
        Timeouts and tries.
    tell : callable
        Gets `(event, **values)` as things happen: `kept`, `by-hand`, `fetching`, `next`, `done`,
        `newest`, `parts-not-asked`.

    Returns
    -------
    dict
        The files of each key.

    Raises
    ------
    TargetingError
        `not-fetched`, `changed-file`, `no-space` and what `check_archive` raises, for everything
        that is lacking, after all was tried.
    OSError
        The folder cannot be written.
    """
    (folder / ORIGINALS).mkdir(parents=True, exist_ok=True)
    fetcher = _Fetcher(folder, Manifest(folder), today, replace_files, patience, tell)
    files, problems = {}, []
    for one in wanted:
        try:
            files[one.key] = fetcher.item(one)
        except TargetingError as error:
            problems += [replace(problem, where=one.key) for problem in error.problems]
    if problems:
        raise TargetingError(problems)
    return files


class _Fetcher:
    """One visit to the publishers."""

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        today: str,
        replace_files: str,
        patience: Patience | None,
        tell: Tell,
    ) -> None:
        self.folder, self.manifest, self.today = folder, manifest, today
        self.renew = replace_files == "when newer"
        self.patience, self.tell = patience, tell
        self.silent: set[str] = set()  # servers that did not answer at all

    def item(self, wanted: Wanted) -> tuple[Path, ...]:
        own = [name for name, entry in self.manifest.files.items() if entry["of"] == wanted.key]
        ready = self._ready(wanted, own)
        if ready:
            return ready
        reasons: dict[str, str] = {}
        for address in self._likely_first(wanted):
            try:
                return self._from(wanted, address)
            except (AbsentError, NotFetchedError) as error:
                reasons[address] = str(error)
                self.tell("next", address=address, detail=str(error))
        raise self._not_fetched(wanted, reasons)

    def _ready(self, wanted: Wanted, names: list[str]) -> tuple[Path, ...]:
        """Return the files of an earlier visit, when it fetched all of them and none is renewed."""
        entries = [self.manifest.files[name] for name in sorted(names)]
        if self.renew or not entries or not all(entry.get("complete") for entry in entries):
            return ()
        names_of = {_place(address) for address in wanted.addresses}
        current = [e for e in entries if e["pattern"] in names_of]
        paths = tuple(self.folder / entry["file"] for entry in current)
        if not paths or not all(path.is_file() for path in paths):
            return ()
        for path in paths:
            self._keep(path)
        return paths

    def _keep(self, path: Path) -> None:
        entry = self.manifest.files[self._name(path)]
        if fingerprint([path]) != entry["sha256"]:
            raise TargetingError([Problem("changed-file", "", {"given": self._name(path)})])
        self.tell("kept", file=self._name(path), date=entry["date"])

    def _likely_first(self, wanted: Wanted) -> list[str]:
        """Return the addresses, those first whose files somebody already put in place."""
        there = [a for a in wanted.addresses if self._target(a.replace(PART, "1")).is_file()]
        return [*there, *(a for a in wanted.addresses if a not in there)]

    def _from(self, wanted: Wanted, address: str) -> tuple[Path, ...]:
        if PART not in address:
            path = self._one(wanted, address, address)
            self._note_complete([path])
            return (path,)
        paths: list[Path] = []
        for number in range(1, _PARTS_MAX + 1):
            try:
                paths.append(self._one(wanted, address.replace(PART, str(number)), address))
            except AbsentError:
                if not paths:
                    raise
                break
            except NotFetchedError:
                if not paths or not all(self._by_hand(path) for path in paths):
                    raise
                self.tell("parts-not-asked", count=len(paths), file=self._name(paths[-1]))
                break
        self._note_complete(paths)
        return tuple(paths)

    def _one(self, wanted: Wanted, address: str, pattern: str) -> Path:
        path = self._target(address)
        name = self._name(path)
        entry = self.manifest.files.get(name)
        known = None
        if path.is_file() and entry is not None:
            changed = fingerprint([path]) != entry["sha256"]
            if not self.renew:
                self._keep(path)
                return path
            if not changed:
                known = Arrived(path, entry["address"], entry["etag"], entry["last_modified"])
        elif path.is_file():
            check_archive(path)
            self.tell("by-hand", file=name)
            self._note(wanted, Arrived(path), pattern)
            return path
        if host_of(address) in self.silent:
            raise NotFetchedError("expected.no-connection", reached=False)
        self.tell("fetching", file=name, address=address)
        try:
            arrived = download(
                address, path, expected=wanted.expected, patience=self.patience, known=known
            )
        except UnchangedError:
            self.tell("newest", file=name)
            return path
        except NotFetchedError as error:
            if not error.reached:
                self.silent.add(host_of(address))
            raise
        self._note(wanted, arrived, pattern)
        self.tell("done", file=name, size=path.stat().st_size / 1e6)
        return path

    def _note(self, wanted: Wanted, arrived: Arrived, pattern: str) -> None:
        entry = {
            "file": self._name(arrived.file),
            "of": wanted.key,
            "pattern": _place(pattern),
            "address": arrived.address,
            "bytes": arrived.file.stat().st_size,
            "sha256": fingerprint([arrived.file]),
            "etag": arrived.etag,
            "last_modified": arrived.last_modified,
            "date": self.today,
            "source": wanted.source,
            "year": wanted.year,
            "terms": wanted.terms,
            "complete": False,
        }
        self.manifest.note(entry)

    def _note_complete(self, paths: list[Path]) -> None:
        entries = (self.manifest.files[self._name(path)] for path in paths)
        self.manifest.note(*({**entry, "complete": True} for entry in entries))

    def _by_hand(self, path: Path) -> bool:
        return not self.manifest.files[self._name(path)]["address"]

    def _target(self, address: str) -> Path:
        return self.folder / ORIGINALS / _place(address)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _not_fetched(self, wanted: Wanted, reasons: Mapping[str, str]) -> TargetingError:
        # A server that could not be reached says more than one that has no such file.
        absent = ("expected.web-page", "expected.binary", "404", "410")
        tried = sorted(reasons.values(), key=lambda reason: reason in absent)
        parts = sorted(
            part.name
            for address in reasons
            for part in (self.folder / ORIGINALS).glob(f"{_place(address).replace(PART, '*')}.part")
        )
        values = {
            "given": " | ".join(reasons),
            "detail": tried[0],
            "folder": str(self.folder / ORIGINALS),
            "page": wanted.page,
            "parts": ", ".join(parts) or "–",
        }
        code = "not-offered" if tried[0] in absent else "not-fetched"
        return TargetingError([Problem(code, "", values)])


def _place(address: str) -> str:
    """Return the name a file has in its publisher's folder."""
    return address.rsplit("/", 1)[-1]
