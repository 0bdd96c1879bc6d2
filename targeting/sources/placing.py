"""Incidents of every source brought to the blocks: points placed, tables shared out, coverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from targeting.problems import Problem
from targeting.sources.account import Account
from targeting.sources.allocating import allocate_incidents, covered_municipalities
from targeting.sources.assemble import in_canonical_order, moved
from targeting.sources.dates import DAYS_A_YEAR
from targeting.spatial import place_points

_SAME_YEARS = 0.02


@dataclass(frozen=True)
class TakenIncidents:
    """What the study's incidents say of its blocks.

    Parameters
    ----------
    points : GeoDataFrame or None
        `kind`, `date`, `block_id`, `distance_m`, `geometry`, in canonical order.
    counts : DataFrame or None
        `block_id`, `kind`, `count`: shared out from coarser places.
    coverage : Series of bool or None
        By block: whether any file looks there.
    kind_coverage : DataFrame of bool or None
        By block and kind: whether any file that knows the kind looks there.
    years : float or None
        Years the incidents stand for; missing where the files do not say or do not agree.
    spans : DataFrame or None
        `kind`, `municipality_id` (missing: everywhere), `start`, `end`: days the files of points
        cover; missing where one does not say.
    problems : list of Problem
    """

    points: gpd.GeoDataFrame | None = None
    counts: pd.DataFrame | None = None
    coverage: pd.Series[bool] | None = None
    kind_coverage: pd.DataFrame | None = None
    years: float | None = None
    spans: pd.DataFrame | None = None
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class _Told:
    """What one file tells: which kinds, of which blocks, of which days."""

    kinds: tuple[str, ...]
    covered: np.ndarray
    days: tuple[pd.Timestamp, pd.Timestamp] | None


def take_incidents(
    accounts: Sequence[Account],
    blocks: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame | None,
    *,
    tolerance_m: float,
    reach_m: float,
    match_min: float,
) -> TakenIncidents:
    """Place points in blocks, share tables out among blocks, and say where nobody looks.

    Parameters
    ----------
    accounts : sequence of Account
        Layers of incidents.
    blocks : GeoDataFrame
        Index block ids; `area_id`, `municipality_id`, `population`.
    places : GeoDataFrame or None
        Neighborhoods and the like.
    tolerance_m : float
        Farthest distance from a block, in meters.
    reach_m : float
        Beyond this distance an incident is not of the city, in meters.
    match_min : float
        Share of a table's incidents whose place must be found, where its input does not say.

    Returns
    -------
    TakenIncidents
    """
    if not accounts:
        return TakenIncidents()
    points, counts, told, spans = [], [], [], []
    problems: list[Problem] = []
    for account in accounts:
        if isinstance(account.layer.data, gpd.GeoDataFrame):
            covered = covered_municipalities(account, blocks)
            everywhere = not account.settings.get("covers")
            covered = covered | everywhere
            frame, found = place_incidents(
                account, blocks, covered, tolerance_m=tolerance_m, reach_m=reach_m
            )
            points.append(frame)
            spans.append(_span(account, None if everywhere else covered, blocks))
        else:
            least = getattr(account.spec, "match_min", None)
            given = allocate_incidents(
                account, blocks, places, match_min=match_min if least is None else least
            )
            counts.append(given.counts)
            covered, found = given.covered, given.problems
        if not covered.any() and not found:
            codes = ", ".join(account.settings.get("covers") or ()) or "–"
            found = [account.problem("covers-nothing", covers=codes)]
        account.notes["blocks_covered_share"] = round(float(covered.mean()), 6)
        problems.extend(found)
        told.append(_Told(_kinds(account), covered, _days(account)))
    kinds = sorted({kind for one in told for kind in one.kinds})
    by_kind = {
        kind: np.any([one.covered for one in told if kind in one.kinds], axis=0) for kind in kinds
    }
    anywhere = np.any([one.covered for one in told], axis=0)
    joined = points[0] if len(points) == 1 else pd.concat(points) if points else None
    return TakenIncidents(
        points=None if joined is None else in_canonical_order(joined, ["kind", "date"]),
        counts=_added(counts) if counts else None,
        coverage=pd.Series(anywhere, index=blocks.index, dtype=bool),
        kind_coverage=pd.DataFrame(by_kind, index=blocks.index, dtype=bool),
        years=_years(told),
        spans=_spans(spans),
        problems=problems,
    )


def place_incidents(
    account: Account,
    blocks: gpd.GeoDataFrame,
    covered: np.ndarray,
    *,
    tolerance_m: float,
    reach_m: float,
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """Place each incident in its block; those too far from any stay, without one.

    Parameters
    ----------
    account : Account
        A layer of points.
    blocks : GeoDataFrame
        Index block ids.
    covered : ndarray of bool
        Blocks whose incidents the file holds; those of others fall.
    tolerance_m : float
        Farthest distance from a block, in meters.
    reach_m : float
        Beyond this distance an incident is not of the city, in meters.

    Returns
    -------
    incidents : GeoDataFrame
        `kind`, `date`, `block_id`, `distance_m`, `geometry`.
    problems : list of Problem
        `nothing-in-city`.
    """
    frame = moved(account, CRS(blocks.crs))
    of = account.chosen
    position, distance_m = place_points(frame.geometry, blocks.geometry, tolerance_m=reach_m)
    far = position < 0
    near = ~far & (distance_m <= tolerance_m)
    elsewhere = near & ~covered[position]
    account.lose("outside-city", frame.index[far], of=of)
    account.lose("no-block-near", frame.index[~far & ~near], of=of)
    account.lose("outside-coverage", frame.index[elsewhere], of=of)
    account.notes["inside_share"] = round(float((distance_m == 0).sum()) / of, 6) if of else 0.0
    account.kept = int((near & ~elsewhere).sum())
    problems = [account.problem("nothing-in-city")] if of and not near.any() else []
    found = np.full(len(frame), None, dtype=object)
    found[near] = blocks.index.to_numpy(object)[position[near]]
    frame = frame.assign(block_id=pd.array(found, dtype="str"), distance_m=distance_m)
    columns = ["kind", "date", "block_id", "distance_m", "geometry"]
    return frame.loc[~far & ~elsewhere, columns], problems


def _kinds(account: Account) -> tuple[str, ...]:
    """Return the kinds a file knows, also those of which nothing was left."""
    for note in ("kinds", "incidents_by_kind"):
        if note in account.layer.notes:
            return tuple(account.layer.notes[note])
    return tuple(sorted(account.layer.data["kind"].dropna().unique()))


def _days(account: Account) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    notes, settings = account.layer.notes, account.settings
    first = settings.get("start") or notes.get("first_date")
    last = settings.get("end") or notes.get("last_date")
    if "exposure_years" not in notes or first is None or last is None:
        return None
    start = pd.Timestamp(first)
    days = round(float(notes["exposure_years"]) * DAYS_A_YEAR)
    return start, max(pd.Timestamp(last), start + pd.Timedelta(days=days - 1))


def _years(told: Sequence[_Told]) -> float | None:
    """Return the years of all files together; None where kinds or blocks have different ones."""
    held = [one.days for one in told if one.days is not None]
    if len(held) < len(told):
        return None
    whole = _length(held)
    same_blocks = all(np.array_equal(one.covered, told[0].covered) for one in told)
    spans = [[days] for days in held] if not same_blocks else []
    kinds = {kind for one in told for kind in one.kinds}
    spans += [[days for days, one in zip(held, told, strict=True) if k in one.kinds] for k in kinds]
    if any(abs(_length(span) - whole) > _SAME_YEARS * whole for span in spans):
        return None
    return round(whole / DAYS_A_YEAR, 6)


def _span(
    account: Account, covered: np.ndarray | None, blocks: gpd.GeoDataFrame
) -> pd.DataFrame | None:
    """Return the days a file covers by kind and municipality; one without covers everywhere."""
    days = _days(account)
    if days is None:
        return None
    municipalities = [None]
    if covered is not None:
        municipalities = sorted(blocks.loc[covered, "municipality_id"].dropna().unique())
    pairs = [(kind, name) for kind in _kinds(account) for name in municipalities]
    frame = pd.DataFrame(pairs, columns=["kind", "municipality_id"], dtype="str")
    return frame.assign(start=days[0].normalize(), end=days[1].normalize())


def _spans(held: Sequence[pd.DataFrame | None]) -> pd.DataFrame | None:
    known = [one for one in held if one is not None]
    if not known or len(known) < len(held):
        return None
    return pd.concat(known, ignore_index=True)


def _length(spans: Sequence[tuple[pd.Timestamp, pd.Timestamp]]) -> int:
    """Return how many days the spans cover together."""
    days, reached = 0, pd.Timestamp.min
    for first, last in sorted(spans):
        begin = max(first, reached)
        end = last + pd.Timedelta(days=1)
        days += max((end - begin).days, 0)
        reached = max(reached, end)
    return days


def _added(counts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    together = pd.concat(counts)
    return together.groupby(["block_id", "kind"], sort=True)["count"].sum().reset_index()
