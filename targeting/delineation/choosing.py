"""Choose among candidate groups: at most K, no two sharing a block, worth most together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sparse

from targeting.delineation.pool import Group

EXACT_MAX = 2500
NODES_MAX = 2000


def choose(groups: Sequence[Group], polygons: int, block_count: int) -> list[Group]:
    """Return the disjoint groups worth most together, at most `polygons` of them.

    A set packing problem, solved by HiGHS; greedily when there are very many groups.

    Parameters
    ----------
    groups : sequence of Group
        Candidates, best first.
    polygons : int
        How many may be kept.
    block_count : int
        Blocks of the city.

    Returns
    -------
    list of Group
        Best first.

    Examples
    --------
    >>> middle, left, right = (Group(np.array(b), v) for b, v in
    ...                        (([1, 2], 5.0), ([0, 1], 4.0), ([2, 3], 3.0)))
    >>> [group.value for group in choose([middle, left, right], 2, 4)]
    [4.0, 3.0]
    >>> [group.value for group in choose([middle, left, right], 1, 4)]
    [5.0]
    """
    greedy = _greedy(groups, polygons, block_count)
    if len(groups) > EXACT_MAX or len(groups) < 2:
        return greedy
    packed = _packed(groups, polygons, block_count)
    better = sum(group.value for group in packed) > sum(group.value for group in greedy)
    return packed if better else greedy


def _greedy(groups: Sequence[Group], polygons: int, block_count: int) -> list[Group]:
    taken = np.zeros(block_count, dtype=bool)
    kept: list[Group] = []
    for group in groups:
        if len(kept) == polygons:
            break
        if not taken[group.blocks].any():
            taken[group.blocks] = True
            kept.append(group)
    return kept


def _packed(groups: Sequence[Group], polygons: int, block_count: int) -> list[Group]:
    from scipy.optimize import Bounds, LinearConstraint, milp

    count = len(groups)
    block = np.concatenate([group.blocks for group in groups])
    owner = np.repeat(np.arange(count), [len(group.blocks) for group in groups])
    uses = sparse.csr_array((np.ones(len(block)), (block, owner)), shape=(block_count, count))
    uses = uses[_distinct_rows(uses)]
    room = np.append(np.ones(uses.shape[0]), polygons)
    uses = sparse.vstack([uses, np.ones((1, count))], format="csc")
    worth = np.array([group.value for group in groups])
    answer = milp(
        -worth / worth.max(),
        integrality=np.ones(count),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(uses, -np.inf, room),
        options={"node_limit": NODES_MAX, "mip_rel_gap": 1e-6},
    )
    if answer.x is None:
        return []
    return [group for group, taken in zip(groups, answer.x > 0.5, strict=True) if taken]


def _distinct_rows(uses: sparse.csr_array) -> np.ndarray:
    """One block for each different set of groups, of the blocks that two or more groups want."""
    weight = np.random.default_rng(0).integers(1, 2**62, uses.shape[1], dtype=np.uint64)
    sums = np.add.reduceat(
        np.append(weight[uses.indices], np.uint64(0)), np.minimum(uses.indptr[:-1], uses.nnz)
    )
    wanted = np.flatnonzero(np.diff(uses.indptr) > 1)
    _, first = np.unique(sums[wanted], return_index=True)
    return wanted[np.sort(first)]
