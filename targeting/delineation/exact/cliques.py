"""Blocks of which at most one group may take any: alone, or too near to each other."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sparse

from targeting.delineation.rules import Rules


def cliques(rules: Rules, count: int) -> sparse.csr_array:
    """Return blocks by clique, so that groups keep apart when each clique is touched by one only.

    Two groups are too near when one has a block near a block of the other, so of two near blocks
    only one group may take any: a clique of near blocks says it for all its pairs at once.

    Parameters
    ----------
    rules : Rules
        What is asked for.
    count : int
        Blocks of the city.

    Returns
    -------
    csr_array
        A row a clique, ones; every block is in one at least, every near pair too.

    Examples
    --------
    >>> pairs = sparse.csr_array((np.ones(2), ([0, 1], [1, 0])), shape=(3, 3))
    >>> from targeting.delineation.graph import Limits
    >>> apart = Rules(Limits(1, 9, np.inf, 0, 0), 2, near=pairs)
    >>> cliques(apart, 3).toarray().tolist()
    [[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    if rules.near is None:
        return sparse.eye_array(count, format="csr")
    near = sparse.csr_array(rules.near)
    beside = [
        {int(b) for b in near.indices[near.indptr[a] : near.indptr[a + 1]] if b != a}
        for a in range(count)
    ]
    left = [set(others) for others in beside]
    rows: list[list[int]] = []
    for block in range(count):
        if not beside[block]:
            rows.append([block])
        while left[block]:
            row = [block]
            common = set(beside[block])
            for other in (*sorted(left[block]), *sorted(beside[block] - left[block])):
                if other in common:
                    row.append(other)
                    common &= beside[other]
            for one in row:
                left[one] -= set(row)
            rows.append(sorted(row))
    ends = np.cumsum([0, *map(len, rows)])
    blocks = np.array([b for row in rows for b in row], dtype=np.int64)
    return sparse.csr_array((np.ones(len(blocks)), blocks, ends), shape=(len(rows), count))
