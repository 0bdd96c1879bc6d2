"""Plans made in advance: the city delineated again, lightly, with other scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from tqdm import tqdm

from targeting.delineation.asking import leading_weights, rules_of
from targeting.delineation.bound import upper_bound
from targeting.delineation.graph import Limits
from targeting.delineation.links.adjacency import outlines
from targeting.delineation.plans.matching import match_plans
from targeting.delineation.prepared import Prepared, prepare, weigh_need
from targeting.delineation.rules import Rules, plan_worth
from targeting.delineation.searching.plan import keeps
from targeting.delineation.searching.search import search
from targeting.model import NO_POLYGON, Links
from targeting.model.weighed import StoredPlan, Weighting

LIGHT = 0.05
# The pooled prices alone: what looking longer adds to these bounds is below 0.001 on a made city of
# 5,000 blocks, for thrice the time.
QUICK_BOUND = 0.001
_NEED = ("threshold_share", "need", "perimeter_price")
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


@dataclass(frozen=True)
class Rescored:
    """The blocks under another weighting.

    Parameters
    ----------
    weighting : Weighting
        What weighs how much.
    score : Series
        Index block ids; missing where too little weight has data.
    parts : DataFrame
        Same index; what each dimension adds to the score.
    """

    weighting: Weighting
    score: pd.Series[float]
    parts: pd.DataFrame


def plans_in_advance(
    blocks: gpd.GeoDataFrame,
    score: pd.Series[float],
    links: Links,
    membership: pd.Series[int],
    rescored: Sequence[Rescored],
    *,
    settings: dict[str, Any],
    effort: float = LIGHT,
) -> tuple[StoredPlan, ...]:
    """Delineate once more for each weighting, from the study's own plan.

    The rules are the study's. The line is drawn anew where the same share of the people lives
    above it, and the price of a meter follows, as in a study with those weights. The search is
    light; `gap_share` tells what is proven of each plan all the same. The ground is not drawn.

    Parameters
    ----------
    blocks, score, links
        As `grow` was given them.
    membership : Series of int64
        Polygon of each block in the study's own plan, 0 for none.
    rescored : sequence of Rescored
        The blocks under each weighting.
    settings : dict
        All settings of `grow`.
    effort : float
        Of each search, as in `grow`.

    Returns
    -------
    tuple of StoredPlan
        In the order of `rescored`; a weighting without a plan that keeps all rules is left out.
        The same for every order of the rows.

    Examples
    --------
    >>> from targeting.delineation import grow, street_links
    >>> from targeting.delineation.stability.reruns import defaults
    >>> import shapely
    >>> at = np.arange(81)
    >>> shapes = shapely.box(at % 9 * 70, at // 9 * 70, at % 9 * 70 + 60, at // 9 * 70 + 60)
    >>> city = gpd.GeoDataFrame({"population": 100.0}, geometry=shapes, index=range(81))
    >>> hot = pd.Series(np.where((at % 9 < 4) & (at // 9 < 4), 1.0, 0.1))
    >>> other = pd.Series(np.where((at % 9 > 4) & (at // 9 > 4), 1.0, 0.1))
    >>> chosen = {"population_min": 1000.0, "polygons": 1}
    >>> links = street_links(city.geometry)
    >>> own = grow(city, hot, links, **chosen).membership
    >>> far = Rescored(Weighting("equal", {"violence": 100}), other, other.to_frame("violence"))
    >>> plan, = plans_in_advance(city, hot, links, own, [far], settings=defaults() | chosen)
    >>> sorted(plan.membership.unique().tolist()), int((plan.membership > 0).sum())
    ([0, 2], 16)
    """
    if not rescored:
        return ()
    need = {key: settings[key] for key in _NEED}
    cut = settings["colonia_cut_price"]
    prepared = prepare(blocks, score, links, **need, colonia_cut_price=cut)
    limits = Limits.of(settings, prepared.price_per_m)
    asked = {key: settings[key] for key in _RULES}
    rules = rules_of(prepared, blocks, rescored[0].parts, limits, **asked)
    outline = outlines(prepared.shapes)
    if links.outline_m is not None:
        outline = links.outline_m[prepared.order]
    own = membership.to_numpy(np.int64)[prepared.order]
    start = [np.flatnonzero(own == number) for number in range(1, int(own.max(initial=0)) + 1)]
    seed = int(settings["seed"])
    found = []
    for one in tqdm(rescored, desc="plans", delay=2, disable=None, leave=False):
        scores = one.score.to_numpy(float, na_value=np.nan)[prepared.order]
        weighed, line, price = weigh_need(scores, prepared.population, outline, **need)
        city = prepared.city._replace(need=weighed)
        told = _told(rules, prepared, one.parts, price)
        groups = search(city, told, seed=seed, start=start, effort=effort)
        if not groups or not keeps(city, told, groups):
            continue
        worth = plan_worth(city, told, groups)
        bound = upper_bound(city, told, plan=groups, effort=QUICK_BOUND)
        found.append(
            StoredPlan(
                one.weighting,
                _membership(prepared, scores, groups, blocks.index),
                worth,
                bound.gap(worth) if worth > 0 else None,
                {"bound": bound.value, "threshold": line},
            )
        )
    return tuple(_numbered(membership, found, blocks["population"]))


def _told(rules: Rules, prepared: Prepared, parts: pd.DataFrame, price: float) -> Rules:
    """Return the rules with another price of a meter, and other dimensions that lead."""
    limits = rules.limits._replace(price_per_m=price)
    leading = leading_weights(prepared, parts) if rules.floors else rules.leading
    return replace(rules, limits=limits, leading=leading)


def _membership(
    prepared: Prepared, score: np.ndarray, groups: Sequence[np.ndarray], index: pd.Index
) -> pd.Series[int]:
    """Return numbers by the people's mean score, highest first; ties by smallest id."""
    people = np.where(np.isnan(score), 0.0, prepared.city.population)
    known = np.nan_to_num(score)

    def rank(group: np.ndarray) -> tuple[float, Any]:
        total = float(people[group].sum())
        mean = float((people[group] * known[group]).sum()) / total if total else 0.0
        return -mean, min(prepared.ids[group])

    held = np.zeros(len(prepared.order), dtype=np.int64)
    for number, group in enumerate(sorted(groups, key=rank), start=1):
        held[prepared.order[group]] = number
    return pd.Series(held, index=index, name="polygon")


def _numbered(
    own: pd.Series[int], plans: Sequence[StoredPlan], people: pd.Series[float]
) -> Iterator[StoredPlan]:
    """Give the polygons of each plan the numbers of those they are in the study's plan.

    Those that are none of them are looked for among the new ones of earlier plans; what is still
    new gets the next number.
    """
    fresh = int(own.max()) + 1
    others: list[pd.Series[int]] = []
    for plan, before in zip(plans, _in_own(own, plans, people), strict=True):
        numbers = {NO_POLYGON: NO_POLYGON} | before
        rest = plan.membership.where(~plan.membership.isin(list(numbers)), NO_POLYGON)
        for earlier in others:
            inside = (earlier > 0) | (rest > 0)
            if not bool(((earlier > 0) & (rest > 0)).any()):
                continue
            same = match_plans(earlier[inside], rest[inside], people[inside]).after["before"]
            same = same[(same > 0) & ~same.isin(list(numbers.values()))]
            numbers |= dict(zip(same.index.tolist(), same.tolist(), strict=True))
            rest = rest.where(~rest.isin(list(numbers)), NO_POLYGON)
        for number in sorted(set(rest.unique()) - {NO_POLYGON}):
            numbers[int(number)] = fresh
            fresh += 1
        membership = plan.membership.map(numbers).astype(np.int64)
        new = membership.where(membership > int(own.max()), NO_POLYGON)
        others += [new] if bool((new > 0).any()) else []
        yield replace(plan, membership=membership)


def _in_own(
    own: pd.Series[int], plans: Sequence[StoredPlan], people: pd.Series[float]
) -> list[dict[int, int]]:
    """Return which of the study's polygons those of each plan are: matched all at once.

    Every plan has the study's polygons for itself, told apart by a step in the numbers.
    """
    if not plans:
        return []
    step = 1 + max(int(own.max()), *(int(plan.membership.max()) for plan in plans))
    before, after, living = [], [], []
    for turn, plan in enumerate(plans):
        member = plan.membership.to_numpy(np.int64)
        known = own.to_numpy(np.int64)
        inside = np.flatnonzero((known > 0) | (member > 0))
        before.append(np.where(known > 0, known + turn * step, 0)[inside])
        after.append(np.where(member > 0, member + turn * step, 0)[inside])
        living.append(people.to_numpy(float)[inside])
    same = match_plans(
        *(pd.Series(np.concatenate(held)) for held in (before, after, living))
    ).after["before"]
    out: list[dict[int, int]] = [{} for _ in plans]
    for number, match in zip(same.index.tolist(), same.tolist(), strict=True):
        if match:
            out[number // step][number % step] = match % step
    return out
