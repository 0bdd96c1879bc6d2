"""Formulas that straighten a skewed column."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import pandas as pd
from annotated_types import Gt

from targeting.composite.fences import Array
from targeting.composite.normalize._applied import known, numbers, place, refused
from targeting.composite.treat.result import Treated, transformed
from targeting.composite.treat.shape import skew_and_kurtosis
from targeting.registry import register

_EXPONENTS = (-5.0, 5.0)


@register("treatment", laws=("rows", "scale", "monotone", "range", "missing", "ties"), unit=False)
def none(values: pd.Series[float]) -> Treated:
    """Leave the values as they are, and tell their shape.

    Parameters
    ----------
    values : Series
        One number per block.

    Returns
    -------
    Treated

    Raises
    ------
    TargetingError
        `infinite-value`.

    Examples
    --------
    >>> none(pd.Series([1.0, 2.0, 9.0])).notes["high_points"]
    0
    """
    given = numbers(values)
    return transformed(values, given, given, "none")


@register("treatment", laws=("rows", "monotone", "missing", "ties"), unit=False)
def log(values: pd.Series[float], *, plus: float = 0.0) -> Treated:
    """Natural logarithm of value + `plus`.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    plus : float
        Added first, in the values' unit.

    Returns
    -------
    Treated
        Notes: `plus`.

    Raises
    ------
    TargetingError
        `not-positive` where a value + `plus` is 0 or less; `infinite-value`.

    Examples
    --------
    >>> log(pd.Series([0.0, 1.0]), plus=1.0).values.round(4).tolist()
    [0.0, 0.6931]
    """
    given = numbers(values)
    _demand_positive(known(given) + plus, place(values))
    return transformed(values, given, np.log(given + plus), "log", plus=plus)


@register("treatment", laws=("rows", "scale", "missing", "ties"), unit=False)
def log_from_lowest(
    values: pd.Series[float],
    *,
    margin: Annotated[float, Gt(0)] = 0.01,
    end: Literal["low", "high", "by_skew"] = "low",
) -> Treated:
    """Logarithm of the distance from an end, so that any values will do.

    log(value − min + m) from the low end, −log(max + m − value) from the high one, with
    m = `margin` · (max − min). Both keep the order of the values, whatever their size.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    margin : float
        Share of the range that keeps the end itself from log 0.
    end : str
        Where to measure from: `low` straightens a tail of high values, `high` one of low values,
        `by_skew` the longer one (`low` where the skewness is above 0).

    Returns
    -------
    Treated
        Notes: `end` and `shift` (m less the minimum, or m plus the maximum).

    Raises
    ------
    TargetingError
        `constant-column`, `infinite-value`.

    Notes
    -----
    The logarithm of the JRC's COIN Tool, as COINr's `log_CT` and `log_CT_plus`. The one of the
    Global Innovation Index 2020 turns the order around where the maximum is below 1; it is not
    offered.

    Examples
    --------
    >>> log_from_lowest(pd.Series([0.0, 1.0, 100.0])).values.round(3).tolist()
    [0.0, 0.693, 4.615]
    """
    given = numbers(values)
    held = known(given)
    before = skew_and_kurtosis(held)
    if not len(held):
        return transformed(values, given, given, "log_from_lowest", before=before)
    low, high = _ends(held, place(values))
    step = margin * (high - low)
    if end == "high" or (end == "by_skew" and not before[0] > 0):
        end, shift = "high", high + step
        answer = -np.log(high + step - given)
    else:
        end, shift = "low", step - low
        answer = np.log(given - low + step)
    return transformed(
        values, given, answer, "log_from_lowest", before=before, end=end, shift=shift
    )


@register("treatment", laws=("rows", "missing", "ties"), unit=False)
def box_cox(
    values: pd.Series[float], *, exponent: float | None = None, lowest: float | None = None
) -> Treated:
    """Power transformation (x^λ − 1) / λ, the logarithm where λ = 0.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    exponent : float, optional
        λ. Default: the one, from −5 to 5, that makes the values most like normal ones (greatest
        likelihood).
    lowest : float, optional
        First shift the values so that the smallest is this; in the values' unit.

    Returns
    -------
    Treated
        Notes: `exponent` and `shift`.

    Raises
    ------
    TargetingError
        `not-positive` where a value is 0 or less; `constant-column` when λ is looked for;
        `infinite-value`.

    Notes
    -----
    Box and Cox, “An analysis of transformations”, *Journal of the Royal Statistical Society* B 26,
    1964.

    Examples
    --------
    >>> box_cox(pd.Series([4.0, 9.0]), exponent=0.5).values.round(9).tolist()
    [2.0, 4.0]
    """
    given = numbers(values)
    held = known(given)
    if not len(held):
        return transformed(values, given, given, "box_cox")
    shift = 0.0 if lowest is None else lowest - float(held.min())
    ready = given + shift
    _demand_positive(known(ready), place(values))
    if exponent is None:
        _ends(held, place(values))
        exponent = likeliest_exponent(known(ready))
    if exponent == 0:
        answer = np.log(ready)
    else:
        answer = np.expm1(exponent * np.log(ready)) / exponent
    return transformed(values, given, answer, "box_cox", exponent=exponent, shift=shift)


def likeliest_exponent(values: Array) -> float:
    """Return the λ of Box and Cox with the greatest likelihood, from −5 to 5.

    Parameters
    ----------
    values : ndarray
        Above 0, not all equal.

    Examples
    --------
    >>> logs = np.linspace(-1.0, 1.0, 9)
    >>> abs(round(likeliest_exponent(np.exp(logs)), 3))
    0.0
    """
    from scipy.optimize import minimize_scalar

    # In order, so that the rows' order is not seen; around 0, so that no power overflows.
    logs = np.sort(np.log(values))
    logs = logs - logs.mean()

    def unlikely(exponent: float) -> float:
        moved = logs if exponent == 0 else np.expm1(exponent * logs) / exponent
        return float(np.log(moved.var()))

    found = minimize_scalar(unlikely, bounds=_EXPONENTS, method="bounded", options={"xatol": 1e-9})
    return float(found.x)


def _demand_positive(held: Array, where: str) -> None:
    if len(held) and held.min() <= 0:
        least = f"{float(held.min()):g}"
        raise refused("not-positive", where, given=int((held <= 0).sum()), least=least)


def _ends(held: Array, where: str) -> tuple[float, float]:
    low, high = float(held.min()), float(held.max())
    if low == high:
        raise refused("constant-column", where, given=f"{low:g}")
    return low, high
