"""Bring the layers of a study to one city: one coordinate system, one order, blocks in areas."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from targeting.facility_kinds import facility_kinds
from targeting.model import Loss
from targeting.problems import Problem, TargetingError
from targeting.sources.account import Account, located
from targeting.sources.layer import drop
from targeting.sources.match import check_match, exists
from targeting.sources.rasters import sum_over
from targeting.sources.vectors import keep_shapes
from targeting.spatial import place_points, to_crs


def moved(account: Account, crs: CRS) -> gpd.GeoDataFrame:
    """Return a layer's rows in the study's coordinates; rows that have no place there fall."""
    frame = account.layer.shapes
    shapes = np.asarray(frame.geometry.array, dtype=object)
    try:
        there, failed = to_crs(shapes, frame.crs, crs)
    except TargetingError as error:
        raise TargetingError(located(error, account.spec.where)) from error
    frame = frame.set_geometry(gpd.array.from_shapely(there, crs=crs))
    frame = drop(
        frame,
        failed,
        "outside-projection",
        account.losses,
        of=account.chosen,
        label="id" if "id" in frame.columns else None,
        layer=account.name,
    )
    account.kept = len(frame)
    return frame


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
        if municipalities:
            own = frame["municipality_id"]
            if own.isna().all():
                problems.append(account.problem("no-municipality-column"))
            absent = sorted(set(municipalities) - set(own.dropna()))
            if absent and not own.isna().all():
                known = ", ".join(sorted(own.dropna().unique())[:8])
                problems.append(
                    account.problem(
                        "municipality-not-found", missing=", ".join(absent), known=known or "–"
                    )
                )
            chosen = own.isin(municipalities).to_numpy()
            account.notes["other_municipalities"] = int((~chosen).sum())
            frame = frame[chosen]
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
    return together.rename_axis(None), problems


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
    problems = check_match(of_blocks, keys, areas.index, of_areas.name, match_min)
    without = ~exists(blocks["area_id"], areas.index)
    of_blocks.lose("no-area-shape", blocks.index[without], of=len(blocks))
    used = exists(areas.index, blocks["area_id"])
    of_areas.notes["without_blocks"] = int((~used).sum())
    of_areas.kept = int(used.sum())
    return blocks, areas[used], problems


def blocks_inside_others(blocks: gpd.GeoDataFrame) -> int:
    """Count blocks that lie inside another one: an enveloping block that lost its hole."""
    shapes = np.asarray(blocks.geometry.array, dtype=object)
    inside, size = shapely.point_on_surface(shapes), shapely.area(shapes)
    point, block = shapely.STRtree(shapes).query(inside, predicate="within")
    return len(np.unique(point[size[point] < size[block]]))


def place_incidents(
    accounts: Sequence[Account],
    blocks: gpd.GeoDataFrame,
    *,
    tolerance_m: float,
    reach_m: float,
) -> tuple[gpd.GeoDataFrame | None, list[Problem]]:
    """Place each incident in its block; those too far from any stay, without one.

    Parameters
    ----------
    accounts : sequence of Account
        Layers of incidents.
    blocks : GeoDataFrame
        Index block ids.
    tolerance_m : float
        Farthest distance from a block, in meters.
    reach_m : float
        Beyond this distance an incident is not of the city, in meters.

    Returns
    -------
    incidents : GeoDataFrame or None
        `kind`, `date`, `block_id`, `distance_m`, `geometry`, in canonical order.
    problems : list of Problem
        `nothing-in-city`.
    """
    pieces, problems = [], []
    for account in accounts:
        frame = moved(account, CRS(blocks.crs))
        of = account.chosen
        position, distance_m = place_points(frame.geometry, blocks.geometry, tolerance_m=reach_m)
        far = position < 0
        near = ~far & (distance_m <= tolerance_m)
        account.lose("outside-city", frame.index[far], of=of)
        account.lose("no-block-near", frame.index[~far & ~near], of=of)
        account.notes["inside_share"] = round(float((distance_m == 0).sum()) / of, 6) if of else 0.0
        account.kept = int(near.sum())
        if of and not near.any():
            problems.append(account.problem("nothing-in-city"))
        found = np.full(len(frame), None, dtype=object)
        found[near] = blocks.index.to_numpy(object)[position[near]]
        frame = frame.assign(block_id=pd.array(found, dtype="str"), distance_m=distance_m)
        pieces.append(frame[~far][["kind", "date", "block_id", "distance_m", "geometry"]])
    if not pieces:
        return None, problems
    together = pieces[0] if len(pieces) == 1 else pd.concat(pieces)
    return in_canonical_order(together, ["kind", "date"]), problems


def gather_facilities(
    accounts: Sequence[Account], blocks: gpd.GeoDataFrame, *, reach_m: float
) -> tuple[gpd.GeoDataFrame | None, list[Problem]]:
    """Return the facilities of the city and its surroundings.

    Parameters
    ----------
    accounts : sequence of Account
        Layers of facilities.
    blocks : GeoDataFrame
        Index block ids.
    reach_m : float
        Facilities up to this far from a block stay: the nearest school may lie across the border.

    Returns
    -------
    facilities : GeoDataFrame or None
        Index `facility_id`; `kind`, `name`, `source`, `sensitive`, `geometry`.
    problems : list of Problem
        `nothing-in-city`.
    """
    pieces, problems = [], []
    kinds = facility_kinds()
    for account in accounts:
        frame = moved(account, CRS(blocks.crs))
        position, _ = place_points(frame.geometry, blocks.geometry, tolerance_m=reach_m)
        account.lose("outside-city", frame.index[position < 0], of=account.chosen)
        frame = frame[position >= 0]
        account.kept = len(frame)
        if len(account.layer.data) and not len(frame):
            problems.append(account.problem("nothing-in-city"))
        source = account.spec.source or account.spec.file
        sensitive = frame["kind"].map(lambda kind: kinds[kind].sensitive).astype(bool)
        frame = frame.assign(source=source, sensitive=sensitive)
        pieces.append(frame[["kind", "name", "source", "sensitive", "geometry"]])
    if not pieces:
        return None, problems
    together = pieces[0] if len(pieces) == 1 else pd.concat(pieces)
    together = in_canonical_order(together, ["kind", "name", "source"])
    together.index = pd.Index([f"F{n:06d}" for n in range(1, len(together) + 1)], dtype="str")
    return together.rename_axis("facility_id"), problems


def gather_barriers(
    accounts: Sequence[Account], blocks: gpd.GeoDataFrame, *, reach_m: float
) -> gpd.GeoDataFrame | None:
    """Return the barriers around the blocks, cut at a margin around them.

    Parameters
    ----------
    accounts : sequence of Account
        Layers of lines.
    blocks : GeoDataFrame
    reach_m : float
        Margin around the blocks, in meters.

    Returns
    -------
    GeoDataFrame or None
        `kind`, `geometry`, in canonical order.
    """
    west, south, east, north = blocks.total_bounds
    frame_m = (west - reach_m, south - reach_m, east + reach_m, north + reach_m)
    pieces = []
    for account in accounts:
        lines = moved(account, CRS(blocks.crs))
        cut = shapely.clip_by_rect(np.asarray(lines.geometry.array, dtype=object), *frame_m)
        lines = lines.set_geometry(gpd.array.from_shapely(cut, crs=blocks.crs))
        gone = shapely.is_empty(cut)
        account.lose("outside-city", lines.index[gone], of=account.chosen)
        account.kept = int((~gone).sum())
        pieces.append(lines[~gone][["kind", "geometry"]])
    if not pieces:
        return None
    together = pieces[0] if len(pieces) == 1 else pd.concat(pieces)
    return in_canonical_order(together, ["kind"])


def in_canonical_order(frame: gpd.GeoDataFrame, columns: Sequence[str]) -> gpd.GeoDataFrame:
    """Return rows in an order that owes nothing to the file's: by place, then by their cells.

    Examples
    --------
    >>> rows = gpd.GeoDataFrame({"kind": ["b", "a"]}, geometry=shapely.points([[1, 1], [1, 1]]))
    >>> in_canonical_order(rows, ["kind"])["kind"].tolist()
    ['a', 'b']
    """
    shapes = np.asarray(frame.geometry.array, dtype=object)
    keys = [frame[column].astype("str").fillna("").to_numpy(object) for column in columns]
    ranks = [pd.factorize(values, sort=True)[0] for values in keys]
    if len(frame) and (shapely.get_type_id(shapes) == shapely.GeometryType.POINT).all():
        place = [shapely.get_x(shapes), shapely.get_y(shapes)]
    else:
        place = [np.unique(shapely.to_wkb(shapes, hex=True), return_inverse=True)[1].astype(float)]
    order = np.lexsort([*reversed(ranks), *reversed(place)])
    return frame.iloc[order].reset_index(drop=True)


def check_raster(
    account: Account, areas: gpd.GeoDataFrame, blocks: gpd.GeoDataFrame
) -> list[Problem]:
    """Set a population raster beside the population of the study, area by area; change nothing.

    Notes `raster_ratio` (raster people over ours), `rank_correlation` (Spearman) and
    `areas_compared`, over areas where every block has a population. Returns the problem of cells
    that cannot be read.
    """
    row = account.layer.data.iloc[0]
    partly = blocks["area_id"][blocks["population"].isna()]
    people = blocks.groupby("area_id")["population"].sum().reindex(areas.index)
    people = people[~exists(people.index, partly)].dropna()
    account.kept = account.layer.rows_read
    account.notes["areas_compared"] = len(people)
    if not len(people):
        return []
    try:
        cells = sum_over(row["path"], areas.geometry.loc[people.index], band=int(row["band"]))
    except TargetingError as error:
        return located(error, account.spec.where)
    total = float(people.sum())
    account.notes["raster_people"] = round(float(cells.sum()), 1)
    account.notes["raster_ratio"] = round(float(cells.sum()) / total, 6) if total else 0.0
    ranks = pd.DataFrame({"ours": people, "raster": cells}).rank()
    if len(ranks) > 2 and ranks["ours"].nunique() > 1 and ranks["raster"].nunique() > 1:
        correlation = float(np.corrcoef(ranks["ours"], ranks["raster"])[0, 1])
        account.notes["rank_correlation"] = round(correlation, 4)
    return []
