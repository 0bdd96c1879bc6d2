"""Does a census add up: areas from their blocks, cities from their areas, and who is left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from targeting.sources.layer import examples
from targeting.sources.mx.masks import DWELLINGS, PEOPLE, MaskAccount

LOCALITY, MUNICIPALITY = 9, 5
# Classes of people in a block: up to and with.
SIZES = ((0, "0"), (5, "1–5"), (10, "6–10"), (30, "11–30"), (60, "31–60"))
LARGEST = ">60"


def sum_notes(totals: pd.DataFrame) -> dict[str, Any]:
    """Return how the levels of a census add up.

    Parameters
    ----------
    totals : DataFrame
        One row for each unit of any level: `level`, `key` (an area's of 13 characters; of coarser
        units the same with zeros; of blocks 16), `POBTOT`, `VIVTOT`.

    Returns
    -------
    dict
        `areas_sum_checked`, `areas_sum_mismatch` (areas whose people or dwellings are not those of
        their blocks) and up to five of their keys; the same for the cities (urban localities)
        against their areas, as `city_…`; by municipality, `municipal_population` and
        `people_outside_blocks` (people of the municipality who live in no block of this file).

    Examples
    --------
    >>> rows = pd.DataFrame({"level": ["area", "block"], "POBTOT": [5.0, 4.0], "VIVTOT": [1.0, 1.0],
    ...                      "key": ["0100100010017", "0100100010017001"]})
    >>> sum_notes(rows)["areas_sum_mismatch"]
    1
    """
    notes: dict[str, Any] = {}
    by_level = dict(list(totals.groupby("level")))
    none = totals.iloc[:0]
    blocks, areas = by_level.get("block", none), by_level.get("area", none)
    cities = by_level.get("locality", none)
    for name, whole, parts, width in (
        ("areas", areas, blocks, 13),
        ("city", cities, areas, LOCALITY),
    ):
        checked, wrong = _compare(whole, parts, width)
        if not checked:
            continue
        notes[f"{name}_sum_checked"] = checked
        notes[f"{name}_sum_mismatch"] = len(wrong)
        if wrong:
            notes[f"{name}_sum_mismatch_keys"] = list(examples(wrong))
    municipal = _by_key(by_level.get("municipality", none), MUNICIPALITY)[PEOPLE]
    inside = _by_key(blocks, MUNICIPALITY)[PEOPLE]
    known = municipal.dropna().index.intersection(inside.dropna().index)
    if len(known):
        notes["municipal_population"] = {str(k): int(municipal[k]) for k in known}
        outside = (municipal - inside)[known]
        notes["people_outside_blocks"] = {str(k): int(outside[k]) for k in known}
    return notes


def _by_key(rows: pd.DataFrame, width: int) -> pd.DataFrame:
    """Return the sums of rows by the beginning of their key; missing where one is missing."""
    groups = rows.groupby(rows["key"].str.slice(0, width))[[PEOPLE, DWELLINGS]]
    return groups.sum().where(groups.count().eq(groups.size(), axis=0))


def _compare(whole: pd.DataFrame, parts: pd.DataFrame, width: int) -> tuple[int, list[str]]:
    """Return how many units could be compared with their parts, and which do not agree."""
    total, summed = _by_key(whole, width), _by_key(parts, width)
    both = total.index.intersection(summed.index)
    difference = total.loc[both] - summed.loc[both]
    known = difference[PEOPLE].notna()
    wrong = difference.fillna(0.0).ne(0.0).any(axis=1) & known
    return int(known.sum()), sorted(str(key) for key in both[wrong.to_numpy()])


def mask_notes(
    account: MaskAccount, blocks: np.ndarray, people: np.ndarray, wanted: list[str]
) -> dict[str, Any]:
    """Return how much is masked: altogether, by column and by the size of the block.

    Parameters
    ----------
    account : MaskAccount
        Of blocks and areas.
    blocks : array of bool
        Rows that are blocks.
    people : array
        Population of each row.
    wanted : list of str
        Columns asked for.

    Returns
    -------
    dict
        `masked_share` (of the blocks' cells), `masked_by_size` (the same by the block's people),
        `masked_by_column` (of the blocks; only columns with a mask), `wholly_masked_blocks`, and
        where there are any `unreadable_cells`, `negative_cells` and `cells_above_total`.
    """
    share, number = account.share[blocks], max(int(blocks.sum()), 1)
    notes: dict[str, Any] = {
        "masked_share": round(float(share.sum()) / number, 6),
        "wholly_masked_blocks": int((account.whole & blocks).sum()),
    }
    edges = np.array([most for most, _ in SIZES], dtype=float)
    known = ~np.isnan(people[blocks])
    size = np.searchsorted(edges, people[blocks][known], side="left")
    held = np.bincount(size, minlength=len(SIZES) + 1)
    masked = np.bincount(size, weights=share[known], minlength=len(SIZES) + 1)
    names = [*(name for _, name in SIZES), LARGEST]
    notes["masked_by_size"] = {
        name: round(float(masked[i] / held[i]), 4) for i, name in enumerate(names) if held[i]
    }
    by_column = account.by_column[blocks].sum(axis=0) / number
    ranked = sorted(zip(wanted, by_column.tolist(), strict=True), key=lambda p: (-p[1], p[0]))
    notes["masked_by_column"] = {name: round(part, 4) for name, part in ranked if part}
    found = {
        "unreadable_cells": account.unreadable,
        "negative_cells": account.negative,
        "cells_above_total": account.above_total,
    }
    return notes | {name: count for name, count in found.items() if count}
