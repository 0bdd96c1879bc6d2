"""Do the polygons hold what happens next? Plans held to the incidents of a later period."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
import pandas as pd
import scipy.sparse as sparse
from annotated_types import Ge
from scipy.sparse.csgraph import connected_components

from targeting.delineation.graph import reordered
from targeting.model import NO_POLYGON, Links, frozen
from targeting.problems import Problem, TargetingError

CHOSEN = "chosen"
OUTCOMES = ("held", "no_incidents", "no_size")
COLUMNS = (
    "hits",
    "hit_share",
    "size",
    "size_share",
    "accuracy",
    "efficiency",
    "chance_mean",
    "chance_low",
    "chance_high",
    "percentile",
    "p",
    "chance_placed",
)
ENDS = (0.05, 0.95)
SAME = 1e-12


@dataclass(frozen=True)
class HoldOut:
    """How well plans hold the incidents of a period they were not made from.

    Parameters
    ----------
    plans : DataFrame
        Index `plan`: `chosen`, then the others by name. `hits` (incidents inside), `hit_share` (of
        all), `size` (people or ground inside), `size_share`, `accuracy` (predictive accuracy
        index: `hit_share` over `size_share`; 1 is no better than chance), `efficiency` (predictive
        efficiency index: hits over the most any blocks of that size hold, connected or not),
        `chance_mean`, `chance_low` and `chance_high` (accuracy of polygons of chance: mean, 5 and
        95 %), `percentile` (share of them with a lower accuracy), `p` (share with at least as much,
        the plan's own counted among them) and `chance_placed` (share of those polygons that
        found room). Missing where there is nothing to tell it from.
    polygons : DataFrame
        One row a polygon of a plan: `plan`, `polygon`, `hits`, `size`, `accuracy`.
    outcome : str
        One of `OUTCOMES`.
    notes : mapping
        `incidents`, `size`, `blocks_unknown` (left out: counts or size missing), `draws`, `seed`.
    """

    plans: pd.DataFrame
    polygons: pd.DataFrame
    outcome: str
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise ValueError(f"no such outcome: {self.outcome}")
        if tuple(self.plans.columns) != COLUMNS:
            raise ValueError("columns of the plans")
        object.__setattr__(self, "notes", frozen(self.notes))


def predictive_accuracy(
    membership: pd.Series[int],
    counts: pd.Series[float],
    size: pd.Series[float],
    links: Links,
    *,
    others: Mapping[str, pd.Series[int]] | None = None,
    draws: Annotated[int, Ge(0)] = 999,
    seed: Annotated[int, Ge(0)] = 1,
) -> HoldOut:
    """Share of the next period's incidents inside the polygons, per share of people or ground.

    Chainey, S., Tompson, L. and Uhlig, S. (2008), The utility of hotspot mapping for predicting
    spatial patterns of crime, Security Journal 21, 4–28 (accuracy, by ground); Hunt, J. M. (2016),
    Do crime hot spots move?, American University (efficiency). Chance is no formula here: as many
    disjoint connected polygons, each of the size of one of the plan's, are grown over the same
    links from blocks drawn in proportion to their size, many times over.

    A plan made from the incidents it is held to always looks good: give the counts of a period
    after the one the plan was made from (`split_by_date`).

    Parameters
    ----------
    membership : Series of int
        Index block ids; number of the polygon a block is in, 0 for none.
    counts : Series
        Same index; incidents of the next period. Missing where no source looks: such blocks count
        neither as hits nor as size.
    size : Series
        Same index; people (or ground, in any unit). Blocks where it is missing are left out.
    links : Links
        Neighbors by position in `membership`.
    others : mapping, optional
        Name to the membership of a further plan, same index.
    draws : int
        Sets of polygons of chance; 0 leaves chance out.
    seed : int
        Of the chance.

    Returns
    -------
    HoldOut
        The same for every order of the rows.

    Raises
    ------
    TargetingError
        `out-of-range`.
    ValueError
        The tables are not of the same blocks, a count or size is below 0, or a further plan is
        called `chosen`.

    Examples
    --------
    >>> row = Links(np.arange(9), np.arange(1, 10), np.zeros(9), np.zeros(9))
    >>> inside = pd.Series([1, 1] + [0] * 8)
    >>> found = predictive_accuracy(inside, pd.Series([3, 3, 2] + [0] * 7), inside * 0 + 50.0, row)
    >>> found.plans.loc["chosen", ["hit_share", "size_share", "accuracy"]].round(2).tolist()
    [0.75, 0.2, 3.75]
    """
    named = {CHOSEN: membership, **(others or {})}
    _check(named, counts, size, others, draws, seed)
    order = np.argsort(membership.index.to_numpy(), kind="stable")
    values = np.stack([one.to_numpy(float, na_value=np.nan)[order] for one in (size, counts)])
    known = np.asarray(~np.isnan(values).any(axis=0))
    values[:, ~known] = 0.0
    graph = _graph(reordered(links, np.argsort(order)), known)
    total_size, total = float(values[0].sum()), float(values[1].sum())
    rows, parts = {}, []
    for name in [CHOSEN, *sorted(set(named) - {CHOSEN})]:
        number = named[name].to_numpy(np.int64)[order]
        table = _by_polygon(number, values, total_size, total)
        parts.append(table.assign(plan=name))
        row = _accuracy(float(table["hits"].sum()), float(table["size"].sum()), values)
        wanted = np.sort(table["size"].to_numpy(float))[::-1]
        drawn = np.empty((0, 3))
        if draws and total and wanted.sum():
            drawn = draw_plans(graph, values, known, wanted[wanted > 0], draws=draws, seed=seed)
        rows[name] = {**row, **_beside_chance(row["accuracy"], drawn, wanted, values)}
    plans = pd.DataFrame.from_dict(rows, orient="index", columns=list(COLUMNS))
    notes = {
        "incidents": total,
        "size": total_size,
        "blocks_unknown": int((~known).sum()),
        "draws": draws,
        "seed": seed,
    }
    outcome = "no_size" if not total_size else "held" if total else "no_incidents"
    polygons = pd.concat(parts, ignore_index=True)
    columns = ["plan", "polygon", "hits", "size", "accuracy"]
    return HoldOut(plans.rename_axis("plan"), polygons[columns], outcome, notes)


def _check(
    named: Mapping[str, pd.Series[int]],
    counts: pd.Series[float],
    size: pd.Series[float],
    others: Mapping[str, pd.Series[int]] | None,
    draws: int,
    seed: int,
) -> None:
    index = named[CHOSEN].index
    tables: list[pd.Series[Any]] = [counts, size, *named.values()]
    if not all(one.index.equals(index) for one in tables):
        raise ValueError("plans, counts and size must have the same index")
    if CHOSEN in (others or {}):
        raise ValueError(f"a further plan may not be called {CHOSEN}")
    if bool((counts < 0).any()) or bool((size < 0).any()):
        raise ValueError("counts and size must be at least 0")
    given = {"draws": draws, "seed": seed}
    problems = [
        Problem("out-of-range", name, {"given": str(value), "expected": "≥ 0"})
        for name, value in given.items()
        if value < 0
    ]
    if problems:
        raise TargetingError(problems)


def _graph(links: Links, known: np.ndarray) -> sparse.csr_array:
    """Links between known blocks, as a symmetric matrix with sorted rows."""
    kept = known[links.first] & known[links.second]
    one, two = links.first[kept], links.second[kept]
    rows, columns = np.concatenate([one, two]), np.concatenate([two, one])
    count = len(known)
    found = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(count, count))
    found.sum_duplicates()
    found.sort_indices()
    return found


def _by_polygon(
    number: np.ndarray, values: np.ndarray, total_size: float, total: float
) -> pd.DataFrame:
    polygons = np.unique(number[number != NO_POLYGON])
    place = np.searchsorted(polygons, number)
    inside = number != NO_POLYGON
    size, hits = (
        np.bincount(place[inside], one[inside], minlength=len(polygons)) for one in values
    )
    table = pd.DataFrame({"polygon": polygons, "hits": hits, "size": size})
    return table.assign(accuracy=_index(hits, size, total, total_size))


def _index(hits: Any, size: Any, total: float, total_size: float) -> np.ndarray:
    """Share of the hits over share of the size; missing where either is of nothing."""
    over = np.asarray(hits, dtype=float) * total_size
    under = np.asarray(size, dtype=float) * total
    found = np.divide(over, under, out=np.full(np.shape(over), np.nan), where=under > 0)
    return np.asarray(found)


def _accuracy(hits: float, size: float, values: np.ndarray) -> dict[str, float]:
    total_size, total = float(values[0].sum()), float(values[1].sum())
    most = most_hits(values, size)
    return {
        "hits": hits,
        "hit_share": hits / total if total else math.nan,
        "size": size,
        "size_share": size / total_size if total_size else math.nan,
        "accuracy": float(_index(hits, size, total, total_size)),
        "efficiency": hits / most if most else math.nan,
    }


def most_hits(values: np.ndarray, size: float) -> float:
    """Return the most that blocks of a size hold, taken by how much they hold for their size.

    The last block may be taken in part, so no choice of blocks holds more.

    Parameters
    ----------
    values : ndarray, shape (2, blocks)
        Size and hits of each block.
    size : float
        How much may be taken.

    Examples
    --------
    >>> most_hits(np.array([[10.0, 10.0, 10.0], [1.0, 6.0, 2.0]]), 15.0)
    7.0
    """
    each, hits = values
    free = each <= 0
    held = float(hits[free].sum())
    each, hits = each[~free], hits[~free]
    order = np.lexsort((np.arange(len(each)), -hits / each))
    before = np.cumsum(each[order]) - each[order]
    part = np.clip((size - before) / each[order], 0.0, 1.0)
    return held + float((hits[order] * part).sum())


def draw_plans(
    graph: sparse.csr_array,
    values: np.ndarray,
    free: np.ndarray,
    wanted: np.ndarray,
    *,
    draws: int,
    seed: int,
) -> np.ndarray:
    """Grow sets of disjoint connected polygons of chance, each about as large as wanted.

    Parameters
    ----------
    graph : csr_array
        Links among the blocks.
    values : ndarray, shape (2, blocks)
        Size and hits of each block.
    free : ndarray of bool
        Blocks that may be in a polygon.
    wanted : ndarray
        Sizes, largest first.
    draws : int
        How many sets.
    seed : int
        Of the chance.

    Returns
    -------
    ndarray, shape (draws, 3)
        Size, hits and number of the polygons of each set.
    """
    from targeting.delineation.plans._drawing import draw_groups

    part = connected_components(graph, directed=False)[1]
    room = np.bincount(part, values[0])[part]
    sums = np.zeros((draws, 3))
    draw_groups(
        graph.indptr.astype(np.int64),
        graph.indices.astype(np.int64),
        free,
        np.ascontiguousarray(values),
        np.cumsum(values[0]),
        room,
        np.ascontiguousarray(wanted, dtype=float),
        np.random.SeedSequence(seed).generate_state(1, np.uint64),
        sums,
    )
    return sums


def _beside_chance(
    accuracy: float, drawn: np.ndarray, wanted: np.ndarray, values: np.ndarray
) -> dict[str, float]:
    names = COLUMNS[COLUMNS.index("chance_mean") :]
    found = _index(drawn[:, 1], drawn[:, 0], float(values[1].sum()), float(values[0].sum()))
    found = found[~np.isnan(found)]
    if not len(found) or math.isnan(accuracy):
        return dict.fromkeys(names, math.nan)
    low, high = np.quantile(found, ENDS)
    margin = SAME * max(1.0, accuracy)
    return {
        "chance_mean": float(found.mean()),
        "chance_low": float(low),
        "chance_high": float(high),
        "percentile": float((found < accuracy - margin).mean()),
        "p": (1 + int((found >= accuracy - margin).sum())) / (1 + len(found)),
        "chance_placed": float(drawn[:, 2].sum() / (len(drawn) * (wanted > 0).sum())),
    }
