"""Seconds, memory and truth of the neighbors across streets, beside momepy and libpysal.

python benchmarks/delineation_links.py            # 20k, 60k, 250k and 1M blocks
python benchmarks/delineation_links.py --quick    # 2k and 20k; targets are for the whole

The card: the made city of targeting.sample, seed 20110427; barriers are its river, its rail line
and its widest avenue, taken for a motorway. Its widest street is 45 m, so that is what is bridged
where links are held against the truth; the default of 50 m is told beside it. Truth: the cells the
generator draws blocks in; a link is right where two blocks face each other across a street for
more than a meter, lie diagonally at one crossing, or border on one open place
(tests/delineation/made_streets.py). Seconds are user CPU of one process that has linked 300 blocks
before, the blocks in memory; peak memory is of that process, blocks and libraries included.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

from end_to_end import usage
from rows import Row, show

SEED = 20110427
TARGETS = {20_000: 0.5, 60_000: 1.5, 250_000: 6.0, 1_000_000: 25.0}
PEAK_GB = {1_000_000: 1.5}
WIDEST_M = 45.0
SEGMENT_M = 10.0
FUZZY_M = 25.0
# At least twenty times quicker than a tessellation.
TESSELLATION_PERCENT = 5.0
AT_ONCE = 50_000


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under 15 s")
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    parser.add_argument("--case", choices=sorted(CASES), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--blocks", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(CASES[options.case](options.file, options.blocks) | usage()))
        return 0
    show(link_rows(quick=options.quick), as_json=options.json)
    return 0


def link_rows(*, quick: bool) -> list[Row]:
    """Return all rows of the neighbors: seconds, memory, truth, peers."""
    sizes = (2_000, 20_000) if quick else tuple(TARGETS)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        files = {size: Path(folder) / f"{size}.npz" for size in sizes}
        for size, file in files.items():
            measured("make", file, size)
            rows += own_rows(size, measured("ours", file, size))
        least = min(sizes)
        rows += truth_rows(least if quick else 20_000)
        beside = least if quick else 20_000
        rows += peer_rows(beside, files[beside], quick=quick)
    return rows


def own_rows(size: int, found: dict[str, Any]) -> list[Row]:
    """Return seconds and memory of one city."""
    case = f"links {size:,}"
    return [
        Row(case, "street_links", found["seconds"], "user s", target=TARGETS.get(size)),
        Row(case, "peak memory", found["peak_gb"], "GB", target=PEAK_GB.get(size)),
        Row(case, "links", found["links"], "links"),
    ]


def truth_rows(size: int) -> list[Row]:
    """Return how many true links are missing and how many links are not true."""
    found = measured("truth", None, size)
    held = size >= min(TARGETS)
    rows = []
    for reach, judged in found["judged"].items():
        case = f"truth {size:,}, {reach} m"
        own = held and float(reach) == WIDEST_M
        missing, wrong = 1000 * (1 - judged["recall"]), 1000 * (1 - judged["precision"])
        rows += [
            Row(case, "true links missing", missing, "of 1,000", target=3.0 if own else None),
            Row(case, "links not true", wrong, "of 1,000", target=1.0 if own else None),
            Row(case, "across barriers", judged["across_barriers"], "links", target=0.0),
        ]
    return rows


def peer_rows(size: int, file: Path, *, quick: bool) -> list[Row]:
    """Return our seconds as a share of each peer's, in one run."""
    ours = measured("ours", file, size)["seconds"]
    rows = []
    for case, name in (("momepy", "momepy tessellation"), ("fuzzy", "libpysal fuzzy contiguity")):
        found = measured(case, file, size)
        metric = f"CPU in % of {name}"
        if "missing" in found:
            rows.append(Row(f"peer {size:,}", f"{metric}: no {found['missing']}", None, "%"))
            continue
        target = TESSELLATION_PERCENT if case == "momepy" and not quick else None
        share = 100 * ours / found["seconds"]
        row = Row(f"peer {size:,}", metric, share, "%", f"{name}, s", found["seconds"], target)
        rows.append(row)
    return rows


def measured(case: str, file: Path | None, blocks: int) -> dict[str, Any]:
    """Return the figures of one case, run in a process of its own."""
    print(f"{case}, {blocks:,} …", file=sys.stderr)
    command = [sys.executable, __file__, "--case", case, "--blocks", str(blocks)]
    command += ["--file", str(file)] if file else []
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


# ---------------------------------------------------------------- in a process of its own


def make(file: Path, blocks: int) -> dict[str, Any]:
    """Write the city's blocks and barriers."""
    import numpy as np
    import shapely

    from targeting.sample import keys
    from targeting.sample.plan import make_plan

    plan = make_plan(blocks, SEED)
    walls = sorted(plan.lines, key=lambda line: (line.kind == "avenue", -line.half_m))[:3]
    drawn = np.array(keys.centerlines(plan), dtype=object)
    points, owner = shapely.get_coordinates(plan.blocks, return_index=True)
    barriers, line = shapely.get_coordinates(
        drawn[[plan.lines.index(wall) for wall in walls]], return_index=True
    )
    np.savez(file, points=points, owner=owner.astype(np.int32), barriers=barriers, line=line)
    return {}


def city(file: Path) -> tuple[Any, Any]:
    """Return the blocks and barriers written, without more in memory than they need."""
    import geopandas as gpd
    import numpy as np
    import shapely

    held = np.load(file)
    points, owner = held["points"], held["owner"]
    count = int(owner[-1]) + 1
    starts = np.searchsorted(owner, np.arange(count + 1))
    shapes = np.empty(count, dtype=object)
    for begin in range(0, count, AT_ONCE):
        end = min(begin + AT_ONCE, count)
        rows = slice(starts[begin], starts[end])
        shapes[begin:end] = shapely.polygons(
            shapely.linearrings(points[rows], indices=owner[rows] - begin)
        )
    index = [f"{number:016d}" for number in range(count)]
    lines = shapely.linestrings(held["barriers"], indices=held["line"])
    return gpd.GeoSeries(shapes, index=index, crs=6372), gpd.GeoSeries(lines, crs=6372)


def user(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what `work` gives, and its user CPU seconds."""
    before = os.times().user
    found = work()
    return found, os.times().user - before


def ours(file: Path, blocks: int) -> dict[str, Any]:
    """Link the blocks."""
    del blocks
    from targeting.delineation import street_links

    shapes, barriers = city(file)
    street_links(shapes.iloc[:300], barriers)
    links, seconds = user(lambda: street_links(shapes, barriers))
    return {"seconds": seconds, "links": len(links.first)}


def truth(file: Path | None, blocks: int) -> dict[str, Any]:
    """Hold the links against the city's plan."""
    del file
    from targeting.delineation import street_links
    from tests.delineation.made_streets import made_streets

    made = made_streets(blocks, SEED)
    reaches = (WIDEST_M, 50.0)
    links = {w: street_links(made.blocks, made.barriers, street_max_m=w) for w in reaches}
    return {"judged": {f"{w:g}": made.judged(found) for w, found in links.items()}}


def momepy(file: Path, blocks: int) -> dict[str, Any]:
    """Tessellate around the blocks, and link tiles that touch."""
    del blocks
    try:
        import momepy as peer
        from libpysal.graph import Graph
    except ImportError as error:
        return {"missing": error.name}
    shapes, _ = city(file)

    def work() -> Any:
        tiles = peer.morphological_tessellation(shapes, segment=SEGMENT_M)
        return Graph.build_contiguity(tiles, rook=True)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph, seconds = user(work)
    return {"seconds": seconds, "links": graph.n_edges / 2}


def fuzzy(file: Path, blocks: int) -> dict[str, Any]:
    """Link blocks whose surroundings touch."""
    del blocks
    try:
        from libpysal.graph import Graph
    except ImportError as error:
        return {"missing": error.name}
    shapes, _ = city(file)
    graph, seconds = user(
        lambda: Graph.build_fuzzy_contiguity(shapes, buffer=FUZZY_M / 2, predicate="intersects")
    )
    return {"seconds": seconds, "links": graph.n_edges / 2}


CASES: dict[str, Callable[[Any, int], dict[str, Any]]] = {
    "make": make,
    "ours": ours,
    "truth": truth,
    "momepy": momepy,
    "fuzzy": fuzzy,
}

if __name__ == "__main__":
    sys.exit(main())
