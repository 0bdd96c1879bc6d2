"""Work over many columns at once: the libraries leave the interpreter free while they compute."""

from __future__ import annotations

import contextvars
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")
_MOST = 4
# Below so many rows the work is done before the workers have started.
_FEW_ROWS = 10_000


def in_parallel(
    work: Callable[[Item], Answer], items: Iterable[Item], *, rows: int
) -> list[Answer]:
    """Return what some work gives for each item, in the order of the items.

    Parameters
    ----------
    work : callable
        Independent of the other items; what it writes must be its own.
    items : iterable
    rows : int
        Size of an item; small ones are worked one after the other.

    Returns
    -------
    list
        The same as one after the other. The first error is raised.

    Examples
    --------
    >>> in_parallel(abs, [-2, 1], rows=1)
    [2, 1]
    """
    held = list(items)
    workers = min(os.cpu_count() or 1, _MOST, len(held))
    if workers < 2 or rows < _FEW_ROWS:
        return [work(item) for item in held]

    own = [contextvars.copy_context() for _ in held]  # what is set for this task holds there too
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda one, item: one.run(work, item), own, held))
