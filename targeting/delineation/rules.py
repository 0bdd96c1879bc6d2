"""What a plan must keep and what it is worth: the plain definition everything else is held to.

The search, the exact solver, the bound and the checker are all judged by these functions. They
are slow and say what is meant; the loops elsewhere are quick and must agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.csgraph import connected_components

from targeting.delineation.graph import City, Limits, matrix, measure

SLACK = 1e-9


@dataclass(frozen=True)
class Share:
    """At least `at_least` of the people in all polygons together live in these blocks."""

    name: str
    mine: np.ndarray
    at_least: float


@dataclass(frozen=True)
class Floor:
    """At least `at_least` polygons are led by a dimension."""

    name: str
    dimension: int
    at_least: int


@dataclass(frozen=True)
class Rules:
    """Every rule of a delineation, by block position of the city it is for.

    Parameters
    ----------
    limits : Limits
        What each polygon keeps, and the price of a meter.
    polygons : int
        How many at most.
    exactly : bool
        That many, no fewer.
    barred : ndarray of bool, optional
        Blocks that may be in no polygon (locked out).
    required : ndarray of int64
        Blocks that must be in some polygon (locked in).
    seeds : ndarray of bool, optional
        Every polygon holds at least one of these.
    near : csr_array, optional
        Pairs of blocks too close to be in two different polygons (symmetric, ones); a block is not
        near itself.
    leading : ndarray, shape (dimensions, blocks), optional
        Weight each block gives to each dimension; the dimension with the largest sum over a
        polygon leads it, ties to the first.
    floors : sequence of Floor
        How many polygons each dimension must lead.
    shares : sequence of Share
        What part of the people must live where.
    """

    limits: Limits
    polygons: int
    exactly: bool = False
    barred: np.ndarray | None = None
    required: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    seeds: np.ndarray | None = None
    near: sparse.csr_array | None = None
    leading: np.ndarray | None = None
    floors: Sequence[Floor] = ()
    shares: Sequence[Share] = ()

    @property
    def linked(self) -> bool:
        """Whether some rule is about all polygons together, beyond that they share no block."""
        return bool(
            self.exactly
            or len(self.required)
            or self.near is not None
            or self.floors
            or self.shares
        )


def worth(city: City, limits: Limits, blocks: np.ndarray) -> float:
    """Objective of one group: its need less the price of its outline.

    Examples
    --------
    >>> from targeting.delineation.graph import build_city
    >>> from targeting.model import Links
    >>> two = Links(np.array([0]), np.array([1]), np.array([0.0]), np.array([50.0]))
    >>> city = build_city(np.ones(2), np.ones(2), np.full(2, 2500.0), np.full(2, 200.0), two)
    >>> round(worth(city, Limits(1, 9, np.inf, 0, 0.001), np.array([0, 1])), 6)
    1.775
    """
    whole = measure(city, blocks, np.zeros(len(blocks), dtype=np.int64), 1)
    return float(whole["need"][0] - limits.price_per_m * whole["priced_m"][0])


def broken_alone(city: City, rules: Rules, blocks: np.ndarray) -> list[str]:
    """Name the rules a single group breaks, whatever other groups there are.

    Parameters
    ----------
    city : City
        All blocks.
    rules : Rules
        What is asked for.
    blocks : ndarray of int64
        Blocks of the group, each once; at least one.

    Returns
    -------
    list of str
        Out of `connected`, `population_min`, `population_max`, `area_max`, `compactness_min`,
        `blocks_min`, `blocks_max`, `barred`, `seeds`; empty when it keeps all. Area and
        compactness are those of the graph, before the ground is drawn.
    """
    limits = rules.limits
    whole = measure(city, blocks, np.zeros(len(blocks), dtype=np.int64), 1)
    people, area = float(whole["population"][0]), float(whole["area_m2"][0])
    perimeter = float(whole["perimeter_m"][0])
    inner = matrix(city)[blocks][:, blocks]
    parts = connected_components(inner, directed=False, return_labels=False)
    round_ = 4 * np.pi * area >= limits.compactness_min * perimeter**2 * (1 - SLACK)
    checks = {
        "connected": parts == 1,
        "population_min": people >= limits.population_min * (1 - SLACK),
        "population_max": people <= limits.population_max * (1 + SLACK),
        "area_max": area <= limits.area_max_m2 * (1 + SLACK),
        "compactness_min": round_,
        "blocks_min": len(blocks) >= limits.blocks_min,
        "blocks_max": len(blocks) <= limits.blocks_max,
        "barred": rules.barred is None or not rules.barred[blocks].any(),
        "seeds": rules.seeds is None or bool(rules.seeds[blocks].any()),
    }
    return [name for name, kept in checks.items() if not kept]


def leader(rules: Rules, blocks: np.ndarray) -> int:
    """Dimension that leads a group: the largest sum of weights, ties to the first; −1 for none."""
    if rules.leading is None:
        return -1
    return int(np.argmax(rules.leading[:, blocks].sum(axis=1)))


def broken_together(city: City, rules: Rules, groups: Sequence[np.ndarray]) -> list[str]:
    """Name the rules groups break together, each being in order alone.

    Parameters
    ----------
    city : City
        All blocks.
    rules : Rules
        What is asked for.
    groups : sequence of ndarray
        Blocks of each group.

    Returns
    -------
    list of str
        Out of `polygons`, `exactly`, `disjoint`, `separation`, `required`, `floor:<name>`,
        `share:<name>`; empty when they keep all.
    """
    count = len(city.need)
    owner = np.full(count, -1, dtype=np.int64)
    for number, blocks in enumerate(groups):
        owner[blocks] = number
    broken = []
    if len(groups) > rules.polygons:
        broken.append("polygons")
    if rules.exactly and len(groups) < rules.polygons:
        broken.append("exactly")
    if sum(len(blocks) for blocks in groups) != int((owner >= 0).sum()):
        broken.append("disjoint")
    if rules.near is not None:
        pairs = sparse.coo_array(rules.near)
        one, two = owner[pairs.coords[0]], owner[pairs.coords[1]]
        if bool(((one >= 0) & (two >= 0) & (one != two)).any()):
            broken.append("separation")
    if bool((owner[rules.required] < 0).any()):
        broken.append("required")
    led = [leader(rules, blocks) for blocks in groups]
    broken += [f"floor:{f.name}" for f in rules.floors if led.count(f.dimension) < f.at_least]
    chosen = city.population * (owner >= 0)
    for share in rules.shares:
        here, everywhere = float(chosen[share.mine].sum()), float(chosen.sum())
        if here < share.at_least * everywhere - SLACK * max(everywhere, 1.0):
            broken.append(f"share:{share.name}")
    return broken


def plan_worth(city: City, rules: Rules, groups: Sequence[np.ndarray]) -> float:
    """Objective of a plan: the sum over its groups."""
    return float(sum(worth(city, rules.limits, blocks) for blocks in groups))
