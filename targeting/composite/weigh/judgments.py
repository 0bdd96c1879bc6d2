"""Pairwise judgments: read them, weigh by them, and find the one that fits least."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from targeting.composite.weigh.result import Array
from targeting.problems import Problem

# Mean consistency index of random judgments, by number of things compared: Saaty (1980), The
# Analytic Hierarchy Process, as reprinted since.
RANDOM_INDEX = (
    0.0,
    0.0,
    0.0,
    0.58,
    0.90,
    1.12,
    1.24,
    1.32,
    1.41,
    1.45,
    1.49,
    1.51,
    1.48,
    1.56,
    1.57,
    1.59,
)
MEMBERS_MAX = len(RANDOM_INDEX) - 1
_LARGEST = 9.0  # Saaty's scale ends there
_SMALLEST = 0.11  # 1/9, as people round it


@dataclass(frozen=True)
class Consistency:
    """How far one set of judgments is from contradicting itself nowhere.

    Parameters
    ----------
    lambda_max : float
        Largest eigenvalue; the number of things compared where all judgments agree.
    index : float
        `(lambda_max − n) / (n − 1)`.
    ratio : float
        Index over the mean index of random judgments; 0 for two things or one.
    """

    lambda_max: float
    index: float
    ratio: float


@dataclass(frozen=True)
class Worst:
    """The judgment whose change would lower inconsistency most.

    Parameters
    ----------
    first, second : int
        Positions of the two things, the first judged at least as important.
    given : float
        The judgment.
    fitting : float
        What the other judgments together say of the pair.
    ratio : float
        Consistency ratio with that in its place.
    """

    first: int
    second: int
    given: float
    fitting: float
    ratio: float


def priorities(matrix: Array) -> tuple[Array, Consistency]:
    """Return the weights that a matrix of judgments gives: its principal eigenvector.

    Parameters
    ----------
    matrix : ndarray
        How many times row is as important as column; reciprocal, above 0.

    Returns
    -------
    (ndarray, Consistency)
        Weights sum to 1.

    Examples
    --------
    >>> weights, found = priorities(np.array([[1.0, 3.0], [1 / 3, 1.0]]))
    >>> weights.round(6).tolist(), found.ratio
    ([0.75, 0.25], 0.0)
    """
    size = len(matrix)
    values, vectors = np.linalg.eig(matrix)
    top = int(np.argmax(values.real))
    vector = np.abs(vectors[:, top].real)
    largest = float(values[top].real)
    index = max(largest - size, 0.0) / (size - 1) if size > 1 else 0.0
    ratio = index / RANDOM_INDEX[size] if size > 2 else 0.0
    return vector / vector.sum(), Consistency(largest, index, ratio)


def worst_judgment(matrix: Array) -> Worst:
    """Return the judgment whose change would lower inconsistency most.

    Each in turn is taken out, the weights are found from the others (Harker's incomplete
    comparisons), and their quotient put in its place.

    Parameters
    ----------
    matrix : ndarray
        At least three by three.

    Returns
    -------
    Worst

    References
    ----------
    Harker (1987), Incomplete pairwise comparisons in the analytic hierarchy process.

    Examples
    --------
    >>> found = worst_judgment(np.array([[1, 2, 1 / 4], [1 / 2, 1, 2], [4, 1 / 2, 1]]))
    >>> (found.first, found.second, round(found.fitting, 6), round(found.ratio, 6))
    (0, 1, 0.125, 0.0)
    """
    tried = []
    for i, j in itertools.combinations(range(len(matrix)), 2):
        without = matrix.copy()
        without[i, j] = without[j, i] = 0.0
        without[i, i] = without[j, j] = 2.0
        values, vectors = np.linalg.eig(without)
        vector = np.abs(vectors[:, int(np.argmax(values.real))].real)
        put = matrix.copy()
        put[i, j] = vector[i] / vector[j]
        put[j, i] = vector[j] / vector[i]
        _, found = priorities(put)
        one, two = (i, j) if matrix[i, j] >= 1 else (j, i)
        told = Worst(one, two, float(matrix[one, two]), float(put[one, two]), found.ratio)
        tried.append((round(found.ratio, 12), i, j, told))
    return min(tried)[-1]


def read_judgments(
    told: Mapping[str, float] | Sequence[float], names: Sequence[str], where: str
) -> tuple[Array, list[Problem]]:
    """Return the matrix that stated judgments make, and what is wrong with them.

    Parameters
    ----------
    told : mapping or sequence
        `"a/b"` to how many times a is as important as b, each pair once in either order; or the
        upper triangle row by row, in the order of the names.
    names : sequence of str
        Things compared.
    where : str
        Place to tell problems at.

    Returns
    -------
    (ndarray, list of Problem)

    Examples
    --------
    >>> matrix, problems = read_judgments({"a/b": 4.0}, ["a", "b"], "here")
    >>> matrix.tolist(), problems
    ([[1.0, 4.0], [0.25, 1.0]], [])
    >>> read_judgments({"a/b": 4.0}, ["a", "b", "c"], "here")[1][0].values["missing"]
    'a/c, b/c'
    """
    pairs = list(itertools.combinations(names, 2))
    matrix = np.eye(len(names))
    if not isinstance(told, Mapping):
        if len(told) != len(pairs):
            values = {"given": len(told), "expected": len(pairs), "known": ", ".join(names)}
            return matrix, [Problem("judgments-not-triangle", where, values)]
        told = {f"{one}/{two}": value for (one, two), value in zip(pairs, told, strict=True)}
    place = {name: i for i, name in enumerate(names)}
    problems, extra, twice, seen = [], [], [], set()
    for key, value in told.items():
        one, _, two = (word.strip() for word in key.partition("/"))
        if one not in place or two not in place or one == two:
            extra.append(key)
            continue
        if frozenset((one, two)) in seen:
            twice.append(key)
        seen.add(frozenset((one, two)))
        if not _SMALLEST <= value <= _LARGEST:
            values = {"given": value, "expected": "1/9 – 9"}
            problems.append(Problem("judgment-off-scale", f"{where}.{key}", values))
            continue
        matrix[place[one], place[two]] = value
        matrix[place[two], place[one]] = 1.0 / value
    missing = [f"{one}/{two}" for one, two in pairs if frozenset((one, two)) not in seen]
    if missing or extra:
        values = {
            "missing": ", ".join(missing) or "–",
            "given": ", ".join(extra) or "–",
            "known": ", ".join(names),
        }
        problems.append(Problem("judgments-not-fitting", where, values))
    if twice:
        problems.append(Problem("judgment-twice", where, {"given": ", ".join(twice)}))
    return matrix, problems
