"""The account of the intake, and the names of polygons, without sums that tell of single blocks."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from targeting.model import (
    IntakeReport,
    LayerReport,
    PolygonName,
    PublishSpec,
    Result,
    Territory,
)

# Sums of people over blocks: the blocks that are told, taken from them, leave those that are not.
_SUMS = (
    "population",
    "municipal_population",
    "people_outside_blocks",
    "raster_people",
    "raster_ratio",
)
_SHARE_STEPS = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0)


def told_people(people: pd.Series[float], least: int) -> pd.Series[float]:
    """Return people with one constant in place of every count that is too small to be told.

    Examples
    --------
    >>> told_people(pd.Series([0.0, 1.0, 2.0, 3.0]), 3).tolist()
    [0.0, 1.5, 1.5, 3.0]
    """
    held = people.to_numpy(float, na_value=np.nan)
    told = np.where((held > 0) & (held < least), least / 2, held)
    return pd.Series(told, index=people.index, name=people.name)


def public_intake(territory: Territory, publish: PublishSpec) -> IntakeReport:
    """Return the account of the intake with the people that are told.

    Parameters
    ----------
    territory : Territory
        As taken in.
    publish : PublishSpec
        From which number on people are told.
    """
    report = territory.intake
    told = told_people(territory.blocks["population"], publish.people_min)
    city: dict[str, Any] = dict(report.city)
    if "population" in city:
        city["population"] = round(float(told.sum()), -1)
    outside = city.get("people_outside_blocks")
    if outside:
        city["people_outside_blocks"] = round(float(outside), -1)
    return replace(report, layers=tuple(_layer(one) for one in report.layers), city=city)


def _layer(layer: LayerReport) -> LayerReport:
    notes = {key: value for key, value in layer.notes.items() if key not in _SUMS}
    return replace(layer, notes=notes)


def public_names(result: Result) -> tuple[PolygonName, ...]:
    """Return the names of the polygons; their shares as fine as the people told leave certain."""
    least = result.study.publish.people_min
    people = result.territory.blocks["population"].fillna(0.0)
    few = (people > 0) & (people < least)
    out = []
    for name in result.names:
        inside = result.polygons.membership == name.number
        hidden, whole = int(few[inside].sum()), float(people[inside].sum())
        slack = hidden * (least - 1) / max(whole, 1.0)
        shares = tuple(settled_share(share, slack) for share in name.shares)
        out.append(
            replace(name, shares=shares, unplaced_share=settled_share(name.unplaced_share, slack))
        )
    return tuple(out)


def settled_share(share: float, slack: float) -> float:
    """Return a share in steps so coarse that it is the same within `slack` on either side.

    Examples
    --------
    >>> settled_share(0.6127, 0.0), settled_share(0.6127, 0.0004), settled_share(0.6147, 0.0004)
    (0.613, 0.61, 0.6)
    """
    for step in _SHARE_STEPS:
        ends = np.floor((np.array([share - slack, share, share + slack])) / step + 0.5)
        if ends.min() == ends.max():
            digits = max(0, -math.floor(math.log10(step))) + 1
            return float(np.clip(round(float(ends[0]) * step, digits), 0.0, 1.0))
    return 0.0
