"""Many tests at once: p-values that may be read beside each other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def uncorrected(probabilities: np.ndarray) -> np.ndarray:
    """Leave the p-values as they are: each is right for one block chosen beforehand.

    Parameters
    ----------
    probabilities : ndarray
        p-values; missing stays missing.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> uncorrected(np.array([0.01, 0.2])).tolist()
    [0.01, 0.2]
    """
    return np.array(probabilities, dtype=float)


def bonferroni(probabilities: np.ndarray) -> np.ndarray:
    """Multiply by the number of tests: hardly ever is any block marked wrongly.

    Parameters
    ----------
    probabilities : ndarray
        p-values; missing stays missing and is no test.

    Returns
    -------
    ndarray
        At most 1.

    Examples
    --------
    >>> bonferroni(np.array([0.01, 0.4, 0.02])).round(2).tolist()
    [0.03, 1.0, 0.06]
    """
    found = np.array(probabilities, dtype=float)
    adjusted: np.ndarray = np.minimum(found * np.isfinite(found).sum(), 1.0)
    return adjusted


def benjamini_hochberg(probabilities: np.ndarray) -> np.ndarray:
    """Smallest share of false ones among the marked at which a block is still marked.

    Benjamini, Y. and Hochberg, Y. (1995), Controlling the false discovery rate. Journal of the
    Royal Statistical Society B 57. Holds for independent tests and for tests that depend on each
    other positively, as those of neighbors do.

    Parameters
    ----------
    probabilities : ndarray
        p-values; missing stays missing and is no test.

    Returns
    -------
    ndarray
        Adjusted p-values, at most 1.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03, 0.5])).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.5]
    """
    return _step_up(probabilities, 1.0)


def benjamini_yekutieli(probabilities: np.ndarray) -> np.ndarray:
    """As `benjamini_hochberg`, but right however the tests depend on each other.

    Benjamini, Y. and Yekutieli, D. (2001), The control of the false discovery rate in multiple
    testing under dependency. Annals of Statistics 29.

    Parameters
    ----------
    probabilities : ndarray
        p-values; missing stays missing and is no test.

    Returns
    -------
    ndarray
        Adjusted p-values, at most 1.

    Examples
    --------
    >>> benjamini_yekutieli(np.array([0.01, 0.5])).round(4).tolist()
    [0.03, 0.75]
    """
    tests = int(np.isfinite(probabilities).sum())
    return _step_up(probabilities, float((1 / np.arange(1, tests + 1)).sum()))


def _step_up(probabilities: np.ndarray, factor: float) -> np.ndarray:
    found = np.array(probabilities, dtype=float)
    known = np.flatnonzero(np.isfinite(found))
    order = known[np.argsort(found[known], kind="stable")]
    scaled = found[order] * len(order) / np.arange(1, len(order) + 1) * factor
    found[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return found


CORRECTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "none": uncorrected,
    "benjamini_hochberg": benjamini_hochberg,
    "benjamini_yekutieli": benjamini_yekutieli,
    "bonferroni": bonferroni,
}
