"""Cities whose true risk is known: what intervals and flags are held to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Simulated:
    """One city: events, people, area and true rate of each block, and how it was made."""

    events: np.ndarray
    people: np.ndarray
    areas: np.ndarray
    rate: np.ndarray
    shape: str


def simulated_cities(count: int, *, seed: int, constant: bool = False) -> Iterator[Simulated]:
    """Make cities of 300 to 1,000 blocks, each of its own kind.

    People by block are skewed as in a census (mean about 120, many below 40), 0.1 to 10 events are
    expected in a mean block, and the relative risks of areas (standard deviation 0.2 to 0.8) and of
    blocks within areas (0.2 to 1) are gamma in one half of the cities and lognormal, which is not
    what the model says, in the other. `constant`: one risk everywhere.
    """
    chance = np.random.default_rng(seed)
    for number in range(count):
        size, each = int(chance.integers(300, 1001)), int(chance.integers(10, 41))
        areas = np.arange(size) // each
        people = 1.0 + chance.negative_binomial(2, 2 / 122, size)
        city = 10 ** chance.uniform(-1, 1) / 120
        shape = "gamma" if number % 2 else "lognormal"
        between, within = chance.uniform(0.2, 0.8), chance.uniform(0.2, 1.0)
        rate = np.full(size, city)
        if not constant:
            rate *= _risk(chance, shape, between, areas.max() + 1)[areas]
            rate *= _risk(chance, shape, within, size)
        yield Simulated(chance.poisson(rate * people).astype(float), people, areas, rate, shape)


def _risk(chance: np.random.Generator, shape: str, deviation: float, size: int) -> np.ndarray:
    if shape == "gamma":
        return chance.gamma(deviation**-2, deviation**2, size)
    spread = np.log1p(deviation**2)
    return chance.lognormal(-spread / 2, np.sqrt(spread), size)
