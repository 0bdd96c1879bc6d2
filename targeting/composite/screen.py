"""What is wrong with a table before anything is made of it: still, doubled, alike, or empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from targeting.composite.normalize._applied import known, numbers
from targeting.composite.treat.shape import is_skewed, skew_and_kurtosis
from targeting.problems import Problem, TargetingError

_SAME = 1e-12  # correlation this close to 1: one indicator is the other in another unit


@dataclass(frozen=True)
class Screening:
    """What a planner should look at before weighing.

    Parameters
    ----------
    statistics : DataFrame
        See `statistics`.
    still : tuple of str
        Indicators nearly all of whose units have one value.
    scarce : tuple of str
        Indicators known for too few units.
    doubled : tuple of tuple of str
        Indicators that are one another in the same or another unit or direction.
    alike : DataFrame
        See `correlated`.
    """

    statistics: pd.DataFrame
    still: tuple[str, ...]
    scarce: tuple[str, ...]
    doubled: tuple[tuple[str, ...], ...]
    alike: pd.DataFrame


@dataclass(frozen=True)
class EnoughData:
    """A table without the units that have too little.

    Parameters
    ----------
    values : DataFrame
        The rows kept.
    removed : tuple of str
        Index labels of the others.
    known : Series
        Share of the indicators each unit has, 0 to 1.
    """

    values: pd.DataFrame
    removed: tuple[str, ...]
    known: pd.Series[float]


def screen(
    values: pd.DataFrame,
    groups: Mapping[str, str] | None = None,
    *,
    available_min: float = 0.65,
    same_max: float = 0.95,
    correlation_max: float = 0.9,
    method: Literal["pearson", "spearman"] = "pearson",
) -> Screening:
    """Name indicators that are nearly constant, scarce, doubled or strongly correlated.

    Parameters
    ----------
    values : DataFrame
        Units by indicators, in any unit.
    groups : mapping, optional
        Indicator to its dimension: pairs are looked for within dimensions only.
    available_min : float
        Share of the units that an indicator should be known for.
    same_max : float
        Share of the known units that may have one and the same value.
    correlation_max : float
        Absolute correlation that is still well; no unit.
    method : str
        `pearson`, or `spearman` of the ranks.

    Returns
    -------
    Screening

    Examples
    --------
    >>> held = pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [10.0, 20.0, 40.0], "c": [0.0, 0.0, 0.0]})
    >>> made = screen(held)
    >>> made.still, made.doubled
    (('c',), (('a', 'b'),))
    """
    table = statistics(values, available_min=available_min)
    still = table.index[(table["same_share"] > same_max) | (table["unique"] < 2)]
    scarce = table.index[table["available_share"] < available_min]
    moving = values[[one for one in values.columns if one not in set(still)]]
    alike = correlated(moving, groups, at_least=correlation_max, method=method)
    return Screening(
        table,
        tuple(str(one) for one in still),
        tuple(str(one) for one in scarce),
        _doubled(moving),
        alike,
    )


def statistics(
    values: pd.DataFrame,
    *,
    available_min: float = 0.65,
    nonzero_min: float = 0.5,
    unique_min: float = 0.5,
    skew_max: float = 2.0,
    kurtosis_max: float = 3.5,
) -> pd.DataFrame:
    """Describe each indicator, and flag what is out of the ordinary.

    Parameters
    ----------
    values : DataFrame
        Units by indicators.
    available_min : float
        Share of the units that should be known.
    nonzero_min, unique_min : float
        Share of the known units that should not be 0, and of different values among them. The
        last flags every count and every grade: read it with the indicator's unit in mind.
    skew_max, kurtosis_max : float
        An indicator is skewed when both are reached (sample-adjusted, excess; no unit).

    Returns
    -------
    DataFrame
        One row an indicator: `min`, `max`, `mean`, `median`, `deviation` (ddof 1) in its unit;
        `skew`, `kurtosis`; counts and shares `available`, `nonzero`, `unique`, `same` (units that
        share the commonest value), of the known units but for the first; and `few_available`,
        `few_nonzero`, `few_unique`, `skewed`.

    Raises
    ------
    TargetingError
        `infinite-value`.

    Examples
    --------
    >>> statistics(pd.DataFrame({"a": [0.0, 0.0, 3.0, None]})).loc["a", ["mean", "same"]].tolist()
    [1.0, 2.0]
    """
    rows = {}
    for key in values.columns:
        held = known(numbers(values[key]))
        count = len(held)
        skew, kurtosis = skew_and_kurtosis(held)
        _, times = np.unique(held, return_counts=True)
        nonzero = int(np.count_nonzero(held))
        same = int(times.max(initial=0))
        per = max(count, 1)
        rows[key] = {
            "min": held.min() if count else np.nan,
            "max": held.max() if count else np.nan,
            "mean": held.mean() if count else np.nan,
            "median": float(np.median(held)) if count else np.nan,
            "deviation": held.std(ddof=1) if count > 1 else np.nan,
            "skew": skew,
            "kurtosis": kurtosis,
            "available": count,
            "nonzero": nonzero,
            "unique": len(times),
            "same": same,
            "available_share": count / max(len(values), 1),
            "nonzero_share": nonzero / per,
            "unique_share": len(times) / per,
            "same_share": same / per,
            "skewed": is_skewed(skew, kurtosis, skew_max, kurtosis_max),
        }
    table = pd.DataFrame.from_dict(rows, orient="index")
    if len(table):
        table["few_available"] = table["available_share"] < available_min
        table["few_nonzero"] = table["nonzero_share"] < nonzero_min
        table["few_unique"] = table["unique_share"] < unique_min
    return table


def correlated(
    values: pd.DataFrame,
    groups: Mapping[str, str] | None = None,
    *,
    at_least: float = 0.9,
    method: Literal["pearson", "spearman"] = "pearson",
    sign: Literal["either", "positive", "negative"] = "either",
) -> pd.DataFrame:
    """List the pairs of indicators that move together.

    Parameters
    ----------
    values : DataFrame
        Units by indicators; a pair is compared where both are known.
    groups : mapping, optional
        Indicator to its dimension: pairs within one dimension only.
    at_least : float
        Correlation from which a pair is listed, no unit.
    method : str
        `pearson`, or `spearman` of the ranks.
    sign : str
        Pairs that go the same way (`positive`), opposite ways (`negative`) or either. After
        directions are applied, a strong negative pair means that one direction may be wrong.

    Returns
    -------
    DataFrame
        Columns `group` (empty without groups), `one`, `other`, `correlation`; strongest first.

    Examples
    --------
    >>> held = pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [2.0, 1.0, 0.0]})
    >>> correlated(held)[["one", "other"]].iloc[0].tolist()
    ['a', 'b']
    """
    matrix = values.astype(float).corr(method).to_numpy()
    rows, columns = np.triu_indices(len(matrix), 1)
    found = matrix[rows, columns]
    names = [str(one) for one in values.columns]
    owner = [(groups or {}).get(one, "") for one in names]
    size = {"either": np.abs(found), "positive": found, "negative": -found}[sign]
    pairs = [
        (owner[row], *sorted((names[row], names[column])), value)
        for row, column, value, strong in zip(rows, columns, found, size, strict=True)
        if strong >= at_least and owner[row] == owner[column]
    ]
    pairs.sort(key=lambda pair: (-abs(pair[3]), pair[:3]))
    return pd.DataFrame(pairs, columns=["group", "one", "other", "correlation"])


def enough_data(
    values: pd.DataFrame,
    *,
    known_min: float = 0.9,
    nonzero_min: float | None = None,
) -> EnoughData:
    """Leave out the units that are known in too few indicators.

    Parameters
    ----------
    values : DataFrame
        Units by indicators.
    known_min : float
        Share of the indicators a unit must be known in.
    nonzero_min : float, optional
        Share of its known indicators that must not be 0.

    Returns
    -------
    EnoughData

    Raises
    ------
    TargetingError
        `no-unit-with-data` when none is left.

    Examples
    --------
    >>> held = pd.DataFrame({"a": [1.0, None], "b": [2.0, 3.0]}, index=["x", "y"])
    >>> enough_data(held).removed
    ('y',)
    """
    share = values.notna().mean(axis=1)
    keep = share >= known_min
    if nonzero_min is not None:
        keep &= (values != 0).where(values.notna()).astype(float).mean(axis=1) >= nonzero_min
    if not keep.any():
        given = {"given": f"{float(share.max()) if len(share) else 0.0:.2f}", "least": known_min}
        raise TargetingError([Problem("no-unit-with-data", "screen", given)])
    return EnoughData(values[keep], tuple(str(one) for one in values.index[~keep]), share)


def _doubled(values: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    """Return sets of indicators that are the same in another unit, gaps included."""
    if values.shape[1] < 2:
        return ()
    matrix = np.abs(values.astype(float).corr().to_numpy())
    missing = values.isna().to_numpy()
    names = [str(one) for one in values.columns]
    taken: set[int] = set()
    sets = []
    for row in range(len(names)):
        if row in taken:
            continue
        same = [
            column
            for column in range(row, len(names))
            if column == row
            or (
                column not in taken
                and matrix[row, column] >= 1 - _SAME
                and (missing[:, row] == missing[:, column]).all()
            )
        ]
        if len(same) > 1:
            taken.update(same)
            sets.append(tuple(sorted(names[one] for one in same)))
    return tuple(sets)
