"""The part of a file that has been downloaded so far, and the edition it is of."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from targeting.problems import Problem, TargetingError
from targeting.sources.whole import check_archive


class Part:
    """`<name>.part` beside the file it will be, and a note of where it comes from.

    Parameters
    ----------
    target : Path
        The file's final name.
    address : str
        Where it comes from; a part of another address is not gone on with.
    """

    def __init__(self, target: Path, address: str) -> None:
        self.target, self.address = target, address
        self.file = target.with_name(f"{target.name}.part")
        self.note_file = target.with_name(f"{target.name}.part.json")

    def size(self) -> int:
        """Return how many bytes are there."""
        return self.file.stat().st_size if self.file.is_file() else 0

    def edition(self) -> dict[str, Any]:
        """Return what is known of the part: its address, edition and whole size."""
        try:
            noted = json.loads(self.note_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        same = isinstance(noted, dict) and noted.get("address") == self.address
        return noted if same else {}

    def note(self, edition: dict[str, Any]) -> None:
        """Write down what edition the part is of."""
        self.note_file.write_text(json.dumps(edition), encoding="utf-8")

    def forget(self) -> None:
        """Remove the part: the next try starts over."""
        self.file.unlink(missing_ok=True)
        self.note_file.unlink(missing_ok=True)

    def require_room(self, have: int, total: int | None) -> None:
        """Raise `no-space` when the disk has no room for the rest."""
        free = shutil.disk_usage(self.target.parent).free
        if total is not None and total - have > free:
            raise TargetingError([self._no_space(total - have, free)])

    @contextmanager
    def writing(self, have: int) -> Iterator[IO[bytes]]:
        """Open the part to go on after `have` bytes, or to begin; a full disk is `no-space`."""
        try:
            with self.file.open("ab" if have else "wb") as out:
                yield out
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise TargetingError([self._no_space(None, 0)]) from error

    def finish(self) -> None:
        """Give the file its name, once it is known to be whole."""
        check_archive(self.file)
        self.file.replace(self.target)
        self.note_file.unlink(missing_ok=True)

    def _no_space(self, needed: int | None, free: int) -> Problem:
        values = {
            "given": self.target.name,
            "needed": "?" if needed is None else f"{needed / 1e6:,.0f}",
            "free": f"{free / 1e6:,.0f}",
        }
        return Problem("no-space", "", values)


def validator(edition: dict[str, Any]) -> str:
    """Return what tells one edition of a file from another; a weak tag does not.

    Examples
    --------
    >>> validator({"etag": 'W/"1"', "last_modified": "Mon, 25 Jan 2021 00:00:00 GMT"})
    'Mon, 25 Jan 2021 00:00:00 GMT'
    """
    etag = str(edition.get("etag") or "")
    return etag if etag and not etag.startswith("W/") else str(edition.get("last_modified") or "")
