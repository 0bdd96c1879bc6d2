"""Which way an indicator is worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import numpy as np

from targeting.problems import Problem, TargetingError, closest, few

Worse: TypeAlias = Literal["higher", "lower"]


def are_worse_higher(names: Sequence[str], worse: Mapping[str, Worse] | None) -> np.ndarray:
    """Return whether more is worse, for each indicator.

    Parameters
    ----------
    names : sequence of str
        Indicators of the table.
    worse : mapping or None
        `"higher"` or `"lower"` by indicator; one it leaves out is worse when higher.

    Returns
    -------
    ndarray
        One truth for each name.

    Raises
    ------
    TargetingError
        `one-direction`: it names what is no indicator of the table.

    Examples
    --------
    >>> are_worse_higher(["a", "b"], {"b": "lower"}).tolist()
    [True, False]
    """
    given = worse or {}
    problems = [
        Problem(
            "one-direction",
            "worse",
            {"given": name, "known": few(name, names), "hint": closest(name, names)},
        )
        for name in given
        if name not in names
    ]
    if problems:
        raise TargetingError(problems)
    return np.array([given.get(name, "higher") == "higher" for name in names])
