"""What a study asks for, by name, becomes rules by block position: or problems, all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy.sparse as sparse
import shapely

from targeting.delineation.graph import Limits
from targeting.delineation.prepared import Prepared
from targeting.delineation.rules import Floor, Rules, Share
from targeting.problems import Problem, TargetingError, unknown_name

NAMES_MAX = 5


def rules_of(
    prepared: Prepared,
    blocks: gpd.GeoDataFrame,
    parts: pd.DataFrame | None,
    limits: Limits,
    *,
    polygons: int,
    exactly: bool = False,
    separation_min_m: float = 0.0,
    lock_in: Sequence[str] = (),
    lock_out: Sequence[str] = (),
    seeds: Sequence[str] = (),
    led_by: Mapping[str, int] | None = None,
    people_share_min: Mapping[str, float] | None = None,
    **others: object,
) -> Rules:
    """Return the rules of a study for a prepared city.

    Parameters
    ----------
    prepared : Prepared
        The city in canonical order.
    blocks : GeoDataFrame
        As the caller gave them; `municipality_id` where people must live in some of them.
    parts : DataFrame or None
        Index the blocks'; what each dimension adds to the score. Needed for `led_by`.
    limits : Limits
        What each polygon keeps.
    polygons, exactly, separation_min_m, lock_in, lock_out, seeds, led_by, people_share_min
        As in `grow`.
    **others
        Bounds of each polygon, which `limits` holds.

    Returns
    -------
    Rules

    Raises
    ------
    TargetingError
        `unknown-blocks`, `locked-both-ways`, `unknown-name` (a dimension, a municipality),
        `floors-too-many`, `shares-too-many`: all of them.

    Examples
    --------
    >>> from targeting.delineation.prepared import prepare
    >>> from targeting.model import Links
    >>> none = np.empty(0, dtype=np.int64)
    >>> city = gpd.GeoDataFrame({"population": [10.0, 20.0]}, index=["a", "b"],
    ...                         geometry=list(shapely.box([9, 0], 0, [10, 1], 1)))
    >>> ready = prepare(city, pd.Series([0.2, 0.9], index=["a", "b"]),
    ...                 Links(none, none, none * 1.0, none * 1.0),
    ...                 threshold_share=0.2, need="total", perimeter_price=0.0)
    >>> asked = rules_of(ready, city, None, Limits(1, 9, np.inf, 0, 0), polygons=2,
    ...                  lock_in=["a"], separation_min_m=10)
    >>> asked.required.tolist(), asked.near.nnz
    ([1], 2)
    """
    problems: list[Problem] = []
    place = pd.Series(np.arange(len(prepared.ids)), index=prepared.ids)
    named = {
        key: _positions(place, given, f"delineation.{key}", problems)
        for key, given in (("lock_in", lock_in), ("lock_out", lock_out), ("seeds", seeds))
    }
    both = np.intersect1d(named["lock_in"], named["lock_out"])
    if len(both):
        values = {"given": _some(prepared.ids[both])}
        problems.append(Problem("locked-both-ways", "delineation.lock_out", values))
    leading, floors = _floors(prepared, parts, led_by or {}, polygons, problems)
    shares = _shares(prepared, blocks, people_share_min or {}, problems)
    if problems:
        raise TargetingError(problems)
    return Rules(
        limits=limits,
        polygons=polygons,
        exactly=exactly,
        barred=_mask(place, named["lock_out"]) if lock_out else None,
        required=named["lock_in"],
        seeds=_mask(place, named["seeds"]) if seeds else None,
        near=near_pairs(prepared.shapes, prepared.tree, separation_min_m),
        leading=leading,
        floors=floors,
        shares=shares,
    )


def near_pairs(
    shapes: np.ndarray, tree: shapely.STRtree, apart_m: float
) -> sparse.csr_array | None:
    """Pairs of blocks less than `apart_m` apart, both ways; None when nothing is asked.

    Examples
    --------
    >>> row = shapely.box([0, 60, 200], 0, [50, 110, 250], 50)
    >>> near_pairs(row, shapely.STRtree(row), 20).toarray().astype(int).tolist()
    [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    """
    if apart_m <= 0:
        return None
    one, two = tree.query(shapes, predicate="dwithin", distance=apart_m)
    kept = one != two
    ones = np.ones(int(kept.sum()))
    count = len(shapes)
    return sparse.csr_array((ones, (one[kept], two[kept])), shape=(count, count))


def leading_weights(prepared: Prepared, parts: pd.DataFrame) -> np.ndarray:
    """Weight of each block for each dimension: its people times what it adds above the city.

    Parameters
    ----------
    prepared : Prepared
        The city.
    parts : DataFrame
        Index the blocks'; what each dimension adds to the score.

    Returns
    -------
    ndarray, shape (dimensions, blocks)
        In canonical order; 0 where people or parts are unknown.
    """
    added = parts.to_numpy(float)[prepared.order].T
    people = np.where(np.isfinite(added), np.nan_to_num(prepared.population), 0.0)
    known = np.nan_to_num(added)
    total = people.sum(axis=1, keepdims=True)
    mean = (people * known).sum(axis=1, keepdims=True) / np.where(total > 0, total, 1.0)
    return np.ascontiguousarray(people * (known - mean))


def _positions(
    place: pd.Series[int], given: Sequence[str], where: str, problems: list[Problem]
) -> np.ndarray:
    wanted = pd.Index(pd.unique(pd.Series(list(given), dtype=object)))
    unknown = wanted[~wanted.isin(place.index)]
    if len(unknown):
        values = {"given": _some(unknown), "count": len(unknown)}
        problems.append(Problem("unknown-blocks", where, values))
    return np.sort(place.reindex(wanted).dropna().to_numpy(np.int64))


def _some(ids: Sequence[str] | np.ndarray | pd.Index) -> str:
    more = ", …" if len(ids) > NAMES_MAX else ""
    return ", ".join(str(one) for one in ids[:NAMES_MAX]) + more


def _mask(place: pd.Series[int], positions: np.ndarray) -> np.ndarray:
    mask = np.zeros(len(place), dtype=bool)
    mask[positions] = True
    return mask


def _floors(
    prepared: Prepared,
    parts: pd.DataFrame | None,
    led_by: Mapping[str, int],
    polygons: int,
    problems: list[Problem],
) -> tuple[np.ndarray | None, tuple[Floor, ...]]:
    if not led_by:
        return None, ()
    known = [] if parts is None else [str(name) for name in parts.columns]
    problems += [
        unknown_name(f"delineation.led_by.{name}", name, known)
        for name in led_by
        if name not in known
    ]
    if sum(led_by.values()) > polygons:
        values = {"given": sum(led_by.values()), "polygons": polygons}
        problems.append(Problem("floors-too-many", "delineation.led_by", values))
    if parts is None or problems:
        return None, ()
    floors = tuple(Floor(name, known.index(name), count) for name, count in led_by.items() if count)
    return leading_weights(prepared, parts), floors


def _shares(
    prepared: Prepared,
    blocks: gpd.GeoDataFrame,
    asked: Mapping[str, float],
    problems: list[Problem],
) -> tuple[Share, ...]:
    if not asked:
        return ()
    labels = (
        blocks["municipality_id"].to_numpy(object)[prepared.order]
        if "municipality_id" in blocks
        else np.full(len(prepared.ids), None, dtype=object)
    )
    known = sorted({str(label) for label in labels if isinstance(label, str)})
    problems += [
        unknown_name(f"delineation.people_share_min.{name}", name, known)
        for name in asked
        if name not in known
    ]
    if sum(asked.values()) > 1 + 1e-9:
        values = {"given": f"{sum(asked.values()):g}"}
        problems.append(Problem("shares-too-many", "delineation.people_share_min", values))
    return tuple(Share(name, labels == name, share) for name, share in asked.items() if share > 0)
