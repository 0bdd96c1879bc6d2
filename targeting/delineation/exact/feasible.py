"""Whether any plan keeps the rules, whatever it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from targeting.delineation.exact.cliques import cliques
from targeting.delineation.exact.master import SHORT, Master
from targeting.delineation.exact.pricing import Duals, Pricer
from targeting.delineation.graph import City
from targeting.delineation.rules import Rules

QUICK_NODES = 300
NODES_MAX = 300_000
SETS_MAX = 20_000
WHOLE_SETS = 3_000
BRANCHES = 2_000
ROUNDS_MAX = 300
LEAST = 1e-9


def possible(
    city: City, rules: Rules, *, polygons_min: int = 1, nodes_max: int = NODES_MAX
) -> bool | None:
    """Tell whether some plan with at least so many groups keeps the rules.

    Parameters
    ----------
    city, rules : City, Rules
        The blocks and what is asked for; `rules.exactly` is left aside.
    polygons_min : int
        Groups at least, at most `rules.polygons`.
    nodes_max : int
        Work allowed.

    Returns
    -------
    bool or None
        None when the work allowed was not enough to tell.
    """
    if polygons_min > rules.polygons:
        return False
    city, rules = flat(city, replace(rules, exactly=False))
    apart = cliques(rules, len(city.need))
    pricer = Pricer(city, rules, apart)
    master = Master(city, rules, apart, worthless=True, polygons_min=polygons_min)
    plain = Duals(np.zeros(len(city.need)), np.zeros(apart.shape[0]), np.zeros(0))
    found = pricer.find(plain, above=-np.inf, nodes_max=nodes_max, sets_max=WHOLE_SETS)
    if found.complete and not found.groups:
        return False
    alone = rules.near is None and not (len(rules.required) or rules.floors or rules.shares)
    if alone and found.groups and polygons_min <= 1:
        return True
    master.add(found.groups)
    if found.complete:
        return _packs(master)
    told = mixed(city, rules, master, nodes_max=nodes_max, polygons_min=polygons_min)
    if told is False:
        return False
    return True if _packs(master) else None


def _packs(master: Master) -> bool | None:
    """Whether groups known make a plan; None when HiGHS could not tell."""
    plan, bound = master.packed(nodes_max=BRANCHES)
    if plan is not None:
        return True
    return False if bound == -np.inf else None


def mixed(
    city: City,
    rules: Rules,
    master: Master,
    *,
    nodes_max: int,
    polygons_min: int | None = None,
    without: Sequence[np.ndarray] = (),
) -> bool | None:
    """Tell whether groups, mixed in any shares, can leave nothing missing (else: no plan).

    The groups found on the way are added to `master`.

    Parameters
    ----------
    city, rules : City, Rules
        The blocks and what is asked for.
    master : Master
        Groups known.
    nodes_max : int
        Work allowed.
    polygons_min : int, optional
        Groups at least; else what the rules say.
    without : sequence of ndarray
        Groups that do not count.
    """
    city, rules = flat(city, rules)
    pricer = Pricer(city, rules, master.cliques, without)
    mix = Master(city, rules, master.cliques, worthless=True, polygons_min=polygons_min)
    mix.add(master.groups)
    quick, nodes = QUICK_NODES, 0
    told: bool | None = None
    for _ in range(ROUNDS_MAX):
        relaxed = mix.relaxed()
        if relaxed.missing <= SHORT:
            told = True
            break
        found = pricer.find(
            relaxed.duals,
            above=relaxed.each + LEAST,
            rising=1.0,
            nodes_per_root=quick,
            nodes_max=max(nodes_max - nodes, 1),
        )
        nodes += found.nodes
        if found.groups and mix.add(found.groups):
            continue
        if found.complete:
            told = False
            break
        if nodes >= nodes_max:
            break
        quick *= 20
    master.add(mix.groups)
    return told


def flat(city: City, rules: Rules) -> tuple[City, Rules]:
    """Return the city without need and the rules without a price: every plan is worth nothing."""
    limits = rules.limits._replace(price_per_m=0.0)
    return city._replace(need=np.zeros(len(city.need))), replace(rules, limits=limits)
