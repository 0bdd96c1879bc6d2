"""Blocks and areas of a study: each id once, valid, blocks in their areas."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from targeting.model import Loss
from targeting.problems import Problem
from targeting.sources.account import Account
from targeting.sources.assemble import moved
from targeting.sources.depth import reads
from targeting.sources.layer import Frame
from targeting.sources.match import asked_of, check_match, exists
from targeting.sources.shapes import shape_notes
from targeting.sources.vectors import keep_shapes
from targeting.spatial import place_points


def gather_polygons(
    accounts: Sequence[Account], crs: CRS, municipalities: Sequence[str]
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """Return the polygons of one slot: valid, each id once, sorted by id.

    Parameters
    ----------
    accounts : sequence of Account
        Layers of blocks, or of areas.
    crs : CRS
        The study's.
    municipalities : sequence of str
        Codes to keep; empty for all.

    Returns
    -------
    frame : GeoDataFrame
        Index `id`, columns of the files and `area_id`, `municipality_id`, `geometry`.
    problems : list of Problem
        `no-municipality-column`, `municipality-not-found`.
    """
    problems: list[Problem] = []
    pieces = []
    for account in accounts:
        frame = moved(account, crs)
        frame, found = keep_municipalities(account, frame, municipalities)
        problems += found
        fallen: list[Loss] = []
        frame, repaired = keep_shapes(frame, "polygon", fallen, of=account.layer.rows_read)
        for loss in fallen:
            account.lose(loss.reason, loss.examples, of=loss.of, count=loss.count)
        if repaired:
            account.notes["repaired_geometries"] = (
                account.notes.get("repaired_geometries", 0) + repaired
            )
        account.kept = len(frame)
        pieces.append(frame)
    together = pieces[0] if len(pieces) == 1 else pd.concat(pieces)
    together = together.set_index("id", drop=True).sort_index(kind="stable")
    again = together.index.duplicated()
    if again.any():
        accounts[-1].lose("duplicate-key", together.index[again], of=len(together))
        together = together[~again]
    if not reads("keys"):
        accounts[0].notes |= shape_notes(together)
    return together.rename_axis(None), problems


def keep_municipalities(
    account: Account, frame: Frame, municipalities: Sequence[str]
) -> tuple[Frame, list[Problem]]:
    """Return the rows of some municipalities; the others are counted, no loss.

    Parameters
    ----------
    account : Account
        Of the layer.
    frame : DataFrame
        With `municipality_id`.
    municipalities : sequence of str
        Codes to keep; empty for all.

    Returns
    -------
    frame : DataFrame
    problems : list of Problem
        `no-municipality-column`, `municipality-not-found`.
    """
    if not municipalities:
        return frame, []
    problems = []
    own = frame["municipality_id"]
    if own.isna().all():
        problems.append(account.problem("no-municipality-column"))
    absent = sorted(set(municipalities) - set(own.dropna()))
    if absent and not own.isna().all():
        known = ", ".join(sorted(own.dropna().unique())[:8]) or "–"
        values = {"missing": ", ".join(absent), "known": known}
        problems.append(account.problem("municipality-not-found", **values))
    chosen = own.isin(municipalities).to_numpy()
    before = int(account.notes.get("other_municipalities", 0))
    account.notes["other_municipalities"] = before + int((~chosen).sum())
    return frame[chosen], problems


def put_blocks_in_areas(
    blocks: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    accounts: tuple[Account, Account],
    match_min: float,
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, list[Problem]]:
    """Check each block's area; find it by position where the block layer does not say.

    Parameters
    ----------
    blocks, areas : GeoDataFrame
        Index ids.
    accounts : (Account, Account)
        Of the blocks and of the areas.
    match_min : float
        Share of blocks whose area must exist.

    Returns
    -------
    blocks : GeoDataFrame
        With `area_id`.
    areas : GeoDataFrame
        Those that hold blocks.
    problems : list of Problem
    """
    of_blocks, of_areas = accounts
    blocks = blocks.copy()
    unknown = blocks["area_id"].isna().to_numpy()
    if unknown.any():
        inside = shapely.point_on_surface(np.asarray(blocks.geometry.array, dtype=object)[unknown])
        position, _ = place_points(inside, areas.geometry, tolerance_m=0.0)
        found = np.full(len(position), None, dtype=object)
        found[position >= 0] = areas.index.to_numpy(object)[position[position >= 0]]
        blocks.loc[blocks.index[unknown], "area_id"] = found
        of_blocks.notes["areas_found_by_position"] = int((position >= 0).sum())
    own = blocks["municipality_id"]
    blocks["municipality_id"] = own.fillna(blocks["area_id"].map(areas["municipality_id"]))
    keys = pd.Index(blocks["area_id"].dropna())
    asked = asked_of(of_areas, match_min)
    problems = check_match(of_blocks, keys, areas.index, of_areas.name, asked)
    without = ~exists(blocks["area_id"], areas.index)
    of_blocks.lose("no-area-shape", blocks.index[without], of=len(blocks))
    used = exists(areas.index, blocks["area_id"])
    of_areas.notes["without_blocks"] = int((~used).sum())
    of_areas.kept = int(used.sum())
    return blocks, areas[used], problems
