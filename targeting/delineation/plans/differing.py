"""What differs between two plans: who enters, leaves and moves, and what became of each polygon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from targeting.delineation.plans.matching import Matching
from targeting.model import NO_POLYGON

WAYS = ("entering", "leaving", "moving")


@dataclass(frozen=True)
class PlanDifference:
    """Two plans block by block and polygon by polygon.

    Parameters
    ----------
    blocks : DataFrame
        Index the ids of the blocks that change, sorted: `before`, `after` (numbers, 0 for none),
        `key_before`, `key_after` (identities, 0 for none), `people`, `way` (`entering` and
        `leaving` polygons, or `moving` between two).
    polygons : DataFrame
        Index the key of every polygon of either run: `before`, `after` (numbers, 0 where it is in
        that run not), `fate` (`same`, `changed`, `gone`, `new`), `split`, `merged`,
        `blocks_gained`, `blocks_lost`, `people_gained`, `people_lost`, `blocks_kept`,
        `share_before`, `share_after`, `jaccard` of the match (missing without one).
    """

    blocks: pd.DataFrame
    polygons: pd.DataFrame


def diff_plans(
    before: pd.Series[int],
    after: pd.Series[int],
    population: pd.Series[float],
    matching: Matching,
) -> PlanDifference:
    """Tell block by block and polygon by polygon what differs between two plans.

    Parameters
    ----------
    before, after : Series of int
        Index block ids; number of the polygon, 0 for none.
    population : Series of float
        People by block id; missing counts as 0.
    matching : Matching
        Of these two, by `match_plans`.

    Returns
    -------
    PlanDifference
        A block that one run alone has enters or leaves with its polygon.

    Examples
    --------
    >>> from targeting.delineation.plans import match_plans
    >>> before = pd.Series({"a": 1, "b": 1, "c": 1, "d": 0})
    >>> after = pd.Series({"a": 1, "b": 1, "c": 0, "d": 1})
    >>> people = pd.Series(10.0, index=before.index)
    >>> told = diff_plans(before, after, people, match_plans(before, after, people))
    >>> told.blocks["way"].to_dict()
    {'c': 'leaving', 'd': 'entering'}
    >>> told.polygons[["fate", "people_gained", "people_lost"]].values.tolist()
    [['changed', 10.0, 10.0]]
    """
    every = before.index.union(after.index)
    table = pd.DataFrame(
        {
            "before": before.reindex(every, fill_value=NO_POLYGON).astype(np.int64),
            "after": after.reindex(every, fill_value=NO_POLYGON).astype(np.int64),
        },
        index=every,
    )
    table["key_before"] = _keyed(table["before"], matching.before)
    table["key_after"] = _keyed(table["after"], matching.after)
    table["people"] = population.astype(float).reindex(every).fillna(0.0)
    inside = table[(table[["key_before", "key_after"]] != NO_POLYGON).any(axis=1)]
    changed = inside[inside["key_before"] != inside["key_after"]].sort_index()
    way = np.select(
        [changed["key_before"] == NO_POLYGON, changed["key_after"] == NO_POLYGON],
        ["entering", "leaving"],
        "moving",
    )
    return PlanDifference(changed.assign(way=way), _by_polygon(inside, matching))


def _keyed(numbers: pd.Series[int], polygons: pd.DataFrame) -> pd.Series[int]:
    keys = polygons["key"].to_dict() | {NO_POLYGON: NO_POLYGON}
    return numbers.map(keys).astype(np.int64)


def _by_polygon(inside: pd.DataFrame, matching: Matching) -> pd.DataFrame:
    first = matching.before.reset_index(names="before").set_index("key")
    second = matching.after.reset_index(names="after").set_index("key")
    keys = first.index.union(second.index).sort_values()
    stays = inside["key_before"] == inside["key_after"]
    gained = inside[~stays].groupby("key_after")["people"].agg(["size", "sum"])
    lost = inside[~stays].groupby("key_before")["people"].agg(["size", "sum"])
    kept = inside[stays].groupby("key_after").size()
    fate = first["fate"].reindex(keys).fillna(second["fate"].reindex(keys))
    match = matching.pairs[matching.pairs["matched"]].copy()
    match.index = pd.Index(_keyed(match["after"], matching.after), name="key")
    out = pd.DataFrame(
        {
            "before": first["before"].reindex(keys, fill_value=NO_POLYGON).astype(np.int64),
            "after": second["after"].reindex(keys, fill_value=NO_POLYGON).astype(np.int64),
            "fate": fate.astype("str"),
            "split": first["split"].reindex(keys, fill_value=False).astype(bool),
            "merged": second["merged"].reindex(keys, fill_value=False).astype(bool),
            "blocks_kept": kept.reindex(keys, fill_value=0).astype(np.int64),
            "blocks_gained": gained["size"].reindex(keys, fill_value=0).astype(np.int64),
            "blocks_lost": lost["size"].reindex(keys, fill_value=0).astype(np.int64),
            "people_gained": gained["sum"].reindex(keys, fill_value=0.0).astype(float),
            "people_lost": lost["sum"].reindex(keys, fill_value=0.0).astype(float),
        },
        index=keys,
    )
    for name in ("share_before", "share_after", "jaccard"):
        out[name] = match[name].reindex(keys).astype(float)
    return out.rename_axis("key")
