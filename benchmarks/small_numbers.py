"""Rates on few people: seconds beside esda, and how often the intervals hold where risk is known.

python benchmarks/small_numbers.py            # 1,000 simulated cities
python benchmarks/small_numbers.py --quick    # 100
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

import numpy as np
import pandas as pd
from rows import Row, show

from targeting.indicators.exact_intervals import rate_interval
from targeting.indicators.shrinking import chance_above, gamma_interval, shrink_rates
from targeting.indicators.smoothing import (
    global_empirical_bayes,
    nearest_blocks,
    spatial_empirical_bayes,
)
from targeting.indicators.trend import trends
from tests.indicators.simulated import simulated_cities

SECONDS = "user s"
NEIGHBORS = 8


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under 50 s")
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    options = parser.parse_args()
    rows = smoothing_rows(60_000) + model_rows()
    rows += coverage_rows(100 if options.quick else 1000)
    show(rows, as_json=options.json)
    return 0


def seconds(work: Callable[[], Any], times: int = 3) -> tuple[Any, float]:
    """Return what `work` gives, and the fewest CPU seconds of so many times."""
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        found = work()
        best = min(best, time.process_time() - start)
    return found, best


def made(size: int, areas: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return events, people and areas of blocks of skewed population and uneven risk."""
    chance = np.random.default_rng(2026)
    code = np.arange(size) * areas // size
    people = 1.0 + chance.negative_binomial(2, 2 / 122, size)
    risk = 0.01 * chance.gamma(3, 1 / 3, areas)[code] * chance.gamma(2, 1 / 2, size)
    return chance.poisson(risk * people).astype(float), people, code


def smoothing_rows(size: int) -> list[Row]:
    """Time both ways of smoothing, and compare them with esda block by block."""
    events, people, _ = made(size, size // 30)
    positions = np.random.default_rng(7).uniform(0, 20_000, (size, 2))
    nearby, found_in = seconds(lambda: nearest_blocks(positions, count=NEIGHBORS))
    spatial, spatial_in = seconds(lambda: spatial_empirical_bayes(events, people, nearby))
    towards_city, city_in = seconds(lambda: global_empirical_bayes(events, people))
    case, whole = f"{size // 1000}k blocks", found_in + spatial_in
    missing = float(np.isnan(spatial.rate).sum())
    try:
        from esda.smoothing import Empirical_Bayes, Spatial_Empirical_Bayes
        from libpysal.weights import KNN
    except ImportError:
        return [
            Row(case, "global smoothing", city_in, SECONDS),
            Row(case, "spatial smoothing, nearest blocks included", whole, SECONDS, target=0.1),
            Row(case, "spatial: rates missing", missing, "blocks", target=0),
        ]
    peer = f"esda {metadata.version('esda')}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs, their_city_in = seconds(lambda: Empirical_Bayes(events, people).r.ravel())
        weights, their_found_in = seconds(lambda: KNN(positions, k=NEIGHBORS), 1)
        if not weights.id_order_set:
            weights.id_order = list(range(size))
        local, their_local_in = seconds(
            lambda: Spatial_Empirical_Bayes(events, people, weights).r.ravel(), 1
        )
    known = ~np.isnan(local)
    apart = float(np.abs(spatial.rate - local)[known].max())
    city_apart = float(np.abs(towards_city.rate - theirs).max())
    their_whole = their_found_in + their_local_in
    name = "spatial smoothing, nearest blocks included"
    lost = float((~known).sum())
    return [
        Row(case, "global smoothing", city_in, SECONDS, peer, their_city_in),
        Row(case, "global: 1e12 × largest difference", city_apart * 1e12, "", peer, 0.0, 1.0),
        Row(case, name, whole, SECONDS, peer, their_whole, 0.1),
        Row(case, "of which finding the nearest", found_in, SECONDS, "libpysal", their_found_in),
        Row(case, "spatial: 1e12 × largest difference", apart * 1e12, "", peer, 0.0, 1.0),
        Row(case, "spatial: rates missing", missing, "blocks", peer, lost, 0),
    ]


def model_rows() -> list[Row]:
    """Time the model of blocks in areas in a city, and the changes by area."""
    rows = []
    for size in (60_000, 250_000):
        events, people, code = made(size, size // 30)
        areas = pd.Series(code)
        rates, took = seconds(lambda e=events, p=people, a=areas: shrink_rates(e, p, a), 2)
        _, chance_in = seconds(lambda one=rates: chance_above(one, 2.0))
        case = f"{size // 1000}k blocks"
        target = 3.0 if size == 250_000 else None
        rows.append(Row(case, "hierarchical rates, bounds", took, SECONDS, target=target))
        target = 0.3 if size == 60_000 else None
        rows.append(Row(case, "chance of twice the city's", chance_in, SECONDS, target=target))
    counts = np.random.default_rng(3).poisson(30, (8_000, 2)).astype(float)
    _, took = seconds(lambda: trends(counts, np.ones(2)), 2)
    return [*rows, Row("8k areas", "change between two periods", took, SECONDS)]


def coverage_rows(count: int) -> list[Row]:
    """Tell how often intervals hold the true rate, each city counting alike."""
    case, told = f"{count} cities", []
    start = time.process_time()
    for one in simulated_cities(count, seed=2026):
        rates = shrink_rates(one.events, one.people, pd.Series(one.areas), confidence=0.95)
        ends = [(rates.low, rates.high), gamma_interval(rates.mean, rates.variance, 0.9)]
        for method in ("garwood", "mid-p"):
            ends.append(rate_interval(one.events, one.people, confidence=0.95, method=method))
        held = [((low <= one.rate) & (one.rate <= high)).mean() for low, high in ends]
        told.append([*held, one.shape == "gamma"])
    took = time.process_time() - start
    table = np.array(told, dtype=float)
    mean, gamma = table.mean(axis=0), table[:, 4] == 1
    rows = [
        Row(case, "model 95 %: holds", mean[0] * 100, "%"),
        Row(case, "  away from 95", abs(mean[0] * 100 - 95), "points", target=2),
        Row(case, "  gamma risks: holds", table[gamma, 0].mean() * 100, "%"),
        Row(case, "  lognormal risks: holds", table[~gamma, 0].mean() * 100, "%"),
        Row(case, "model 90 %: holds", mean[1] * 100, "%"),
        Row(case, "exact 95 %: misses", 100 - mean[2] * 100, "%", target=5),
        Row(case, "mid-p 95 %: misses", 100 - mean[3] * 100, "%"),
        Row(case, "all of it", took, SECONDS),
    ]
    flagged, apart = [], []
    for one in simulated_cities(count, seed=2026, constant=True):
        rates = shrink_rates(one.events, one.people, pd.Series(one.areas), confidence=0.95)
        flagged.append((chance_above(rates, 1.0) > 0.95).mean())
        apart.append(((rates.low > one.rate) | (one.rate > rates.high)).mean())
    none = f"{count} even cities"
    rows.append(Row(none, "chance above 95 %", np.mean(flagged) * 100, "% of blocks", target=5))
    rows.append(Row(none, "model 95 %: misses", np.mean(apart) * 100, "%", target=5))
    return rows


if __name__ == "__main__":
    raise SystemExit(main())
