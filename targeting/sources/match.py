"""Join tables to shapes by key, and say how well they match in both directions."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting.model import Counts
from targeting.problems import Problem
from targeting.sources.account import Account

Keys = pd.Index


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def exists(keys: Keys | pd.Series[str], known: Keys | pd.Series[str]) -> np.ndarray:
    """Tell which keys are among others; `isin` on texts takes ten times as long.

    Examples
    --------
    >>> exists(pd.Index(["a", None, "c"], dtype="str"), pd.Index(["c", "c", "d"])).tolist()
    [False, False, True]
    """
    found = pd.Index(known).dropna().unique().get_indexer(pd.Index(keys))
    return np.asarray(found >= 0, dtype=bool)


def check_match(
    account: Account, keys: Keys, known: Keys, other: str, match_min: float
) -> list[Problem]:
    """Return the problem of keys that too seldom exist in another layer.

    Parameters
    ----------
    account : Account
        Layer the keys belong to.
    keys, known : Index
        Keys of this layer, and those of the other.
    other : str
        Name of the other layer.
    match_min : float
        Share that must match, 0 to 1.

    Returns
    -------
    list of Problem
        `keys-unmatched` or nothing.
    """
    if not len(keys):
        return []
    missing = keys[~exists(keys, known)]
    share = 1 - len(missing) / len(keys)
    if share >= match_min:
        return []
    return [
        account.problem(
            "keys-unmatched",
            share=_percent(share),
            minimum=_percent(match_min),
            matched=len(keys) - len(missing),
            total=len(keys),
            other=other,
            examples=", ".join(sorted(missing)[:5]),
        )
    ]


def _in_municipalities(keys: Keys, table: pd.DataFrame, places: set[str]) -> Keys:
    """Return the keys of the municipalities in hand; all of them where nobody says."""
    if not places or "municipality_id" not in table.columns:
        return keys
    own = table["municipality_id"].reindex(keys)
    return keys[own.isna().to_numpy() | own.isin(places).to_numpy()]


def _places(shapes: gpd.GeoDataFrame) -> set[str]:
    """Return the municipalities of shapes, or nothing when not all say theirs."""
    own = shapes["municipality_id"]
    return set() if own.isna().any() else set(own.unique())


def join_census(
    account: Account,
    blocks: gpd.GeoDataFrame,
    blocks_account: Account,
    match_min: float,
) -> tuple[Counts | None, Counts | None, list[Problem]]:
    """Give each block and area its census counts.

    Parameters
    ----------
    account : Account
        The census.
    blocks : GeoDataFrame
        Index block ids, with `area_id` and `municipality_id`.
    blocks_account : Account
        Account of the blocks.
    match_min : float
        Share of keys that must match, both ways.

    Returns
    -------
    block_counts, area_counts : Counts or None
        The first aligned to the blocks; a block without a census row is missing.
    problems : list of Problem
    """
    by_block, by_area = _census_counts(account)
    problems: list[Problem] = []
    areas = pd.Index(sorted(blocks["area_id"].dropna().unique()), dtype="str")
    area_counts = None
    if by_area is not None and len(by_area.value):
        found = by_area.value.index
        area_counts = by_area.reindex(found[exists(found, areas)])
        if not len(by_block.value):
            problems = check_match(account, areas, found, blocks_account.name, match_min)
            account.kept = len(area_counts.value)
            return None, area_counts, problems
    data = account.layer.data
    keys = _in_municipalities(by_block.value.index, data, _places(blocks))
    account.notes["other_municipalities"] = len(by_block.value) - len(keys)
    problems += check_match(account, keys, blocks.index, blocks_account.name, match_min)
    problems += check_match(blocks_account, blocks.index, keys, account.name, match_min)
    alone = keys[~exists(keys, blocks.index)]
    without = blocks.index[~exists(blocks.index, keys)]
    account.lose("no-shape", alone, of=len(keys))
    blocks_account.lose("no-census-row", without, of=len(blocks))
    matched = len(keys) - len(alone)
    account.kept = matched
    account.notes["match_share"] = round(matched / len(keys), 6) if len(keys) else 0.0
    account.notes["blocks_match_share"] = round(matched / len(blocks), 6)
    if "population" in data.columns and len(alone):
        account.notes["people_without_shape"] = float(data["population"].reindex(alone).sum())
    return by_block.reindex(blocks.index), area_counts, problems


def _census_counts(account: Account) -> tuple[Counts, Counts | None]:
    counts = account.layer.counts
    if counts:
        return counts["block"], counts.get("area")
    numbers = account.layer.data.select_dtypes("number").astype(float)
    return Counts(numbers, numbers, numbers), None


def join_area_table(
    account: Account,
    blocks: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame | None,
    match_min: float,
) -> tuple[pd.DataFrame, list[Problem]]:
    """Keep the rows of a table whose area holds blocks.

    With a layer of areas, the table's keys must exist there: a table of another year does not.
    Without one, the blocks' areas must exist in the table. The publisher leaves out areas with
    few dwellings, so a missing area is counted and no problem.

    Parameters
    ----------
    account : Account
        The table.
    blocks : GeoDataFrame
        With `area_id`.
    areas : GeoDataFrame or None
        All areas of the area layer, also those without blocks; index `area_id`.
    match_min : float
        Share that must match.

    Returns
    -------
    table : DataFrame
        Index `area_id`, sorted.
    problems : list of Problem
    """
    table = account.layer.data
    own = blocks["area_id"].dropna()
    known = exists(own, table.index)
    share = float(known.mean()) if len(own) else 0.0
    account.notes["blocks_match_share"] = round(share, 6)
    if areas is not None:
        keys = _in_municipalities(table.index, table, _places(areas))
        account.notes["other_municipalities"] = len(table) - len(keys)
        alone = keys[~exists(keys, areas.index)]
        account.lose("no-shape", alone, of=len(keys))
        account.notes["match_share"] = round(1 - len(alone) / len(keys), 6) if len(keys) else 0.0
        problems = check_match(account, keys, areas.index, "areas", match_min)
        if not problems and not len(keys):
            problems = check_match(account, table.index, areas.index, "areas", match_min)
    else:
        problems = []
        if share < match_min:
            missing = sorted(set(own) - set(table.index))[:5]
            problems = [
                account.problem(
                    "keys-unmatched",
                    share=_percent(share),
                    minimum=_percent(match_min),
                    matched=int(known.sum()),
                    total=len(own),
                    other="blocks",
                    examples=", ".join(missing),
                )
            ]
    used = table.index[exists(table.index, own)]
    account.kept = len(used)
    told = account.notes.get("other_municipalities", 0) + sum(one.count for one in account.losses)
    account.notes["without_blocks"] = max(len(table) - len(used) - told, 0)
    kept = table.loc[used].drop(columns="municipality_id", errors="ignore")
    return kept.rename_axis("area_id"), problems


def join_block_table(
    account: Account, blocks: gpd.GeoDataFrame, of_blocks: Account, match_min: float
) -> tuple[pd.DataFrame, list[Problem]]:
    """Give each block its row of a table by block.

    Parameters
    ----------
    account : Account
        The table.
    blocks : GeoDataFrame
        Index block ids, with `municipality_id`.
    of_blocks : Account
        Account of the blocks.
    match_min : float
        Share of keys that must match, both ways.

    Returns
    -------
    table : DataFrame
        Index the blocks'; missing where the table has no row.
    problems : list of Problem
    """
    table = account.layer.data
    keys = _in_municipalities(table.index, table, _places(blocks))
    account.notes["other_municipalities"] = len(table) - len(keys)
    problems = check_match(account, keys, blocks.index, of_blocks.name, match_min)
    problems += check_match(of_blocks, blocks.index, keys, account.name, match_min)
    alone = keys[~exists(keys, blocks.index)]
    account.lose("no-shape", alone, of=len(keys))
    matched = len(keys) - len(alone)
    account.kept = matched
    account.notes["match_share"] = round(matched / len(keys), 6) if len(keys) else 0.0
    account.notes["blocks_match_share"] = round(matched / len(blocks), 6)
    kept = table.drop(columns="municipality_id", errors="ignore")
    return kept.reindex(blocks.index), problems
