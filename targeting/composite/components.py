"""Principal components of indicators, and the index that is the first of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from targeting.composite.complete import complete_numbers
from targeting.composite.directions import Worse, are_worse_higher
from targeting.composite.distance import triangle_of
from targeting.problems import Problem, TargetingError
from targeting.registry import register

_STILL_POSITIVE = -1e-9  # a loading that rounding alone took below 0


@dataclass(frozen=True)
class Components:
    """Principal components of the correlation matrix.

    Parameters
    ----------
    loadings : DataFrame
        Indicators by components (1, 2, …); each column has length 1. They are of the indicators
        turned so that more is worse.
    eigenvalues : Series
        Variance of each component; they sum to the number of indicators.
    explained : Series
        Share of the variance each component tells, 0 to 1.
    scores : DataFrame
        Units by components, mean 0, variance the eigenvalue.
    """

    loadings: pd.DataFrame
    eigenvalues: pd.Series[float]
    explained: pd.Series[float]
    scores: pd.DataFrame


@dataclass(frozen=True)
class FirstComponent:
    """An index that is the first principal component.

    Parameters
    ----------
    value : Series
        Mean 0, standard deviation 1; higher is worse.
    loadings : Series
        Weight of each standardized indicator; their squares sum to 1.
    explained : float
        Share of the indicators' variance the index tells, 0 to 1.
    eigenvalues : Series
        Of all components.
    contributions : DataFrame
        What each indicator adds to the value.
    negative : tuple of str
        Indicators that count against their own direction.
    """

    value: pd.Series[float]
    loadings: pd.Series[float]
    explained: float
    eigenvalues: pd.Series[float]
    contributions: pd.DataFrame
    negative: tuple[str, ...]

    @property
    def weights(self) -> pd.Series[float]:
        """The loadings, under the name every index has its weights by."""
        return self.loadings


def principal_components(
    values: pd.DataFrame,
    *,
    worse: Mapping[str, Worse] | None = None,
    ddof: Literal[0, 1] = 1,
) -> Components:
    """Return the principal components of the standardized indicators.

    Parameters
    ----------
    values : DataFrame
        Units by indicators, none missing and none constant.
    worse : mapping, optional
        `"higher"` or `"lower"` by indicator. Default: higher.
    ddof : int
        0 divides the variance by the number of units, 1 by one less. Loadings and eigenvalues are
        the same; scores are not.

    Returns
    -------
    Components
        The sign of a component is that of the sum of its loadings; where they cancel out, that of
        the largest one.

    Raises
    ------
    TargetingError
        `gaps-in-table`, `constant-in-table`, `small-table`, `one-direction`.

    Examples
    --------
    >>> held = pd.DataFrame({"a": [1.0, 2, 3], "b": [2.0, 4, 6]})
    >>> one = principal_components(held)
    >>> one.eigenvalues.round(9).tolist(), one.scores[1].round(4).tolist()
    ([2.0, 0.0], [-1.4142, 0.0, 1.4142])
    """
    numbers = complete_numbers(values, where="values")
    names = [str(name) for name in values.columns]
    turned = np.where(are_worse_higher(names, worse), numbers, -numbers)
    standard = turned - turned.mean(axis=0)
    standard /= standard.std(axis=0, ddof=ddof)
    size = len(numbers) - ddof
    # The triangle has the same singular values and directions as the whole table.
    _, lengths, directions = np.linalg.svd(triangle_of(standard), full_matrices=True)
    eigenvalues = np.zeros(len(names))
    eigenvalues[: len(lengths)] = lengths**2 / size
    loadings = directions.T * _signs(directions.T)
    places = pd.RangeIndex(1, len(names) + 1, name="component")
    return Components(
        loadings=pd.DataFrame(loadings, index=names, columns=places),
        eigenvalues=pd.Series(eigenvalues, index=places),
        explained=pd.Series(eigenvalues / len(names), index=places),
        scores=pd.DataFrame(standard @ loadings, index=values.index, columns=places),
    )


@register("index", laws=("rows", "columns", "scale", "ties"), unit=False)
def first_component(
    values: pd.DataFrame,
    *,
    worse: Mapping[str, Worse] | None = None,
    ddof: Literal[0, 1] = 1,
) -> FirstComponent:
    """Return the first principal component over its standard deviation.

    As CONEVAL's social lag and CONAPO's marginalization of 1990 to 2015 are made: the score of
    the first component of the correlation matrix, divided by the root of its eigenvalue.

    Parameters
    ----------
    values : DataFrame
        Units by indicators, none missing and none constant.
    worse : mapping, optional
        `"higher"` or `"lower"` by indicator. Default: higher.
    ddof : int
        0 divides the variance by the number of units, 1 by one less.

    Returns
    -------
    FirstComponent

    Raises
    ------
    TargetingError
        As `principal_components`.

    Examples
    --------
    >>> held = pd.DataFrame({"a": [1.0, 2, 3], "b": [2.0, 4, 6]})
    >>> first_component(held).value.round(9).tolist()
    [-1.0, 0.0, 1.0]
    """
    found = principal_components(values, worse=worse, ddof=ddof)
    loadings = found.loadings[1].rename("loading")
    spread = float(found.eigenvalues[1]) ** 0.5
    standard = found.scores.to_numpy() @ found.loadings.to_numpy().T
    pieces = standard * (loadings.to_numpy() / spread)
    return FirstComponent(
        value=found.scores[1].rename("value") / spread,
        loadings=loadings,
        explained=float(found.explained[1]),
        eigenvalues=found.eigenvalues,
        contributions=pd.DataFrame(pieces, index=values.index, columns=loadings.index),
        negative=tuple(str(k) for k, loading in loadings.items() if loading < _STILL_POSITIVE),
    )


def positive_loadings(components: Components, *, where: str = "weigh") -> pd.Series[float]:
    """Return the loadings of the first component, once none is negative.

    Parameters
    ----------
    components : Components
        As `principal_components` returns them.
    where : str
        Place to tell problems at.

    Returns
    -------
    Series
        Loading of each indicator, 0 or more; their squares sum to 1.

    Raises
    ------
    TargetingError
        `negative-loading`, once for each indicator that would reward the worse units.

    Examples
    --------
    >>> held = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [2.0, 4, 6, 7], "c": [4.0, 3, 1, 2]})
    >>> positive_loadings(principal_components(held, worse={"c": "lower"})).round(2).tolist()
    [0.58, 0.6, 0.55]
    """
    loadings = components.loadings[1]
    problems = [
        Problem("negative-loading", where, {"given": str(k), "loading": round(float(loading), 4)})
        for k, loading in loadings.items()
        if loading < _STILL_POSITIVE
    ]
    if problems:
        raise TargetingError(problems)
    return loadings.clip(lower=0.0)


def _signs(loadings: np.ndarray) -> np.ndarray:
    total = loadings.sum(axis=0)
    largest = loadings[np.abs(loadings).argmax(axis=0), np.arange(loadings.shape[1])]
    deciding = np.where(np.abs(total) > 1e-9, total, largest)
    return np.where(deciding < 0, -1.0, 1.0)
