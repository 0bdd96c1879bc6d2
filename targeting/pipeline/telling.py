"""How a step tells its name as it starts."""

from __future__ import annotations

from collections.abc import Callable

Tell = Callable[[str], None]


def silent(step: str) -> None:
    """Say nothing about a step."""
