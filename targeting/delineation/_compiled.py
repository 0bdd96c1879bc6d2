"""One typed door to numba: compiled on first use, kept on disk, never imported at start-up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Loop = TypeVar("Loop", bound=Callable[..., Any])
INNER: Any = {"cache": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def njit(function: Loop) -> Loop:
    """Return the function compiled to machine code, cached beside its source."""
    return cast(Loop, numba.njit(cache=True)(function))


def njit_inner(function: Loop) -> Loop:
    """Return a function that only compiled code calls: quicker to compile, not callable."""
    return cast(Loop, numba.njit(**INNER)(function))
