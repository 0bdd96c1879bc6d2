"""A plan as a whole: what each group breaks and is worth, who lies beside whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.csgraph import connected_components

from targeting.delineation.graph import City, measure
from targeting.delineation.rules import SLACK, Rules, broken_together
from targeting.delineation.searching.board import Board
from targeting.delineation.searching.candidates import Candidates


@dataclass(frozen=True)
class Wholes:
    """Of each group: what it is worth, and whether it breaks a rule for one group."""

    value: np.ndarray
    broken: np.ndarray


def wholes(city: City, rules: Rules, groups: Sequence[np.ndarray]) -> Wholes:
    """Measure groups, which may overlap; quick for many groups, else as `broken_alone`.

    Parameters
    ----------
    city, rules : City, Rules
        The blocks, and what is asked for.
    groups : sequence of ndarray
        Blocks of each group.
    """
    limits, count = rules.limits, len(groups)
    size = np.array([len(group) for group in groups])
    block = np.concatenate([*groups, np.empty(0, dtype=np.int64)])
    number = np.repeat(np.arange(count), size)
    found = measure(city, block, number, count)
    people, area = found["population"], found["area_m2"]
    circle = 4 * np.pi * area
    good = people >= limits.population_min * (1 - SLACK)
    good &= people <= limits.population_max * (1 + SLACK)
    good &= area <= limits.area_max_m2 * (1 + SLACK)
    good &= circle >= limits.compactness_min * found["perimeter_m"] ** 2 * (1 - SLACK)
    good &= (size >= limits.blocks_min) & (size <= limits.blocks_max)
    if rules.barred is not None:
        good &= np.bincount(number, rules.barred[block], count) == 0
    if rules.seeds is not None:
        good &= np.bincount(number, rules.seeds[block], count) > 0
    good &= _pieces(city, block, number, count) == 1
    value = found["need"] - limits.price_per_m * found["priced_m"]
    return Wholes(value, ~good)


def _pieces(city: City, block: np.ndarray, number: np.ndarray, count: int) -> np.ndarray:
    """Count the connected pieces of each group."""
    member = sparse.csr_array(
        (np.arange(1, len(block) + 1), (block, number)), shape=(len(city.need), count)
    )
    degree = np.diff(city.starts)[block]
    row = np.repeat(np.arange(len(block)), degree)
    link = np.arange(len(row)) - np.repeat(np.cumsum(degree) - degree, degree)
    link += np.repeat(city.starts[block], degree)
    other = np.asarray(member[city.neighbor[link], number[row]]).ravel().astype(np.int64)
    inner = other > 0
    graph = sparse.coo_array(
        (np.ones(int(inner.sum())), (row[inner], other[inner] - 1)), shape=(len(block),) * 2
    )
    parts, label = connected_components(graph, directed=False)
    _, first = np.unique(label, return_index=True)
    return np.bincount(number[first], minlength=count)


def begun_before(city: City, rules: Rules, groups: list[np.ndarray]) -> Candidates:
    """Return those groups of an earlier plan that keep the rules, as candidates.

    Parameters
    ----------
    city, rules : City, Rules
        The blocks, and what is asked for.
    groups : list of ndarray
        At least one.
    """
    totals = wholes(city, rules, groups)
    found = Candidates(
        np.concatenate(groups).astype(np.int32),
        np.cumsum([len(group) for group in groups], dtype=np.int64),
        totals.value,
        np.zeros(len(groups)),
    )
    return found.only(np.flatnonzero(~totals.broken))


def keeps(city: City, rules: Rules, groups: Sequence[np.ndarray]) -> bool:
    """Tell whether a plan keeps every rule."""
    alone = not len(groups) or not wholes(city, rules, groups).broken.any()
    return alone and not broken_together(city, rules, groups)


def plan_value(city: City, rules: Rules, groups: Sequence[np.ndarray]) -> float:
    """Objective of a plan."""
    return float(wholes(city, rules, groups).value.sum()) if len(groups) else 0.0


def beside(board: Board, count: int, steps: int) -> list[list[int]]:
    """For each group, those it meets when all widen block by block.

    Parameters
    ----------
    board : Board
        With the plan in `owner`.
    count : int
        How many groups.
    steps : int
        How far each widens.
    """
    label = np.where(board.owner >= 0, board.owner, -1)
    one = np.repeat(np.arange(board.count), np.diff(board.starts))
    two = board.neighbor
    pairs = []
    for _ in range(steps):
        a, b = label[one], label[two]
        met = (a >= 0) & (b >= 0) & (a != b)
        pairs.append(np.stack([a[met], b[met]], axis=1))
        fresh = (a >= 0) & (b < 0)
        wider = label.copy()
        wider[two[fresh][::-1]] = a[fresh][::-1]
        label = wider
    found: list[list[int]] = [[] for _ in range(count)]
    for a, b in np.unique(np.concatenate(pairs), axis=0):
        found[a].append(int(b))
    return found
