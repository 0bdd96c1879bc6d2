"""Neighbors in and out as a `libpysal.graph.Graph`, so that other programs' graphs can be used."""

from __future__ import annotations

import importlib
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting.delineation.links._pairs import edges_of, measured
from targeting.delineation.links.adjacency import canonical_order, outlines
from targeting.model import Links
from targeting.problems import Problem, TargetingError

EXAMPLES = 3


def to_graph(
    links: Links, index: pd.Index[str], *, weight: Literal["one", "gap", "facing"] = "one"
) -> Any:
    """Return the links as a `libpysal.graph.Graph`.

    Parameters
    ----------
    links : Links
        Neighbors by position.
    index : Index
        Block ids, each once; blocks without a neighbor are isolates of the graph.
    weight : {"one", "gap", "facing"}
        What a link weighs: 1, the gap between the blocks, or the length over which they face each
        other, in meters. Blocks that touch have a gap of 0, those at a corner a facing length of 0:
        such links are in the graph's adjacency, but where a block has no others libpysal lists it
        among the isolates.

    Returns
    -------
    libpysal.graph.Graph
        Symmetric, each link in both directions.

    Raises
    ------
    TargetingError
        libpysal is not installed.

    Examples
    --------
    >>> links = Links(np.array([0]), np.array([1]), np.array([9.0]), np.array([50.0]))
    >>> graph = to_graph(links, pd.Index(["a", "b", "c"]), weight="gap")
    >>> float(graph["a"]["b"]), graph.isolates.tolist()
    (9.0, ['c'])
    """
    graph = _libpysal().Graph
    ids = np.asarray(index, dtype=object)
    weights = {"one": np.ones(len(links.first)), "gap": links.gap_m, "facing": links.facing_m}
    linked = np.zeros(len(ids), dtype=bool)
    linked[links.first] = linked[links.second] = True
    alone = np.flatnonzero(~linked)
    one = np.concatenate([links.first, links.second, alone])
    two = np.concatenate([links.second, links.first, alone])
    weighed = np.concatenate([np.tile(weights[weight], 2), np.zeros(len(alone))])
    order = np.lexsort((two, one))
    return graph.from_arrays(ids[one[order]], ids[two[order]], weighed[order])


def links_of(graph: Any, geometry: gpd.GeoSeries) -> Links:
    """Return the links of a `libpysal.graph.Graph`, their gaps and facing lengths measured anew.

    Parameters
    ----------
    graph : libpysal.graph.Graph
        Two blocks are neighbors where either says so; weights do not matter.
    geometry : GeoSeries
        Block polygons in a metric coordinate system; ids in the index, each once.

    Returns
    -------
    Links
        Pairs by position in `geometry`.

    Raises
    ------
    TargetingError
        The graph names blocks that `geometry` does not have, or does not know some it has.

    Examples
    --------
    >>> from shapely import box
    >>> row = gpd.GeoSeries([box(0, 0, 80, 80), box(92, 0, 172, 80)], index=["a", "b"])
    >>> links = Links(np.array([0]), np.array([1]), np.array([12.0]), np.array([80.0]))
    >>> links_of(to_graph(links, row.index), row).facing_m.tolist()
    [80.0]
    """
    table = graph.adjacency.reset_index()
    _same_blocks(pd.Index(graph.unique_ids), geometry.index)
    one = geometry.index.get_indexer(table["focal"])
    two = geometry.index.get_indexer(table["neighbor"])
    apart = one != two
    order = canonical_order(geometry)
    back = np.argsort(order)
    pairs = np.sort(np.stack([back[one[apart]], back[two[apart]]], axis=1), axis=1)
    pairs = np.unique(pairs, axis=0)
    shapes = np.asarray(geometry.array)[order]
    outline = edges_of(shapes)
    around_m = outlines(shapes)
    facing_m, covered_m = np.zeros(0), np.zeros(len(shapes))
    kept = measured(outline, shapes, pairs[:, 0], pairs[:, 1], np.inf)
    if len(kept):
        from targeting.delineation.links._facing import facing

        facing_m, covered_m = facing(kept, shapes, outline)
    first, second = np.sort(order[kept.ids()], axis=1).T
    by_pair = np.lexsort((second, first))
    return Links(
        first=first[by_pair],
        second=second[by_pair],
        gap_m=kept.gap_m[by_pair],
        facing_m=facing_m[by_pair],
        open_m=np.maximum(around_m - covered_m, 0.0)[back],
        kind=np.zeros(len(kept), dtype=np.int8),
    )


def _libpysal() -> Any:
    try:
        return importlib.import_module("libpysal.graph")
    except ImportError:
        problem = Problem("package-missing", "", {"given": "libpysal"})
        raise TargetingError([problem]) from None


def _same_blocks(graph: pd.Index[str], blocks: pd.Index[str]) -> None:
    """Refuse a graph of other blocks."""
    problems = []
    for code, strange in (
        ("graph-of-other-blocks", graph.difference(blocks)),
        ("graph-without-blocks", blocks.difference(graph)),
    ):
        if len(strange):
            examples = ", ".join(str(one) for one in strange[:EXAMPLES])
            values = {"count": f"{len(strange):,}", "given": examples}
            problems.append(Problem(code, "", values))
    if problems:
        raise TargetingError(problems)
