"""A plan made by hand: polygons drawn on a map, or a table of block and polygon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from pyarrow import parquet

from targeting.model import NO_POLYGON, Loss, frozen
from targeting.problems import Problem, TargetingError, closest, few
from targeting.sources.files import TABLE, VECTOR, Member, require_format
from targeting.sources.layer import examples
from targeting.sources.tables import read_text_table
from targeting.sources.text import clean_keys, fold
from targeting.sources.vectors import keep_shapes, layer_names, read_vector

# Names a column may have, the likeliest first; accents and case do not matter.
BLOCK = ("block_id", "block", "manzana", "id")
POLYGON = ("polygon", "poligono", "name", "nombre", "id")
_BOTH = (BLOCK[0], POLYGON[0])
LAYERS = ("polygons", "poligonos")
MOST = 0.5
CUT = 0.02
SLACK = 1e-9
SPECK_M2 = 1.0


@dataclass(frozen=True)
class DrawnPlan:
    """A plan made by hand, block by block.

    Parameters
    ----------
    membership : Series of int64
        Index block ids, as of the study; number of the polygon a block is in, 0 for none.
    names : tuple of str
        Name of polygon 1, 2, …
    drawn : bool
        Shapes, not a table.
    without_blocks : tuple of str
        Polygons that hold no block.
    overlaps : tuple
        Two names and the m² both hold, where that changes nothing for any block.
    cut_blocks : int
        Blocks a drawn line passes through, more than 2 % of their area off on either side.
    losses : tuple of Loss
        Rows that could not be used.
    """

    membership: pd.Series[int]
    names: tuple[str, ...]
    drawn: bool
    without_blocks: tuple[str, ...] = ()
    overlaps: tuple[tuple[str, str, float], ...] = ()
    cut_blocks: int = 0
    losses: tuple[Loss, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "notes", frozen(self.notes))


def read_plan(path: Path, blocks: gpd.GeoDataFrame, *, layer: str | None = None) -> DrawnPlan:
    r"""Read a plan made by hand.

    Parameters
    ----------
    path : Path
        Polygons in any vector file, in any coordinate system it states; or a table (CSV, Excel,
        Parquet) with a column `block_id` and a column `polygon` (empty or 0 for none). A layer of
        blocks with both columns is read as a table too.
    blocks : GeoDataFrame
        Index block ids; `geometry` (metric).
    layer : str, optional
        Layer of a file that has several. Default: `polygons`, or the only one.

    Returns
    -------
    DrawnPlan
        A block belongs to the drawn polygon that holds most of its area, half at least; of two
        that hold half each, to the first. Shapes of one name are one polygon. Polygons are in the
        order of their names, numbers by size; without a column of names, in the file's.

    Raises
    ------
    TargetingError
        `drawn-no-file`, `drawn-layers`, `drawn-overlap`, `drawn-elsewhere`, `drawn-no-blocks`,
        `drawn-empty`, `drawn-unknown-blocks`, `drawn-block-twice`, `missing-column`,
        `no-rows-left`, and what the readers of tables and of vector files raise.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> shapes = list(shapely.box([0, 9], 0, [5, 14], 5))
    >>> city = gpd.GeoDataFrame(index=["a", "b"], geometry=shapes)
    >>> file = Path(mkdtemp()) / "plan.csv"
    >>> _ = file.write_text("block_id,polygon\na,North\nb,\n")
    >>> read_plan(file, city).membership.to_dict()
    {'a': 1, 'b': 0}
    """
    if not path.exists():
        raise TargetingError([Problem("drawn-no-file", "", {"given": str(path)})])
    found = require_format(path, *dict.fromkeys((*VECTOR, *TABLE)))
    if found in ("CSV", "Excel") or (found == "Parquet" and _is_table(path)):
        # Of GeoParquet only columns of text are asked for: its shapes are none.
        table = read_text_table(path, columns=_plan_columns if found == "Parquet" else None)
        return _of_table(table.frame(), blocks, path, table.losses)
    read = read_vector(path, layer=_layer(path, layer))
    columns = [str(name) for name in read.frame.columns]
    if len(_plan_columns(columns)) == len(_BOTH):
        return _of_table(pd.DataFrame(read.frame.drop(columns="geometry")), blocks, path, ())
    losses: list[Loss] = []
    frame, repaired = keep_shapes(read.frame, "polygon", losses, of=read.rows_read)
    if frame.empty:
        raise TargetingError([Problem("no-rows-left", "", {"given": path.name})])
    shapes, names = _by_name(frame.to_crs(blocks.crs) if blocks.crs is not None else frame)
    notes = {"repaired_geometries": repaired} if repaired else {}
    return _of_shapes(shapes, names, blocks, path, tuple(losses), notes)


def _layer(path: Path, layer: str | None) -> str | None:
    """Return the layer meant; refuse to guess among several."""
    names = layer_names(Member(path))
    if layer is not None or len(names) < 2:
        return layer
    for name in names:
        if fold(name) in LAYERS:
            return name
    values = {"given": path.name, "known": ", ".join(names)}
    raise TargetingError([Problem("drawn-layers", "", values)])


def _column(columns: Sequence[str], wanted: Sequence[str]) -> str | None:
    known = {fold(name).replace(" ", "_"): name for name in reversed(columns)}
    return next((known[name] for name in wanted if name in known), None)


def _is_table(path: Path) -> bool:
    """Tell whether a Parquet file says block by block which polygon it is in."""
    try:
        names = parquet.read_schema(path).names
    except (pa.ArrowException, OSError):
        return False  # what is wrong comes out when it is read
    return len(_plan_columns(names)) == len(_BOTH)


def _plan_columns(columns: Sequence[str]) -> list[str]:
    """Return the columns by which a layer of blocks is a plan, as far as it has them."""
    found = (_column(columns, (name,)) for name in _BOTH)
    return [name for name in found if name is not None]


def _of_table(
    frame: pd.DataFrame, blocks: gpd.GeoDataFrame, path: Path, losses: Sequence[Loss]
) -> DrawnPlan:
    columns = [str(name) for name in frame.columns]
    block, polygon = _column(columns, BLOCK), _column(columns, POLYGON[:2])
    if block is None or polygon is None:
        lacking = (("block_id", block), ("polygon", polygon))
        problems = [_no_column(name, columns) for name, column in lacking if column is None]
        raise TargetingError(problems)
    keys, padded = clean_keys(frame[block], _width(blocks.index.astype(str)))
    rows = pd.DataFrame({"block": keys, "name": clean_keys(frame[polygon])[0]})
    rows["name"] = rows["name"].mask(rows["name"].isin(["0", "nan", "None", "<NA>"]))
    fallen = list(losses)
    keyless = int((rows["block"].isna() & rows["name"].notna()).sum())
    if keyless:
        fallen.append(Loss("", "no-key", keyless, len(rows)))
    rows = rows[rows["block"].notna()].drop_duplicates()
    problems = _wrong_rows(rows, blocks, path)
    if problems:
        raise TargetingError(problems)
    rows = rows[rows["name"].notna()]
    if rows.empty:
        raise TargetingError([Problem("drawn-empty", "", {"given": path.name})])
    names = _in_order(rows["name"])
    number = pd.Series(np.arange(1, len(names) + 1), index=names)
    held = rows.set_index("block")["name"].map(number)
    ids = pd.Index(blocks.index.astype(str))
    membership = held.reindex(ids).fillna(NO_POLYGON).to_numpy(np.int64)
    return DrawnPlan(
        pd.Series(membership, index=blocks.index, name="polygon"),
        tuple(names),
        drawn=False,
        losses=tuple(fallen),
        notes={"keys_padded": padded} if padded else {},
    )


def _no_column(name: str, columns: Sequence[str]) -> Problem:
    values = {"given": name, "known": few(name, columns)}
    return Problem("missing-column", name, values | {"hint": closest(name, columns) or "–"})


def _width(ids: pd.Index) -> int | None:
    """Return the length of all ids, where zeros that a spreadsheet took can be put back."""
    lengths = set(ids.str.len())
    return lengths.pop() if len(lengths) == 1 and bool((ids == ids.str.upper()).all()) else None


def _wrong_rows(rows: pd.DataFrame, blocks: gpd.GeoDataFrame, path: Path) -> list[Problem]:
    problems = []
    twice = rows["block"][rows["block"].duplicated()]
    if len(twice):
        values = {"given": path.name, "count": twice.nunique()}
        told = ", ".join(examples(twice))
        problems.append(Problem("drawn-block-twice", "", values | {"examples": told}))
    unknown = rows["block"][~rows["block"].isin(blocks.index.astype(str))]
    if len(unknown):
        values = {"given": path.name, "count": unknown.nunique(), "of": rows["block"].nunique()}
        values["examples"] = ", ".join(examples(unknown))
        values["known"] = ", ".join(examples(blocks.index[:3]))
        problems.append(Problem("drawn-unknown-blocks", "", values))
    return problems


def _in_order(names: pd.Series[str]) -> list[str]:
    """Return the different names, numbers by size before the rest.

    Examples
    --------
    >>> _in_order(pd.Series(["10", "b", "2", "2"]))
    ['2', '10', 'b']
    """
    return sorted(
        {str(name) for name in names},
        key=lambda name: (not name.isdecimal(), int(name) if name.isdecimal() else 0, name),
    )


def _by_name(frame: gpd.GeoDataFrame) -> tuple[np.ndarray, list[str]]:
    """Return one shape a name; without names, one a row."""
    shapes = np.asarray(frame.geometry.array, dtype=object)
    column = _column([str(name) for name in frame.columns if name != "geometry"], POLYGON)
    given = [str(row) for row in frame.index]
    if column is not None:
        keys = clean_keys(frame[column])[0]
        given = keys.where(keys.notna(), "– " + pd.Series(given, index=keys.index)).tolist()
    names = _in_order(pd.Series(given))
    owner = np.array([names.index(name) for name in given])
    whole = [shapely.union_all(shapes[owner == place]) for place in range(len(names))]
    return np.array(whole, dtype=object), names


def _of_shapes(
    shapes: np.ndarray,
    names: list[str],
    blocks: gpd.GeoDataFrame,
    path: Path,
    losses: tuple[Loss, ...],
    notes: Mapping[str, Any],
) -> DrawnPlan:
    ground = np.asarray(blocks.geometry.array, dtype=object)
    block, polygon, share = _held(ground, shapes)
    if not len(block):
        raise TargetingError([Problem("drawn-elsewhere", "", {"given": path.name})])
    most = share >= MOST - SLACK
    problems = _shared_blocks(block[most], polygon[most], share[most], names, blocks.index)
    if problems:
        raise TargetingError(problems)
    if not most.any():
        raise TargetingError([Problem("drawn-no-blocks", "", {"given": path.name})])
    # The largest share first; of two halves, which may differ in the last digit, the first name.
    order = np.lexsort((polygon[most], -share[most].round(9), block[most]))
    inside, first = np.unique(block[most][order], return_index=True)
    number = np.zeros(len(blocks), dtype=np.int64)
    number[inside] = polygon[most][order][first] + 1
    cut = (share > CUT) & (share < 1 - CUT)
    empty = np.setdiff1d(np.arange(len(names)), number - 1)
    return DrawnPlan(
        pd.Series(number, index=blocks.index, name="polygon"),
        tuple(names),
        drawn=True,
        without_blocks=tuple(names[place] for place in empty),
        overlaps=_overlaps(shapes, names),
        cut_blocks=len(np.unique(block[cut])),
        losses=losses,
        notes=notes,
    )


def _held(ground: np.ndarray, shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share of each block's area each drawn polygon holds, where it holds some."""
    shapely.prepare(shapes)
    tree = shapely.STRtree(ground)
    polygon, block = tree.query(shapes, predicate="intersects")
    share = np.ones(len(block))
    partly = np.flatnonzero(~shapely.covers(shapes[polygon], ground[block]))
    common = shapely.area(shapely.intersection(shapes[polygon[partly]], ground[block[partly]]))
    share[partly] = common / np.maximum(shapely.area(ground[block[partly]]), 1e-9)
    some = share > 0
    return block[some], polygon[some], share[some]


def _shared_blocks(
    block: np.ndarray,
    polygon: np.ndarray,
    share: np.ndarray,
    names: Sequence[str],
    ids: pd.Index,
) -> list[Problem]:
    """Return a problem for every two polygons that hold most of one block, one over the other."""
    table = pd.DataFrame({"block": block, "polygon": polygon, "share": share})
    pairs = table.merge(table, on="block", suffixes=("", "_other"))
    over = pairs["share"] + pairs["share_other"] > 1 + CUT
    pairs = pairs[(pairs["polygon"] < pairs["polygon_other"]) & over]
    problems = []
    both = (
        pairs[["polygon", "polygon_other"]]
        .drop_duplicates()
        .sort_values(["polygon", "polygon_other"])
    )
    for one, two in both.to_numpy(np.int64).tolist():
        mine = pairs[(pairs["polygon"] == one) & (pairs["polygon_other"] == two)]
        values = {"first": names[one], "second": names[two], "count": len(mine)}
        told = ", ".join(examples(ids[mine["block"].to_numpy()]))
        problems.append(Problem("drawn-overlap", "", values | {"examples": told}))
    return problems


def _overlaps(shapes: np.ndarray, names: Sequence[str]) -> tuple[tuple[str, str, float], ...]:
    one, two = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, two = one[one < two], two[one < two]
    order = np.lexsort((two, one))
    area = shapely.area(shapely.intersection(shapes[one], shapes[two]))
    return tuple(
        (names[one[place]], names[two[place]], float(area[place]))
        for place in order
        if area[place] > SPECK_M2
    )
