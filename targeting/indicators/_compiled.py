"""One typed door to numba: compiled on first use, kept on disk, never imported at start-up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Loop = TypeVar("Loop", bound=Callable[..., Any])


def njit(function: Loop) -> Loop:
    """Return the function compiled to machine code, cached beside its source."""
    return cast(Loop, numba.njit(cache=True)(function))
