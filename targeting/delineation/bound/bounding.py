"""The upper bound: dual numbers looked for here, its value taken from the checker."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from targeting.delineation.bound.budget import priced
from targeting.delineation.bound.certificate import Bound, Certificate
from targeting.delineation.bound.check import check_bound
from targeting.delineation.bound.cuts import borders
from targeting.delineation.bound.possible import possible_blocks
from targeting.delineation.graph import City
from targeting.delineation.rules import Rules


def upper_bound(
    city: City, rules: Rules, *, plan: Sequence[np.ndarray] = (), effort: float = 1.0
) -> Bound:
    """Return a value no plan that keeps the rules can exceed, and the numbers that prove it.

    Parameters
    ----------
    city, rules : City, Rules
        The blocks and what is asked for.
    plan : sequence of ndarray, optional
        A good plan, to aim at; the bound is valid without it, or with a bad one.
    effort : float
        1 fits a run; more looks longer for better numbers.

    Returns
    -------
    Bound

    Examples
    --------
    >>> from targeting.delineation.graph import Limits, build_city
    >>> from targeting.model import Links
    >>> two = Links(np.array([0]), np.array([1]), np.array([0.0]), np.array([50.0]))
    >>> city = build_city(np.ones(2), np.ones(2), np.full(2, 2500.0), np.full(2, 200.0), two)
    >>> round(upper_bound(city, Rules(Limits(1, 1, np.inf, 0, 0.001), 1)).value, 6)
    0.85
    """
    among, polygons = possible_blocks(city, rules)
    links = borders(city, rules.limits.price_per_m)
    found = priced(city, rules, links, among, polygons, links.own)
    person, meter, block = (float(price) for price in found.prices)
    certificate = Certificate(person, meter, block, found.best.flow)
    return Bound(check_bound(city, rules, certificate), certificate)
