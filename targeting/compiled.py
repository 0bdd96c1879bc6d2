"""The one door to numba: typed, compiled on first use, kept on disk.

What is kept belongs to one state of the loops: numba looks only at the file a loop stands in, and
would go on using a constant that another file has changed. So the folder of what was compiled is
named after all files with loops; constants that several of them use stand in one of them.

Importing this module imports numba, which takes a second: only the modules whose loop is the
algorithm import it, and none that `import targeting` brings in.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import event as numba_event
from platformdirs import user_cache_path

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


def _kept_in() -> str:
    """Return the folder for what this state of the loops compiles to; '' where none is writable.

    NUMBA_CACHE_DIR says where it lies; else it lies with the user's other caches.
    """
    package = Path(__file__).parent
    state = hashlib.sha256()
    for source in sorted(package.rglob("*.py")):
        text = source.read_bytes()
        if b"targeting.compiled import" in text:
            state.update(source.relative_to(package).as_posix().encode() + text)
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    base = Path(chosen) if chosen else user_cache_path("targeting") / "compiled"
    folder = base / state.hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return ""
    return str(folder) if os.access(folder, os.W_OK) else ""


_config: Any = numba.config
_event: Any = numba_event
_config.CACHE_DIR = _kept_in() or _config.CACHE_DIR


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


def njit_lean_inlined(function: Loop) -> Loop:
    """Compile a function as `njit_lean_inner` does, into every caller: for short, frequent steps.

    A call hands over every array in seven words or more, which costs more than such a step.

    Parameters
    ----------
    function : callable
        A short step of a loop that `njit_lean` compiles. It must not allocate.

    Returns
    -------
    callable
        The same function, for compiled callers only.
    """
    return cast(Loop, numba.njit(**_LEAN_INNER, forceinline=True)(function))


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


@contextmanager
def compiling_told(tell: Callable[[], None]) -> Iterator[None]:
    """Tell, once, that a loop is being compiled which no earlier run has kept.

    Parameters
    ----------
    tell : callable
        Called as the first of them starts; never when all are kept on disk.

    Examples
    --------
    >>> with compiling_told(lambda: print("once")):
    ...     [numba.njit(lambda x, by=by: x + by)(1) for by in (1, 2)]
    once
    [2, 3]
    """
    listener = _Once(tell)
    _event.register("numba:compile", listener)
    try:
        yield
    finally:
        _event.unregister("numba:compile", listener)


class _Once(numba_event.Listener):
    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell: Callable[[], None] | None = tell

    def on_start(self, event: Any) -> None:
        tell, self._tell = self._tell, None
        if tell is not None:
            tell()

    def on_end(self, event: Any) -> None:
        """Nothing to tell."""
