"""Delineate again and again: under drawn scores, other prices, other bounds, other seeds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from tqdm import tqdm

from targeting.delineation.asking import rules_of
from targeting.delineation.graph import Limits
from targeting.delineation.prepared import Prepared, prepare
from targeting.delineation.searching.search import search
from targeting.delineation.stability.case import Case
from targeting.delineation.stability.replanning import Known, grown_once, replanned
from targeting.delineation.stability.summing import bands, lasting, overlap, regrets
from targeting.model import Links, Stability

LIGHT = 0.15
PRICES = (0.5, 2.0)
BOUNDS = (0.8, 1.25)


def stability(
    blocks: gpd.GeoDataFrame,
    score: pd.Series[float],
    links: Links,
    membership: pd.Series[int],
    draws: Iterable[np.ndarray],
    parts: pd.DataFrame | None = None,
    *,
    settings: dict[str, Any],
    prices: Sequence[float] = PRICES,
    bounds: Sequence[float] = BOUNDS,
    seeds: int = 1,
    effort: float = LIGHT,
) -> Stability:
    """Delineate again under each draw of the scores, price, bound and seed, and count.

    No rerun knows the study's own answer, so that one which only holds because it was found first
    is not called sure: each chooses among groups grown once for all of them and others grown for
    its own needs, and anneals them; under rules about all polygons together it searches afresh. The
    line and the price of a meter stay the study's: drawn scores spread wider than stated ones, and
    a line moved along with them would put the same places below it. Reruns keep the rules of the
    graph; their ground is not drawn.

    Parameters
    ----------
    blocks, score, links, parts
        As `grow` was given them.
    membership : Series of int64
        Polygon of each block in the study's own answer, 0 for none.
    draws : iterable of ndarray
        Scores of the blocks, in their order, under the doubt of the composite.
    settings : dict
        Settings of `grow`.
    prices : sequence of float
        Times the price of the perimeter.
    bounds : sequence of float
        Times the smallest and the largest population.
    seeds : int
        How many other seeds.
    effort : float
        Of each rerun that searches afresh, as in `grow`.

    Returns
    -------
    Stability
        Same blocks, same polygons.

    Examples
    --------
    >>> from targeting.delineation import grow, street_links
    >>> import shapely
    >>> at = np.arange(81)
    >>> shapes = shapely.box(at % 9 * 70, at // 9 * 70, at % 9 * 70 + 60, at // 9 * 70 + 60)
    >>> city = gpd.GeoDataFrame({"population": 100.0}, geometry=shapes, index=range(81))
    >>> hot = pd.Series(np.where((at % 9 < 4) & (at // 9 < 4), 1.0, 0.1))
    >>> links = street_links(city.geometry)
    >>> chosen = {"population_min": 1000.0, "polygons": 1}
    >>> found = grow(city, hot, links, **chosen)
    >>> sure = stability(city, hot, links, found.membership, [hot.to_numpy()], settings=chosen)
    >>> sure.blocks.groupby("band").size().to_dict()
    {'core': 16, 'never': 65}
    """
    chosen = defaults() | settings
    prepared = prepare(blocks, score, links, **{key: chosen[key] for key in _NEED})
    own = membership.to_numpy(np.int64)[prepared.order]
    cases = list(_cases(prepared, blocks, parts, chosen, draws, prices, bounds, seeds))
    plans: list[list[np.ndarray]] = []
    known: Known | None = None
    for case in tqdm(cases, desc="stability", delay=2, disable=None, leave=False):
        if case.rules.linked:
            plans.append(search(case.city, case.rules, seed=case.seed, effort=effort))
            continue
        known = known or grown_once(prepared.city, case.rules, int(chosen["seed"]))
        plans.append(replanned(case, known))
    return _summed(prepared, blocks, own, cases, plans)


_NEED = ("threshold_share", "need", "perimeter_price", "colonia_cut_price")
_RULES = (
    "polygons",
    "exactly",
    "separation_min_m",
    "lock_in",
    "lock_out",
    "seeds",
    "led_by",
    "people_share_min",
)


def defaults() -> dict[str, Any]:
    """Return the settings of `grow` where a study gives none."""
    from targeting.registry import settings as settings_of

    return {
        name: parameter.default for name, parameter in settings_of("delineator", "grow").items()
    }


def _times(limits: Limits, times: float) -> Limits:
    return limits._replace(
        population_min=limits.population_min * times, population_max=limits.population_max * times
    )


def _cases(
    prepared: Prepared,
    blocks: gpd.GeoDataFrame,
    parts: pd.DataFrame | None,
    chosen: dict[str, Any],
    draws: Iterable[np.ndarray],
    prices: Sequence[float],
    bounds: Sequence[float],
    seeds: int,
) -> Iterator[Case]:
    """Every rerun, draws first."""
    asked = {key: chosen[key] for key in _RULES}
    price, seed = prepared.price_per_m, int(chosen["seed"])
    rules = rules_of(prepared, blocks, parts, Limits.of(chosen, price), **asked)
    for number, drawn in enumerate(draws):
        held = np.asarray(drawn, dtype=float)[prepared.order]
        need = np.nan_to_num(prepared.population * (held - prepared.threshold))
        yield Case("draw", float(number), prepared.city._replace(need=need), rules, seed)
    for times in prices:
        other = replace(rules, limits=rules.limits._replace(price_per_m=price * times))
        yield Case("perimeter_price", times, prepared.city, other, seed)
    for times in bounds:
        other = replace(rules, limits=_times(rules.limits, times))
        yield Case("population_bounds", times, prepared.city, other, seed)
    for more in range(1, seeds + 1):
        yield Case("seed", float(seed + more), prepared.city, rules, seed + more)


def _summed(
    prepared: Prepared,
    blocks: gpd.GeoDataFrame,
    own: np.ndarray,
    cases: Sequence[Case],
    plans: Sequence[Sequence[np.ndarray]],
) -> Stability:
    count = len(own)
    members = np.zeros((len(plans), count), dtype=np.int64)
    for row, groups in enumerate(plans):
        for number, group in enumerate(groups, start=1):
            members[row, group] = number
    people = prepared.city.population
    drawn = np.array([case.kind == "draw" for case in cases], dtype=bool)
    shares = pd.DataFrame(
        {
            "in_share": (members > 0).mean(axis=0) if len(plans) else (own > 0) * 1.0,
            "draw_share": (members[drawn] > 0).mean(axis=0) if drawn.any() else np.nan,
        }
    )
    shares["band"] = bands(shares["in_share"].to_numpy())
    back = np.argsort(prepared.order)
    table = pd.DataFrame(
        {
            "kind": [case.kind for case in cases],
            "value": [case.value for case in cases],
            "polygons": [len(groups) for groups in plans],
            "same_people_share": [overlap(own, row, people) for row in members],
        }
    )
    best, worst = regrets(cases, own, plans)
    table["regret"] = worst.own_regret
    return Stability(
        blocks=shares.iloc[back].set_axis(blocks.index),
        polygons=lasting(own, members, people, shares["in_share"].to_numpy()),
        reruns=table,
        steadiest=pd.Series(best[back], index=blocks.index, name="polygon"),
        notes=worst.notes,
    )
