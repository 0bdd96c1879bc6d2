"""Which file of INEGI's folders and archives is meant: by layer, and by state."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from targeting.problems import Problem, TargetingError
from targeting.sources.files import SHOWN, Member, archive_names, file_format, several_members

NATIONAL = "00"


def choose_members(
    path: Path,
    names: Sequence[str],
    *,
    unlike: str = r"(?!)",
    states: Sequence[str] = (),
) -> list[Member]:
    r"""Return the files of a folder or archive that a reader means; a plain file is itself.

    Parameters
    ----------
    path : Path
        File, folder or zip archive.
    names : sequence of str
        Regular expressions over the whole name of a file, without regard to case; a group `state`
        holds the state's two digits (`00`: the whole country).
    unlike : str
        Names that fit this are passed over (dictionaries, change logs).
    states : sequence of str
        States wanted (two characters). With more than one, each may have a file.

    Returns
    -------
    list of Member
        One; or one for each state wanted.

    Raises
    ------
    TargetingError
        `no-member`; `several-members`: files of several states, and nobody says which;
        `archive-in-archive`: what is wanted lies in a zip within this one.

    Examples
    --------
    >>> choose_members(Path("19m.shp"), [r"(?P<state>\d\d)m\.shp"])[0].container.name
    '19m.shp'
    """
    if path.is_dir():
        inside = {str(p.relative_to(path).as_posix()): p for p in path.rglob("*") if p.is_file()}
    elif path.is_file() and file_format(path) == "ZIP":
        inside = dict.fromkeys(archive_names(path), path)
    else:
        return [Member(path)]
    found = {name: state_of(name, names) for name in sorted(inside)}
    found = {
        name: state
        for name, state in found.items()
        if state is not None and not re.search(unlike, name.rsplit("/", 1)[-1], re.IGNORECASE)
    }
    chosen = list(found)
    if len(chosen) > 1 and states:
        own = [name for name in chosen if found[name] in states]
        chosen = own or [name for name in chosen if found[name] == NATIONAL]
    together = {found[name] for name in chosen}
    if len(chosen) == 1 or (chosen and len(together) == len(chosen) and together <= set(states)):
        return [Member(inside[name]) if path.is_dir() else Member(path, name) for name in chosen]
    if found:
        shown = chosen or list(found)
        states_shown = {found[name] for name in shown}
        by_state = "" not in states_shown and len(states_shown) == len(shown) > 1
        raise TargetingError([several_members(path, shown, by_state=by_state)])
    raise TargetingError([_problem(path, list(inside))])


def state_of(name: str, names: Sequence[str]) -> str | None:
    r"""Return the state a file's name says, an empty text where it says none, or None.

    Where the name itself does not tell, the nearest folder that starts with two digits does.

    Examples
    --------
    >>> state_of("19_nuevoleon/19m.shp", [r"(?P<state>\d\d)m\.shp"])
    '19'
    >>> state_of("14_jalisco/manzanas.shp", [r"manzanas\.shp"])
    '14'
    >>> state_of("19_nuevoleon/19a.shp", [r"(?P<state>\d\d)m\.shp"]) is None
    True
    """
    *folders, last = name.split("/")
    for pattern in names:
        if fits := re.search(rf"(?:^|.*_){pattern}$", last, re.IGNORECASE):
            if state := fits.groupdict().get("state"):
                return state
            led = (re.match(r"(\d\d)(?!\d)", folder) for folder in reversed(folders))
            return next((one[1] for one in led if one), "")
    return None


def _problem(path: Path, inside: list[str]) -> Problem:
    archives = sorted(name for name in inside if name.lower().endswith((".zip", ".7z", ".rar")))
    if archives:
        values = {"given": path.name, "found": ", ".join(archives[:SHOWN])}
        return Problem("archive-in-archive", "", values)
    values = {"given": path.name, "found": ", ".join(sorted(inside)[:SHOWN]) or "–"}
    return Problem("no-member", "", values)
