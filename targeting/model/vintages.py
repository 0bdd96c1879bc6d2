"""Years of the inputs: what is joined by key must be of about the same time."""

from __future__ import annotations

import re
from collections.abc import Sequence

from targeting.model.declared import LayerSpec
from targeting.problems import Problem

# The slots whose rows meet by key, in the order in which one is held to the other.
JOINED = ("blocks", "areas", "census", "area_table", "block_table")


def year_of(text: str) -> int | None:
    """Return the first year in a text, or nothing.

    Examples
    --------
    >>> year_of("marzo de 2020"), year_of("s/f")
    (2020, None)
    """
    found = re.search(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)", text)
    return int(found[0]) if found else None


def vintages_apart(layers: Sequence[LayerSpec], years_apart_max: int | None) -> list[Problem]:
    """Return a problem for each input joined by key that is of another time than the blocks.

    Keys are used again: a block of 2010 and one of 2020 may share a key and be two places, and no
    count of matching keys shows it. Inputs without a year cannot be checked.

    Parameters
    ----------
    layers : sequence of LayerSpec
        The inputs of a study.
    years_apart_max : int or None
        How many years may lie between; None: nobody knows, so nothing is checked.

    Returns
    -------
    list of Problem
        `vintages-apart`, naming both inputs and their years.

    Examples
    --------
    >>> from targeting.model import MethodSpec
    >>> blocks = LayerSpec("blocks", "inputs.blocks", "m.shp", MethodSpec("polygons"), year="2010")
    >>> census = LayerSpec("census", "inputs.census", "c.csv", MethodSpec("table"), year="2020")
    >>> [problem.where for problem in vintages_apart([blocks, census], 4)]
    ['inputs.census']
    >>> vintages_apart([blocks, census], 10)
    []
    """
    if years_apart_max is None:
        return []
    joined = [one for slot in JOINED for one in layers if one.slot == slot]
    dated = [(one, year) for one in joined if (year := year_of(one.year)) is not None]
    if not dated:
        return []
    first, base = dated[0]
    return [
        Problem(
            "vintages-apart",
            one.where,
            {
                "given": one.file,
                "year": year,
                "other": first.where,
                "other_year": base,
                "apart": abs(year - base),
                "maximum": years_apart_max,
            },
        )
        for one, year in dated[1:]
        if abs(year - base) > years_apart_max
    ]
