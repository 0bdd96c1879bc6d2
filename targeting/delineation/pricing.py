"""What a resident's place in a polygon is worth, before any polygon is drawn."""

from __future__ import annotations

import numpy as np

from targeting.delineation.bound.budget import everywhere, part_of, priced
from targeting.delineation.bound.cuts import borders
from targeting.delineation.bound.possible import possible_blocks
from targeting.delineation.graph import City
from targeting.delineation.rules import Rules


def resident_price(city: City, rules: Rules) -> float:
    """Return the need per resident at which all polygons together would just be full.

    Of the relaxation that drops connection and pools the room of all polygons: a block whose need
    per resident, less what its borders cost, is below this price seldom belongs in a good plan.

    Parameters
    ----------
    city, rules : City, Rules
        The blocks and what is asked for.

    Returns
    -------
    float
        In need per resident; 0 where people are not what is scarce.

    Examples
    --------
    >>> from targeting.delineation.graph import Limits, build_city
    >>> from targeting.model import Links
    >>> none = Links(*(np.empty(0, dtype=int),) * 2, *(np.empty(0),) * 2)
    >>> need = np.array([9.0, 5.0, 1.0])
    >>> city = build_city(need, np.ones(3), np.ones(3), np.ones(3), none)
    >>> 1 <= resident_price(city, Rules(Limits(1, 1, np.inf, 0, 0.0), 2)) <= 5
    True
    """
    possible = possible_blocks(city, rules)
    polygons = possible.polygons(rules)
    if not polygons:
        return 0.0
    whole = everywhere(city, rules, borders(city, rules.limits.price_per_m))
    place = part_of(whole, possible.among, np.flatnonzero(possible.among))
    return float(priced(place, polygons).prices[0])
