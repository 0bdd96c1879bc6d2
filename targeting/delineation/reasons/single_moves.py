"""One block more, one less, one for another: what each does to the polygon it joins or leaves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from targeting.delineation.graph import City, measure
from targeting.delineation.rules import Rules
from targeting.model import NO_POLYGON


@dataclass(frozen=True)
class Joining:
    """Pairs of a block outside and a polygon it has a link with, and what its joining comes to."""

    block: np.ndarray
    polygon: np.ndarray
    loss: np.ndarray
    length: np.ndarray
    links: np.ndarray
    population_max: np.ndarray
    area_max: np.ndarray
    blocks_max: np.ndarray
    compactness_min: np.ndarray
    separation: np.ndarray

    @property
    def full(self) -> np.ndarray:
        """Whether the polygon has no room for it."""
        return np.asarray(self.population_max | self.area_max | self.blocks_max)

    @property
    def fits(self) -> np.ndarray:
        """Whether the polygon would keep every rule with it."""
        return np.asarray(~(self.full | self.compactness_min | self.separation))


def joining_of(city: City, rules: Rules, member: np.ndarray) -> Joining:
    """Every block outside beside every polygon it has a link with."""
    limits, count = rules.limits, len(member)
    block = np.repeat(np.arange(count), np.diff(city.starts))
    number = member[city.neighbor]
    asking = (member[block] == NO_POLYGON) & (number != NO_POLYGON)
    code = block[asking] * (int(member.max(initial=0)) + 1) + number[asking]
    pair, slot = np.unique(code, return_inverse=True)
    one, polygon = np.divmod(pair, int(member.max(initial=0)) + 1)
    saved = np.bincount(slot, city.facing[asking], minlength=len(pair))
    unpaid = np.bincount(slot, city.priced_facing[asking], minlength=len(pair))
    sums = sums_of(city, member)
    people = sums["population"][polygon] + city.population[one]
    area = sums["area_m2"][polygon] + city.area[one]
    length = sums["perimeter_m"][polygon] + city.outline[one] - 2 * saved
    near = np.zeros(len(pair), dtype=bool)
    if rules.near is not None:
        others = np.asarray(rules.near @ (member > 0))[one]
        own = _near_own(rules, member, one, polygon)
        near = others > own
    return Joining(
        block=one,
        polygon=polygon,
        loss=limits.price_per_m * (city.priced_outline[one] - 2 * unpaid) - city.need[one],
        length=length,
        links=np.bincount(slot, minlength=len(pair)),
        population_max=people > limits.population_max,
        area_max=area > limits.area_max_m2,
        blocks_max=sums["blocks"][polygon] + 1 > limits.blocks_max,
        compactness_min=4 * np.pi * area < limits.compactness_min * length**2,
        separation=near,
    )


def _near_own(rules: Rules, member: np.ndarray, one: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Blocks near each asking block that are in the polygon it asks about."""
    near = rules.near
    assert near is not None
    row = np.repeat(np.arange(near.shape[0]), np.diff(near.indptr))
    width = int(member.max(initial=0)) + 1
    held = np.bincount(row * width + member[near.indices], minlength=near.shape[0] * width)
    return np.asarray(held[one * width + polygon])


def sums_of(city: City, member: np.ndarray) -> dict[str, np.ndarray]:
    """Need, people, area, perimeter and blocks of each polygon; place 0 is empty."""
    inside = np.flatnonzero(member)
    count = int(member.max(initial=0)) + 1
    whole = measure(city, inside, member[inside], count)
    return {**whole, "blocks": np.bincount(member[inside], minlength=count)}


@dataclass(frozen=True)
class Leaving:
    """Every block inside, and what its polygon comes to when it leaves."""

    loss: np.ndarray
    saved: np.ndarray
    joint: np.ndarray
    may: np.ndarray


def leaving_of(city: City, rules: Rules, member: np.ndarray) -> Leaving:
    """Return what each polygon loses when a block of it leaves, and whether it may."""
    from targeting.delineation.reasons._prices import joints

    limits = rules.limits
    block = np.repeat(np.arange(len(member)), np.diff(city.starts))
    same = (member[block] == member[city.neighbor]) & (member[block] != NO_POLYGON)
    saved = np.bincount(block[same], city.facing[same], minlength=len(member))
    unpaid = np.bincount(block[same], city.priced_facing[same], minlength=len(member))
    loss = city.need - limits.price_per_m * (city.priced_outline - 2 * unpaid)
    sums = sums_of(city, member)
    length = sums["perimeter_m"][member] - city.outline + 2 * saved
    area = sums["area_m2"][member] - city.area
    joint = np.zeros(len(member), dtype=bool)
    joints(member, city.starts, city.neighbor, np.zeros((4, len(member)), dtype=np.int64), joint)
    joint |= member == NO_POLYGON
    joint[rules.required] = True
    may = ~joint
    may &= sums["population"][member] - city.population >= limits.population_min
    may &= sums["blocks"][member] - 1 >= max(limits.blocks_min, 1)
    may &= 4 * np.pi * area >= limits.compactness_min * length**2
    return Leaving(loss, saved, joint, may)


def exchanges(
    city: City, rules: Rules, member: np.ndarray, joining: Joining, leaving: Leaving
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One block in for one out of the same polygon: who comes, who goes, and what that loses.

    Returns
    -------
    (ndarray, ndarray, ndarray)
        Block in, block out, loss: those only that keep every rule.
    """
    limits = rules.limits
    goes = np.flatnonzero(~leaving.joint)
    goes = goes[np.argsort(member[goes], kind="stable")]
    begin = np.searchsorted(member[goes], np.arange(int(member.max(initial=0)) + 2))
    times = np.diff(begin)[joining.polygon]
    pair = np.repeat(np.arange(len(joining.block)), times)
    within = np.arange(len(pair)) - np.repeat(np.cumsum(times) - times, times)
    new = joining.block[pair]
    old = goes[begin[joining.polygon[pair]] + within]
    link, unpaid = _between(city, new, old)
    polygon = joining.polygon[pair]
    sums = sums_of(city, member)
    people = sums["population"][polygon] + city.population[new] - city.population[old]
    area = sums["area_m2"][polygon] + city.area[new] - city.area[old]
    length = joining.length[pair] - city.outline[old] + 2 * (leaving.saved[old] + link)
    fits = (people >= limits.population_min) & (people <= limits.population_max)
    fits &= area <= limits.area_max_m2
    fits &= 4 * np.pi * area >= limits.compactness_min * length**2
    # Where the one that goes is all that links the one that comes, they part.
    fits &= ~joining.separation[pair] & ((joining.links[pair] > 1) | (link == 0))
    loss = joining.loss[pair] + leaving.loss[old] + 2 * limits.price_per_m * unpaid
    return new[fits], old[fits], loss[fits]


def _between(city: City, one: np.ndarray, two: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outline two blocks save together, and the one they need not pay: 0 without a link."""
    count = len(city.need)
    row = np.repeat(np.arange(count), np.diff(city.starts))
    known = row * count + city.neighbor
    wanted = one * count + two
    at = np.minimum(np.searchsorted(known, wanted), max(len(known) - 1, 0))
    if not len(known):
        return np.zeros(len(one)), np.zeros(len(one))
    found = known[at] == wanted
    # A link over which nothing is faced is a link all the same.
    saved = np.maximum(city.facing[at], 1e-12)
    return np.where(found, saved, 0.0), np.where(found, city.priced_facing[at], 0.0)
