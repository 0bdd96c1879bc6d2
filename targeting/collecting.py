"""Fewer searches for circular garbage: a tenth of a run, and of its end, went there."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = (50_000, 20, 10)


def collect_seldom_here() -> None:
    """Look seldom for circular garbage in this process, which is ours alone, and not at its end.

    Python would look through all objects once more before it ends, though all go with it.
    """
    gc.set_threshold(*SELDOM)
    atexit.register(gc.freeze)


@contextmanager
def collected_seldom() -> Iterator[None]:
    """Let Python look for circular garbage every 50,000 objects instead of every 700.

    Each shape of a block is an object it looks through, and none is ever part of a circle.
    Afterwards all is as it was.

    Examples
    --------
    >>> before = gc.get_threshold()
    >>> with collected_seldom():
    ...     gc.get_threshold()
    (50000, 20, 10)
    >>> gc.get_threshold() == before
    True
    """
    before = gc.get_threshold()
    if 0 < before[0] < SELDOM[0]:
        gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
