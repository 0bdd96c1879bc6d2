"""What Mexico's publishers offer for a municipality, and the city's folder made of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from targeting.problems import Problem, TargetingError, closest
from targeting.sources.fetched import ORIGINALS, PART, Tell, Wanted, fetch_all
from targeting.sources.fetching import Patience
from targeting.sources.mx.cutting import Cut, cut_municipality
from targeting.sources.mx.starter import write_study
from targeting.sources.text import fold
from targeting.strict_yaml import read_yaml

NEEDED = ("framework", "census")


@cache
def publishers() -> dict[str, Any]:
    """Return the table of the publishers' addresses: `downloads` and `states`.

    Examples
    --------
    >>> publishers()["states"]["19"]["slug"]
    'nuevoleon'
    """
    text = (resources.files("targeting") / "sources" / "mx" / "publishers.yaml").read_text("utf-8")
    return dict(read_yaml(text, where="publishers.yaml"))


def check_code(code: str) -> str:
    """Return a municipality's code, or say what is wrong with it.

    Parameters
    ----------
    code : str
        State and municipality, five digits.

    Raises
    ------
    TargetingError
        `municipality-by-name`, `bad-municipality-code` or `unknown-state`.

    Examples
    --------
    >>> check_code("08037")
    '08037'
    """
    given = code.strip().strip("'\"“”«»")
    states = publishers()["states"]
    if re.search(r"[^\W\d_]", given):
        named = {fold(str(state["name"])): key for key, state in states.items()}
        near = named.get(closest(fold(given), named), "")
        hint = f"{near}001 … ({states[near]['name']})" if near else ""
        raise TargetingError(
            [Problem("municipality-by-name", "fetch", {"given": given, "hint": hint})]
        )
    if not re.fullmatch(r"[0-9]{5}", given) or given.endswith("000"):
        # A leading zero is what gets lost.
        padded = given.zfill(5) if re.fullmatch(r"[0-9]{4}", given) else ""
        hint = padded if padded[:2] in states and not padded.endswith("000") else ""
        values = {"given": given, "hint": hint}
        raise TargetingError([Problem("bad-municipality-code", "fetch", values)])
    if given[:2] not in states:
        values = {"given": given, "state": given[:2], "hint": ""}
        raise TargetingError([Problem("unknown-state", "fetch", values)])
    return given


def wanted_files(
    code: str, *, without: Collection[str] = (), base_url: str | None = None
) -> tuple[Wanted, ...]:
    """Return what to download for a municipality.

    Parameters
    ----------
    code : str
        Five digits.
    without : collection of str
        Keys not wanted; the framework and the census always are.
    base_url : str, optional
        Server that stands in for all the publishers', with their paths.

    Raises
    ------
    TargetingError
        As `check_code`.

    Examples
    --------
    >>> [one.key for one in wanted_files("08037")]
    ['framework', 'census', 'denue', 'conapo']
    """
    state = check_code(code)[:2]
    slug = publishers()["states"][state]["slug"]
    wanted = []
    for key, record in publishers()["downloads"].items():
        if key in without and key not in NEEDED:
            continue
        places = {"state": state, "slug": slug, "part": PART, "folder": record.get("folder", "")}
        addresses = (
            _elsewhere(address, base_url).format(**places)
            for address in record["addresses"]
        )
        words = {name: str(record[name]) for name in ("source", "year", "terms", "page")}
        wanted.append(Wanted(key, record["names"], tuple(dict.fromkeys(addresses)), **words))
    return tuple(wanted)


def _elsewhere(address: str, base_url: str | None) -> str:
    return address if base_url is None else base_url.rstrip("/") + urlsplit(address).path


@dataclass(frozen=True)
class FetchedCity:
    """A municipality's folder, ready for a study.

    Parameters
    ----------
    originals : mapping of str to tuple of Path
        The publishers' files, untouched.
    cuts : tuple of Cut
        The municipality's rows of each.
    study : Path
        The starting study file.
    study_written : bool
        False when there already was one, which stays as it is.
    """

    originals: dict[str, tuple[Path, ...]]
    cuts: tuple[Cut, ...]
    study: Path
    study_written: bool


def fetch_municipality(
    code: str,
    into: Path,
    *,
    today: str,
    without: Sequence[str] = (),
    replace_files: str = "never",
    base_url: str | None = None,
    patience: Patience | None = None,
    tell: Tell = lambda event, **values: None,
) -> FetchedCity:
    """Download what the publishers offer for a municipality and cut it to size.

    Parameters
    ----------
    code : str
        State and municipality, five digits.
    into : Path
        Folder; made if absent. The publishers' files go to its `originals`, the municipality's to
        a folder named by its code.
    today : str
        Date for the list of files, `2026-11-21`.
    without : sequence of str
        Keys not wanted (`denue`, `conapo`).
    replace_files : {"never", "when newer"}
        As in `fetch_all`.
    base_url : str, optional
        Server that stands in for all the publishers'.
    patience : Patience, optional
        Timeouts and tries.
    tell : callable
        Gets `(event, **values)` as things happen.

    Returns
    -------
    FetchedCity

    Raises
    ------
    TargetingError
        What `check_code`, `fetch_all` and `cut_municipality` raise.
    OSError
        The folder cannot be written.
    """
    code = check_code(code)
    wanted = wanted_files(code, without=without, base_url=base_url)
    originals = fetch_all(
        wanted, into, today=today, replace_files=replace_files, patience=patience, tell=tell
    )
    cuts = cut_municipality(
        code, originals, into, today=today, replace_files=replace_files, tell=tell
    )
    study, written = write_study(code, cuts, wanted, into)
    return FetchedCity(originals, cuts, study, written)


def places_of(wanted: Wanted, into: Path) -> list[tuple[str, str]]:
    """Return each address of a download, and where a file fetched by hand belongs.

    Examples
    --------
    >>> places_of(wanted_files("08037")[3], Path("data"))[0][1]
    'data/originals/IMU_2020.zip'
    """
    folder = into / ORIGINALS
    pairs = []
    for address in wanted.addresses:
        numbered = [address.replace(PART, n) for n in ("1", "2")] if PART in address else [address]
        pairs += [(one, (folder / one.rsplit("/", 1)[-1]).as_posix()) for one in numbered]
    return pairs
