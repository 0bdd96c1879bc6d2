"""Each column of a table by its own rule."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from targeting.composite.treat.result import Treated, TreatedTable
from targeting.model import MethodSpec
from targeting.problems import Problem, TargetingError
from targeting.registry import method


def treat(
    values: pd.DataFrame,
    rule: MethodSpec,
    each: Mapping[str, MethodSpec] | None = None,
) -> TreatedTable:
    """Treat every column of a table.

    Parameters
    ----------
    values : DataFrame
        Blocks by indicators.
    rule : MethodSpec
        Registered treatment of all columns.
    each : mapping, optional
        Column to its own treatment, where another one is wanted (`MethodSpec("none")` leaves it).

    Returns
    -------
    TreatedTable

    Raises
    ------
    TargetingError
        What any treatment complains of, all columns at once.

    Examples
    --------
    >>> held = pd.DataFrame({"a": [1.0, 2.0, 3.0, 90.0], "b": [1.0, 2.0, 3.0, 90.0]})
    >>> made = treat(held, MethodSpec("winsorize_points", {"high": 1}), {"b": MethodSpec("none")})
    >>> made.values.iloc[3].tolist()
    [3.0, 90.0]
    """
    own = each or {}
    made: dict[str, Treated] = {}
    problems: list[Problem] = []
    for column in values.columns:
        chosen = own.get(column, rule)
        try:
            made[column] = method("treatment", chosen.use)(values[column], **chosen.settings)
        except TargetingError as error:
            problems += error.problems
    if problems:
        raise TargetingError(problems)
    notes = pd.DataFrame([dict(one.notes) for one in made.values()], index=list(made))
    return TreatedTable(
        pd.DataFrame({key: one.values for key, one in made.items()}, copy=False),
        pd.DataFrame({key: one.moved for key, one in made.items()}, copy=False),
        notes,
    )
