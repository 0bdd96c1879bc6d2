"""Figures of the city as a whole, which only show when the layers are joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd

from targeting.model import Loss
from targeting.problems import Problem
from targeting.sources.account import Account

# Why an incident the study asks for has no place in the city; a row told twice is none of them.
UNPLACED = (
    "no-coordinates",
    "zero-coordinates",
    "swapped-coordinates",
    "impossible-coordinates",
    "outside-country",
    "no-geometry",
    "wrong-geometry",
    "outside-projection",
    "outside-city",
    "no-block-near",
)


def unplaced(account: Account) -> list[Loss]:
    """Return the losses of a layer of incidents that are for want of a place."""
    return [loss for loss in account.losses if loss.reason in UNPLACED]


def too_many_unplaced(accounts: Sequence[Account], unplaced_max: float) -> list[Problem]:
    """Return a problem for each file of incidents with too many that have no place.

    Parameters
    ----------
    accounts : sequence of Account
        Layers of incidents, placed.
    unplaced_max : float
        Share of the rows asked for that may have no place, 0 to 1.

    Returns
    -------
    list of Problem
        `too-many-unplaced`, with the counts by reason and rows to look at. None for a
        file where not one has a place: that is another problem.
    """
    problems = []
    for account in accounts:
        losses = unplaced(account)
        count = sum(loss.count for loss in losses)
        of = account.chosen
        if not account.kept or count <= unplaced_max * of:
            continue
        reasons = tuple(
            (f"loss.{loss.reason}", f"{loss.count:,} ({', '.join(loss.examples[:3])})")
            for loss in sorted(losses, key=lambda loss: (-loss.count, loss.reason))
        )
        values = {"count": f"{count:,}", "of": f"{of:,}", "reasons": reasons}
        shares = {"share": f"{count / of:.1%}", "allowed": f"{unplaced_max:.0%}"}
        problems.append(account.problem("too-many-unplaced", **values, **shares))
    return problems


def city_figures(
    slots: Mapping[str, Sequence[Account]],
    blocks: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame | None,
    incidents: gpd.GeoDataFrame | None,
    facilities: gpd.GeoDataFrame | None,
    *,
    incident_counts: pd.DataFrame | None = None,
) -> dict[str, Any]:
    """Return what a planner asks of the city before trusting a result.

    Parameters
    ----------
    slots : mapping
        Inputs by slot, joined.
    blocks : GeoDataFrame
        With `population` (people).
    areas, incidents, facilities : GeoDataFrame or None
        As the territory holds them.
    incident_counts : DataFrame, optional
        Incidents of coarser places, shared out to their blocks: `count`.

    Returns
    -------
    dict
        Counts, people, and shares from 0 to 1. What no layer can tell is not in it.
    """
    people = blocks["population"]
    known = people.dropna()
    figures: dict[str, Any] = {"blocks": len(blocks)}
    if len(known):
        figures["population"] = round(float(people.sum()))
    for account in slots["census"]:
        figures |= _people_outside(account, float(people.sum()))
    if len(known):
        figures["blocks_nobody_share"] = round(float((known == 0).mean()), 6)
        figures["blocks_people_unknown_share"] = round(float(people.isna().mean()), 6)
    if areas is not None:
        figures["areas"] = len(areas)
    if incidents is not None:
        figures["incidents_placed"] = int(incidents["block_id"].notna().sum())
        lost = (loss.count for account in slots["incidents"] for loss in unplaced(account))
        figures["incidents_unplaced"] = sum(lost)
    if incident_counts is not None:
        figures["incidents_allocated"] = round(float(incident_counts["count"].sum()))
    if facilities is not None:
        figures["facilities"] = len(facilities)
    return figures


def _people_outside(census: Account, inside: float) -> dict[str, Any]:
    """Return the people a census counts and no block of the map holds, and their share of all.

    They live outside every urban block, or in blocks of the census that the map lacks.
    """
    told = [
        census.notes.get(name)
        for name in ("people_outside_blocks", "people_without_shape", "municipal_population")
    ]
    outside, unmapped, everyone = (
        sum(one.values()) if isinstance(one, Mapping) else one  # by municipality
        for one in told
    )
    figures: dict[str, Any] = {}
    if outside is not None:
        figures["people_outside_blocks"] = outside
    if unmapped:
        figures["people_without_shape"] = round(float(unmapped))
    if figures:
        missed = float((outside or 0) + (unmapped or 0))
        # People of a raster are no part of the census's.
        whole = everyone if everyone and everyone >= missed else missed + inside
        figures["people_outside_blocks_share"] = round(missed / whole, 6) if whole else 0.0
    return figures
