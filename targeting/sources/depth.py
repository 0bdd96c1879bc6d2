"""How much of a file is read: all of it, its head, or its keys without the shapes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

Depth = Literal["whole", "head", "keys"]
HEAD_ROWS, HEAD_BYTES = 1_000, 1 << 20
_depth: ContextVar[Depth] = ContextVar("depth", default="whole")


@contextmanager
def reading(depth: Depth) -> Iterator[None]:
    """Let every reader within read only so much of its file.

    Parameters
    ----------
    depth : str
        `head`: the first rows. `keys`: every row of a vector file, without its shapes; tables are
        read whole.

    Examples
    --------
    >>> with reading("head"):
    ...     inside = reads("head")
    >>> inside, reads("head")
    (True, False)
    """
    token = _depth.set(depth)
    try:
        yield
    finally:
        _depth.reset(token)


def reads(depth: Depth) -> bool:
    """Tell whether only so much is read at present."""
    return _depth.get() == depth
