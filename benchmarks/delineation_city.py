"""The made city of the delineation benchmarks: its streets, its people, planted hot spots.

Streets, blocks and people are those of targeting.sample; links are those of `street_links`. What a
study would know of need is made here, because the sample plants four corners whatever its size:
about one hot spot for 1,100 blocks, and five noisy indicators of the same urgency.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

import numpy as np

SEED = 20110427
BLOCKS_PER_SPOT = 1_100
PEOPLE = (1_000.0, 3_000.0)
AREA_MAX_M2 = 600_000.0
INDICATORS = 5
SPOT_HEIGHT = 2.6
NOISE = 0.7
SLACK = 1e-9
URGENT_AT, URGENT_SPREAD = 1.0, 0.7


class Made(NamedTuple):
    """Arrays of a made city by block, in canonical order; `links` as `street_links` gives them."""

    xy: np.ndarray
    population: np.ndarray
    ground: np.ndarray
    outline: np.ndarray
    score: np.ndarray
    indicators: np.ndarray
    spot: np.ndarray
    links: Any

    @property
    def polygons(self) -> int:
        """How many polygons are asked for: as many as spots."""
        return spots(len(self.score))


def spots(blocks: int) -> int:
    """Return how many hot spots are planted, and polygons asked for.

    Examples
    --------
    >>> spots(1_000), spots(20_000)
    (3, 18)
    """
    return max(3, round(blocks / BLOCKS_PER_SPOT))


def make(file: Path, blocks: int, seed: int = SEED) -> dict[str, Any]:
    """Write the city's blocks, people, indicators and links."""
    import geopandas as gpd
    import shapely

    from targeting.delineation import street_links
    from targeting.delineation.links.adjacency import canonical_order, outlines
    from targeting.sample import keys
    from targeting.sample.people import marginalization, people
    from targeting.sample.plan import ORIGIN, make_plan

    plan = make_plan(blocks, seed)
    walls = sorted(plan.lines, key=lambda line: (line.kind == "avenue", -line.half_m))[:3]
    drawn = np.array(keys.centerlines(plan), dtype=object)
    barriers = gpd.GeoSeries(drawn[[plan.lines.index(wall) for wall in walls]], crs=6372)
    order = canonical_order(gpd.GeoSeries(plan.blocks, crs=6372))
    shapes, area = plan.blocks[order], plan.block_area[order]
    links = street_links(gpd.GeoSeries(shapes, crs=6372), barriers)
    xy = shapely.get_coordinates(shapely.centroid(shapes)) - np.array(ORIGIN)
    tiny = area == plan.tiny_area
    ground = shapely.area(shapes)
    count = people(xy, ground, tiny, plan.radius_m, seed).astype(float)
    want = marginalization(xy, area, plan.radius_m, seed)
    spot = planted(xy, count, seed)
    indicators = observed(want, spot, seed)
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    np.savez(
        file,
        points=points,
        owner=owner.astype(np.int32),
        xy=xy,
        population=count,
        ground=ground,
        outline=outlines(shapes) if links.outline_m is None else links.outline_m,
        score=score_of(indicators),
        indicators=indicators,
        spot=spot,
        **{name: getattr(links, name) for name in ("first", "second", "gap_m", "facing_m")},
        **({} if links.open_m is None else {"open_m": links.open_m}),
    )
    return {"blocks": len(shapes), "links": len(links.first)}


def planted(xy: np.ndarray, population: np.ndarray, seed: int) -> np.ndarray:
    """Return the round hot spot each block is in, 0 for none: 1,200 to 2,600 people each."""
    from scipy.spatial import KDTree

    chance = np.random.default_rng([seed, 1])
    tree = KDTree(xy)
    spot = np.zeros(len(xy), dtype=np.int64)
    number = 0
    for at in chance.permutation(len(xy)):
        if number == spots(len(xy)):
            break
        near = tree.query(xy[at], k=min(200, len(xy)))[1]
        people = chance.uniform(1_200, 2_600)
        many = int(np.searchsorted(np.cumsum(population[near]), people)) + 1
        if many < len(near) // 2 and not spot[near[: 2 * many]].any():
            number += 1
            spot[near[:many]] = number
    return spot


def observed(want: np.ndarray, spot: np.ndarray, seed: int) -> np.ndarray:
    """Return noisy indicators of one urgency: the city's background, higher in the hot spots."""
    chance = np.random.default_rng([seed, 2])
    urgency = (want - want.mean()) / want.std() + SPOT_HEIGHT * (spot > 0)
    return urgency[:, None] + NOISE * chance.normal(size=(len(want), INDICATORS))


def score_of(indicators: np.ndarray) -> np.ndarray:
    """Return a score from 0 to 1: the mean of the indicators, bent so that few are urgent."""
    mean = indicators.mean(axis=1)
    return np.asarray(1 / (1 + np.exp(-(mean - URGENT_AT) / URGENT_SPREAD)))


def load(file: Path) -> Made:
    """Read the arrays of a city, without its shapes."""
    from targeting.model import Links

    held = np.load(file)
    names = ("first", "second", "gap_m", "facing_m")
    opened = held["open_m"] if "open_m" in held else None
    links = Links(*(held[name] for name in names), open_m=opened, outline_m=held["outline"])
    return Made(
        *(held[name] for name in Made._fields if name != "links"),
        links=links,
    )


def shapes_of(file: Path) -> np.ndarray:
    """Read the shapes of a city."""
    import shapely

    held = np.load(file)
    return np.asarray(shapely.polygons(shapely.linearrings(held["points"], indices=held["owner"])))


def asked(made: Made, price: float, *, need: str = "total", threshold: float = 0.2) -> Any:
    """Return the city and the rules of the benchmark, at a price of the perimeter."""
    from targeting.delineation.graph import Limits, build_city
    from targeting.delineation.prepared import weigh_need
    from targeting.delineation.rules import Rules

    weighed, _, per_m = weigh_need(
        made.score,
        made.population,
        made.outline,
        threshold_share=threshold,
        need=need,
        perimeter_price=price,
    )
    city = build_city(weighed, made.population, made.ground, made.outline, made.links)
    return city, Rules(Limits(*PEOPLE, AREA_MAX_M2, 0.0, per_m), made.polygons)


def told(city: Any, rules: Any, groups: list[np.ndarray]) -> dict[str, float]:
    """Judge a plan: need captured, objective, mean Polsby–Popper on the graph, feasibility."""
    from scipy.sparse.csgraph import connected_components

    from targeting.delineation.graph import matrix, measure
    from targeting.delineation.rules import broken_together, plan_worth

    if not groups:
        return {"need": 0.0, "worth": 0.0, "roundness": float("nan"), "feasible": 1.0, "kept": 0}
    number = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    whole = measure(city, np.concatenate(groups), number, len(groups))
    round_ = 4 * np.pi * whole["area_m2"] / whole["perimeter_m"] ** 2
    member = np.concatenate(groups)
    inside = matrix(city)[member][:, member].tocoo()
    inside.data = (number[inside.row] == number[inside.col]) * 1.0
    inside.eliminate_zeros()
    _, part = connected_components(inside, directed=False)
    pieces = np.unique(np.stack([number, part]), axis=1)[0]
    limits = rules.limits
    fine = np.bincount(pieces, minlength=len(groups)) == 1
    fine &= whole["population"] >= limits.population_min * (1 - SLACK)
    fine &= whole["population"] <= limits.population_max * (1 + SLACK)
    fine &= whole["area_m2"] <= limits.area_max_m2 * (1 + SLACK)
    together = not broken_together(city, rules, groups)
    return {
        "need": 100 * float(whole["need"].sum() / np.maximum(city.need, 0).sum()),
        "people": 100 * float(whole["population"].sum() / city.population.sum()),
        "worth": plan_worth(city, rules, groups),
        "roundness": float(round_.mean()),
        "feasible": 100 * float(np.mean(fine)) if together else 0.0,
        "kept": len(groups),
    }


Cases = Mapping[str, Callable[..., dict[str, Any]]]


def alone(
    script: str, cases: Cases, case: str, *words: object, quick: bool = False
) -> dict[str, Any]:
    """Return the figures of one case, run in a process of its own; in this one where `quick`."""
    print(f"{case} {' '.join(Path(str(word)).stem for word in words)} …", file=sys.stderr)
    if quick:
        return cases[case](*map(str, words)) | {"peak_gb": None}
    command = [sys.executable, script, "--case", case, *map(str, words)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def user(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what `work` gives, and its user CPU seconds."""
    import os

    before = os.times().user
    found = work()
    return found, os.times().user - before
