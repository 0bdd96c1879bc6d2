"""The one door to numba: typed, compiled on first use, kept on disk.

Importing this module imports numba, which takes a second: only the modules whose loop is the
algorithm import it, and none that `import targeting` brings in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Loop = TypeVar("Loop", bound=Callable[..., Any])
_INNER: Any = {"cache": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_LEAN_INNER: Any = {
    "cache": True,
    "_nrt": False,
    "error_model": "numpy",
    "no_cfunc_wrapper": True,
    "no_cpython_wrapper": True,
}
_LEAN: Any = {"cache": True, "_nrt": False, "error_model": "numpy", "no_cfunc_wrapper": True}


def njit(function: Loop) -> Loop:
    """Compile a function to machine code, cached beside its source.

    Parameters
    ----------
    function : callable
        A loop over numbers and arrays.

    Returns
    -------
    callable
        The same function, compiled the first time it is called with each set of types.
    """
    return cast(Loop, numba.njit(cache=True)(function))


def njit_inner(function: Loop) -> Loop:
    """Compile a function that only compiled code calls: quicker to compile, not callable.

    Parameters
    ----------
    function : callable
        A step of a loop that `njit` compiles.

    Returns
    -------
    callable
        The same function, for compiled callers only.
    """
    return cast(Loop, numba.njit(**_INNER)(function))


def njit_lean_inner(function: Loop) -> Loop:
    """Compile a function as `njit_lean` does that only compiled code calls.

    Parameters
    ----------
    function : callable
        A step of a loop that `njit_lean` compiles. It must not allocate.

    Returns
    -------
    callable
        The same function, for compiled callers only.
    """
    return cast(Loop, numba.njit(**_LEAN_INNER)(function))


def njit_lean(function: Loop) -> Loop:
    """Compile a function that makes no array of its own: half the time to compile.

    Parameters
    ----------
    function : callable
        A loop over numbers and arrays that others made. It must not allocate.

    Returns
    -------
    callable
        The same function, compiled the first time it is called with each set of types.
    """
    return cast(Loop, numba.njit(**_LEAN)(function))
