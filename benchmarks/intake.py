"""Seconds, memory and exactness of the intake: census, blocks, incidents, rasters.

python benchmarks/intake.py            # a city of 60,000 blocks, a million incidents
python benchmarks/intake.py --quick    # a tenth of it; targets are for the whole
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from end_to_end import made_city, usage
from rows import Row, show

TOLERANCE_M = 50.0
STATE_BYTES = 100_000_000
# What a study of the guide reads of the census.
FEW_COLUMNS = ("PSINDER", "P15YM_AN", "PHOG_IND", "VPH_INTER", "VIVPARH_CV")


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under 50 s")
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    parser.add_argument("--case", choices=sorted(CASES), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(CASES[options.case](options.folder) | usage()))
        return 0
    blocks, incidents = (2_000, 50_000) if options.quick else (60_000, 1_000_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("making a city …", file=sys.stderr)
        made_city(folder / "city", blocks)
        print("making a state's census …", file=sys.stderr)
        size = write_state(folder, STATE_BYTES // 10 if options.quick else STATE_BYTES)
        write_places(folder, incidents)
        rows = census_rows(folder, size, bounded=not options.quick)
        rows += territory_rows(folder, f"{blocks // 1000}k", bounded=not options.quick)
        rows += incident_rows(folder, incidents, bounded=not options.quick)
        rows += raster_rows(folder, f"{blocks // 1000}k", bounded=not options.quick)
    show(rows, as_json=options.json)
    return 0


def measured(case: str, folder: Path) -> dict[str, Any]:
    """Return the figures of one case, run in a process of its own."""
    print(f"{case} …", file=sys.stderr)
    command = [sys.executable, __file__, "--case", case, "--folder", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def timed(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """Return what `work` gives, and the wall and user CPU seconds it took."""
    wall, user = time.perf_counter(), usage()["user"] or 0.0
    found = work()
    return found, {
        "wall_s": time.perf_counter() - wall,
        "user_s": (usage()["user"] or 0.0) - user,
    }


# ------------------------------------------------------------------------------ a state's census


def write_state(folder: Path, size: int) -> float:
    """Write the made census over and over, as so many municipalities; return its megabytes."""
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    with zipfile.ZipFile(
        next((folder / "city" / "census").glob("ageb_mza_urbana_*.zip"))
    ) as zipped:
        name = next(one for one in zipped.namelist() if "/conjunto_de_datos/" in one)
        data = zipped.read(name).removeprefix(b"\xef\xbb\xbf")
    head = data.split(b"\n", 1)[0].decode().strip().split(",")
    table = pa_csv.read_csv(
        pa.BufferReader(data),
        convert_options=pa_csv.ConvertOptions(column_types=dict.fromkeys(head, pa.string())),
    )
    of = head.index("MUN")
    options = pa_csv.WriteOptions(include_header=False, quoting_style="none")
    path = folder / "conjunto_de_datos_ageb_urbana_99_cpv2020.csv"
    with path.open("wb") as file:
        file.write(b"\xef\xbb\xbf" + ",".join(head).encode() + b"\n")
        municipality = 0
        while file.tell() < size:
            part = table if municipality == 0 else table.slice(1)  # the state's row once
            # Rows of the whole city first, then as many as fill the file.
            part = part.slice(0, max(1, int((size - file.tell()) / len(data) * len(part)) + 1))
            codes = [
                code if code == "000" else f"{int(code) + municipality:03d}"
                for code in part.column(of).to_pylist()
            ]
            pa_csv.write_csv(part.set_column(of, "MUN", pa.array(codes)), file, options)
            municipality += 20
        return file.tell() / 1e6


def read_census(folder: Path, columns: tuple[str, ...] | None) -> dict[str, Any]:
    """Read the state's census."""
    from targeting.sources.mx.census import inegi_census

    path = folder / "conjunto_de_datos_ageb_urbana_99_cpv2020.csv"
    layer, spent = timed(lambda: inegi_census(path, columns=columns))
    columns_read = layer.counts["block"].value.shape[1]
    return spent | {"rows": layer.rows_read, "columns": columns_read}


def census_rows(folder: Path, megabytes: float, *, bounded: bool) -> list[Row]:
    """Return the figures of the census, all its columns and a study's."""
    rows = []
    for case in ("census", "census, few columns"):
        found = measured(case, folder)
        told = f"{case}: {megabytes:.0f} MB, {found['rows']:,} rows, {found['columns']} columns"
        target = 5.0 if bounded else None
        rows.append(Row(told, "read", found["wall_s"], "s wall", target=target))
        rows += spent_rows(told, found)
    return rows


# --------------------------------------------------------------------------- files to a territory


def read_study(folder: Path) -> dict[str, Any]:
    """Read everything the made study names."""
    from targeting.pipeline import load

    found, spent = timed(lambda: load(folder / "city" / "study.yaml"))
    return spent | {"blocks": len(found[1].blocks)}


# The files nearly every Mexican study starts from.
CORE = ("99m.shp", "99a.shp", "_cpv2020_csv.zip", "IMU_2020_99.csv", "incidentes", "denue", "99si")


def read_core(folder: Path) -> dict[str, Any]:
    """Read blocks, areas, census, marginalization, incidents, DENUE, services and barriers."""
    from targeting.sources import read_territory
    from targeting.study_file import read_study as study_of

    study = study_of(folder / "city" / "study.yaml")
    layers = [one for one in study.layers if any(part in one.file for part in CORE)]
    found, spent = timed(
        lambda: read_territory(layers, folder / "city", population=study.population)
    )
    return spent | {"blocks": len(found.blocks)}


def read_blocks(folder: Path) -> dict[str, Any]:
    """Read the blocks alone."""
    from targeting.model import LayerSpec, MethodSpec
    from targeting.sources import read_territory

    spec = LayerSpec("blocks", "inputs.blocks", "99m.shp", MethodSpec("inegi_blocks"))
    found, spent = timed(lambda: read_territory([spec], folder / "city" / "boundaries"))
    return spent | {"blocks": len(found.blocks)}


def territory_rows(folder: Path, size: str, *, bounded: bool) -> list[Row]:
    """Return the figures of the made study's files, and of its blocks alone."""
    rows = []
    cases = {"territory": 6.0, "territory, core files": 6.0, "territory, blocks alone": None}
    if not bounded:
        cases.pop("territory")
    for case, target in cases.items():
        found = measured(case, folder)
        told = f"{case} of {size} blocks"
        rows.append(
            Row(told, "read", found["wall_s"], "s wall", target=target if bounded else None)
        )
        rows += spent_rows(told, found)
    return rows


# --------------------------------------------------------------------- incidents to their blocks


def block_shapes(folder: Path) -> Any:
    """Return the blocks' geometries, index their ids, sorted."""
    from targeting.sources.mx.framework import inegi_blocks

    frame = inegi_blocks(folder / "city" / "boundaries" / "99m.shp").data
    return frame.set_index("id").sort_index().geometry


def write_places(folder: Path, count: int) -> None:
    """Write places in the blocks and the streets around them, a few of them far out."""
    import numpy as np

    bounds = block_shapes(folder).bounds.to_numpy()
    random = np.random.default_rng(20_201)
    west, south, east, north = bounds[random.integers(0, len(bounds), count)].T
    x, y = random.uniform(west - 20, east + 20), random.uniform(south - 20, north + 20)
    far = random.uniform(size=count) < 0.01
    xy = np.column_stack([x, y])
    xy[far] += random.normal(0, 200, (int(far.sum()), 2))
    np.save(folder / "places.npy", xy)


def place_ours(folder: Path) -> dict[str, Any]:
    """Place the incidents with the package."""
    import numpy as np
    import shapely

    from targeting.spatial import place_points

    blocks = block_shapes(folder)
    points = shapely.points(np.load(folder / "places.npy"))
    (block, distance_m), spent = timed(
        lambda: place_points(points, blocks, tolerance_m=TOLERANCE_M)
    )
    np.savez(folder / "ours.npz", block=block, distance_m=distance_m)
    shares = {"inside": float((distance_m == 0).mean()), "placed": float((block >= 0).mean())}
    return spent | shares


def place_peer(folder: Path) -> dict[str, Any]:
    """Place the incidents with geopandas; afterwards settle its ties by our rule."""
    import geopandas as gpd
    import numpy as np
    import shapely

    blocks = block_shapes(folder).reset_index(drop=True)  # sorted by id: the row is the rank
    places = np.load(folder / "places.npy")
    points = gpd.GeoDataFrame(geometry=shapely.points(places), crs=blocks.crs)
    shapes = gpd.GeoDataFrame(geometry=blocks)
    found, spent = timed(
        lambda: gpd.sjoin_nearest(
            points, shapes, max_distance=TOLERANCE_M, distance_col="distance_m"
        )
    )
    block = found["index_right"].to_numpy(np.int64)
    gap = found["distance_m"].to_numpy(float)
    size = np.where(gap == 0, blocks.area.to_numpy()[block], 0.0)
    point = found.index.to_numpy(np.int64)
    order = np.lexsort((block, size, point))
    first = order[np.unique(point[order], return_index=True)[1]]
    chosen, distance_m = np.full(len(places), -1), np.full(len(places), np.nan)
    chosen[point[first]], distance_m[point[first]] = block[first], gap[first]
    np.savez(folder / "peer.npz", block=chosen, distance_m=distance_m)
    return spent | {"ties": len(found) - len(first)}


def incident_rows(folder: Path, count: int, *, bounded: bool) -> list[Row]:
    """Return the figures of the placing, beside geopandas."""
    import numpy as np

    ours, peer = measured("incidents", folder), measured("incidents, geopandas", folder)
    with np.load(folder / "ours.npz") as a, np.load(folder / "peer.npz") as b:
        other = int((a["block"] != b["block"]).sum())
        gap = float(np.nanmax(np.abs(a["distance_m"] - b["distance_m"])))
    told = f"{count:,} incidents"
    name = "geopandas.sjoin_nearest"
    least = 1 / 2.5 if bounded else None
    part = ours["user_s"] / peer["user_s"]
    return [
        Row(
            told, "place", ours["user_s"], "s user", name, peer["user_s"], 4.0 if bounded else None
        ),
        Row(told, "part of the peer's time", part, "ratio", target=least),
        Row(told, "wall", ours["wall_s"], "s wall", name, peer["wall_s"]),
        Row(told, "peak memory", ours["peak_gb"], "GB", name, peer["peak_gb"]),
        Row(told, "inside a block", ours["inside"], "share"),
        Row(told, f"within {TOLERANCE_M:g} m", ours["placed"], "share"),
        Row(told, "placed otherwise than by the peer", other, "incidents", target=0),
        Row(told, "largest difference of distance", gap, "m", target=1e-9),
    ]


# ----------------------------------------------------------------------------- rasters to blocks


def city_raster(folder: Path) -> Path:
    """Return the made city's raster of 100 m."""
    return next((folder / "city" / "rasters").glob("ghs_pop*.tif"))


def sum_ours(folder: Path) -> dict[str, Any]:
    """Sum the cells exactly; hold a few hundred blocks against cutting them cell by cell."""
    import numpy as np

    from targeting.sources.rasters import read_under

    blocks = block_shapes(folder)
    held, spent = timed(lambda: read_under(city_raster(folder), blocks))
    np.savez(folder / "sums.npz", sum=held["sum"], cells=held["cells"])
    some = np.linspace(0, len(blocks) - 1, 300).astype(int)
    true = cut_cells(city_raster(folder), blocks.iloc[some])
    mean = (held["sum"] / held["cells"]).to_numpy()[some]
    known = true > 0
    error = float((np.abs(mean - true)[known] / true[known]).mean())
    return spent | {"error": error, "empty": float((held["cells"] == 0).mean())}


def cut_cells(path: Path, blocks: Any) -> Any:
    """Return the mean of the cells under each block, by cutting cells and blocks with each other.

    For an upright raster without missing cells under the blocks.
    """
    import numpy as np
    import rasterio
    import shapely

    with rasterio.open(path) as source:
        cells, turn = source.read(1), source.transform
        shapes = np.asarray(blocks.to_crs(source.crs.to_wkt()).array)
    row, column = np.indices(cells.shape)
    west, north = turn.c + turn.a * column.ravel(), turn.f + turn.e * row.ravel()
    squares = shapely.box(west, north + turn.e, west + turn.a, north)
    of, square = shapely.STRtree(squares).query(shapes, predicate="intersects")
    part = shapely.area(shapely.intersection(shapes[of], squares[square]))
    return np.bincount(of, part * cells.ravel()[square]) / np.bincount(of, part)


def sum_exactextract(folder: Path) -> dict[str, Any]:
    """Sum the cells with the library exactextract, and find the largest difference."""
    import numpy as np
    import rasterio
    from exactextract import exact_extract
    from exactextract.raster import RasterioRasterSource

    blocks = block_shapes(folder).reset_index(drop=True).rename_axis("row")

    def work() -> Any:
        with rasterio.open(city_raster(folder)) as source:
            shapes = blocks.to_crs(source.crs.to_wkt()).to_frame("geometry").reset_index()
            cells = RasterioRasterSource(source, 1, name="cells")
            strategy = "raster-sequential"
            return exact_extract(
                cells, shapes, "sum", include_cols=["row"], strategy=strategy, output="pandas"
            )

    found, spent = timed(work)
    theirs = found.set_index("row")["sum"].sort_index().to_numpy()
    with np.load(folder / "sums.npz") as ours:
        known = ours["sum"] > 0
        other = np.abs(theirs - ours["sum"])[known] / ours["sum"][known]
    return spent | {"other": float(other.max())}


def sum_centers(folder: Path) -> dict[str, Any]:
    """Sum the cells whose center lies in a block."""
    import numpy as np
    import rasterio
    from rasterio.features import rasterize

    blocks = block_shapes(folder)

    def work() -> tuple[np.ndarray, np.ndarray]:
        with rasterio.open(city_raster(folder)) as source:
            cells = source.read(1, masked=True).filled(0)
            shapes = blocks.to_crs(source.crs.to_wkt())
            zone = rasterize(
                ((shape, row + 1) for row, shape in enumerate(shapes)),
                out_shape=cells.shape,
                transform=source.transform,
                dtype="int32",
            ).ravel()
        count = np.bincount(zone, minlength=len(blocks) + 1)[1:]
        return np.bincount(zone, cells.ravel(), minlength=len(blocks) + 1)[1:], count

    (total, count), spent = timed(work)
    with np.load(folder / "sums.npz") as exact:
        known = (exact["cells"] > 0) & (exact["sum"] > 0)
        true = exact["sum"][known] / exact["cells"][known]
    empty = count[known] == 0
    mean = total[known][~empty] / count[known][~empty]
    error = float((np.abs(mean - true[~empty]) / true[~empty]).mean())
    return spent | {"error": error, "empty": float(empty.mean())}


def raster_rows(folder: Path, size: str, *, bounded: bool) -> list[Row]:
    """Return the figures of exact sums, beside those by cell centers."""
    ours, centers = measured("raster", folder), measured("raster, cell centers", folder)
    library = measured("raster, exactextract", folder)
    told, name, exact = f"100 m raster, {size} blocks", "cell centers", "exactextract"
    target = 8.0 if bounded else None
    return [
        Row(told, "exact sums", ours["user_s"], "s user", exact, library["user_s"], target),
        Row(told, "largest difference of a sum", library["other"], "share", exact, 0.0, 1e-6),
        Row(told, "sums by cell centers", centers["user_s"], "s user"),
        Row(told, "wall", ours["wall_s"], "s wall", name, centers["wall_s"]),
        Row(told, "peak memory", ours["peak_gb"], "GB", name, centers["peak_gb"]),
        Row(told, "mean error of a block's mean", ours["error"], "share", name, centers["error"]),
        Row(told, "blocks left without a value", ours["empty"], "share", name, centers["empty"]),
    ]


def spent_rows(told: str, found: dict[str, Any]) -> list[Row]:
    """Return user CPU seconds and peak memory."""
    return [
        Row(told, "user CPU", found["user_s"], "s user"),
        Row(told, "peak memory", found["peak_gb"], "GB"),
    ]


CASES: dict[str, Callable[[Path], dict[str, Any]]] = {
    "census": lambda folder: read_census(folder, None),
    "census, few columns": lambda folder: read_census(folder, FEW_COLUMNS),
    "territory": read_study,
    "territory, blocks alone": read_blocks,
    "territory, core files": read_core,
    "incidents": place_ours,
    "incidents, geopandas": place_peer,
    "raster": sum_ours,
    "raster, cell centers": sum_centers,
    "raster, exactextract": sum_exactextract,
}


if __name__ == "__main__":
    sys.exit(main())
