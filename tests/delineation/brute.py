"""Every plan of a small city, straight from the definition: bit masks, nothing clever."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sparse

from targeting.delineation.graph import City, measure
from targeting.delineation.rules import SLACK, Rules, leader


def feasible_sets(city: City, rules: Rules) -> tuple[np.ndarray, np.ndarray]:
    """Bit masks of all groups that keep the rules alone, and what each is worth.

    The rules of `broken_alone`, written for all subsets of at most 16 blocks at once.
    """
    count = len(city.need)
    limits = rules.limits
    masks = np.arange(1, 1 << count, dtype=np.int64)
    inside = (masks[:, None] >> np.arange(count)) & 1
    size = inside.sum(axis=1)
    people = inside @ city.population
    barred = np.zeros(count, bool) if rules.barred is None else rules.barred
    kept = (people >= limits.population_min * (1 - SLACK)) & (size >= limits.blocks_min)
    kept &= (people <= limits.population_max * (1 + SLACK)) & (size <= limits.blocks_max)
    kept &= ~(inside @ barred).astype(bool)
    if rules.seeds is not None:
        kept &= (inside @ rules.seeds.astype(int)) > 0
    kept &= _connected(city, masks)
    masks, inside = masks[kept], inside[kept]
    set_, block = np.nonzero(inside)
    whole = measure(city, block, set_, len(masks))
    kept = whole["area_m2"] <= limits.area_max_m2 * (1 + SLACK)
    least = limits.compactness_min * whole["perimeter_m"] ** 2 * (1 - SLACK)
    kept &= 4 * np.pi * whole["area_m2"] >= least
    return masks[kept], (whole["need"] - limits.price_per_m * whole["priced_m"])[kept]


def _connected(city: City, masks: np.ndarray) -> np.ndarray:
    """Spread from the first block of each set along its links until nothing is added."""
    count = len(city.need)
    beside = [
        int(sum(1 << int(b) for b in city.neighbor[city.starts[a] : city.starts[a + 1]]))
        for a in range(count)
    ]
    reached = masks & -masks
    while True:
        wider = reached.copy()
        for block in range(count):
            wider |= np.where((reached >> block) & 1, beside[block], 0)
        wider &= masks
        if np.array_equal(wider, reached):
            return reached == masks
        reached = wider


def best_plan(city: City, rules: Rules) -> float | None:
    """What the best plan is worth, by trying every plan; None when no plan keeps the rules.

    The rules of `broken_together`; at most three groups.
    """
    masks, values = feasible_sets(city, rules)
    count = len(city.need)
    near = np.zeros(count, dtype=np.int64)
    if rules.near is not None:
        pairs = sparse.coo_array(rules.near)
        np.bitwise_or.at(near, pairs.coords[0], 1 << pairs.coords[1].astype(np.int64))
    halo = masks.copy()
    for block in range(count):
        halo |= np.where((masks >> block) & 1, near[block], 0)
    led = _leaders(rules, masks, count)
    best: float | None = None
    if _fits(city, rules, np.zeros(1, np.int64), np.zeros((1, 0), np.int64))[0]:
        best = 0.0
    assert rules.polygons <= 3

    def tried(before: list[int], union: int, apart: np.ndarray) -> None:
        nonlocal best
        leads = np.column_stack([np.full((len(apart), len(before)), led[before]), led[apart]])
        worth = values[before].sum() + values[apart]
        best = _better(best, city, rules, masks[apart] | union, leads, worth)
        if len(before) + 1 < rules.polygons:
            for place, group in enumerate(apart):
                later = apart[place + 1 :]
                later = later[(masks[later] & halo[group]) == 0]
                tried([*before, int(group)], union | int(masks[group]), later)

    tried([], 0, np.arange(len(masks)))
    return best


def _better(best, city, rules, union, led, values):
    if best is not None:
        higher = values > best
        union, led, values = union[higher], led[higher], values[higher]
    fits = _fits(city, rules, union, led)
    return float(values[fits].max()) if fits.any() else best


def _leaders(rules: Rules, masks: np.ndarray, count: int) -> np.ndarray:
    groups = [np.flatnonzero((mask >> np.arange(count)) & 1) for mask in masks]
    return np.array([leader(rules, group) for group in groups], dtype=np.int64)


def _fits(city: City, rules: Rules, union: np.ndarray, led: np.ndarray) -> np.ndarray:
    """Whether plans, given by all their blocks and who leads each group, keep the joint rules."""
    count = len(city.need)
    inside = (union[:, None] >> np.arange(count)) & 1
    fits = np.full(len(union), not rules.exactly or led.shape[1] == rules.polygons)
    fits &= inside[:, rules.required].all(axis=1)
    for floor in rules.floors:
        fits &= (led == floor.dimension).sum(axis=1) >= floor.at_least
    people = inside * city.population
    everyone = people.sum(axis=1)
    for share in rules.shares:
        here = people[:, share.mine].sum(axis=1)
        fits &= here >= share.at_least * everyone - SLACK * np.maximum(everyone, 1.0)
    return fits
