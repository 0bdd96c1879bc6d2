"""Whether numbers rise or fall over time: Mann–Kendall, row by row."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr


def mann_kendall(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Test each row for a trend, whatever its shape.

    Mann, H. B. (1945), Nonparametric tests against trend, Econometrica 13; Kendall, M. (1975), Rank
    correlation methods: variance with ties, and a continuity correction of one.

    Parameters
    ----------
    values : ndarray
        A row a series, in order of time; missing values are left out.

    Returns
    -------
    z, p : ndarray
        Deviate (positive where the row rises) and two-sided p-value by the normal distribution.
        Missing with fewer than three values; 0 and 1 where all are equal.

    Examples
    --------
    >>> z, p = mann_kendall(np.array([[1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 1.0, 1.0, 1.0, 1.0]]))
    >>> z.round(3).tolist(), p.round(3).tolist()
    ([2.205, 0.0], [0.027, 1.0])
    """
    rows, periods = values.shape
    known = np.isfinite(values)
    count = known.sum(axis=1)
    score = np.zeros(rows)
    equal = known.astype(np.int64)  # how many of its row are equal to each value, itself included
    for one in range(periods):
        for two in range(one + 1, periods):
            both = known[:, one] & known[:, two]
            score += np.where(both, np.sign(values[:, two] - values[:, one]), 0.0)
            same = both & (values[:, one] == values[:, two])
            equal[:, one] += same
            equal[:, two] += same
    # Each tie of t values takes t(t − 1)(2t + 5) off: (t − 1)(2t + 5) for each of its values.
    ties = ((equal - 1) * (2 * equal + 5) * known).sum(axis=1)
    variance = (count * (count - 1) * (2 * count + 5) - ties) / 18
    z = np.sign(score) * np.maximum(np.abs(score) - 1, 0.0)
    z /= np.sqrt(np.where(variance > 0, variance, 1.0))
    z[count < 3] = np.nan
    return z, np.asarray(2 * ndtr(-np.abs(z)))
