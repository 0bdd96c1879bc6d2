"""What may vary: weights, normalization, aggregation, treatment, missing values, data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from targeting.problems import Problem, TargetingError

# In the order of their random streams: adding one at the end changes no draw of the others.
FACTORS = ("weights", "normalize", "aggregate", "treat", "missing", "data")
LISTED = FACTORS[1:5]


@dataclass(frozen=True)
class Around:
    """Weights from a Dirichlet distribution whose mean is the stated weights.

    Parameters
    ----------
    concentration : float
        The higher, the closer to the stated: a weight `w` has the standard deviation
        `sqrt(w (1 − w) / (concentration + 1))`.
    """

    concentration: float = 50.0


@dataclass(frozen=True)
class Within:
    """Each weight anywhere within ± a share of itself, then scaled to sum to 1.

    Parameters
    ----------
    share : float
        0.25: from three quarters to five quarters of the stated weight.
    """

    share: float = 0.25


@dataclass(frozen=True)
class Anywhere:
    """Any weights: every set that sums to 1 is as likely (of the children that weigh at all)."""


Spread: TypeAlias = Around | Within | Anywhere


@dataclass(frozen=True)
class Missing:
    """How missing parts count.

    Parameters
    ----------
    fill : float, optional
        Part they are given, 0 to 1. Default: they leave their weight to the others.
    coverage_min : float
        A group is missing when less than this share of its weight has data.
    """

    fill: float | None = None
    coverage_min: float = 0.5


@dataclass(frozen=True)
class Noise:
    """How an indicator's value is drawn from the interval its data leave open.

    Parameters
    ----------
    shape : str
        `"uniform"`: anywhere between the ends (a masked count is as likely to be 0 as 2).
        `"normal"`: a normal distribution on each side of the value, so that `confidence` of the
        draws lie between the ends and half of them on either side of the value. `"gamma"`: the
        same for the cube roots (Wilson and Hilferty 1931: a gamma quantile nearly so), never below
        0; for rates. `"beta"`: the same for the logits, never outside 0 and 1; for shares.
    confidence : float
        Share of the draws between the ends; of no meaning for `"uniform"`.
    units : Series, optional
        Blocks with the same label share one error: an indicator of an area, handed down to its
        blocks, is wrong in all of them alike. Default: each block has its own.
    """

    shape: Literal["uniform", "normal", "gamma", "beta"] = "uniform"
    confidence: float = 0.9
    units: pd.Series | None = None


# What `data=True` takes by the origin of an indicator: masks leave hard ends, small numbers soft.
BY_ORIGIN = {
    "block": Noise("uniform"),
    "area": Noise("uniform"),
    "shrunk": Noise("gamma"),
    "allocated": Noise("gamma"),
    "smoothed": Noise("gamma"),
    "scenario": Noise("gamma"),
}


def refuse(code: str, where: str, **values: object) -> TargetingError:
    """Return the error of one wrong choice."""
    return TargetingError([Problem(code, f"uncertainty.{where}", values)])


def check_spread(spread: Spread, where: str) -> list[Problem]:
    """Return what is wrong with a spread of weights."""
    given = (
        spread.concentration
        if isinstance(spread, Around)
        else spread.share
        if isinstance(spread, Within)
        else 0.5
    )
    least, most = (0.0, np.inf) if isinstance(spread, Around) else (0.0, 1.0)
    if least < given < most or (isinstance(spread, Within) and given == 1.0):
        return []
    return [Problem("bad-spread", where, {"given": f"{given:g}"})]


def check_missing(missing: tuple[Missing, ...]) -> list[Problem]:
    """Return what is wrong with the rules for missing parts."""
    return [
        Problem("share-outside", "uncertainty.missing", {"given": f"{number:g}"})
        for rule in missing
        for number in (rule.coverage_min, 0.0 if rule.fill is None else rule.fill)
        if not 0.0 <= number <= 1.0
    ]


def spread_of(weights: Spread | Mapping[str, Spread] | None, group: str) -> Spread | None:
    """Return the spread of one group's weights."""
    if weights is None or isinstance(weights, (Around, Within, Anywhere)):
        return weights
    return weights.get(group)
