"""Why each block is in or out: one code a block, and what it would take to change that."""

from __future__ import annotations

import numpy as np
import pandas as pd

from targeting.delineation.graph import City, components
from targeting.delineation.reasons.prices import Prices, flips, prices_of
from targeting.delineation.reasons.single_moves import Joining
from targeting.delineation.rules import Rules
from targeting.model import NO_POLYGON

CODES = (
    "chosen",
    "bridge",
    "locked",
    "no_people",
    "no_score",
    "below_line",
    "isolated",
    "polygon_limit",
    "full",
    "separation",
    "barrier",
    "not_worth",
)
FULL = ("population_max", "area_max", "blocks_max")


def explain(
    score: np.ndarray,
    population: np.ndarray,
    membership: np.ndarray,
    city: City,
    rules: Rules | None,
    *,
    threshold: float,
    spare: np.ndarray | None = None,
    hidden: np.ndarray | None = None,
) -> pd.DataFrame:
    """Give every block the reason why it is in or out, and estimate what would change that.

    Inside: `locked` (the study wants it in), `chosen` (people live there and its score is above
    the line), `bridge` (it is not, but the polygon needs it: to hold together, to be round or to
    reach its fewest people, or it lies in the middle).

    Outside, the first that holds: `locked` (the study wants it out), `no_people` (nobody lives
    there), `no_score` (score or population unknown), `below_line` (its score is not above the
    line), `isolated` (the blocks it can reach have too few people for a polygon), `polygon_limit`
    (a further group with it keeps all rules and has need to spare, but as many polygons as asked
    for are there), `full` (the polygon beside it would pass its largest population, area or number
    of blocks; `limit` says which), `separation` (too near another polygon), `barrier` (the only
    polygon in sight lies across a barrier), `not_worth` (no group with it was found that keeps the
    rules and brings more need than its outline costs; or the one beside loses by it).

    Parameters
    ----------
    score, population : ndarray
        Of each block; missing where unknown.
    membership : ndarray of int64
        Number of the polygon each block is in, 0 for none.
    city : City
        What the search worked on.
    rules : Rules or None
        What it kept. Without rules nothing is said about joining a polygon, and there are no
        prices: for methods that do not choose the best.
    threshold : float
        Score at the line.
    spare : ndarray of bool, optional
        Blocks outside that are in a further group that fits: for methods without rules.
    hidden : ndarray of int64, shape (pairs, 2), optional
        Pairs of blocks a barrier keeps apart.

    Returns
    -------
    DataFrame
        In the order of the blocks: `code`; `polygon` (the one the reason speaks of, 0 for none);
        `limit` (of `full`: which, else empty); `margin` (score less threshold); `price` (what the
        objective would lose, in need, were the block forced the other way; an estimate, missing
        where no way was found); `flip_score` (score at which it would change sides, all else as it
        is; an estimate, missing where no score from 0 to 1 does).
    """
    margin = score - threshold
    people = np.nan_to_num(population) > 0
    urgent = people & (np.nan_to_num(margin, nan=-1.0) > 0)
    inside = membership != NO_POLYGON
    prices = None if rules is None else prices_of(city, rules, membership)
    holder, limit = _beside(len(score), urgent & ~inside, prices)
    further = _further(spare, prices, rules, membership, len(score))
    locked_in, barred = _locked(rules, len(score))
    conditions = {
        "locked": (inside & locked_in) | (~inside & barred),
        "chosen": inside & urgent,
        "bridge": inside,
        "no_people": population == 0,
        "no_score": np.isnan(score) | np.isnan(population),
        "below_line": ~urgent,
        "isolated": _cut_off(city, rules),
        "polygon_limit": further,
        "full": np.isin(limit, FULL),
        "separation": (limit == "separation") | (_too_near(membership, rules) & (holder == 0)),
        "barrier": _behind(membership, hidden) & (holder == 0),
    }
    code = np.select(list(conditions.values()), list(conditions), "not_worth")
    speaks = np.isin(code, ("full", "separation", "not_worth"))
    polygon = np.where(inside, membership, np.where(speaks, holder, NO_POLYGON))
    nothing = np.full(len(score), np.nan)
    return pd.DataFrame(
        {
            "code": code,
            "polygon": polygon.astype(np.int64),
            "limit": np.where(code == "full", limit, ""),
            "margin": margin,
            "price": nothing if prices is None else prices.price,
            "flip_score": nothing
            if prices is None
            else flips(score, population, membership, prices),
        }
    )


def _locked(rules: Rules | None, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which blocks the study wants in, and which out."""
    wanted, barred = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    if rules is not None:
        wanted[rules.required] = True
        barred = barred if rules.barred is None else rules.barred
    return wanted, barred


def _further(
    spare: np.ndarray | None,
    prices: Prices | None,
    rules: Rules | None,
    membership: np.ndarray,
    count: int,
) -> np.ndarray:
    """Tell which blocks are in a further group that would have been worth it."""
    if prices is None or rules is None:
        return np.zeros(count, dtype=bool) if spare is None else spare
    if int(membership.max(initial=0)) < rules.polygons:
        return np.zeros(count, dtype=bool)
    return np.asarray(prices.best > 0)


def _cut_off(city: City, rules: Rules | None) -> np.ndarray:
    """Tell which blocks can reach too few people for any polygon."""
    if rules is None:
        return np.asarray(np.diff(city.starts) == 0)
    label = components(city)
    people = np.bincount(label, city.population)
    return np.asarray(people[label] < rules.limits.population_min)


def _too_near(membership: np.ndarray, rules: Rules | None) -> np.ndarray:
    """Tell which blocks may be in no polygon but one they are too near to."""
    if rules is None or rules.near is None:
        return np.zeros(len(membership), dtype=bool)
    return np.asarray(rules.near @ (membership > 0).astype(float) > 0)


def _behind(membership: np.ndarray, hidden: np.ndarray | None) -> np.ndarray:
    """Tell which blocks have a polygon across a barrier."""
    behind = np.zeros(len(membership), dtype=bool)
    if hidden is not None and len(hidden):
        for one, two in (hidden.T, hidden.T[::-1]):
            behind[one[membership[two] != NO_POLYGON]] = True
    return behind


def _beside(count: int, asking: np.ndarray, prices: Prices | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the polygon each asking block would join for least, and what forbids it ('': none).

    A polygon with room counts before one without.
    """
    holder = np.zeros(count, dtype=np.int64)
    limit = np.full(count, "", dtype="<U16")
    if prices is None:
        return holder, limit
    pairs = prices.joining
    mine = np.flatnonzero(asking[pairs.block])
    order = mine[
        np.lexsort((pairs.polygon[mine], pairs.loss[mine], ~pairs.fits[mine], pairs.block[mine]))
    ]
    block, first = np.unique(pairs.block[order], return_index=True)
    chosen = order[first]
    holder[block] = pairs.polygon[chosen]
    limit[block] = _forbidden(pairs, chosen)
    return holder, limit


def _forbidden(pairs: Joining, chosen: np.ndarray) -> np.ndarray:
    names = (*FULL, "separation")
    return np.select([getattr(pairs, name)[chosen] for name in names], list(names), "")
