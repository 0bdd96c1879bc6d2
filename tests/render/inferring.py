"""More rows for the attack of `disclosing`: what the plan, its reasons and the tests let on.

Each takes what the attacker may know and adds `low ≤ row · x ≤ high` over the same cells. The
attacker is given more than the page holds wherever that makes a row exact: what other data add to
each score (census and directories are public), the line and the price of a meter, the spread a test
of hot spots had. What is not recovered then is not recovered with less.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from targeting.composite.scoring import combine
from targeting.delineation.asking import rules_of
from targeting.delineation.graph import Limits
from targeting.delineation.hotspots.local import getis_ord
from targeting.delineation.hotspots.neighborhoods import neighborhoods
from targeting.delineation.prepared import prepare
from targeting.delineation.reasons.single_moves import joining_of, leaving_of
from targeting.delineation.stability.reruns import defaults
from targeting.model import DoubtSpec, HotSpotSpec, MethodSpec, Node, Result
from targeting.render.encode import spatial_order
from targeting.render.public import step_above
from targeting.render.public.grouping import incidents_by_block
from targeting.render.trend import STEP
from targeting.study import Study
from tests.render.decoding import Opened
from tests.render.disclosing import PER, VIOLENCE, Knowledge, linear_study

SMALL_POLYGONS = {"population_min": 1500.0, "population_max": 4000.0, "polygons": 6}
_TESTS = {"permutations": 199, "correction": "none"}
_BESIDE = ("threshold_share", "need", "perimeter_price")


def telling_study(study: Study, *, small: bool = True) -> Study:
    """The linear study with all it can publish beside: small polygons, plans, tests, draws."""
    spots = tuple(
        HotSpotSpec(use, "hotspot", MethodSpec(use, dict(_TESTS)), of=VIOLENCE)
        for use in ("getis_ord", "local_moran")
    )
    settings = dict(study.delineation.settings) | (SMALL_POLYGONS if small else {})
    return replace(
        linear_study(study),
        delineation=replace(study.delineation, settings=settings),
        doubt=DoubtSpec(draws=100, redraws=3, sensitivity=0),
        hotspots=spots,
        weightings=study.weightings,
    )


@dataclass(frozen=True)
class Scored:
    """How a score of each block, in the page's order, follows from its incidents.

    `own / people / top` a block's incidents add, `base` all else; `score` is the true one.
    """

    own: np.ndarray
    base: np.ndarray
    people: np.ndarray
    score: np.ndarray

    def add(self, known: Knowledge, inside, shares, low: float, high: float) -> None:
        """Add that the sum of shares times scores lies between two numbers."""
        inside, shares = np.asarray(inside), np.broadcast_to(shares, np.shape(inside))
        use = ~np.isnan(self.score[inside]) & (self.people[inside] > 0)
        inside, shares = inside[use], shares[use]
        rest = float((shares * self.base[inside]).sum())
        top = len(self.score)
        row = shares * self.own[inside] / self.people[inside]
        for end, least, most in ((low, 0.0, np.inf), (high, -np.inf, 0.0)):
            if np.isfinite(end):
                known.add(np.append(inside, top), np.append(row, rest - end), least, most)


def scored(result: Result, percent: dict[str, float] | None = None) -> Scored:
    """Return how the scores follow, under the study's own weights or others."""
    order = spatial_order(result.territory.blocks.geometry)
    study, tree = result.study, result.scores.tree
    score = result.scores.score
    if percent is not None:
        moved = tuple(replace(one, weight=float(percent[one.key])) for one in tree.children)
        tree = replace(tree, children=moved).scaled()
    parts = result.scores.parts

    def of(held: pd.DataFrame, tree: Node = tree) -> np.ndarray:
        found = combine(held, tree, aggregate=study.aggregate, coverage_min=study.coverage_min)
        return found.value.to_numpy(float)

    base = of(parts.assign(**{VIOLENCE: parts[VIOLENCE] * 0.0}))
    whole = of(parts.assign(**{VIOLENCE: parts[VIOLENCE] * 0.0 + 1.0}))
    score = of(parts)
    people = result.territory.blocks["population"].fillna(0.0).to_numpy(float)
    return Scored(*(held[order] for held in (whole - base, base, people, score)))


def needs_of_polygons(page: Opened, known: Knowledge, told: Scored, each: float) -> None:
    """The need of a polygon is what its people's scores have above the line, in known steps.

    `each` is what an incident adds to a need, which sets the steps.
    """
    number = page.column("polygon")
    line, half = page.record["threshold"], step_above(5 * each, first=10.0) / 2
    for polygon in page.record["polygons"]:
        if polygon.get("need") is None:
            continue
        inside = np.flatnonzero(number == polygon["number"])
        people = told.people[inside]
        whole = people[~np.isnan(told.score[inside])].sum()
        ends = [polygon["need"] + sign * half + (line + sign * 0.005) * whole for sign in (-1, 1)]
        told.add(known, inside, people, *ends)


def order_of_polygons(page: Opened, known: Knowledge, told: Scored) -> None:
    """Polygons are numbered by their exact mean score."""
    number = page.column("polygon")
    known_score = ~np.isnan(told.score)
    inside = [
        np.flatnonzero((number == one["number"]) & known_score & (told.people > 0))
        for one in page.record["polygons"]
    ]
    for first, second in zip(inside[:-1], inside[1:], strict=True):
        means = [told.people[one] / told.people[one].sum() for one in (first, second)]
        both = np.concatenate([first, second])
        told.add(known, both, np.append(means[0], -means[1]), 0.0, np.inf)


def other_sides(page: Opened, known: Knowledge, told: Scored, whole: float) -> None:
    """Where a block would change sides, less what that would cost: its own exact score.

    So it is where both are those of the plan; `whole` is what the plan is worth.
    """
    inside = page.column("polygon") > 0
    flip, price = page.column("reason.flip") / 100, page.column("reason.price") / 1000
    shown, people = page.column("score"), told.people
    for at in np.flatnonzero(~np.isnan(flip) & ~np.isnan(price) & (people > 0)):
        if abs(flip[at] - shown[at]) <= 0.01 + 1e-9:  # never the score shown: it was moved
            continue
        cheap = max(price[at] - 0.0005, 0.0) * whole / people[at]
        dear = (price[at] + 0.0005) * 1.002 * whole / people[at]
        if inside[at]:
            told.add(known, [at], 1.0, flip[at] - 0.005 + cheap, flip[at] + 0.005 + dear)
        else:
            told.add(known, [at], 1.0, flip[at] - 0.005 - dear, flip[at] + 0.005 - cheap)


def dearest_sides(page: Opened, known: Knowledge, told: Scored, whole: float) -> None:
    """Where prices are as from the score told, they bound the exact one: none is below nothing."""
    inside = page.column("polygon") > 0
    price, people = page.column("reason.price") / 1000, told.people
    shown = page.column("score")
    known_price = np.round(page.column("reason.price"))
    step = np.gcd.reduce(known_price[known_price > 0].astype(int)) / 1000
    few = page.column("few") == 1  # told as one and a half
    for at in np.flatnonzero(~np.isnan(price) & ~np.isnan(shown) & (people > 0) & ~few):
        away = (price[at] + max(step, _coarsest(price[at])) / 2) * whole / people[at] + 0.005
        if inside[at]:
            told.add(known, [at], 1.0, shown[at] - away, np.inf)
        else:
            told.add(known, [at], 1.0, -np.inf, shown[at] + away)


def _coarsest(price: float) -> float:
    """The widest step a price may have been rounded to."""
    steps = np.array([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])
    fits = steps[np.round(price * 1000).astype(int) % steps == 0]
    return float(fits.max()) / 1000


def single_moves(
    result: Result, known: Knowledge, told: Scored, membership: np.ndarray, slack: float = 0.005
) -> int:
    """No block more, and no block less, makes a plan better: an inequality for each at its edge.

    The line, the price of a meter and the outlines are given; returns how many rows that are.
    """
    settings = defaults() | dict(result.study.delineation.settings)
    blocks, order = result.territory.blocks, spatial_order(result.territory.blocks.geometry)
    score = np.empty(len(order))
    score[order] = told.score
    of = {key: settings[key] for key in _BESIDE}
    series = pd.Series(score, index=blocks.index)
    prepared = prepare(blocks, series, result.links, **of)
    limits = Limits.of(settings, prepared.price_per_m)
    asked = {key: settings[key] for key in ("polygons", "exactly", "separation_min_m")}
    rules = rules_of(prepared, blocks, None, limits, **asked)
    member = membership[prepared.order].astype(np.int64)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    place = place[prepared.order]  # of the prepared city's blocks on the page
    joining, leaving = (one(prepared.city, rules, member) for one in (joining_of, leaving_of))
    need, people = prepared.city.need, prepared.city.population
    count = 0
    for pair in np.flatnonzero(joining.fits & (people[joining.block] > 0)):
        at = joining.block[pair]
        most = (joining.loss[pair] + need[at]) / people[at] + prepared.threshold
        if joining.loss[pair] >= 0:  # else the search is light and left it
            told.add(known, [place[at]], 1.0, -np.inf, most + slack)
            count += 1
    for at in np.flatnonzero(leaving.may & (people > 0)):
        least = (need[at] - leaving.loss[at]) / people[at] + prepared.threshold
        if leaving.loss[at] >= 0:
            told.add(known, [place[at]], 1.0, least - slack, np.inf)
            count += 1
    return count


def hot_neighbors(page: Opened, known: Knowledge, result: Result) -> None:
    """A class of hot spots bounds the sum of the rates of a block and its neighbors.

    The mean of the city, the spread of each sum, and where each class begins and ends are given.
    Where all but the high are one class, one incident taken away may have put a block there.
    """
    order = spatial_order(result.territory.blocks.geometry)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    test = next(one for one in result.hotspots if one.spec.method.use == "getis_ord")
    values = result.values.value[VIOLENCE]
    found = getis_ord(values, result.links, **test.spec.method.settings).blocks
    around = neighborhoods(values, result.links)
    people = result.territory.blocks["population"].to_numpy(float)
    layer = next(one for one in page.record["layers"] if one["id"] == f"hotspot.{test.spec.key}")
    names = np.array([one["key"] for one in layer["classes"]])
    told = page.column(f"hotspot.{test.spec.key}")[place[around.place]].astype(int)
    own = found["z"].to_numpy(float)[around.place]
    high = found["class"].str.startswith("high").to_numpy()[around.place]
    line, last = own[high].min(), own[~high].max()
    for at in np.flatnonzero((around.count > 0) & (np.abs(own) > 1e-6)):
        inside = np.append(around.neighbors[[at]].indices, at)
        blocks = around.place[inside]
        spread = (around.lag[at] + around.deviation[at]) / own[at]
        alike = own[told == told[at]]
        ends = [alike.min(), alike.max()]
        if names[told[at]] == "other":
            ends = [-np.inf, max(line, last) + PER / people[blocks].min() / spread]
        elif "other" in names:
            ends = [line, np.inf]
        low, high = (around.mean * len(inside) + end * spread for end in ends)
        known.add(place[blocks], PER / people[blocks], low - 1e-6, high + 1e-6)


def counts_fitting(index: Sequence[int], totals: Iterable[int]) -> list[set[int]]:
    """By period of equal length, the numbers of incidents an index may stand for."""
    out: list[set[int]] = [set() for _ in index]
    for total in totals:
        mean = total / len(index)
        fitting = [
            {
                count
                for count in range(total + 1)
                if abs(100 * count / mean - told) <= STEP / 2 + 0.5
            }
            for told in index
        ]
        least = sum(min(one, default=total + 1) for one in fitting)
        most = sum(max(one, default=-1) for one in fitting)
        if all(fitting) and least <= total <= most:
            out = [held | one for held, one in zip(out, fitting, strict=True)]
    return out


def settled_by_side(page: Opened, result: Result) -> np.ndarray:
    """Blocks whose side of the line alone leaves one number of incidents, all else given.

    The attacker is given the block's other data, what its rate is drawn towards, how much its own
    counts there, and the part each rate of the city has.
    """
    order = spatial_order(result.territory.blocks.geometry)
    indicator = next(one for one in result.indicators if one.key == VIOLENCE)
    counts = incidents_by_block(result, indicator)
    people = result.territory.blocks["population"].to_numpy(float)
    value, part = (
        one[VIOLENCE].to_numpy(float) for one in (result.values.value, result.scores.parts)
    )
    known = np.flatnonzero(~np.isnan(value))
    known = known[np.argsort(value[known], kind="stable")]
    drawn = result.values.origin[VIOLENCE] == "shrunk"
    own = result.values.reliability[VIOLENCE].to_numpy(float) if drawn else 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        step = PER * own / people
    study = result.study
    same = []
    for count in range(int(counts.max()) + 3):
        moved = np.interp(value + (count - counts) * step, value[known], part[known])
        parts = result.scores.parts.assign(**{VIOLENCE: np.where(counts == count, part, moved)})
        found = combine(
            parts, result.scores.tree, aggregate=study.aggregate, coverage_min=study.coverage_min
        )
        same.append(np.sign(found.value.to_numpy(float) - result.polygons.threshold))
    side = np.sign(page.column("reason.margin"))
    # Only of a block above the line it is asked which polygon it might join.
    codes = np.array([one["code"] for one in page.record["reasons"]])
    outside = codes[page.column("reason").astype(int)] == "outside_untold"
    side[outside & (page.column("reason.polygon") > 0)] = 1.0
    consistent = (np.array(same)[:, order] == side).sum(axis=0)
    return np.flatnonzero((people[order] > 0) & ~np.isnan(side) & (consistent == 1))
