"""What tests of hot spots and the hold-out say: frozen, the blocks' own order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from targeting.model._checks import demand, frozen
from targeting.model.declared import HoldOutSpec, HotSpotSpec
from targeting.model.taken import Loss


@dataclass(frozen=True)
class SpotTest:
    """A test of hot spots carried out.

    Parameters
    ----------
    spec : HotSpotSpec
        What was asked.
    outcome : str
        `tested` or `scanned`, or why nothing could be.
    classes : Series of text
        Index block ids; `high_99`, `high_95`, `high_90` and `low_…` of the same confidence,
        `not_significant`, `no_contrast`, `no_neighbors` or `no_data`. Of a scan the confidence is
        that of the cluster the block is in.
    cluster : Series of int64, optional
        Of a scan: number of the cluster each block is in, 0 for none.
    clusters : DataFrame
        Of a scan: its clusters, from the most likely.
    losses : tuple of Loss
        Blocks left out.
    notes : mapping
        Method, settings and counts.

    Examples
    --------
    >>> from targeting.model import MethodSpec
    >>> spec = HotSpotSpec("getis_ord_score", "hotspot", MethodSpec("getis_ord"), of="score")
    >>> SpotTest(spec, "tested", pd.Series(["high_95"], index=["b1"])).classes["b1"]
    'high_95'
    """

    spec: HotSpotSpec
    outcome: str
    classes: pd.Series[str]
    cluster: pd.Series[int] | None = None
    clusters: pd.DataFrame = field(default_factory=pd.DataFrame)
    losses: tuple[Loss, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        same = self.cluster is None or self.cluster.index.equals(self.classes.index)
        demand(same, "hot spots: index")
        object.__setattr__(self, "notes", frozen(self.notes))


@dataclass(frozen=True)
class HeldOut:
    """How well plans made without the latest incidents hold them.

    Parameters
    ----------
    spec : HoldOutSpec
        What was asked.
    outcome : str
        `held`, or why nothing could be told.
    plans : DataFrame
        Index `plan`: `chosen` (the study's own delineation, of the incidents before the day), then
        the others. Columns as in `delineation.plans.HoldOut`.
    last : str
        Last day held out, ISO.
    losses : tuple of Loss
        Incidents in neither period.
    notes : mapping
        Incidents, people, blocks nobody looks at.
    """

    spec: HoldOutSpec
    outcome: str
    plans: pd.DataFrame
    last: str = ""
    losses: tuple[Loss, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "notes", frozen(self.notes))
