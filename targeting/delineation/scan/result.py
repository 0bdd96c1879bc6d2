"""What a scan found: clusters in the order of their likelihood, and who is in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pandas as pd

from targeting.model import Loss

COLUMNS = (
    "center",
    "radius_m",
    "block_count",
    "population",
    "cases",
    "expected",
    "rate_ratio",
    "relative_risk",
    "log_likelihood_ratio",
    "p",
    "p_gumbel",
    "side",
)
OUTCOMES = ("scanned", "no_blocks", "no_cases", "no_windows")


@dataclass(frozen=True)
class ScanClusters:
    """Clusters of a scan statistic: places with more (or fewer) cases than their people expect.

    Parameters
    ----------
    clusters : DataFrame
        Index `cluster` 1 … from the most likely; no two share a block. `center` (block id),
        `radius_m` (to the middle of the farthest block), `block_count`, `population`, `cases`,
        `expected` (cases), `rate_ratio` (cases over expected), `relative_risk` (rate inside over
        rate outside; infinite where all cases are inside), `log_likelihood_ratio`, `p` (rank among
        the replicates; missing without replicates), `p_gumbel` (of a Gumbel distribution fitted to
        the replicates) and `side` (`high` or `low`).
    membership : Series of int64
        Index the blocks'; number of the cluster a block is in, 0 for none.
    outcome : str
        One of `OUTCOMES`: `scanned`, or why nothing could be.
    losses : tuple of Loss
        Blocks left out, by reason.
    notes : mapping
        Method, settings, cases and people scanned, windows looked at.

    Examples
    --------
    >>> table = pd.DataFrame({"p": [0.01]}, index=[1]).reindex(columns=list(COLUMNS))
    >>> found = ScanClusters(table, pd.Series([1, 0], index=["b1", "b2"]), "scanned")
    >>> found.inside(p_max=0.05).tolist()
    [True, False]
    """

    clusters: pd.DataFrame
    membership: pd.Series[int]
    outcome: str
    losses: tuple[Loss, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise ValueError(f"no such outcome: {self.outcome}")
        if tuple(self.clusters.columns) != COLUMNS:
            raise ValueError("columns of the clusters")
        if sorted(set(self.membership) - {0}) != list(self.clusters.index):
            raise ValueError("clusters are numbered from 1, and each has a block")
        object.__setattr__(self, "notes", MappingProxyType(dict(self.notes)))

    def inside(self, *, p_max: float) -> pd.Series[bool]:
        """Return which blocks are in a cluster whose p-value is at most `p_max`."""
        chosen = self.clusters.index[self.clusters["p"] <= p_max]
        return self.membership.isin(chosen)
