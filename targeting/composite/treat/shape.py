"""Skewness and kurtosis, as the common rule of treatment counts them."""

from __future__ import annotations

import numpy as np

from targeting.composite.fences import Array

# A shape that reaches a limit on paper reaches it here, whatever the last bits of a power say:
# of four values, three of them equal, the skewness is 2.
DUST = 1e-9


def skew_and_kurtosis(values: Array) -> tuple[float, float]:
    """Return the skewness and the excess kurtosis of a sample, adjusted for its size.

    G1 and G2 of Joanes and Gill (1998), as in spreadsheets, pandas, SAS and SPSS.

    Parameters
    ----------
    values : ndarray
        None missing.

    Returns
    -------
    (float, float)
        No unit. NaN for fewer than 3 (4 for the kurtosis) values and for equal ones.

    Examples
    --------
    >>> [round(one, 4) for one in skew_and_kurtosis(np.array([1.0, 2.0, 3.0, 4.0, 10.0]))]
    [1.6971, 3.152]
    """
    size = len(values)
    if not size or values.min() == values.max():
        return np.nan, np.nan
    off = values - values.mean()
    off /= max(off.max(), -off.min())  # fourth powers of large or tiny numbers leave the range
    squares = off * off
    second = float(squares.mean())
    off *= squares
    third = float(off.mean())
    squares *= squares
    fourth = float(squares.mean())
    skew, kurtosis = adjusted(np.array([second]), np.array([third]), np.array([fourth]), size)
    return float(skew[0]), float(kurtosis[0])


def adjusted(second: Array, third: Array, fourth: Array, size: int) -> tuple[Array, Array]:
    """Return G1 and G2 of central moments (means of powers), NaN where the size is too small."""
    nothing = np.full(len(second), np.nan)
    if size < 3:
        return nothing, nothing
    with np.errstate(divide="ignore", invalid="ignore"):
        skew = third / second**1.5 * (np.sqrt(size * (size - 1.0)) / (size - 2.0))
        if size < 4:
            return skew, nothing
        excess = fourth / second**2 - 3.0
        factor = (size - 1.0) / ((size - 2.0) * (size - 3.0))
        return skew, factor * ((size + 1.0) * excess + 6.0)


def is_skewed(skew: float, kurtosis: float, skew_max: float, kurtosis_max: float) -> bool:
    """Return whether both limits are reached; a shape that cannot be counted is not skewed.

    Examples
    --------
    >>> is_skewed(-2.0, 3.5, 2.0, 3.5), is_skewed(5.0, 3.4, 2.0, 3.5)
    (True, False)
    """
    return abs(skew) >= skew_max - DUST and kurtosis >= kurtosis_max - DUST
