"""What a weigher gives back, and the rows and columns it looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from targeting.problems import Problem, TargetingError

Array: TypeAlias = np.ndarray[tuple[Any, ...], np.dtype[Any]]

WHERE = "weigh"
ROWS_MIN = 3  # of two rows every correlation is 1 or -1
_STILL = 1e-12  # spread over size below which a column is constant: what summing leaves


@dataclass(frozen=True)
class Weighing:
    """Weights of the members of a group.

    Parameters
    ----------
    weights : Series
        Weight of each member, 0 or more; they sum to 1.
    notes : mapping
        What the method has to say of them: plain values that JSON can hold.

    Examples
    --------
    >>> Weighing(pd.Series({"a": 0.5, "b": 0.5})).notes
    {}
    """

    weights: pd.Series[float]
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        held = self.weights.to_numpy(float)
        if not (np.isfinite(held).all() and (held >= 0).all() and abs(held.sum() - 1) < 1e-9):
            raise ValueError(f"weights are 0 or more and sum to 1, not {held.tolist()}")


def weighing(
    names: Sequence[Any] | pd.Index, raw: Array | Sequence[float], **notes: Any
) -> Weighing:
    """Return weights in proportion to numbers of 0 or more, not all 0.

    Examples
    --------
    >>> weighing(["a", "b"], [1.0, 3.0]).weights.to_dict()
    {'a': 0.25, 'b': 0.75}
    """
    held = np.asarray(raw, dtype=float)
    return Weighing(pd.Series(held / held.sum(), index=pd.Index(names), dtype=float), notes)


@dataclass(frozen=True)
class Seen:
    """The rows of a group in which nothing is missing, and the columns that vary in them.

    Parameters
    ----------
    names : list of str
        All members, in order.
    varying : list of str
        Those that vary, in order.
    numbers : ndarray
        Complete rows by members that vary.
    notes : dict
        `rows_used`, `rows_left_out`, and `constant` where a member does not vary.
    """

    names: list[str]
    varying: list[str]
    numbers: Array
    notes: dict[str, Any]

    def weighing(self, raw: Array, **notes: Any) -> Weighing:
        """Return weights in proportion to `raw`; members that do not vary get 0."""
        held = pd.Series(raw, index=self.varying, dtype=float).reindex(self.names, fill_value=0.0)
        return weighing(self.names, held.to_numpy(), **self.notes, **notes)


def seen(parts: pd.DataFrame) -> Seen:
    """Return what methods that weigh by the data look at: rows without a gap.

    A member that does not vary in them tells no block from another: it gets weight 0 and is named
    in the notes.

    Parameters
    ----------
    parts : DataFrame
        Blocks by members, 0 to 1.

    Returns
    -------
    Seen

    Raises
    ------
    TargetingError
        `member-all-missing` for each member without data; `few-complete-rows`; `nothing-varies`;
        `part-not-finite`.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.0, 0.5, 1.0, None], "b": [0.2, 0.2, 0.2, 0.9]})
    >>> found = seen(parts)
    >>> found.varying, found.notes
    (['a'], {'rows_used': 3, 'rows_left_out': 1, 'constant': ['b']})
    """
    names = [str(name) for name in parts.columns]
    numbers = parts.to_numpy(dtype=float, na_value=np.nan)
    known = ~np.isnan(numbers)
    problems = [
        Problem("member-all-missing", f"{WHERE}.{name}", {"given": name})
        for name, some in zip(names, known.any(axis=0), strict=True)
        if not some
    ]
    problems += [
        Problem("part-not-finite", f"{WHERE}.{name}", {"given": name})
        for name, odd in zip(names, np.isinf(numbers).any(axis=0), strict=True)
        if odd
    ]
    if problems:
        raise TargetingError(problems)
    complete = known.all(axis=1)
    used = numbers[complete]
    if len(used) < ROWS_MIN:
        values = {"given": len(used), "expected": ROWS_MIN}
        raise TargetingError([Problem("few-complete-rows", WHERE, values)])
    low, high = used.min(axis=0), used.max(axis=0)
    moves = (high - low) > _STILL * np.maximum(np.abs(low), np.abs(high))
    if not moves.any():
        raise TargetingError([Problem("nothing-varies-here", WHERE, {"given": ", ".join(names)})])
    notes: dict[str, Any] = {
        "rows_used": len(used),
        "rows_left_out": int((~complete).sum()),
    }
    if not moves.all():
        notes["constant"] = [name for name, one in zip(names, moves, strict=True) if not one]
    varying = [name for name, one in zip(names, moves, strict=True) if one]
    return Seen(names, varying, used[:, moves], notes)
