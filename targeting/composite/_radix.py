"""The order of many numbers, compiled: digits of their bits instead of comparisons."""

from __future__ import annotations

import numpy as np

from targeting.compiled import njit

_BITS = 11
_PASSES = 6


@njit
def radix_order(values: np.ndarray) -> np.ndarray:
    """Return the places of the values from the lowest to the highest, NaN last, ties as they stand.

    Parameters
    ----------
    values : ndarray
        Float64, fewer than 2³¹.
    """
    size = len(values)
    sign = np.uint64(1) << np.uint64(63)
    every = ~np.uint64(0)
    mask = np.uint64((1 << _BITS) - 1)
    keys = (values + 0.0).view(np.uint64)  # −0 becomes 0
    counts = np.zeros((_PASSES, 1 << _BITS), dtype=np.int64)
    for i in range(size):
        key = keys[i]
        if values[i] != values[i]:
            key = every
        elif key & sign:
            key = ~key
        else:
            key = key | sign
        keys[i] = key
        for turn in range(_PASSES):
            counts[turn, (key >> np.uint64(turn * _BITS)) & mask] += 1
    places = np.arange(size).astype(np.int32)
    other_keys = np.empty(size, dtype=np.uint64)
    other_places = np.empty(size, dtype=np.int32)
    for turn in range(_PASSES):
        shift = np.uint64(turn * _BITS)
        row = counts[turn]
        if row.max() == size:
            continue
        total = 0
        for bucket in range(1 << _BITS):
            here = row[bucket]
            row[bucket] = total
            total += here
        for i in range(size):
            key = keys[i]
            bucket = (key >> shift) & mask
            at = row[bucket]
            row[bucket] = at + 1
            other_keys[at] = key
            other_places[at] = places[i]
        keys, other_keys = other_keys, keys
        places, other_places = other_places, places
    return places
