"""How indicators, groups and scores go together: correlations and Cronbach's alpha."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from targeting.model import Node

Kind = Literal["pearson", "spearman", "kendall"]


def correlations(
    rows: pd.DataFrame, columns: pd.DataFrame | None = None, *, kind: Kind = "pearson"
) -> pd.DataFrame:
    """Return the correlation of each column of one table with each of another.

    Parameters
    ----------
    rows : DataFrame
        Units by the things that become the rows of the answer.
    columns : DataFrame, optional
        On the same index. Default: the same table.
    kind : str
        `"pearson"`, `"spearman"` or `"kendall"`.

    Returns
    -------
    DataFrame
        Each from the units in which both are known; missing where one does not vary.

    Examples
    --------
    >>> held = pd.DataFrame({"a": [0.0, 1, 2], "b": [0.0, 2, 1]})
    >>> correlations(held).round(3).values.tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    other = rows if columns is None else columns
    left, right = list(rows.columns), list(other.columns)
    renamed = other.set_axis(range(len(left), len(left) + len(right)), axis=1)
    together = pd.concat([rows.set_axis(range(len(left)), axis=1), renamed], axis=1)
    held = together.corr(method=kind).to_numpy(float)[: len(left), len(left) :]
    return pd.DataFrame(held, index=left, columns=right)


def lowest_groups(tree: Node) -> dict[str, str]:
    """Return the group each indicator stands in.

    Examples
    --------
    >>> lowest_groups(Node.of({"need": (1.0, {"a": 1.0, "b": 1.0}), "c": 1.0}))
    {'c': 'score', 'a': 'need', 'b': 'need'}
    """
    return {
        child.key: node.key
        for node in tree.nodes()
        for child in node.children
        if not child.children
    }


def cronbach(values: pd.DataFrame) -> float:
    """Return Cronbach's alpha: how far a group's indicators measure one thing.

    Parameters
    ----------
    values : DataFrame
        Units by indicators, all worse in the same direction and on the scale they are added on.

    Returns
    -------
    float
        1 where they are one, 0 where they have nothing in common, below 0 where they pull apart;
        missing for one indicator. Covariances come from the units in which both are known.

    References
    ----------
    Cronbach (1951), Coefficient alpha and the internal structure of tests.

    Examples
    --------
    >>> held = pd.DataFrame({"a": [0.0, 1, 2], "b": [0.0, 2, 1]})
    >>> round(cronbach(held), 6)
    0.666667
    """
    shared = values.cov().to_numpy(float)
    size = len(shared)
    if size < 2 or not shared.sum() > 0:
        return float("nan")
    return float(size / (size - 1) * (1 - np.trace(shared) / shared.sum()))
