"""One municipality's rows of the state's files, under the publishers' names and columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from targeting.problems import Problem, TargetingError
from targeting.sources.fetched import Manifest, Tell
from targeting.sources.files import fingerprint
from targeting.sources.mx.cutters import CUTTERS, Made, Task


@dataclass(frozen=True)
class Cut:
    """A municipality's part of a publisher's file.

    Parameters
    ----------
    key : str
        Download it comes from.
    layer : str
        Layer of the framework, such as `m`; empty for a table.
    file : Path
    rows, of : int
        Rows kept, and rows of the original.
    date : str
        Day the original was fetched.
    """

    key: str
    layer: str
    file: Path
    rows: int
    of: int
    date: str


def cut_municipality(
    code: str,
    originals: Mapping[str, Sequence[Path]],
    into: Path,
    *,
    today: str,
    replace_files: str = "never",
    tell: Tell = lambda event, **values: None,
) -> tuple[Cut, ...]:
    """Write a municipality's rows of the publishers' files to a folder named by its code.

    Parameters
    ----------
    code : str
        Five digits.
    originals : mapping of str to sequence of Path
        Files of each download.
    into : Path
        Folder of the downloads.
    today : str
        Date for the list of files.
    replace_files : {"never", "when newer"}
        Whether a cut that somebody changed is written anew; without it that is a problem.
    tell : callable
        Gets `(event, **values)`: `kept`, `cut`, `cut-empty`, `cut-rectangle`, `cut-unreadable`,
        `cut-contacts`.

    Returns
    -------
    tuple of Cut
        A table or layer without a row of the municipality is not among them.

    Raises
    ------
    TargetingError
        `municipality-not-found`, `changed-file`, `no-member`, `several-members`,
        `unreadable-file`, `missing-column`.
    """
    manifest = Manifest(into)
    cuts: list[Cut] = []
    problems: list[Problem] = []
    for key, paths in originals.items():
        try:
            ready = _ready(manifest, key, code, paths, into)
            if ready:
                tell("kept", file=f"{code}/ ({key})", date=ready[0].date)
                cuts += ready
                continue
            with TemporaryDirectory(dir=into, prefix=".cut-") as work:
                task = Task(code, tuple(paths), Path(work))
                made = CUTTERS[key](task, tell)
                entries = [
                    _place(manifest, made_one, task, key, into, today, replace_files)
                    for made_one in made
                ]
        except TargetingError as error:
            problems += [one if one.where else replace(one, where=key) for one in error.problems]
            if any(one.code == "municipality-not-found" for one in problems):
                break  # the other tables would only say it again
            continue
        manifest.note(*entries)
        cuts += [_cut(entry, into) for entry in entries]
        tell("cut", count=len(entries), rows=sum(entry["rows"] for entry in entries), file=key)
    if problems:
        raise TargetingError(problems)
    return tuple(cuts)


def _ready(
    manifest: Manifest, key: str, code: str, originals: Sequence[Path], into: Path
) -> list[Cut]:
    """Return the cuts of an earlier visit, when they are as it left them."""
    entries = [
        entry
        for entry in manifest.files.values()
        if entry["of"] == f"cut:{key}" and entry["municipality"] == code
    ]
    sums = _sums(manifest, originals, into)
    for entry in entries:
        path = into / entry["file"]
        if entry["from"] != sums or not path.is_file() or fingerprint([path]) != entry["sha256"]:
            return []
    return [_cut(entry, into) for entry in entries]


def _sums(manifest: Manifest, originals: Sequence[Path], into: Path) -> dict[str, str]:
    names = [path.relative_to(into).as_posix() for path in originals]
    return {name: manifest.files[name]["sha256"] for name in names}


def _cut(entry: Mapping[str, Any], into: Path) -> Cut:
    key = entry["of"].removeprefix("cut:")
    path = into / entry["file"]
    return Cut(key, entry["layer"], path, entry["rows"], entry["of_rows"], entry["fetched"])


def _place(
    manifest: Manifest,
    made: Made,
    task: Task,
    key: str,
    into: Path,
    today: str,
    replace_files: str,
) -> dict[str, Any]:
    """Give a cut its place; one that somebody changed, or that is not ours, stays."""
    target = into / task.code / made.file.name
    name = target.relative_to(into).as_posix()
    entry = manifest.files.get(name)
    if target.is_file() and replace_files == "never":
        digest = fingerprint([target])
        if digest not in (fingerprint([made.file]), "" if entry is None else entry["sha256"]):
            raise TargetingError([Problem("changed-file", key, {"given": name})])
    target.parent.mkdir(exist_ok=True)
    made.file.replace(target)
    first = manifest.files[task.originals[0].relative_to(into).as_posix()]
    return {
        "file": name,
        "of": f"cut:{key}",
        "municipality": task.code,
        "layer": made.layer,
        "from": _sums(manifest, task.originals, into),
        "rows": made.rows,
        "of_rows": made.of,
        "cut_by": made.how,
        "columns_left_out": list(made.left_out),
        "rows_unreadable": made.unreadable,
        "bytes": target.stat().st_size,
        "sha256": fingerprint([target]),
        "date": today,
        "fetched": first["date"],
        "source": first["source"],
        "year": first["year"],
        "terms": first["terms"],
    }
