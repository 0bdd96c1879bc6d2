"""Which days of which kinds of incidents the sources cover, block by block."""

from __future__ import annotations

import numpy as np
import pandas as pd

from targeting.model import Territory

_DAY = pd.Timedelta(days=1)


def covered_between(
    territory: Territory, kinds: tuple[str, ...], start: pd.Timestamp, end: pd.Timestamp
) -> np.ndarray:
    """Tell in which blocks the sources cover every day of a period for every kind.

    Parameters
    ----------
    territory : Territory
        With `incident_spans`; without, the days from the first to the last incident count as
        covered, everywhere.
    kinds : tuple of str
        Kinds that must be covered.
    start, end : Timestamp
        First and last day.

    Returns
    -------
    ndarray of bool
        By block.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import shapely
    >>> blocks = gpd.GeoDataFrame(
    ...     {"area_id": "a1", "municipality_id": ["m1", "m2"], "population": 50.0},
    ...     geometry=[shapely.box(0, 0, 80, 80), shapely.box(90, 0, 170, 80)],
    ...     index=["b1", "b2"], crs=32613)
    >>> days = pd.to_datetime(["2018-01-01", "2019-12-31"])
    >>> spans = pd.DataFrame({"kind": ["homicide"], "municipality_id": ["m1"],
    ...     "start": days[:1], "end": days[1:]})
    >>> city = Territory(blocks=blocks, crs=blocks.crs, incident_spans=spans)
    >>> covered_between(city, ("homicide",), *days).tolist()
    [True, False]
    """
    spans = _spans(territory)
    whole = np.ones(len(territory.blocks), dtype=bool)
    for kind in kinds:
        of_kind = spans[spans["kind"] == kind]
        everywhere = of_kind["municipality_id"].isna()
        covered = {
            name: _covers(of_kind[everywhere | (of_kind["municipality_id"] == name)], start, end)
            for name in of_kind.loc[~everywhere, "municipality_id"].unique()
        }
        rest = _covers(of_kind[everywhere], start, end)
        municipalities = territory.blocks["municipality_id"]
        told = municipalities.isin([name for name, holds in covered.items() if holds])
        unnamed = ~municipalities.isin(list(covered))
        whole &= (told | (unnamed & rest)).to_numpy(bool)
    return whole


def longest_span(
    territory: Territory, kinds: tuple[str, ...]
) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Return the first and last day the sources of all the kinds have in common, or None.

    Parameters
    ----------
    territory : Territory
        As for `covered_between`.
    kinds : tuple of str
        Kinds that count.
    """
    spans = _spans(territory)
    spans = spans[spans["kind"].isin(kinds)]
    if set(kinds) - set(spans["kind"]) or not len(spans):
        return None
    groups = spans.groupby(["kind", "municipality_id"], dropna=False)
    first, last = groups["start"].min().max(), groups["end"].max().min()
    return (first, last) if first <= last else None


def _covers(spans: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> bool:
    """Tell whether spans leave no day of a period out."""
    reached = start
    for first, last in sorted(zip(spans["start"], spans["end"], strict=True)):
        if first > reached:
            return False
        reached = max(reached, last + _DAY)
        if reached > end:
            return True
    return False


def _spans(territory: Territory) -> pd.DataFrame:
    if territory.incident_spans is not None:
        return territory.incident_spans
    points = territory.incidents
    columns = ["kind", "municipality_id", "start", "end"]
    if points is None or "date" not in points or not points["date"].notna().any():
        return pd.DataFrame({column: [] for column in columns})
    days = points["date"].dropna().dt.normalize()
    kinds = sorted(str(kind) for kind in points["kind"].dropna().unique())
    if territory.incident_kind_coverage is not None:
        kinds = [str(kind) for kind in territory.incident_kind_coverage.columns]
    rows = [(kind, None, days.min(), days.max()) for kind in kinds]
    return pd.DataFrame(rows, columns=columns)
