"""Join tables to shapes by key, and say how well they match in both directions."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting.model import Counts, MethodSpec
from targeting.model.vintages import year_of
from targeting.problems import Problem
from targeting.sources.account import Account
from targeting.sources.layer import examples

Keys = pd.Index


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def asked_of(account: Account, match_min: float) -> float:
    """Return the share of keys that must match: the input's own, or else the study's."""
    own = account.spec.match_min
    if year_of(account.spec.year) is None:
        account.notes["year_not_checked"] = True
    return match_min if own is None else own


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
            examples=", ".join(sorted(missing.unique())[:5]),
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
    match_min = asked_of(account, match_min)
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
            account.notes["without_blocks"] = len(found) - account.kept
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
    places = _places(blocks)
    for note in ("municipal_population", "people_outside_blocks"):
        told = account.notes.get(note)
        if places and isinstance(told, Mapping):
            account.notes[note] = {code: told[code] for code in told if code in places}
    return by_block.reindex(blocks.index), area_counts, problems


def blocks_counted(account: Account, population: MethodSpec | None) -> list[Problem]:
    """Return the problem of a census of areas where the study takes people by block from it."""
    counts = account.layer.counts
    if population is None or population.use != "census" or not counts or len(counts["block"].value):
        return []
    return [account.problem("census-without-blocks")]


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
    few dwellings, so a missing area is counted and no problem. Rows of places too small to have a
    shape (`may_lack_shape`) are no failure of the match either. A table by municipality (its index
    is called `municipality_id`) gives each area the row of its municipality.

    Parameters
    ----------
    account : Account
        The table.
    blocks : GeoDataFrame
        With `area_id`.
    areas : GeoDataFrame or None
        All areas of the area layer, also those without blocks; index `area_id`.
    match_min : float
        Share that must match; an input's own takes its place.

    Returns
    -------
    table : DataFrame
        Index `area_id`, sorted.
    problems : list of Problem
    """
    match_min = asked_of(account, match_min)
    table = account.layer.data
    if table.index.name == "municipality_id":
        return _join_municipalities(account, table, blocks, match_min)
    own = blocks["area_id"].dropna()
    known = exists(own, table.index)
    share = float(known.mean()) if len(own) else 0.0
    account.notes["blocks_match_share"] = round(share, 6)
    without = pd.Index(own[~known].unique())
    account.notes["areas_without_row"] = len(without)
    account.notes["areas_without_row_examples"] = list(examples(without))
    if areas is not None:
        problems = _match_areas(account, table, areas, match_min)
    elif share < match_min:
        problems = [_too_few(account, own[~known], len(own), match_min)]
    else:
        problems = []
    used = table.index[exists(table.index, own)]
    account.kept = len(used)
    here = ("no-shape", "place-too-small")
    told = sum(one.count for one in account.losses if one.reason in here)
    told += account.notes.get("other_municipalities", 0)
    account.notes["without_blocks"] = max(len(table) - len(used) - told, 0)
    kept = table.loc[used].drop(columns=["municipality_id", "may_lack_shape"], errors="ignore")
    return kept.rename_axis("area_id"), problems


def _match_areas(
    account: Account, table: pd.DataFrame, areas: gpd.GeoDataFrame, match_min: float
) -> list[Problem]:
    """Hold a table's keys to the layer of areas; tell how many match, and what the others are."""
    keys = _in_municipalities(table.index, table, _places(areas))
    account.notes["other_municipalities"] = len(table) - len(keys)
    there = exists(keys, areas.index)
    if "may_lack_shape" in table.columns:
        small = table["may_lack_shape"].reindex(keys).fillna(value=False).to_numpy(bool) & ~there
        account.lose("place-too-small", keys[small], of=len(keys))
        keys, there = keys[~small], there[~small]
    alone = keys[~there]
    account.lose("no-shape", alone, of=len(keys))
    account.notes["match_share"] = round(1 - len(alone) / len(keys), 6) if len(keys) else 0.0
    problems = check_match(account, keys, areas.index, "areas", match_min)
    if not problems and not len(keys):
        problems = check_match(account, table.index, areas.index, "areas", match_min)
    return problems


def _join_municipalities(
    account: Account, table: pd.DataFrame, blocks: gpd.GeoDataFrame, match_min: float
) -> tuple[pd.DataFrame, list[Problem]]:
    """Give each area the row of the municipality that most of its blocks are in."""
    own = blocks["municipality_id"].dropna()
    known = exists(own, table.index)
    share = float(known.mean()) if len(own) else 0.0
    used = table.index[exists(table.index, own)]
    account.kept = len(used)
    account.notes["other_municipalities"] = len(table) - len(used)
    account.notes["blocks_match_share"] = round(share, 6)
    problems = [] if share >= match_min else [_too_few(account, own[~known], len(own), match_min)]
    pairs = blocks[["area_id", "municipality_id"]].dropna().astype("str")
    counts = pairs.value_counts().reset_index(name="blocks")
    order = ["area_id", "blocks", "municipality_id"]
    counts = counts.sort_values(order, ascending=[True, False, True], kind="stable")
    most = counts.drop_duplicates("area_id").set_index("area_id")["municipality_id"]
    handed = table.reindex(most.to_numpy()).set_axis(most.index)
    return handed.rename_axis("area_id"), problems


def _too_few(account: Account, missing: pd.Series[str], total: int, match_min: float) -> Problem:
    matched = total - len(missing)
    return account.problem(
        "blocks-without-row",
        share=_percent(matched / total if total else 0.0),
        minimum=_percent(match_min),
        matched=matched,
        total=total,
        examples=", ".join(examples(missing)),
    )


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
    match_min = asked_of(account, match_min)
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
    without = blocks.index[~exists(blocks.index, keys)]
    account.notes["blocks_without_row"] = len(without)
    account.notes["blocks_without_row_examples"] = list(examples(without))
    kept = table.drop(columns="municipality_id", errors="ignore")
    return kept.reindex(blocks.index), problems
