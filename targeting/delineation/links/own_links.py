"""What a study says of its neighbors itself: bridges, cuts, municipal borders."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from targeting.problems import Problem, TargetingError

Given = tuple[tuple[str, ...], ...]


class Own(NamedTuple):
    """Pairs of positions, `first < second`, each once, sorted: shape (pairs, 2)."""

    bridges: np.ndarray
    cuts: np.ndarray


def own_pairs(index: pd.Index[str], *, bridges: Given, cuts: Given) -> Own:
    """Return a study's own bridges and cuts by position.

    Parameters
    ----------
    index : Index
        Block ids, each once.
    bridges, cuts : tuple of pairs of str
        Block ids; the order within a pair, and a pair told twice, change nothing.

    Raises
    ------
    TargetingError
        A pair that is not two ids, an id that is no block's, a block and itself, a bridge that is
        also a cut: all of them, in one list.

    Examples
    --------
    >>> ids = pd.Index(["a", "b", "c"])
    >>> own_pairs(ids, bridges=(("c", "a"),), cuts=()).bridges.tolist()
    [[0, 2]]
    >>> own_pairs(ids, bridges=(), cuts=(("a", "d"),))
    Traceback (most recent call last):
    targeting.problems.TargetingError: streets.cuts.0: there is no block “d”. Write the id as the \
blocks have it, in quotes. [linked-block-unknown]
    """
    problems: list[Problem] = []
    found = {
        where: _positions(index, given, f"streets.{where}", problems)
        for where, given in (("bridges", bridges), ("cuts", cuts))
    }
    cut = set(found["cuts"])
    for pair, place in found["bridges"].items():
        if pair in cut:
            values = {"first": str(index[pair[0]]), "second": str(index[pair[1]])}
            problems.append(Problem("bridge-and-cut", place, values))
    if problems:
        raise TargetingError(problems)
    kept = [np.array(sorted(found[where]), dtype=np.int64) for where in ("bridges", "cuts")]
    return Own(*(pairs.reshape(-1, 2) for pairs in kept))


def _positions(
    index: pd.Index[str], given: Given, where: str, problems: list[Problem]
) -> dict[tuple[int, int], str]:
    """Positions of each pair, and where the study names it first."""
    found: dict[tuple[int, int], str] = {}
    if not len(given):
        return found
    at = dict(zip(index.tolist(), range(len(index)), strict=True))
    for number, pair in enumerate(given):
        place = f"{where}.{number}"
        unknown = [one for one in dict.fromkeys(pair) if one not in at]
        problems += [Problem("linked-block-unknown", place, {"given": str(one)}) for one in unknown]
        if unknown:
            continue
        if len(pair) != 2 or pair[0] == pair[1]:
            shown = ", ".join(str(one) for one in pair)
            problems.append(Problem("not-a-pair", place, {"given": shown}))
            continue
        one, two = sorted((at[pair[0]], at[pair[1]]))
        found.setdefault((one, two), place)
    return found


def among(first: np.ndarray, second: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Tell which of some pairs are among others; both ways round are the same.

    Parameters
    ----------
    first, second : ndarray of int
        Positions of the pairs asked about.
    pairs : ndarray of int, shape (others, 2)
        The others.

    Examples
    --------
    >>> among(np.array([0, 1]), np.array([1, 2]), np.array([[2, 1]])).tolist()
    [False, True]
    """
    if not len(pairs) or not len(first):
        return np.zeros(len(first), dtype=bool)
    many = np.int64(2**32)
    asked = np.minimum(first, second) * many + np.maximum(first, second)
    known = pairs.min(axis=1) * many + pairs.max(axis=1)
    return np.asarray(np.isin(asked, known))


def sides(municipality: pd.Series[str] | None, order: np.ndarray) -> np.ndarray:
    """Return a number for the municipality of each block in a new order, −1 where unknown.

    Raises
    ------
    TargetingError
        There are no municipalities, or none is known.
    """
    if municipality is None or bool(municipality.isna().all()):
        raise TargetingError([Problem("no-municipalities", "streets.municipal_borders")])
    codes, _ = pd.factorize(municipality.to_numpy(object)[order], sort=False)
    return np.asarray(codes, dtype=np.int64)
