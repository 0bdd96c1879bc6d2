"""Which polygon of one run is which of another: matched by the people they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sparse
from scipy.optimize import linear_sum_assignment
from scipy.sparse.csgraph import connected_components

from targeting.model import NO_POLYGON

SLACK = 1e-9
SHARE_MIN = 0.25
FATES_BEFORE = ("same", "changed", "gone")
FATES_AFTER = ("same", "changed", "new")


@dataclass(frozen=True)
class Matching:
    """The polygons of two runs beside each other; each keeps its identity where it can be told.

    Parameters
    ----------
    pairs : DataFrame
        One row for two polygons that share a block: `before`, `after` (numbers), `blocks` and
        `people` shared, `share_before` and `share_after` (of the people of each), `jaccard` (of
        the people of both together), `matched`.
    before : DataFrame
        Index number: `key`, `people`, `after` (its match, 0 for none), `fate` (`same`, `changed`,
        `gone`) and `split` (it is a considerable part of several polygons now).
    after : DataFrame
        Index number: `key`, `people`, `before` (its match, 0 for none), `fate` (`same`,
        `changed`, `new`) and `merged` (several polygons are a considerable part of it).
    only_before, only_after : mapping
        Blocks one run alone has: `blocks`, `inside` (of a polygon), `people` (inside).
    share_min : float
        Share of the people that two polygons of one identity have in common, at least.
    weighed : str
        `"people"`; `"blocks"` where nobody lives in any polygon.
    """

    pairs: pd.DataFrame
    before: pd.DataFrame
    after: pd.DataFrame
    only_before: Mapping[str, float]
    only_after: Mapping[str, float]
    share_min: float
    weighed: str

    @property
    def keys(self) -> dict[int, int]:
        """Key of each polygon of the second run by its number: give it to the next matching."""
        return dict(zip(self.after.index.tolist(), self.after["key"].tolist(), strict=True))


def match_plans(
    before: pd.Series[int],
    after: pd.Series[int],
    population: pd.Series[float],
    *,
    share_min: float = SHARE_MIN,
    keys: Mapping[int, int] | None = None,
    next_key: int = 1,
) -> Matching:
    """Tell which polygon of one run is which of another.

    Of all ways to pair them off, that which leaves most people in the polygon they were in (an
    assignment problem; Kuhn 1955, The Hungarian method, solved exactly). Two polygons are paired
    only when they share at least `share_min` of the people of the *larger*; a polygon is split, or
    merged, when it shares at least `share_min` of the people of the *smaller* with several. Of
    pairings equally good the one that gives the smallest numbers to the smallest. Polygons in
    which nobody lives match none.

    Parameters
    ----------
    before, after : Series of int
        Index block ids; number of the polygon each block is in, 0 for none. Blocks that one run
        alone has stay in their own polygons and match nothing; they are counted.
    population : Series of float
        Index block ids of both; people, missing counts as 0. Where nobody lives in any polygon
        blocks are counted in their place.
    share_min : float
        Above 0, at most 1.
    keys : mapping, optional
        Key of each polygon of the first run by its number, as an earlier matching gave them.
        Default: its number.
    next_key : int
        Smallest key a new polygon may get. Keys of the first run are never given again; raise it
        past those of polygons that went earlier.

    Returns
    -------
    Matching
        The same for every order of the rows.

    Raises
    ------
    ValueError
        An id twice, a negative number of people, or a share out of range.

    Examples
    --------
    >>> before = pd.Series({"a": 1, "b": 1, "c": 2, "d": 0})
    >>> after = pd.Series({"a": 2, "b": 2, "c": 0, "d": 1})
    >>> found = match_plans(before, after, pd.Series(100.0, index=before.index))
    >>> found.after[["key", "before", "fate"]].values.tolist()
    [[3, 0, 'new'], [1, 1, 'same']]
    >>> found.before["fate"].tolist()
    ['same', 'gone']
    """
    if not 0 < share_min <= 1:
        raise ValueError("share_min lies above 0 and is at most 1")
    for one in (before, after, population):
        if not one.index.is_unique:
            raise ValueError("each block id once")
    table = _both(before, after, population)
    # Checked before it is relied on: a negative count would turn the pairing around.
    if bool((table["people"] < 0).any()):
        raise ValueError("people are not negative")
    inside = (table[["before", "after"]] != NO_POLYGON).any(axis=1)
    peopled = bool((table.loc[inside, "people"] > 0).any())
    table["weight"] = table["people"] if peopled else 1.0
    sums = {end: table.groupby(end)["weight"].sum() for end in ("before", "after")}
    pairs = _pairs(table, sums, share_min)
    known = {int(n): int(n) for n in sums["before"].index if n != NO_POLYGON}
    known |= {int(n): int(key) for n, key in (keys or {}).items()}
    same = _same(table)
    return Matching(
        pairs=pairs.drop(columns="considerable"),
        before=_told(table, pairs, "before", known, same),
        after=_told(table, pairs, "after", _new_keys(pairs, sums, known, next_key), same),
        only_before=_alone(table, before.index.difference(after.index), "before"),
        only_after=_alone(table, after.index.difference(before.index), "after"),
        share_min=share_min,
        weighed="people" if peopled else "blocks",
    )


def _both(
    before: pd.Series[int], after: pd.Series[int], population: pd.Series[float]
) -> pd.DataFrame:
    every = before.index.union(after.index)
    people = population.astype(float).reindex(every).fillna(0.0)
    return pd.DataFrame(
        {
            "before": before.reindex(every, fill_value=NO_POLYGON).astype(np.int64),
            "after": after.reindex(every, fill_value=NO_POLYGON).astype(np.int64),
            "people": people,
        }
    )


def _pairs(
    table: pd.DataFrame, sums: Mapping[str, pd.Series[float]], share_min: float
) -> pd.DataFrame:
    """Return what every two polygons share, and which are one."""
    both = table[(table["before"] != NO_POLYGON) & (table["after"] != NO_POLYGON)]
    groups = both.groupby(["before", "after"], sort=True)
    pairs = groups.agg(
        blocks=("people", "size"), people=("people", "sum"), weight=("weight", "sum")
    ).reset_index()
    one = sums["before"].reindex(pairs["before"]).to_numpy(float)
    two = sums["after"].reindex(pairs["after"]).to_numpy(float)
    weight = pairs["weight"].to_numpy(float)
    pairs["share_before"] = _part(weight, one)
    pairs["share_after"] = _part(weight, two)
    pairs["jaccard"] = _part(weight, one + two - weight)
    floor = share_min * (1 - SLACK)
    larger = pairs[["share_before", "share_after"]].min(axis=1).to_numpy(float)
    smaller = pairs[["share_before", "share_after"]].max(axis=1).to_numpy(float)
    pairs["considerable"] = smaller >= floor
    pairs["matched"] = _assigned(pairs, np.flatnonzero(larger >= floor))
    return pairs.drop(columns="weight")


def _part(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    out = np.zeros(len(part))
    np.divide(part, whole, out=out, where=whole > 0)
    return out


def _assigned(pairs: pd.DataFrame, fit: np.ndarray) -> np.ndarray:
    """Tell which pairs are taken; polygons that share nothing with others are settled apart."""
    taken = np.zeros(len(pairs), dtype=bool)
    if not len(fit):
        return taken
    rows, row = np.unique(pairs["before"].to_numpy()[fit], return_inverse=True)
    columns, column = np.unique(pairs["after"].to_numpy()[fit], return_inverse=True)
    size = len(rows) + len(columns)
    graph = sparse.csr_array((np.ones(len(fit)), (row, len(rows) + column)), shape=(size, size))
    _, part = connected_components(graph, directed=False)
    weight = pairs["weight"].to_numpy(float)[fit]
    for number in range(int(part.max()) + 1):
        mine = np.flatnonzero(part[row] == number)
        if len(mine):
            taken[fit[mine[_best(row[mine], column[mine], weight[mine])]]] = True
    return taken


def _best(row: np.ndarray, column: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the places of the pairs of the best assignment, the first by numbers of equals."""
    _, row = np.unique(row, return_inverse=True)
    _, column = np.unique(column, return_inverse=True)
    table = np.zeros((int(row.max()) + 1, int(column.max()) + 1))
    table[row, column] = weight
    best = _worth(table)
    slack = SLACK * max(best, 1.0)
    kept: list[int] = []
    held = 0.0
    for place in np.lexsort((column, row)):
        one, two, gain = row[place], column[place], weight[place]
        # A pair whose row or column is taken already has weight 0 by now.
        if table[one, two] <= 0:
            continue
        rest = table.copy()
        rest[one, :] = 0.0
        rest[:, two] = 0.0
        if held + gain + _worth(rest) >= best - slack:
            kept.append(int(place))
            held += gain
            table = rest
    return np.array(kept, dtype=np.int64)


def _worth(table: np.ndarray) -> float:
    chosen = linear_sum_assignment(table, maximize=True)
    return float(table[chosen].sum())


def _same(table: pd.DataFrame) -> set[tuple[int, int]]:
    """Pairs of numbers that hold the very same blocks."""
    size = {end: table[end].value_counts() for end in ("before", "after")}
    shared = table.groupby(["before", "after"]).size().rename("blocks").reset_index()
    whole = (shared["blocks"] == shared["before"].map(size["before"])) & (
        shared["blocks"] == shared["after"].map(size["after"])
    )
    kept = shared[whole & (shared["before"] != NO_POLYGON)]
    return set(zip(kept["before"].tolist(), kept["after"].tolist(), strict=True))


def _new_keys(
    pairs: pd.DataFrame,
    sums: Mapping[str, pd.Series[float]],
    known: Mapping[int, int],
    next_key: int,
) -> dict[int, int]:
    """Return the key of each polygon of the second run: its match's, or one never used."""
    matched = pairs[pairs["matched"]]
    keys = {
        int(two): known[int(one)]
        for one, two in zip(matched["before"], matched["after"], strict=True)
    }
    fresh = max([next_key, *(key + 1 for key in known.values())])
    for number in sorted(int(n) for n in sums["after"].index if n != NO_POLYGON):
        if number not in keys:
            keys[number] = fresh
            fresh += 1
    return keys


def _told(
    table: pd.DataFrame,
    pairs: pd.DataFrame,
    end: str,
    keys: Mapping[int, int],
    same: set[tuple[int, int]],
) -> pd.DataFrame:
    """Return what became of the polygons of one end."""
    other = "after" if end == "before" else "before"
    people = table.groupby(end)["people"].sum().drop(NO_POLYGON, errors="ignore").sort_index()
    matched = pairs[pairs["matched"]].set_index(end)[other]
    partner = matched.reindex(people.index, fill_value=NO_POLYGON).astype(np.int64)
    alone = "gone" if end == "before" else "new"
    pair_of = [
        (number, match) if end == "before" else (match, number) for number, match in partner.items()
    ]
    fate = [
        alone if match == NO_POLYGON else "same" if pair in same else "changed"
        for match, pair in zip(partner, pair_of, strict=True)
    ]
    several = pairs[pairs["considerable"]].groupby(end).size().reindex(people.index, fill_value=0)
    out = pd.DataFrame(
        {
            "key": [keys[int(number)] for number in people.index],
            "people": people,
            other: partner,
            "fate": fate,
            "split" if end == "before" else "merged": several > 1,
        },
        index=people.index,
    )
    return out.rename_axis("polygon")


def _alone(table: pd.DataFrame, blocks: pd.Index, end: str) -> dict[str, float]:
    mine = table.loc[blocks]
    inside = mine[end] != NO_POLYGON
    return {
        "blocks": len(mine),
        "inside": int(inside.sum()),
        "people": float(mine.loc[inside, "people"].sum()),
    }
