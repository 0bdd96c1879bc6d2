"""Incidents known by neighborhood or area, shared out among the blocks where people live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting.problems import Problem
from targeting.sources.account import Account
from targeting.sources.name_matching import AMBIGUOUS, LOOSE, UNMATCHED, bearing, match_names
from targeting.spatial import place_points

MUNICIPALITY = "municipality"


@dataclass(frozen=True)
class Allocated:
    """What a table of incidents says of the blocks.

    Parameters
    ----------
    counts : DataFrame
        `block_id`, `kind`, `count` (fractional, above 0), sorted.
    covered : ndarray of bool
        By block: whether the table tells of it.
    problems : list of Problem
    """

    counts: pd.DataFrame
    covered: np.ndarray
    problems: list[Problem]


@dataclass(frozen=True)
class _Units:
    """The places or areas a table may name, and which of them each block is in.

    Parameters
    ----------
    names : Series of text
        Name by id, in the order of positions; of an area its id.
    of_block : ndarray of int
        Position of each block's unit, -1 where it is in none.
    towns : ndarray of text
        Municipality of each unit, by its blocks; missing where unknown.
    """

    names: pd.Series[str]
    of_block: np.ndarray
    towns: np.ndarray


def allocate_incidents(
    account: Account,
    blocks: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame | None,
    *,
    match_min: float,
) -> Allocated:
    """Share the incidents of each place out among its blocks, in proportion to their people.

    Where in the place an incident happened is not known; nor is it more likely in a block because
    the map then shows it there. Every figure made of them says that it is allocated.

    Parameters
    ----------
    account : Account
        A table of `incident_table`.
    blocks : GeoDataFrame
        Index block ids; `area_id`, `municipality_id`, `population`.
    places : GeoDataFrame or None
        As the territory has them. A block is in the place its inner point is in; of several of one
        level, in the smallest.
    match_min : float
        Share of the incidents whose place must be found, 0 to 1.

    Returns
    -------
    Allocated
    """
    settings = account.settings
    nothing = pd.DataFrame({"block_id": [], "kind": [], "count": []})
    covered = covered_municipalities(account, blocks)
    units = _units(account, blocks, places)
    if units is None:
        problem = account.problem("no-places-of-level", level=settings["level"])
        return Allocated(nothing, covered, [problem])
    data = account.layer.data
    found, doubtful = _found(data, units, account, places)
    rows = data["kind"].notna().to_numpy()
    unit = found["unit"].to_numpy()
    problems = _account_for(account, data, found, match_min)
    _tell_loose_names(account, found, units.names)
    weight, by_area = _weights(blocks, units.of_block, len(units.names))
    inside = np.isin(unit, units.of_block[units.of_block >= 0])
    elsewhere = rows & (unit >= 0) & ~inside
    names, count = _told(data, elsewhere)
    account.lose("place-without-blocks", names, of=account.chosen, count=count)
    if elsewhere.any():
        events = float(data["count"].to_numpy(float)[elsewhere].sum())
        account.notes["incidents_without_blocks"] = round(events, 6)
    kept = rows & inside
    account.kept = int(data.index[kept].nunique())
    totals = data[kept].assign(unit=unit[kept]).groupby(["unit", "kind"])["count"].sum()
    account.notes["allocated"] = round(float(totals.sum()), 6)
    spread = totals[totals.index.get_level_values("unit").isin(np.flatnonzero(by_area))].sum()
    if spread:
        account.notes["allocated_by_area"] = round(float(spread), 6)
    listed = np.unique(unit[unit >= 0])
    told = np.isin(units.of_block, listed)
    if settings["absent"] == "zero":
        told |= units.of_block >= 0
    unknown = np.isin(units.of_block, np.setdiff1d(doubtful, listed))
    counts = _share_out(totals, units.of_block, weight, blocks.index)
    return Allocated(counts, (covered | told) & ~unknown, problems)


def covered_municipalities(account: Account, blocks: gpd.GeoDataFrame) -> np.ndarray:
    """Tell which blocks lie in the municipalities a file of incidents covers."""
    covers = account.settings.get("covers") or ()
    return np.asarray(blocks["municipality_id"].isin(covers), dtype=bool)


def _units(
    account: Account, blocks: gpd.GeoDataFrame, places: gpd.GeoDataFrame | None
) -> _Units | None:
    towns = blocks["municipality_id"].to_numpy(object)
    if account.settings["by"] == "area_id":
        codes, names = pd.factorize(blocks["area_id"], sort=True)
        names = pd.Series(names, index=names, dtype="str")
        return _Units(names, codes, _most_common(towns, codes, len(names)))
    if places is None:
        return None
    own = places[places["level"] == account.settings["level"]]
    if not len(own):
        return None
    codes, _ = place_points(blocks.geometry.representative_point(), own.geometry, tolerance_m=0.0)
    return _Units(own["name"].astype("str"), codes, _most_common(towns, codes, len(own)))


def _most_common(towns: np.ndarray, codes: np.ndarray, count: int) -> np.ndarray:
    """Return the municipality most of a unit's blocks are in."""
    pairs = pd.DataFrame({"unit": codes, "town": towns}).dropna()
    pairs = pairs[pairs["unit"] >= 0].value_counts().reset_index()
    pairs = pairs.sort_values(["count", "town"], ascending=[False, True]).drop_duplicates("unit")
    held = np.full(count, None, dtype=object)
    held[pairs["unit"].to_numpy(int)] = pairs["town"].to_numpy(object)
    return held


def _found(
    data: pd.DataFrame, units: _Units, account: Account, places: gpd.GeoDataFrame | None
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the unit of each row (-1 where none) and how it was found; and units in doubt."""
    # A row of the file may have several numbers, and a place without any has no row of its own.
    given = data[["place", "municipality"]].drop_duplicates().reset_index(drop=True)
    by = account.settings["by"]
    if by == "place_name":
        town = _town_codes(given["municipality"], units, places)
        match, doubtful = _by_name(given["place"], town, units)
    else:
        keys = given["place"].astype("str")
        keys = f"{account.settings['level']}:" + keys if by == "place_id" else keys
        position = units.names.index.get_indexer(pd.Index(keys))
        match = pd.DataFrame({"unit": position, "how": np.where(position < 0, "no-key", "same")})
        match, doubtful = match.set_index(given.index), np.zeros(0, dtype=int)
    table = pd.concat([given.reset_index(drop=True), match.reset_index(drop=True)], axis=1)
    joined = data[["place", "municipality"]].merge(table, on=["place", "municipality"], how="left")
    return joined.set_index(data.index), doubtful


def _town_codes(
    texts: pd.Series[Any], units: _Units, places: gpd.GeoDataFrame | None
) -> np.ndarray:
    """Return the municipality's code of each text, which may be its name; missing if unknown."""
    codes = {str(code) for code in units.towns if code is not None}
    held = texts.astype("str")
    known = held.where(held.isin(codes))
    if places is not None and held.notna().any():
        towns = places.loc[places["level"] == MUNICIPALITY, "name"]
        named = match_names(held, towns)["place_id"].astype("str")
        named = named.str.removeprefix(f"{MUNICIPALITY}:")
        known = known.fillna(named.where(named.isin(codes)))
    return np.asarray(known.to_numpy(object))


def _by_name(
    names: pd.Series[str], towns: np.ndarray, units: _Units
) -> tuple[pd.DataFrame, np.ndarray]:
    out = pd.DataFrame({"unit": -1, "how": UNMATCHED}, index=names.index)
    positions = pd.Series(np.arange(len(units.names)), index=units.names.index)
    known = pd.Series(towns, index=names.index, dtype="str").fillna("").to_numpy()
    doubtful: list[np.ndarray] = []
    for town in sorted(set(known)):
        mine = known == town
        near = units.names[(units.towns == town)] if town else units.names
        match = match_names(names[mine], near)
        place = match["place_id"]
        held = place.notna()
        out.loc[match.index, "how"] = match["how"]
        out.loc[match.index[held], "unit"] = positions[place[held]].to_numpy()
        several = names[mine][(match["how"] == AMBIGUOUS).to_numpy()]
        doubtful.append(positions[near.index[bearing(near, several)]].to_numpy())
    return out, np.unique(np.concatenate(doubtful)) if doubtful else np.zeros(0, dtype=int)


def _account_for(
    account: Account, data: pd.DataFrame, found: pd.DataFrame, match_min: float
) -> list[Problem]:
    """Tell what was matched loosely and what was not; a problem where that is too much."""
    rows = data["kind"].notna().to_numpy()
    how = found["how"].to_numpy(str)
    of = account.chosen
    names, count = _told(data, rows & (how == UNMATCHED))
    account.lose("name-unmatched", names, of=of, count=count)
    names, count = _told(data, rows & (how == AMBIGUOUS))
    account.lose("name-ambiguous", names, of=of, count=count)
    names, count = _told(data, rows & (how == "no-key"))
    account.lose("no-such-place", names, of=of, count=count)
    lost = rows & (found["unit"].to_numpy() < 0)
    events = data["count"].to_numpy(float)
    total = float(events[rows].sum())
    share = 1 - float(events[lost].sum()) / total if total else 1.0
    account.notes["incidents_matched_share"] = round(share, 6)
    if lost.any():
        account.notes["incidents_unmatched"] = round(float(events[lost].sum()), 6)
    if share >= match_min:
        return []
    most = data[lost].groupby("place")["count"].sum().sort_values(ascending=False, kind="stable")
    return [
        account.problem(
            "places-unmatched",
            share=f"{100 * share:.1f}",
            minimum=f"{100 * match_min:.1f}",
            examples=", ".join(str(name) for name in most.index[:8]),
        )
    ]


def _tell_loose_names(account: Account, found: pd.DataFrame, names: pd.Series[str]) -> None:
    """List every name that was read as another one."""
    loose = found[found["how"].isin(LOOSE)].drop_duplicates("place").sort_values("place")
    if len(loose):
        matched = names.iloc[loose["unit"].to_numpy(int)]
        account.notes["names_matched"] = dict(zip(loose["place"], matched, strict=True))


def _told(data: pd.DataFrame, bad: np.ndarray) -> tuple[list[str], int]:
    """Return the different places of some numbers, and how many rows of the file they are."""
    return list(data["place"][bad].unique()), len(data.index[bad].unique())


def _weights(
    blocks: gpd.GeoDataFrame, of_block: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return each block's share of its unit, and which units are shared out by area."""
    people = np.nan_to_num(blocks["population"].to_numpy(float))
    held = of_block >= 0
    whole = np.bincount(of_block[held], people[held], minlength=count)
    by_area = whole <= 0
    weight = np.where(by_area[of_block], blocks.geometry.area.to_numpy(float), people)
    total = np.bincount(of_block[held], weight[held], minlength=count)
    share = np.zeros(len(blocks))
    share[held] = weight[held] / total[of_block[held]]
    return share, by_area


def _share_out(
    totals: pd.Series[float], of_block: np.ndarray, share: np.ndarray, ids: pd.Index[str]
) -> pd.DataFrame:
    blocks = pd.DataFrame({"unit": of_block, "block_id": ids, "share": share})
    both = totals.rename("count").reset_index().merge(blocks[blocks["share"] > 0], on="unit")
    both["count"] = both["count"] * both["share"]
    both = both[both["count"] > 0]
    summed = both.groupby(["block_id", "kind"], sort=True)["count"].sum()
    return summed.reset_index()
