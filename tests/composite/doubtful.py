"""A small city of the doubt tests, and the plain loop they are held to."""

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from targeting.composite.scoring import score
from targeting.model import Indicator, MethodSpec, Node, Values

KEYS = list("abcdef")
WORSE = dict.fromkeys(KEYS, "higher") | {"c": "lower"}
TREE = {
    "violence": (2.0, {"a": 1.0, "b": 3.0}),
    "need": (1.0, {"c": 1.0, "deep": (2.0, {"d": 1.0, "e": 1.0})}),
    "f": 0.5,
}
INDICATORS = [
    Indicator(key, {"es": key, "en": key}, "per_1k", WORSE[key], "violence", "rate") for key in KEYS
]
NORMALIZE = (MethodSpec("minmax"), MethodSpec("rank"))
AGGREGATE = tuple(MethodSpec(name) for name in ("arithmetic", "geometric", "harmonic"))


def city(blocks=60, *, seed=5, gaps=0.1, spread=0.3):
    """Values of a city, some missing, each with an interval."""
    random = np.random.default_rng(seed)
    held = random.gamma(2, 1, (blocks, len(KEYS))) + random.normal(size=(blocks, 1)) ** 2
    held[random.uniform(size=held.shape) < gaps] = np.nan
    value = pd.DataFrame(held, columns=KEYS, index=[f"{i:05d}" for i in range(blocks)])
    origin = dict.fromkeys(KEYS, "block") | {"a": "shrunk"}
    return Values(value, value * (1 - spread), value * (1 + spread), origin)


def weighted(names, weights):
    """The tree with other weights of its nodes."""
    share = dict(zip(names, weights, strict=True))

    def again(node):
        return Node(
            node.key, share.get(node.key, 1.0), tuple(again(child) for child in node.children)
        )

    return again(Node.of(TREE))


def plainly(values, names, weights, normalize, aggregate, coverage_min=0.5):
    """Scores of one set of choices, by the study's own function.

    Without the intervals of the values, which only widen the score's own.
    """
    value = values.value
    return score(
        Values(value, value, value, values.origin),
        INDICATORS,
        weighted(names, weights),
        normalize=normalize,
        aggregate=aggregate,
        coverage_min=coverage_min,
    ).score


def plain_ranks(scores):
    """Rank 1 the highest, equal scores the best place, NaN without one."""
    known = scores.notna()
    ranks = pd.Series(np.nan, index=scores.index)
    ranks[known] = rankdata(-np.round(scores[known], 12), method="min")
    return ranks
