"""Gaps filled, and told; totals turned into rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from targeting.problems import Problem, TargetingError, unknown_name


@dataclass(frozen=True)
class Imputed:
    """A table without its gaps.

    Parameters
    ----------
    values : DataFrame
        Same index and columns as given; still missing where there was nothing to fill from.
    filled : DataFrame
        True where a value is not measured but filled in.
    share : Series
        Share of each row's values that were filled, 0 to 1.
    """

    values: pd.DataFrame
    filled: pd.DataFrame
    share: pd.Series[float]


def impute(
    values: pd.DataFrame,
    *,
    by: Literal["mean", "median"] = "mean",
    groups: pd.Series[str] | None = None,
) -> Imputed:
    """Fill gaps with the mean or median of the column, or of the unit's own group.

    An imputed value is a guess that looks like a measurement: the answer says which ones are.

    Parameters
    ----------
    values : DataFrame
        Units by indicators.
    by : str
        What to fill in.
    groups : Series, optional
        Group of each unit; a gap is filled from its own group only, and stays where the group has
        nothing.

    Returns
    -------
    Imputed

    Raises
    ------
    TargetingError
        `no-group` when a unit has no group.

    Examples
    --------
    >>> held = pd.DataFrame({"a": [1.0, 3.0, None]})
    >>> made = impute(held)
    >>> made.values["a"].tolist(), made.share.tolist()
    ([1.0, 3.0, 2.0], [0.0, 0.0, 1.0])
    """
    held = values.astype(float)
    if groups is None:
        usual = held.agg(by)
        full = held.fillna(usual)
    else:
        own = groups.reindex(held.index)
        without = int(own.isna().sum())
        if without:
            raise TargetingError([Problem("no-group", "impute", {"given": without})])
        full = held.fillna(held.groupby(own).transform(by))
    filled = held.isna() & full.notna()
    return Imputed(full, filled, filled.mean(axis=1))


def denominate(
    values: pd.DataFrame,
    denominators: pd.DataFrame,
    chosen: Mapping[str, str],
    *,
    times: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Divide totals by what they should be counted per: people, area, product.

    Parameters
    ----------
    values : DataFrame
        Units by indicators; those not chosen stay as they are.
    denominators : DataFrame
        The same units by denominators, above 0.
    chosen : mapping
        Indicator to the column of its denominator.
    times : mapping, optional
        Indicator to what the ratio is multiplied by (1,000 for a rate per thousand).

    Returns
    -------
    DataFrame
        Missing where either is.

    Raises
    ------
    TargetingError
        `unknown-name` for an indicator or a denominator that is not in its table;
        `denominator-not-positive` for each denominator that is 0 or less somewhere it is needed.

    Examples
    --------
    >>> held = pd.DataFrame({"cases": [3.0]})
    >>> people = pd.DataFrame({"people": [2000.0]})
    >>> denominate(held, people, {"cases": "people"}, times={"cases": 1000})["cases"].tolist()
    [1.5]
    """
    problems = _unnamed(values, denominators, chosen, times or {})
    if problems:
        raise TargetingError(problems)
    below = denominators.reindex(values.index).astype(float)
    made = {}
    for indicator in values.columns:
        held = values[indicator].astype(float)
        if indicator not in chosen:
            made[indicator] = held
            continue
        per = below[chosen[indicator]]
        bad = (per <= 0) & held.notna()
        if bad.any():
            given = {"given": int(bad.sum()), "denominator": chosen[indicator]}
            problems.append(Problem("denominator-not-positive", str(indicator), given))
        factor = float((times or {}).get(str(indicator), 1.0))
        made[indicator] = held / per.where(per > 0, np.nan) * factor
    if problems:
        raise TargetingError(problems)
    return pd.DataFrame(made, index=values.index)


def _unnamed(
    values: pd.DataFrame,
    denominators: pd.DataFrame,
    chosen: Mapping[str, str],
    times: Mapping[str, float],
) -> list[Problem]:
    indicators = [str(one) for one in values.columns]
    known = [str(one) for one in denominators.columns]
    problems = [
        unknown_name("denominate", one, indicators)
        for one in (*chosen, *times)
        if one not in indicators
    ]
    problems += [
        unknown_name(f"denominate.{one}", per, known)
        for one, per in chosen.items()
        if per not in known
    ]
    return problems
