"""Whether an archive is whole."""

from __future__ import annotations

import zipfile
from pathlib import Path

from targeting.problems import Problem, TargetingError
from targeting.sources.files import archive_names

_CHUNK = 1 << 18


def check_archive(path: Path) -> None:
    """Check that a zip archive is whole: its directory, and the sum of every member.

    Raises
    ------
    TargetingError
        `unreadable-file` or `unsafe-archive`.
    """
    archive_names(path)
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                with archive.open(entry) as member:
                    while member.read(_CHUNK):
                        pass
    except NotImplementedError:
        return  # packed in a way only other programs know: its directory was whole
    except Exception as error:  # zlib, bz2 and lzma each raise their own kinds
        values = {
            "given": path.name.removesuffix(".part"),
            "detail": " ".join(str(error).split())[:200] or "?",
        }
        raise TargetingError([Problem("unreadable-file", "", values)]) from error
