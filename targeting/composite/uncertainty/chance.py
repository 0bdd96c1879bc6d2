"""Chance that depends on nothing but the seed, the number of a draw and the block.

Uniform numbers come from Philox 4×32-10 (Salmon, Moraes, Dror and Shaw 2011), a function of a key
and a counter: any number can be had without the ones before it, so chunks, threads and the order of
rows change nothing.
"""

from __future__ import annotations

import numpy as np

from targeting.compiled import njit
from targeting.composite.kernels import Levels
from targeting.composite.uncertainty.choices import Anywhere, Around, Spread


@njit
def philox(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Return four random numbers below 2³² of a counter and a key, all below 2³² too."""
    low, bits = np.uint64(0xFFFFFFFF), np.uint64(32)
    for _ in range(10):
        first = np.uint64(0xD2511F53) * c0
        second = np.uint64(0xCD9E8D57) * c2
        c0 = (second >> bits) ^ c1 ^ k0
        c1 = second & low
        c2 = (first >> bits) ^ c3 ^ k1
        c3 = first & low
        k0 = (k0 + np.uint64(0x9E3779B9)) & low
        k1 = (k1 + np.uint64(0xBB67AE85)) & low
    return c0, c1, c2, c3


@njit
def fill_uniform(units: np.ndarray, four: int, draw: int, key: np.ndarray, out: np.ndarray) -> None:
    """Fill `out` (four rows) with numbers strictly between 0 and 1.

    Row r belongs to column `4 four + r`; each number to its unit, its column and its draw.
    """
    place, number, none = np.uint64(four), np.uint64(draw), np.uint64(0)
    for i in range(len(units)):
        drawn = philox(np.uint64(units[i]), place, number, none, key[0], key[1])
        out[0, i] = (np.float64(drawn[0]) + 0.5) / 4294967296.0
        out[1, i] = (np.float64(drawn[1]) + 0.5) / 4294967296.0
        out[2, i] = (np.float64(drawn[2]) + 0.5) / 4294967296.0
        out[3, i] = (np.float64(drawn[3]) + 0.5) / 4294967296.0


def key_of(seed: int, stream: int) -> np.ndarray:
    """Return the two words of Philox's key for a stream of a seed."""
    words = np.random.SeedSequence(seed, spawn_key=(stream,)).generate_state(2)
    return words.astype(np.uint64)


def picks(seed: int, stream: int, factor: int, versions: np.ndarray, count: int) -> np.ndarray:
    """Return which of `count` alternatives each version of a factor takes; all are as likely."""
    drawn, one = np.empty(len(versions)), np.empty((4, 1))
    key, unit = key_of(seed, stream), np.array([factor])
    for i, version in enumerate(versions):
        fill_uniform(unit, _PICKS, int(version), key, one)
        drawn[i] = one[0, 0]
    return np.minimum((drawn * count).astype(np.int64), count - 1)


# The column of the picks' numbers: far from any indicator's.
_PICKS = 2**31


def draw_weights(
    seed: int, stream: int, version: int, levels: Levels, spreads: list[Spread | None]
) -> np.ndarray:
    """Return one set of weights of the nodes; each group's children sum to 1.

    Parameters
    ----------
    seed, stream, version : int
        Which chance.
    levels : Levels
        The stated tree.
    spreads : list
        How each group's weights vary; None: not at all.

    Returns
    -------
    ndarray
        Weight of each node.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(stream, 0, version))
    random = np.random.Generator(np.random.Philox(sequence))
    weight = levels.weight.copy()
    for group, spread in enumerate(spreads):
        nodes = levels.children(group)
        stated = levels.weight[nodes]
        if spread is None or len(nodes) < 2:
            continue
        if isinstance(spread, Around):
            drawn = random.standard_gamma(spread.concentration * stated)
        elif isinstance(spread, Anywhere):
            drawn = random.standard_exponential(len(nodes)) * (stated > 0)
        else:
            drawn = stated * (1 + spread.share * random.uniform(-1, 1, len(nodes)))
        total = drawn.sum()
        weight[nodes] = drawn / total if total > 0 else stated
    return weight
