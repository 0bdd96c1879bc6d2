"""Zapopan's and Juárez's real blocks: the certified gap and the need captured.

Called by delineation.py; the files are not in the repository (TARGETING_TEST_DATA names their
folder). Need: population × rank of the AGEB's marginalization (of 2010; for Juárez of 2020, which
fits its blocks better), an AGEB's people spread over its blocks by area. Twelve polygons of 5,000
to 15,000 people and at most 3 km². Zapopan's streams and rails are barriers; for Juárez no lines
are at hand.

Beside that what a study has by default (ten polygons, compactness .25, need above the line), with
the score of the AGEB and with one that differs from block to block (rank plus noise of sd .2,
ranked again), and where the gap is: how much better a plan is found with ten times the effort
(so much at least is the plan's), and what the bound is without the rule of compactness.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

from delineation_city import alone, told, user
from end_to_end import ROOT, usage
from rows import Row

SECONDS = "user s"
BOTH = "polygons and bound"
CITIES = {
    "zapopan": ("manzanas_zapopan_2010.gpkg", "BLOCK_ID", 2010, "servicios_l.gpkg"),
    "juarez": ("manzanas_2010.gpkg", "CVEGEO", 2020, None),
}
BARRIERS = ["CORRIENTE DE AGUA", "CANAL", "VÍA FÉRREA"]
POLYGONS, PEOPLE, AREA_MAX_M2 = 12, (5_000.0, 15_000.0), 3e6
ABOUT, GAP = 0.30, 5.0
STEPS = 6
NOISE, LONG = 0.2, 10.0


def main() -> int:
    """Run one city."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=sorted(CITIES), required=True)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    print(json.dumps(figures(options.case, options.folder) | usage()))
    return 0


def real_rows() -> list[Row]:
    """Return the rows of both cities, where their files are."""
    chosen = os.environ.get("TARGETING_TEST_DATA")
    data = Path(chosen) if chosen else ROOT.parent / "shared" / "data"
    rows: list[Row] = []
    for name in CITIES:
        folder = data / name
        if not folder.is_dir():
            print(f"{name}: no real files here (TARGETING_TEST_DATA), left out", file=sys.stderr)
            rows.append(Row(name, "certified gap", None, "%", target=GAP))
            continue
        rows += city_rows(name, alone(__file__, {}, name, folder))
    return rows


def city_rows(name: str, found: dict[str, Any]) -> list[Row]:
    """Return the rows of one city."""
    case = f"{name} {found['blocks']:,}"
    price = f"certified gap, at price {found['price']:.2f}"
    return [
        Row(case, price, found["gap"], "%", target=GAP),
        Row(case, "mean Polsby–Popper, graph", found["roundness"], ""),
        Row(case, "mean Polsby–Popper, drawn ground", found["drawn"], ""),
        Row(case, "need captured", found["need"], "% of the need"),
        Row(case, "people in", found["people"], "% of the people"),
        Row(case, "polygons feasible", found["feasible"], "%", target=100.0, at_least=True),
        Row(case, "polygons", found["kept"], f"of {POLYGONS}"),
        Row(case, BOTH, found["search"] + found["bound"], SECONDS),
        Row(case, "street_links", found["linking"], SECONDS),
        Row(case, "components", found["components"], ""),
        Row(case, "largest component", found["largest"], "% of the blocks"),
        Row(case, "blocks without neighbors", found["alone"], ""),
    ] + [
        Row(f"{case}, default, {told_}", metric, value, SECONDS if metric == BOTH else "%")
        for told_, one in found["default"].items()
        for metric, value in one.items()
    ]


# ---------------------------------------------------------------- in a process of its own


def city_of(name: str, folder: Path) -> tuple[Any, Any, Any]:
    """Return blocks with their people, score, and barriers."""
    import geopandas as gpd
    import pandas as pd

    file, key, year, lines = CITIES[name]
    blocks = gpd.read_file(folder / file).to_crs(32613)
    blocks = blocks.set_index(key).sort_index().rename_axis("block_id")
    area_id = blocks["CVE_AGEB"] if "CVE_AGEB" in blocks else blocks.index.str[:13].to_series()
    area_id = area_id.set_axis(blocks.index)
    table = pd.read_csv(folder / f"imu_{year}.csv", dtype=str).set_index("CVE_AGEB")
    area = blocks.area.clip(upper=blocks.area.quantile(0.9))
    people = pd.to_numeric(table["POB_TOTAL"]).reindex(area_id).to_numpy()
    blocks["population"] = people * area / area.groupby(area_id.to_numpy()).transform("sum")
    index = pd.to_numeric(table[f"IM_{year}"]).reindex(area_id)
    score = (-index).rank(pct=True).set_axis(blocks.index)
    if lines is None:
        return blocks, score, None
    drawn = gpd.read_file(folder / lines).to_crs(32613)
    return blocks, score, drawn.geometry[drawn["GEOGRAFICO"].isin(BARRIERS)]


def figures(name: str, folder: Path) -> dict[str, Any]:
    """Search and bound at the price that yields a mean Polsby–Popper of about .30."""
    import numpy as np
    from delineation_doubt import warm

    from targeting.delineation import street_links
    from targeting.delineation.bound import upper_bound
    from targeting.delineation.drawing.ground import places
    from targeting.delineation.graph import Limits, components
    from targeting.delineation.prepared import prepare
    from targeting.delineation.result import roundness
    from targeting.delineation.rules import Rules
    from targeting.delineation.searching.search import search

    warm()
    blocks, score, barriers = city_of(name, folder)
    links, linking = user(lambda: street_links(blocks.geometry, barriers))

    def solve(price: float) -> tuple[Any, Any, Any, dict[str, float], float]:
        settings = {"threshold_share": 0.2, "need": "total", "perimeter_price": price}
        prepared = prepare(blocks, score, links, **settings)
        rules = Rules(Limits(*PEOPLE, AREA_MAX_M2, 0.0, prepared.price_per_m), POLYGONS)
        groups, spent = user(lambda: search(prepared.city, rules, seed=1))
        return prepared, rules, groups, told(prepared.city, rules, groups), spent

    low, high = 0.02, 8.0
    found: dict[float, Any] = {}
    for _ in range(STEPS):
        price = float(np.sqrt(low * high))
        found[price] = solve(price)
        low, high = (price, high) if found[price][3]["roundness"] < ABOUT else (low, price)
    price = min(found, key=lambda one: abs(found[one][3]["roundness"] - ABOUT))
    prepared, rules, groups, judged, spent = found[price]
    bound, bounding = user(lambda: upper_bound(prepared.city, rules, plan=groups))
    part = np.bincount(components(prepared.city))
    ground = places(prepared.shapes, groups, prepared.links, prepared.tree)
    return judged | {
        "price": price,
        "gap": 100 * bound.gap(judged["worth"]),
        "search": spent,
        "bound": bounding,
        "linking": linking,
        "drawn": float(roundness(ground).mean()),
        "blocks": len(blocks),
        "components": len(part),
        "largest": 100 * float(part.max() / part.sum()),
        "alone": int((part == 1).sum()),
        "default": {
            "score of the AGEB": by_default(blocks, score, links),
            "score of the block": by_default(blocks, noisy(score), links),
        },
    }


def noisy(score: Any) -> Any:
    """Return a score that differs from block to block."""
    import numpy as np

    chance = np.random.default_rng(3)
    return (score + chance.normal(0, NOISE, len(score))).rank(pct=True)


def by_default(blocks: Any, score: Any, links: Any) -> dict[str, float]:
    """Return the gap with what a study has by default, and where it is."""
    from dataclasses import replace

    from targeting.delineation.bound import Certificate, check_bound, upper_bound
    from targeting.delineation.graph import Limits
    from targeting.delineation.prepared import prepare
    from targeting.delineation.rules import Rules, plan_worth
    from targeting.delineation.searching.search import search

    settings = {"threshold_share": 0.2, "need": "excess", "perimeter_price": 2.0}
    prepared = prepare(blocks, score, links, **settings)
    city = prepared.city
    rules = Rules(Limits(*PEOPLE, AREA_MAX_M2, 0.25, prepared.price_per_m), 10)
    groups, searching = user(lambda: search(city, rules, seed=1))
    bound, bounding = user(lambda: upper_bound(city, rules, plan=groups))
    longer = search(city, rules, seed=1, effort=LONG)
    dry = [replace(piece, moats=()) for piece in bound.certificate.pieces]
    flat = replace(rules, limits=rules.limits._replace(compactness_min=0.0))
    worth, better = plan_worth(city, rules, groups), plan_worth(city, rules, longer)
    return {
        "certified gap": 100 * bound.gap(worth),
        "  without moats": 100 * (1 - worth / check_bound(city, rules, Certificate(tuple(dry)))),
        "  and were compactness not asked for": 100 * upper_bound(city, flat).gap(worth),
        "plan better with ten times the search, by": 100 * (better / worth - 1),
        BOTH: searching + bounding,
    }


if __name__ == "__main__":
    raise SystemExit(main())
