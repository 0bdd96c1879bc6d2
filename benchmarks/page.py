"""The page beside the maps others write: size, seconds to write, to open, to repaint; memory.

python benchmarks/page.py             # 30,000 blocks beside the peers; 100,000 and 250,000 alone
python benchmarks/page.py --quick     # 3,000 blocks beside folium as users write it
python benchmarks/page.py --sizes 30000 --peers none

The city is made here (`page_city.py`); every file is opened in a Chromium of its own.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from page_city import SOURCE_DECIMALS, frame_of, make_city
from page_tab import Tab, open_tab
from rows import Row, show

from targeting.model import Result
from targeting.render import write_page
from targeting.render.encode import Packer, project, spatial_order, whole
from targeting.render.packed_text import inflated
from targeting.render.scene import build_scene

MB = 1e6
# By number of blocks: file MB, Python CPU s, open s, open on a phone s, slider ms, on a phone,
# tab MB.
TARGETS = {
    30_000: (1.5, 1.0, 1.0, 2.0, 50, 100, 100),
    100_000: (4.0, 2.5, 1.2, 2.5, 50, 120, 130),
    250_000: (9.0, 6.0, 1.5, 4.0, 60, 150, 160),
}
RATIOS = {"file MB": 15.0, "tab CPU s": 30.0, "tab MB": 6.0}
"""How many times less than folium as users write it, at 30,000 blocks."""
APART = ("reason", "points.", "part.", "percentile", "coverage", "plan", "weights", "score.")
"""Columns that tell why, and what other weights would give: counted apart."""


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under 50 s")
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    parser.add_argument("--sizes", help="numbers of blocks, with commas between them")
    parser.add_argument(
        "--peers", choices=("none", "first", "all"), default="first", help="beside which sizes"
    )
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    sizes = [3_000] if options.quick else [30_000, 100_000, 250_000]
    if options.sizes:
        sizes = [int(size) for size in options.sizes.split(",")]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        write_page(make_city(500), Path(folder) / "warm.html")
        for at, size in enumerate(sizes):
            city = make_city(size)
            ours = own_rows(city, size, Path(folder), quick=options.quick)
            rows += ours
            if options.peers == "all" or (options.peers == "first" and at == 0):
                peers = list(PEERS)[: 1 if options.quick else None]
                rows += peer_rows(city, size, Path(folder), ours, peers)
    show(rows, as_json=options.json)
    return 0


def name_of(size: int) -> str:
    """Return how a size is called in the table."""
    return f"{size / 1000:g}k blocks"


def seconds(work: Callable[[], Any]) -> float:
    """Return the CPU seconds of this process while it works."""
    start = time.process_time()
    work()
    return time.process_time() - start


def own_rows(city: Result, size: int, folder: Path, *, quick: bool) -> list[Row]:
    """Measure our page."""
    case = name_of(size)
    file = folder / "ours.html"
    took = seconds(lambda: write_page(city, file))
    goal = TARGETS.get(size, (None,) * 7)
    whole_mb = file.stat().st_size / MB
    scene = build_scene(city)
    apart = apart_mb(scene.data, scene.record["data"])
    around = parts_mb(file.read_text(encoding="utf-8"))
    # Data are the only part that grows much; without them the file is scripts, styles and words.
    source = whole_mb - len(scene.data) / MB + len(source_columns(city)) / MB
    desk = open_tab(file, own=True)
    rows = [
        Row(case, "file, 11 columns at source precision", source, "MB", target=goal[0]),
        Row(case, "file MB", whole_mb, "MB"),
        Row(case, "  of which reasons, accounts, weights", apart, "MB"),
        *(Row(case, f"  of which {name}", size, "MB") for name, size in around.items()),
        Row(case, "Python CPU s", took, "s", target=goal[1]),
        Row(case, "open to drawn s", desk.drawn_s, "s", target=goal[2]),
        *slider_rows(case, desk, "desk", goal[4]),
        Row(case, "pan", desk.pan_fps, "fps", target=55.0, at_least=True),
        Row(case, "tab CPU s", desk.cpu_s, "s"),
        Row(case, "tab MB", desk.memory_mb, "MB", target=goal[6]),
        Row(case, "requests", float(desk.requests), "", target=0.0),
    ]
    if not quick:
        phone = open_tab(file, phone=True, own=True)
        rows.append(Row(case, "open to drawn, phone", phone.drawn_s, "s", target=goal[3]))
        rows += slider_rows(case, phone, "phone", goal[5])
    return rows


def slider_rows(case: str, tab: Tab, where: str, goal: float | None) -> list[Row]:
    """Return the row of the slider, saying how it was moved."""
    how = "slider key to paint" if tab.by_keys else "repaint called to paint"
    return [Row(case, f"{how}, {where}", tab.slider_ms, "ms", target=goal)]


def parts_mb(html: str) -> dict[str, float]:
    """Return the size of the parts of the file that are not packed data."""
    record = re.search(r'id="targeting-scene">(.*?)</script>', html, re.DOTALL)
    plain = re.search(r"<noscript>(.*?)</noscript>", html, re.DOTALL)
    data = re.search(r'id="targeting-data">(.*?)</script>', html, re.DOTALL)
    sizes = [len(found[1].encode()) / MB if found else 0.0 for found in (record, plain, data)]
    code = len(html.encode()) / MB - sum(sizes)
    names = ("scripts and styles", "words and polygons", "what is read without scripts")
    return dict(zip(names, (code, *sizes[:2]), strict=True))


def apart_mb(text: str, directory: dict[str, Any]) -> float:
    """Return the size, as shipped, of the columns that are counted apart."""
    raw = inflated(text)
    held = b"".join(
        raw[about["at"] : about["at"] + about["size"]]
        for name, about in directory.items()
        if name.startswith(APART) and name != "score"
    )
    packer = Packer()
    packer.add("apart", held)
    return len(packer.text()) / MB


def source_columns(city: Result) -> str:
    """Return geometry, the 11 columns uncoarsened, facilities and polygons, packed.

    The score is our own and has the page's two decimals.
    """
    table = frame_of(city)
    order = spatial_order(table.geometry)
    table = table.iloc[order]
    corner = gpd.GeoSeries([shapely.box(*table.total_bounds)], crs=table.crs)
    origin = project(shapely.get_coordinates(corner.to_numpy()), table.crs).min(axis=0)
    packer = Packer()
    packer.shapes("blocks", table.geometry, origin)
    packer.keys("key", list(table["key"]))
    codes, names = pd.factorize(table["neighborhood"])
    packer.texts("neighborhoods", [str(name) for name in names])
    packer.numbers("neighborhood", codes.astype(float))
    for name in ("population", "dwellings"):
        packer.numbers(name, table[name].to_numpy(float))
    for key, digits in zip(city.values.value.columns, SOURCE_DECIMALS, strict=True):
        packer.numbers(key, whole(table[key].to_numpy(float), decimals=digits), decimals=digits)
    packer.numbers("score", whole(table["score"].to_numpy(float), decimals=2), decimals=2)
    packer.shapes("polygons", city.polygons.polygons.geometry, origin)
    held = city.territory.facilities
    places = project(shapely.get_coordinates(held.geometry.to_numpy()), held.crs)
    packer.spots("facilities", places, origin)
    packer.texts("names", [str(name) for name in held["name"]])
    packer.numbers("kind", pd.factorize(held["kind"])[0].astype(float))
    return packer.text()


# --- the peers, as users write them and as well as they can be written


def as_users_write(table: gpd.GeoDataFrame, file: Path) -> None:
    """folium.GeoJson with a style function, a highlight and a tooltip, drawn as SVG."""
    low, high = table["score"].min(), table["score"].max()
    held = _map(table)
    folium.GeoJson(
        table.to_crs(4326),
        style_function=lambda one: {
            "fillColor": _color(one["properties"]["score"], low, high),
            "fillOpacity": 0.8,
            "weight": 0.3,
        },
        highlight_function=lambda _: {"weight": 2},
        tooltip=folium.GeoJsonTooltip([name for name in table.columns if name != "geometry"]),
    ).add_to(held)
    held.save(str(file))


def explored(table: gpd.GeoDataFrame, file: Path) -> None:
    """GeoDataFrame.explore, colored by score."""
    held = table.explore("score", tiles=None, legend=False)
    held.save(str(file))


def tuned(table: gpd.GeoDataFrame, file: Path) -> None:
    """Styles in the properties, a canvas, five decimals of a degree, four columns, no highlight."""
    low, high = table["score"].min(), table["score"].max()
    lean = table[["key", "population", "no_internet_share", "score", "geometry"]].to_crs(4326)
    lean["geometry"] = shapely.set_precision(lean.geometry.to_numpy(), 1e-5)
    lean["style"] = [
        {"fillColor": _color(score, low, high), "fillOpacity": 0.8, "weight": 0.3}
        for score in lean["score"]
    ]
    held = _map(table, prefer_canvas=True)
    folium.GeoJson(
        lean, tooltip=folium.GeoJsonTooltip(["key", "population", "no_internet_share", "score"])
    ).add_to(held)
    held.save(str(file))


PEERS = {
    "folium.GeoJson": as_users_write,
    "explore()": explored,
    "tuned folium (4 columns)": tuned,
}


def _map(table: gpd.GeoDataFrame, **settings: Any) -> folium.Map:
    west, south, east, north = table.to_crs(4326).total_bounds
    held = folium.Map(tiles=None, **settings)
    held.fit_bounds([[south, west], [north, east]])
    return held


def _color(score: float, low: float, high: float) -> str:
    ramp = ("#e8efc6", "#b3d9b8", "#73b7ac", "#418f9f", "#35608b", "#362e69")
    if score is None or np.isnan(score):
        return "#dcdcd8"
    return ramp[min(5, int(6 * (score - low) / (high - low + 1e-9)))]


def peer_rows(
    city: Result, size: int, folder: Path, ours: list[Row], peers: list[str]
) -> list[Row]:
    """Measure the peers, and how many times less ours takes than folium as users write it."""
    table = frame_of(city)
    mine = {row.metric: row.value for row in ours}
    rows = []
    for peer in peers:
        write = PEERS[peer]
        file = folder / "peer.html"
        took = seconds(lambda w=write, f=file: w(table, f))  # type: ignore[misc]
        tab = open_tab(file)
        theirs = {
            "file MB": file.stat().st_size / MB,
            "Python CPU s": took,
            "open to drawn s": tab.drawn_s,
            "tab CPU s": tab.cpu_s,
            "tab MB": tab.memory_mb,
            "pan": tab.pan_fps,
        }
        case = f"{name_of(size)}: {peer}"
        units = ("MB", "s", "s", "s", "MB", "fps")
        rows += [Row(case, name, v, u) for (name, v), u in zip(theirs.items(), units, strict=True)]
        rows.append(Row(case, "requests", float(tab.requests), ""))
        for metric in ("file MB", "Python CPU s", "open to drawn s", "tab CPU s", "tab MB"):
            own, other = mine[metric], theirs[metric]
            if own and other:
                goal = RATIOS.get(metric) if peer == "folium.GeoJson" and size == 30_000 else None
                name = f"{metric}: times ours"
                rows.append(Row(case, name, other / own, "×", target=goal, at_least=True))
    return rows


if __name__ == "__main__":
    raise SystemExit(main())
