"""Neighbors, hot spots and polygons: seconds, memory, quality, the proof, and the peers.

python benchmarks/delineation.py            # up to 1M blocks; 40 minutes or more
python benchmarks/delineation.py --quick    # 1,000 blocks; under 50 s; targets are for the whole
python benchmarks/delineation.py --only polygons,peers --sizes 20000

Seconds are user CPU of one process a case (with --quick of one for all), the city linked and in
memory, loops compiled before.
Polsby–Popper is that of the graph (half of the streets around) where nothing else is said.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

import delineation_doubt as doubt
import delineation_real as real
from delineation_city import AREA_MAX_M2, PEOPLE, SEED, alone, asked, load, make, told, user
from end_to_end import usage
from rows import Row, show

SECONDS = "user s"
TARGETS = {20_000: 1.0, 60_000: 3.0, 250_000: 15.0, 1_000_000: 75.0}
SIZES = (5_000, 20_000, 60_000, 250_000, 1_000_000)
SEEDS = {5_000: (SEED, 11, 12), 20_000: (SEED, 11, 12)}
PEERS_MAX = 250_000
GROUND_MAX = 60_000
GAP = 3.0
TUNED, DEFAULT, EQUAL = 1.20, 1.45, 1.15
TUNED_FROM, DEFAULT_FROM = 5_000, 20_000
# Price of the perimeter (as in `grow`) that yields a mean Polsby–Popper of about .30 and .40.
PRICES = {0.30: 0.3, 0.40: 0.9}
STEP, STEPS = 1.5, 10
ROOMS = ("links", "spots", "exact", "polygons", "peers", "doubt", "real")
CARD = """fabric    streets, blocks and people of targeting.sample; linked by street_links; river,
          rail line and widest avenue are barriers
seeds     {seed} (and 11, 12 at 5,000 and 20,000 blocks); the fabric was set on seed 7
need      population × score; score: mean of five noisy indicators of one urgency, bent to 0–1;
          urgency: the sample's marginalization, raised in planted round spots
K         one polygon for 1,100 blocks, as many as spots; at least 3
bounds    {low:,.0f} to {high:,.0f} people, {area:g} km² with half of the streets, connected
links     true where two blocks face each other across a street for more than a meter; diagonal
          ones and those over one open place are not counted wrong (delineation_links.py)
price     {first:g} and {second:g} times the need a median block has per meter of its outline:
          mean Polsby–Popper about .30 and about .40 (what each case yields is a row)
"""


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under 50 s")
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    parser.add_argument("--only", default=",".join(ROOMS), help="parts, by comma")
    parser.add_argument("--sizes", help="blocks of the made cities, by comma")
    parser.add_argument("--case", choices=sorted(CASES), help=argparse.SUPPRESS)
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(CASES[options.case](*options.words) | usage()))
        return 0
    print(card(), file=sys.stderr if options.json else sys.stdout)
    sizes = SIZES if options.sizes is None else tuple(map(int, options.sizes.split(",")))
    wanted = options.only.split(",")
    if options.quick:
        sizes, wanted = (1_000,), ["polygons", "peers", "doubt"]
    show(rows_of(wanted, sizes, quick=options.quick), as_json=options.json)
    return 0


def card() -> str:
    """Return what the figures are figures of."""
    first, second = PRICES.values()
    low, high = PEOPLE
    return CARD.format(
        seed=SEED, low=low, high=high, area=AREA_MAX_M2 / 1e6, first=first, second=second
    )


def rows_of(wanted: Iterable[str], sizes: Iterable[int], *, quick: bool) -> list[Row]:
    """Return the rows of the parts wanted."""
    rows: list[Row] = []
    wanted = set(wanted)
    if "links" in wanted:
        from delineation_links import link_rows

        rows += link_rows(quick=False)
    if "spots" in wanted:
        from delineation_hotspots import cold_rows, speed_rows

        rows += speed_rows(20_000, beside_esda=True) + cold_rows(beside_esda=True)
    if "exact" in wanted:
        from delineation_exact import NODES_MAX, PATCHES, area_rows, patch_rows

        rows += patch_rows(PATCHES, nodes_max=NODES_MAX) + area_rows(rows=24, columns=25)
    with tempfile.TemporaryDirectory() as folder:
        if wanted & {"polygons", "peers"}:
            rows += city_rows(Path(folder), sizes, wanted, quick=quick)
        if "doubt" in wanted:
            rows += doubt.doubt_rows(Path(folder), quick=quick)
    if "real" in wanted:
        rows += real.real_rows()
    return rows


def city_rows(folder: Path, sizes: Iterable[int], wanted: set[str], *, quick: bool) -> list[Row]:
    """Return the rows of the made cities, one size after the other."""
    rows: list[Row] = []
    gaps: list[float] = []
    for size in sizes:
        for seed in SEEDS.get(size, (SEED,)):
            file = folder / f"{size}-{seed}.npz"
            alone(__file__, CASES, "make", file, size, seed, quick=quick)
            case = f"{size:,}" + ("" if seed == SEED else f", seed {seed}")
            if "polygons" in wanted:
                found = alone(__file__, CASES, "ours", file, size, quick=quick)
                rows += own_rows(case, size, found)
                gaps += [one["gap"] for one in found["at"].values()]
            if "peers" in wanted and size <= PEERS_MAX:
                beside_ = alone(__file__, CASES, "peers", file, size, int(quick), quick=quick)
                rows += peer_rows(case, size, beside_)
            file.unlink()
    if len(gaps) > 2:
        median = statistics.median(gaps)
        rows.append(Row("made cities", "certified gap, median", median, "%", target=GAP))
    return rows


def own_rows(case: str, size: int, found: dict[str, Any]) -> list[Row]:
    """Return seconds, memory and quality of our polygons."""
    rows = [Row(case, "peak memory, two prices", found["peak_gb"], "GB")]
    for about, one in found["at"].items():
        at = f"{case}, PP ~{about}"
        both = one["search"] + one["bound"]
        rows += [
            Row(at, "polygons and bound", both, SECONDS, target=TARGETS.get(size)),
            Row(at, "  search", one["search"], SECONDS),
            Row(at, "  bound", one["bound"], SECONDS),
            Row(at, "certified gap", one["gap"], "%"),
            Row(at, "need captured", one["need"], "% of the need"),
            Row(at, "people in", one["people"], "% of the people"),
            Row(at, "mean Polsby–Popper, graph", one["roundness"], ""),
            Row(at, "polygons feasible", one["feasible"], "%", target=100.0, at_least=True),
            Row(at, "polygons", one["kept"], f"of {found['asked']}"),
        ]
        if "drawn" in one:
            rows.append(Row(at, "mean Polsby–Popper, drawn ground", one["drawn"], ""))
    return rows


def peer_rows(case: str, size: int, found: dict[str, Any]) -> list[Row]:
    """Return what each peer captures, and ours as multiples of the best."""
    from delineation_peers import best_of

    rows: list[Row] = []
    for name, recipes in found["peers"].items():
        if "missing" in recipes:
            rows.append(Row(case, f"{name}: not installed ({recipes['missing']})", None, ""))
        for recipe, one in recipes.items():
            if recipe == "missing":
                continue
            told_ = f"{name}, {recipe}"
            rows += [
                Row(case, f"{told_}: need captured", one["need"], "% of the need"),
                Row(case, f"{told_}: mean Polsby–Popper", one["roundness"], ""),
                Row(case, f"{told_}: CPU", one["seconds"], SECONDS),
            ]
            if "fit" in one:
                rows.append(Row(case, f"{told_}: parts within the bounds", one["fit"], "%"))
    best = {recipe: best_of(found["peers"], recipe) for recipe in ("tuned", "default")}
    for about, one in found["ours"].items():
        at = f"{case}, PP ~{about}" if about != "equal" else case
        rows += ratio_rows(at, size, one, best, equal=about == "equal")
    return rows


def ratio_rows(
    case: str, size: int, ours: dict[str, float], best: dict[str, Any], *, equal: bool
) -> list[Row]:
    """Return need and objective as multiples of the best peer's."""
    rows = []
    for recipe, target, begin in (("tuned", TUNED, TUNED_FROM), ("default", DEFAULT, DEFAULT_FROM)):
        if best[recipe] is None or (equal and recipe == "default"):
            continue
        name, peer = best[recipe]
        metric = f"need × best {recipe} peer's"
        least: float | None = target if size >= begin else None
        if equal:
            metric = f"{metric}, at PP {ours['roundness']:.2f} (peer {peer['roundness']:.2f})"
            least = EQUAL if size >= begin else None
        ratio = ours["need"] / peer["need"] if peer["need"] else None
        by = f"{name}, %"
        rows.append(Row(case, metric, ratio, "×", by, peer["need"], least, at_least=True))
    if not equal and best["tuned"] is not None and "worths" in ours:
        other = ours["worths"]
        metric = "objective × best tuned peer's"
        rows.append(Row(case, metric, ours["worth"] / other, "×", "tuned", other))
    return rows


# ---------------------------------------------------------------- in a process of its own


def ours(file: str, size: str) -> dict[str, Any]:
    """Search and bound at both prices."""
    import numpy as np

    from targeting.delineation.bound import upper_bound
    from targeting.delineation.searching.search import search

    doubt.warm()
    made = load(Path(file))
    at = {}
    for about, price in PRICES.items():
        city, rules = asked(made, price)
        groups, searching = user(lambda c=city, r=rules: search(c, r, seed=1))
        bound, bounding = user(lambda c=city, r=rules, g=groups: upper_bound(c, r, plan=g))
        one = told(city, rules, groups) | {"search": searching, "bound": bounding}
        one["gap"] = 100 * bound.gap(one["worth"])
        if int(size) <= GROUND_MAX:
            one["drawn"] = float(np.mean(doubt.drawn(Path(file), made, groups)))
        at[f"{about:.2f}"] = one
    return {"at": at, "asked": made.polygons}


def beside(file: str, size: str, quick: str) -> dict[str, Any]:
    """Judge peers and ours on one city; ours at both prices and as round as the best peer."""
    from delineation_peers import best_of, peers_of

    from targeting.delineation.searching.search import search

    del size
    doubt.warm()
    made = load(Path(file))
    city, rules = asked(made, PRICES[0.30])
    peers = peers_of(made, city, rules, quick=bool(int(quick)))
    found: dict[str, Any] = {}
    for about, price in PRICES.items():
        city, rules = asked(made, price)
        found[f"{about:.2f}"] = told(city, rules, search(city, rules, seed=1))
        worths = [one["tuned"]["worth"] for one in peers.values() if "tuned" in one]
        if worths and price == PRICES[0.30]:
            found[f"{about:.2f}"]["worths"] = max(worths)
    best = best_of(peers, "tuned")
    if best is not None:
        price = PRICES[0.30]
        for _ in range(STEPS):
            city, rules = asked(made, price)
            found["equal"] = told(city, rules, search(city, rules, seed=1)) | {"price": price}
            if found["equal"]["roundness"] >= best[1]["roundness"]:
                break
            price *= STEP
    return {"peers": peers, "ours": found}


CASES: dict[str, Callable[..., dict[str, Any]]] = {
    "make": lambda file, blocks, seed: make(Path(file), int(blocks), int(seed)),
    "ours": ours,
    "peers": beside,
}

if __name__ == "__main__":
    raise SystemExit(main())
