"""How much of a file is read: all of it, or only its head."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

HEAD_ROWS, HEAD_BYTES = 1_000, 1 << 20
_only_head: ContextVar[bool] = ContextVar("only_head", default=False)


@contextmanager
def only_heads() -> Iterator[None]:
    """Let every reader within see only the first rows of its file.

    Examples
    --------
    >>> with only_heads():
    ...     inside = only_head()
    >>> inside, only_head()
    (True, False)
    """
    token = _only_head.set(True)
    try:
        yield
    finally:
        _only_head.reset(token)


def only_head() -> bool:
    """Tell whether only the head of a file is to be read."""
    return _only_head.get()
