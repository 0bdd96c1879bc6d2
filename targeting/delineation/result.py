"""From groups of blocks to the polygons a study hands on: numbered, measured, explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy.sparse as sparse
import shapely
from scipy.sparse.csgraph import connected_components

from targeting.delineation.graph import components as components
from targeting.delineation.prepared import Prepared
from targeting.delineation.reasons.codes import explain
from targeting.delineation.rules import Rules
from targeting.model import CandidatePolygons, Links


def roundness(shapes: np.ndarray) -> np.ndarray:
    """Polsby–Popper: area over that of a circle with the same perimeter (holes count in both).

    Polsby, D. and Popper, R. (1991), The third criterion. Yale Law & Policy Review 9.

    Examples
    --------
    >>> roundness(np.array([shapely.box(0, 0, 1, 1)])).round(3).tolist()
    [0.785]
    """
    return np.asarray(4 * np.pi * shapely.area(shapes) / shapely.length(shapes) ** 2)


def polygons_of(
    prepared: Prepared,
    groups: Sequence[np.ndarray],
    ground: np.ndarray,
    *,
    blocks: gpd.GeoDataFrame,
    notes: Mapping[str, Any],
    spare: np.ndarray | None = None,
    rules: Rules | None = None,
) -> CandidatePolygons:
    """Return the groups numbered from most urgent, measured, with a reason for every block.

    Parameters
    ----------
    prepared : Prepared
        The city.
    groups : sequence of ndarray
        Blocks of each group, by canonical position.
    ground : ndarray of geometry
        Place of each group.
    blocks : GeoDataFrame
        As the caller gave them.
    notes : mapping
        Further figures.
    spare : ndarray of bool, optional
        Blocks of further groups that keep all rules: for methods without `rules`.
    rules : Rules, optional
        What the search kept; without, nothing is said about joining a polygon and no price told.

    Returns
    -------
    CandidatePolygons
        Numbered by the people's mean score, highest first; ties by smallest block id.
    """
    table = _measured(prepared, groups, ground)
    rank = sorted(range(len(groups)), key=lambda at: (-table["score"][at], table["first_id"][at]))
    table = table.iloc[rank].reset_index(drop=True)
    table.index = pd.RangeIndex(1, len(groups) + 1, name="polygon")
    membership = np.zeros(len(prepared.ids), dtype=np.int64)
    for number, place in enumerate(rank, start=1):
        membership[groups[place]] = number
    reasons = explain(
        prepared.score,
        prepared.population,
        membership,
        prepared.city,
        rules,
        threshold=prepared.threshold,
        spare=spare,
        hidden=prepared.links.hidden,
    )
    back = np.argsort(prepared.order)
    reasons = reasons.iloc[back].set_axis(blocks.index)
    frame = gpd.GeoDataFrame(
        table.drop(columns="first_id"), geometry=list(ground[rank]), crs=blocks.crs
    )
    return CandidatePolygons(
        membership=pd.Series(membership[back], index=blocks.index, name="polygon"),
        polygons=frame,
        reasons=reasons,
        threshold=prepared.threshold,
        notes={**_graph_notes(prepared, membership), **notes},
    )


def _measured(prepared: Prepared, groups: Sequence[np.ndarray], ground: np.ndarray) -> pd.DataFrame:
    need = np.array([prepared.city.need[g].sum() for g in groups])
    perimeter = np.asarray(shapely.length(ground), dtype=float)
    scored = np.where(np.isnan(prepared.score), 0.0, prepared.city.population)
    total = np.array([scored[g].sum() for g in groups])
    urgency = np.array([(scored[g] * np.nan_to_num(prepared.score[g])).sum() for g in groups])
    return pd.DataFrame(
        {
            "need": need,
            "objective": need - prepared.price_per_m * perimeter,
            "score": urgency / np.where(total > 0, total, 1.0),
            "population": np.array([prepared.city.population[g].sum() for g in groups]),
            "area_km2": np.asarray(shapely.area(ground), dtype=float) / 1e6,
            "perimeter_m": perimeter,
            "compactness": roundness(ground).astype(float),
            "block_count": np.array([len(g) for g in groups], dtype=np.int64),
            "first_id": [min(prepared.ids[g]) for g in groups],
        }
    )


def _graph_notes(prepared: Prepared, membership: np.ndarray) -> dict[str, Any]:
    city, links = prepared.city, prepared.links
    label = components(city)
    need = city.need
    whole = float(need[need > 0].sum())
    return {
        "link_count": len(links.first),
        "component_count": int(label.max()) + 1 if len(label) else 0,
        "largest_component_share": float((label == 0).mean()) if len(label) else 0.0,
        "isolated_count": int((np.diff(city.starts) == 0).sum()),
        "dropped_by_barrier": int(links.dropped.get("barrier", 0)),
        "dropped_by_third_block": int(links.dropped.get("third_block", 0)),
        "people_above_line": float(city.population[need > 0].sum()),
        "need_above_line": whole,
        "need_share": float(need[membership > 0].sum()) / whole if whole > 0 else 0.0,
        "people_share": _share(city.population[membership > 0].sum(), city.population.sum()),
        "price_per_m": prepared.price_per_m,
    }


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else 0.0


def connected(blocks: np.ndarray, links: Links, count: int) -> bool:
    """Tell whether the links join these blocks into one group.

    Examples
    --------
    >>> links = Links(np.array([0]), np.array([1]), np.array([9.0]), np.array([5.0]))
    >>> connected(np.array([0, 1]), links, 3), connected(np.array([0, 2]), links, 3)
    (True, False)
    """
    slot = np.full(count, -1, dtype=np.int64)
    slot[blocks] = np.arange(len(blocks))
    one, two = slot[links.first], slot[links.second]
    kept = (one >= 0) & (two >= 0)
    ones = np.ones(int(kept.sum()))
    graph = sparse.csr_array((ones, (one[kept], two[kept])), shape=(len(blocks), len(blocks)))
    return bool(connected_components(graph, directed=False, return_labels=False) == 1)
