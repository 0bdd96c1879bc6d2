"""Flips offered by the estimates, put to the test by delineating again.

python benchmarks/delineation_flips.py            # 1,000 flips of a made city of 2,000 blocks
python benchmarks/delineation_flips.py --quick    # 12
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from rows import Row, show

from targeting.delineation.asking import rules_of
from targeting.delineation.graph import Limits
from targeting.delineation.prepared import prepare
from targeting.delineation.reasons.prices import PAYS, flips, prices_of
from targeting.delineation.searching.search import search
from targeting.delineation.stability.forcing import flips_at
from targeting.delineation.stability.reruns import defaults
from targeting.pipeline import load, neighbors, scored
from targeting.pipeline.delineating import surroundings

BLOCKS = 2_000
CITY_SEED = 77
SEED = 3
CONFIRMED = 0.99


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under 50 s")
    parser.add_argument("--count", type=int, default=1_000, help="how many flips")
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    options = parser.parse_args()
    show(flip_rows(12 if options.quick else options.count), as_json=options.json)
    return 0


def flip_rows(count: int) -> list[Row]:
    """Draw flips at random among those offered, and delineate again for each."""
    from targeting.indicators import measure
    from targeting.sample import write_city

    with tempfile.TemporaryDirectory() as folder:
        write_city(Path(folder), blocks=BLOCKS, seed=CITY_SEED)
        study, territory = load(Path(folder) / "study.yaml")
        values = measure(territory, study.indicators)
        scores, _ = scored(study, territory, values)
        links = neighbors(study, territory)
        around = surroundings(study, territory, scores)
    chosen = defaults() | dict(study.delineation.settings)
    weighing = ("threshold_share", "need", "perimeter_price", "colonia_cut_price")
    ready = prepare(territory.blocks, scores.score, links, **{key: chosen[key] for key in weighing})
    limits = Limits.of(chosen, ready.price_per_m)
    rules = rules_of(ready, territory.blocks, around.parts, limits, polygons=chosen["polygons"])
    groups = search(ready.city, rules, seed=SEED)
    member = np.zeros(len(ready.ids), dtype=np.int64)
    for number, group in enumerate(groups, start=1):
        member[group] = number
    start = time.process_time()
    told = prices_of(ready.city, rules, member)
    estimates = time.process_time() - start
    score = flips(ready.score, ready.population, member, told)
    offered = np.flatnonzero(np.isfinite(score))
    drawn = np.random.default_rng(SEED).choice(offered, count, replace=len(offered) < count)
    start = time.process_time()
    confirmed = 0
    for block in drawn:
        step = told.price[block] * (1 + PAYS)
        need = ready.city.need[block] + (step if member[block] == 0 else -step)
        confirmed += flips_at(ready.city, rules, groups, int(block), need, seed=SEED)
    seconds = time.process_time() - start
    case = f"made {len(ready.ids):,} blocks"
    return [
        Row(case, "estimates for every block", estimates, "s CPU"),
        Row(
            case,
            f"flips confirmed, of {count:,} drawn",
            confirmed / count,
            "share",
            target=CONFIRMED,
            at_least=True,
        ),
        Row(case, "one flip confirmed or refuted", seconds / count, "s CPU"),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
