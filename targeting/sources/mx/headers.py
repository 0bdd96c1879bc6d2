"""Columns of a publisher's table by any of the names it has had."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from targeting.problems import TargetingError
from targeting.sources.layer import missing_columns
from targeting.sources.text import fold


def find_columns(
    found: Iterable[str],
    aliases: Mapping[str, Sequence[str]],
    *,
    required: Iterable[str] = (),
) -> dict[str, str]:
    """Return the file's name of each of our columns that it has.

    Parameters
    ----------
    found : iterable of str
        Columns of the file; letters lost to a wrong encoding (U+FFFD) stand for any.
    aliases : mapping
        Our name to the publisher's, best first, in any case and with any accents.
    required : iterable of str
        Which of ours must be there.

    Raises
    ------
    TargetingError
        `missing-column` for each that is not; `other-table` when many are not.

    Examples
    --------
    >>> find_columns(["C\ufffddigo", "LATITUD "], {"code": ["código"], "y": ["lat", "latitud"]})
    {'code': 'C�digo', 'y': 'LATITUD '}
    """
    names = [str(name) for name in found]
    patterns = [re.compile(re.escape(fold(name)).replace("\ufffd", ".")) for name in names]
    chosen = {}
    for ours, theirs in aliases.items():
        for alias in theirs:
            plain = fold(alias)
            hits = [n for n, one in zip(names, patterns, strict=True) if one.fullmatch(plain)]
            if hits:
                chosen[ours] = hits[0]
                break
    absent = [ours for ours in required if ours not in chosen]
    if absent:
        raise TargetingError(missing_columns([aliases[ours][0] for ours in absent], names))
    return chosen
