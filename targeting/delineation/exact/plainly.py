"""What sums alone say cannot be: sound at any size, and blind to much."""

from __future__ import annotations

import numpy as np
from scipy.sparse.csgraph import connected_components

from targeting.delineation.exact.asked import Ask, Clash
from targeting.delineation.graph import City, matrix
from targeting.delineation.rules import SLACK


def plainly(city: City, ask: Ask) -> tuple[Clash, ...]:
    """Return rules that cannot hold together, where sums over blocks and components show it.

    Parameters
    ----------
    city : City
        All blocks.
    ask : Ask
        The request.

    Returns
    -------
    tuple of Clash
        The first conflict found, fewest rules first; empty when sums show none. The nearest value
        is one beyond which sums still show a conflict: it may not be enough.
    """
    found = [*_single_blocks(city, ask), *_locks(city, ask), *_rooms(city, ask)]
    return min(found, key=len) if found else ()


def _clash(rule: str, given: float | None, nearest: float | None) -> Clash:
    return Clash(rule, given, nearest, enough=False, reached=False)


def _single_blocks(city: City, ask: Ask) -> list[tuple[Clash, ...]]:
    """No block is light or small enough to be in any polygon."""
    limits = ask.rules.limits
    found: list[tuple[Clash, ...]] = []
    if len(city.need) and (city.population > limits.population_max * (1 + SLACK)).all():
        lightest = float(city.population.min())
        found.append((_clash("population_max", limits.population_max, lightest),))
    if len(city.need) and (city.area > limits.area_max_m2 * (1 + SLACK)).all():
        smallest = float(city.area.min())
        found.append((_clash("area_max", limits.area_max_m2, smallest),))
    return found


def _locks(city: City, ask: Ask) -> list[tuple[Clash, ...]]:
    """Look for a block that must be in a polygon and is barred, too heavy or too far away."""
    rules, limits = ask.rules, ask.rules.limits
    required = rules.required
    found: list[tuple[Clash, ...]] = []
    if not len(required):
        return found
    asked = _clash("required", float(len(required)), None)
    if rules.barred is not None and rules.barred[required].any():
        both = int(rules.barred[required].sum())
        barred = _clash("barred", float(rules.barred.sum()), float(rules.barred.sum() - both))
        found.append((_clash("required", asked.given, asked.given and asked.given - both), barred))
    heaviest, largest = float(city.population[required].max()), float(city.area[required].max())
    if heaviest > limits.population_max * (1 + SLACK):
        found.append((asked, _clash("population_max", limits.population_max, heaviest)))
    if largest > limits.area_max_m2 * (1 + SLACK):
        found.append((asked, _clash("area_max", limits.area_max_m2, largest)))
    label = connected_components(matrix(city), directed=False)[1]
    people = np.bincount(label, city.population)
    least = float(people[label[required]].min())
    if least < limits.population_min * (1 - SLACK):
        found.append((asked, _clash("population_min", limits.population_min, least)))
    apart = len(np.unique(label[required]))
    if apart > rules.polygons:
        found.append((_clash("polygons", float(rules.polygons), float(apart)), asked))
    return found


def _rooms(city: City, ask: Ask) -> list[tuple[Clash, ...]]:
    """No component has people, blocks or seeds enough; or not for so many polygons."""
    rules, limits = ask.rules, ask.rules.limits
    heavy = city.population > limits.population_max * (1 + SLACK)
    large = city.area > limits.area_max_m2 * (1 + SLACK)
    barred = np.zeros(len(heavy), bool) if rules.barred is None else rules.barred
    out = heavy | large | barred
    helpers = [
        _clash(name, given, None)
        for name, given, mask in (
            ("barred", float(barred.sum()), barred),
            ("population_max", limits.population_max, heavy),
            ("area_max", limits.area_max_m2, large),
        )
        if mask.any()
    ]
    free = np.flatnonzero(~out)
    found: list[tuple[Clash, ...]] = []
    if not len(free):
        return [tuple(helpers)] if helpers else []
    label = connected_components(matrix(city)[free][:, free], directed=False)[1]
    people = np.bincount(label, city.population[free])
    blocks = np.bincount(label)
    low = limits.population_min * (1 - SLACK)
    if people.max() < low:
        least = _clash("population_min", limits.population_min, float(people.max()))
        found.append((least, *helpers))
    if blocks.max() < limits.blocks_min:
        most = _clash("blocks_min", float(limits.blocks_min), float(blocks.max()))
        found.append((most, *helpers))
    if limits.population_min > 0:
        room = int(np.floor(people / low).sum())
        if 0 < room < ask.fewest:
            each = float(people.sum() / ask.fewest)
            number = _clash("exactly", float(ask.fewest), float(room))
            least = _clash("population_min", limits.population_min, each)
            found.append((number, least, *helpers))
    if rules.seeds is not None:
        seeds = int(rules.seeds[free].sum())
        if seeds < ask.fewest:
            given = float(rules.seeds.sum())
            number = _clash("exactly", float(ask.fewest), float(seeds) if seeds else None)
            several = (number,) if ask.fewest > 1 else ()
            found.append((*several, _clash("seeds", given, None), *helpers))
    return found
