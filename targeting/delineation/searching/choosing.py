"""Choose among candidate groups the disjoint ones worth most together (set packing, HiGHS)."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sparse

from targeting.delineation.rules import Rules
from targeting.delineation.searching.candidates import Candidates

NODES_MAX = 300
GAP = 1e-6
WHOLE = 1e-7
CUTS_MAX = 12
NEVER = 4.0


def choose(
    found: Candidates,
    rules: Rules,
    *,
    polygons: int,
    columns: np.ndarray,
    taken: np.ndarray | None = None,
    nodes_max: int = NODES_MAX,
    relaxed: bool = False,
) -> np.ndarray:
    """Return the numbers of the groups worth most together; rules about all count before worth.

    Parameters
    ----------
    found : Candidates
        Groups that keep the rules alone.
    rules : Rules
        Of those about all polygons together.
    polygons : int
        How many may be chosen.
    columns : ndarray, shape (blocks, dimensions + shares)
        Weight of each block for each dimension, and its part in each share.
    taken : ndarray of int64, optional
        Group each block is in already (−1: none); these groups stay, and have no block in common
        with those to choose from.
    nodes_max : int
        Work limit of the branching.
    relaxed : bool
        Try without whole numbers first: a third of the time, and the answer mostly is whole. Among
        packings worth the same, as of a group found twice, it may come to another.

    Returns
    -------
    ndarray of int64
        Ascending.
    """
    if not len(found) or polygons < 1:
        return np.empty(0, dtype=np.int64)
    owner = np.repeat(np.arange(len(found)), np.diff(found.ends, prepend=0))
    shape = (len(columns), len(found))
    uses = sparse.csr_array((np.ones(len(owner)), (found.members, owner)), shape=shape)
    greedy = _greedy(found, polygons, len(columns))
    rows, low, high, soft = _rows(found, rules, polygons, columns, uses, taken)
    cuts: list[sparse.csr_array] = []
    for _ in range(CUTS_MAX):
        chosen = _solved(found, [*rows, *cuts], low, high, soft, nodes_max, relaxed=relaxed)
        if chosen is None:
            break
        more = _too_near(rules, uses, chosen)
        if more is None:
            return chosen
        cuts.append(more)
    return _apart(rules, uses, greedy)


def _greedy(found: Candidates, polygons: int, block_count: int) -> np.ndarray:
    seen = np.zeros(block_count, dtype=bool)
    kept: list[int] = []
    for number in np.argsort(-found.value, kind="stable"):
        blocks = found.blocks(number)
        if found.value[number] > 0 and not seen[blocks].any():
            seen[blocks] = True
            kept.append(int(number))
            if len(kept) == polygons:
                break
    return np.sort(np.array(kept, dtype=np.int64))


def _rows(
    found: Candidates,
    rules: Rules,
    polygons: int,
    columns: np.ndarray,
    uses: sparse.csr_array,
    taken: np.ndarray | None,
) -> tuple[list[sparse.csr_array], list[float], list[float], int]:
    """Return the rows of the packing, their bounds, and how many of the last may be missed."""
    shared = uses[_distinct_rows(uses)]
    rows = [shared, sparse.csr_array(np.ones((1, len(found))))]
    low = [-np.inf] * (shared.shape[0] + 1)
    high = [1.0] * shared.shape[0] + [float(polygons)]
    members = sparse.csr_array(uses.T)
    soft: list[tuple[np.ndarray, float]] = []
    if rules.exactly:
        soft.append((np.ones(len(found)), float(polygons)))
    for block in rules.required:
        if taken is None or taken[block] < 0:
            soft.append((uses[[int(block)]].toarray().ravel(), 1.0))
    dimensions = columns.shape[1] - len(rules.shares)
    if rules.floors:
        led = np.argmax(members @ columns[:, :dimensions], axis=1)
        before = _led(columns[:, :dimensions], taken)
        for floor in rules.floors:
            missing = floor.at_least - before.count(floor.dimension)
            soft.append(((led == floor.dimension).astype(float), float(missing)))
    for place in range(len(rules.shares)):
        part = columns[:, dimensions + place]
        held = float(part[taken >= 0].sum()) if taken is not None else 0.0
        soft.append((members @ part, -held))
    for row, least in soft:
        rows.append(sparse.csr_array(row[None, :]))
        low.append(least)
        high.append(np.inf)
    return rows, low, high, len(soft)


def _led(weights: np.ndarray, taken: np.ndarray | None) -> list[int]:
    if taken is None or not (taken >= 0).any():
        return []
    return [
        int(np.argmax(weights[taken == group].sum(axis=0)))
        for group in np.unique(taken[taken >= 0])
    ]


def _solved(
    found: Candidates,
    rows: list[sparse.csr_array],
    low: list[float],
    high: list[float],
    soft: int,
    nodes_max: int,
    *,
    relaxed: bool,
) -> np.ndarray | None:
    """Solve the packing; the last `soft` rows before the cuts may be missed at a high price."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    count = len(found)
    scale = float(np.abs(found.value).max()) or 1.0
    whole = sparse.vstack(rows, format="csc")
    cut_rows = whole.shape[0] - len(low)
    above = np.append(high, np.ones(cut_rows))
    below = np.append(low, np.full(cut_rows, -np.inf))
    worth = -found.value / scale
    if soft:
        miss = sparse.csc_array(
            (np.ones(soft), (np.arange(len(low) - soft, len(low)), np.arange(soft))),
            shape=(whole.shape[0], soft),
        )
        whole = sparse.hstack([whole, miss], format="csc")
        worth = np.append(worth, np.full(soft, NEVER * max(high[len(low) - soft - 1], 1.0)))
    packing: dict[str, Any] = {
        "bounds": Bounds(0, np.append(np.ones(count), np.full(soft, np.inf))),
        "constraints": LinearConstraint(whole, below, above),
    }
    answer = milp(worth, **packing) if relaxed else None
    if answer is None or answer.x is None or _broken_up(answer.x[:count]):
        answer = milp(
            worth,
            integrality=np.append(np.ones(count), np.zeros(soft)),
            options={"node_limit": nodes_max, "mip_rel_gap": GAP},
            **packing,
        )
    if answer.x is None:
        return None
    return np.flatnonzero(answer.x[:count] > 0.5)


def _broken_up(parts: np.ndarray) -> bool:
    return bool((np.abs(parts - np.round(parts)) > WHOLE).any())


def _too_near(rules: Rules, uses: sparse.csr_array, chosen: np.ndarray) -> sparse.csr_array | None:
    """Rows that forbid chosen groups from being too near each other; None when none are."""
    if rules.near is None or len(chosen) < 2:
        return None
    owner = np.full(uses.shape[0], -1, dtype=np.int64)
    mine = sparse.csc_array(uses)
    for number in chosen:
        owner[mine.indices[mine.indptr[number] : mine.indptr[number + 1]]] = number
    pairs = sparse.coo_array(rules.near)
    one, two = pairs.coords
    wrong = (owner[one] >= 0) & (owner[two] >= 0) & (owner[one] != owner[two]) & (one < two)
    if not wrong.any():
        return None
    rows = (uses[one[wrong]] + uses[two[wrong]]).astype(bool).astype(float)
    return sparse.csr_array(rows)


def _apart(rules: Rules, uses: sparse.csr_array, chosen: np.ndarray) -> np.ndarray:
    """Drop groups until none is too near another."""
    kept = list(chosen)
    while kept and _too_near(rules, uses, np.array(kept)) is not None:
        kept.pop()
    return np.array(kept, dtype=np.int64)


def _distinct_rows(uses: sparse.csr_array) -> np.ndarray:
    """One block for each different set of groups, of the blocks that two or more groups want."""
    weight = np.random.default_rng(0).integers(1, 2**62, uses.shape[1], dtype=np.uint64)
    sums = np.add.reduceat(
        np.append(weight[uses.indices], np.uint64(0)), np.minimum(uses.indptr[:-1], uses.nnz)
    )
    wanted = np.flatnonzero(np.diff(uses.indptr) > 1)
    _, first = np.unique(sums[wanted], return_index=True)
    return wanted[np.sort(first)]
