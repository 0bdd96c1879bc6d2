"""A plan made by hand, held to the objective and the rules of the engine's own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy.sparse as sparse
import shapely
from scipy.sparse.csgraph import connected_components

from targeting.delineation.asking import rules_of
from targeting.delineation.drawing.ground import places
from targeting.delineation.drawing.smoothing import smoothed
from targeting.delineation.graph import Limits, matrix
from targeting.delineation.grow import grow
from targeting.delineation.plans.matching import match_plans
from targeting.delineation.prepared import Prepared, prepare
from targeting.delineation.result import polygons_of
from targeting.delineation.rules import SLACK, Rules, broken_alone, broken_together, leader
from targeting.delineation.settings import check_settings
from targeting.model import NO_POLYGON, CandidatePolygons, Links, Surroundings, frozen

# What the ground decides, not the graph: see `grow`.
GROUND = ("area_max", "compactness_min")
WHOLE = 0
_NONE = inspect.Parameter.empty


@dataclass(frozen=True)
class JudgedPlan:
    """What a plan is worth, and what it breaks.

    Parameters
    ----------
    polygons : GeoDataFrame
        Index the numbers given. The columns of `CandidatePolygons.polygons`, then `part_count`
        (connected parts), `broken_count`, and of the engine's polygon it shares most people with
        (where it is given) `engine_polygon` (0 for none), `engine_objective`, `people_shared`.
    broken : DataFrame
        One row a rule broken: `polygon` (0: the plan as a whole), `rule` (as in
        `rules.broken_alone` and `broken_together`), `limit`, `value` and `by` (how far beyond, in
        the unit of the rule; missing where the rule has no size). Areas in km².
    unserved : DataFrame
        Index ids of the blocks above the line that are in no polygon, neediest first: `need`,
        `population`, `score`, `engine_polygon` (where the engine's plan is given).
    reasons : DataFrame
        Index all block ids; as in `CandidatePolygons.reasons`, with the numbers given.
    notes : mapping
        `objective`, `need`, `people`, `reached_share` (of the need above the line), `people_share`,
        `threshold`, `price_per_m`, and of the engine `engine_objective`, `engine_share` (what
        part of it the plan reaches; missing when it is not above 0), `engine_people_shared` and,
        where it is certified, `engine_gap_share`: how far at most it is from the best there can be.
    """

    polygons: gpd.GeoDataFrame
    broken: pd.DataFrame
    unserved: pd.DataFrame
    reasons: pd.DataFrame
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "notes", frozen(self.notes))


def score_plan(
    blocks: gpd.GeoDataFrame,
    score: pd.Series[float],
    links: Links,
    membership: pd.Series[int],
    around: Surroundings | None = None,
    *,
    engine: CandidatePolygons | None = None,
    **settings: Any,
) -> JudgedPlan:
    """Hold a plan to the objective and the rules `grow` keeps, with the settings it would have.

    Need, objective and perimeter are those of the finished polygon, drawn from its blocks as the
    engine draws its own; area and compactness too. All else is judged on the graph.

    Parameters
    ----------
    blocks : GeoDataFrame
        Index block ids; `population` and `geometry` (metric).
    score : Series
        Same index; 0 least urgent, 1 most.
    links : Links
        Neighbors by position in `blocks`.
    membership : Series of int
        Same index; number of the polygon each block is in, 0 for none.
    around : Surroundings, optional
        What each dimension adds to the score (where a rule asks who leads a polygon), street axes
        and barriers, as `grow` was given them.
    engine : CandidatePolygons, optional
        What the engine drew with the same settings.
    **settings
        Those of `grow`; what is left out has its default, what `grow` does not know is ignored.

    Returns
    -------
    JudgedPlan

    Raises
    ------
    TargetingError
        A setting means nothing, or two contradict each other.
    ValueError
        The plan is of other blocks.

    Examples
    --------
    >>> import shapely
    >>> from targeting.delineation import street_links
    >>> shapes = shapely.box(*np.array([(i % 9 * 70, i // 9 * 70) for i in range(81)]).T,
    ...                      *np.array([(i % 9 * 70 + 60, i // 9 * 70 + 60) for i in range(81)]).T)
    >>> city = gpd.GeoDataFrame({"population": 100.0}, geometry=shapes, index=range(81))
    >>> hot = pd.Series([1.0 if i % 9 < 4 and i // 9 < 4 else 0.1 for i in range(81)])
    >>> drawn = pd.Series([int(i % 9 < 3 and i // 9 < 3) for i in range(81)])
    >>> judged = score_plan(city, hot, street_links(city.geometry), drawn, population_min=1000)
    >>> judged.broken[["polygon", "rule", "limit", "value", "by"]].values.tolist()
    [[1, 'population_min', 1000.0, 900.0, 100.0]]
    >>> judged.polygons["population"].tolist(), len(judged.unserved)
    ([900.0], 7)
    """
    if not membership.index.equals(blocks.index):
        raise ValueError("a plan is of the blocks it is judged with")
    chosen = _with_defaults(settings)
    check_settings(**_taken(check_settings, chosen))
    prepared = prepare(blocks, score, links, **_taken(prepare, chosen))
    around = Surroundings() if around is None else around
    limits = Limits.of(chosen, prepared.price_per_m)
    rules = rules_of(prepared, blocks, around.parts, limits, **_taken(rules_of, chosen))
    number = membership.to_numpy(np.int64)[prepared.order]
    numbers = np.unique(number[number != NO_POLYGON])
    groups = [np.flatnonzero(number == one) for one in numbers]
    ground = places(
        prepared.shapes,
        groups,
        prepared.links,
        prepared.tree,
        axes=around.axes,
        barriers=around.barriers,
    )
    ground = smoothed(ground, prepared.shapes, chosen["simplify_m"])
    found = polygons_of(prepared, groups, ground, blocks=blocks, notes={})
    table, reasons = _renumbered(found, prepared, groups, numbers)
    table["part_count"] = [_part_count(prepared, group) for group in groups]
    broken = _broken(prepared, rules, groups, table)
    _say_how_close(broken, prepared, rules, number, chosen.get("separation_min_m", 0.0))
    table["broken_count"] = broken["polygon"].value_counts().reindex(table.index, fill_value=0)
    unserved = _unserved(prepared, number)
    notes = {name: found.notes[name] for name in ("people_share", "price_per_m")}
    notes["reached_share"] = _reached(prepared, number)
    notes |= {name: float(table[name].sum()) for name in ("need", "objective")}
    notes |= {"people": float(table["population"].sum()), "threshold": prepared.threshold}
    if engine is not None:
        notes |= _beside(table, unserved, membership, engine, blocks["population"])
    columns = [name for name in table.columns if name != "geometry"]
    return JudgedPlan(table[[*columns, "geometry"]], broken, unserved, reasons, notes)


def _with_defaults(settings: Mapping[str, Any]) -> dict[str, Any]:
    known = {name for one in (check_settings, prepare, rules_of) for name in _keywords(one)}
    own = {name: one.default for name, one in _keywords(grow).items() if one.default is not _NONE}
    return own | {key: value for key, value in settings.items() if key in known | own.keys()}


def _taken(function: Callable[..., Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings a function takes by keyword."""
    return {key: settings[key] for key in _keywords(function) if key in settings}


def _keywords(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    every = inspect.signature(function).parameters.values()
    return {one.name: one for one in every if one.kind is inspect.Parameter.KEYWORD_ONLY}


def _renumbered(
    found: CandidatePolygons,
    prepared: Prepared,
    groups: Sequence[np.ndarray],
    numbers: np.ndarray,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return table and reasons under the numbers given, not those of rank."""
    given = {NO_POLYGON: NO_POLYGON}
    for one, group in zip(numbers, groups, strict=True):
        rank = int(found.membership.iloc[prepared.order[group[0]]])
        given[rank] = int(one)
    table = found.polygons.rename(index=given).sort_index()
    reasons = found.reasons.assign(polygon=found.reasons["polygon"].map(given).astype(np.int64))
    return table, reasons


def _part_count(prepared: Prepared, group: np.ndarray) -> int:
    return len(np.unique(_parts(prepared, group)))


def _parts(prepared: Prepared, group: np.ndarray) -> np.ndarray:
    """Return the connected part each block of a group is in."""
    inner = matrix(prepared.city)[group][:, group]
    return np.asarray(connected_components(inner, directed=False)[1])


def _broken(
    prepared: Prepared, rules: Rules, groups: Sequence[np.ndarray], table: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Return every rule broken, by a polygon alone and by all together."""
    rows: list[tuple[int, str, float, float, float]] = []
    for (number, row), group in zip(table.iterrows(), groups, strict=True):
        names = [
            name for name in broken_alone(prepared.city, rules, group) if name not in GROUND
        ] + _off_the_ground(rules.limits, row)
        rows += [
            (int(str(number)), name, *_measure(prepared, rules, group, row, name)) for name in names
        ]
    together = broken_together(prepared.city, rules, groups)
    rows += [(WHOLE, name, *_measure_whole(prepared, rules, groups, name)) for name in together]
    columns = ["polygon", "rule", "limit", "value", "by"]
    types = {"polygon": "int64", "limit": "float64", "value": "float64", "by": "float64"}
    return pd.DataFrame(rows, columns=columns).astype(types)


def _off_the_ground(limits: Limits, row: pd.Series[Any]) -> list[str]:
    wide = row["area_km2"] * 1e6 > limits.area_max_m2 * (1 + SLACK)
    thin = row["compactness"] < limits.compactness_min * (1 - SLACK)
    return [name for name, broken in zip(GROUND, (wide, thin), strict=True) if broken]


def _measure(
    prepared: Prepared, rules: Rules, group: np.ndarray, row: pd.Series[Any], name: str
) -> tuple[float, float, float]:
    """Limit, value and how far beyond, of a rule a polygon breaks alone."""
    limits, city = rules.limits, prepared.city
    if name == "connected":
        # By the people cut off: those outside the part that has most of them.
        people = np.bincount(_parts(prepared, group), city.population[group])
        return 1.0, float(len(people)), float(people.sum() - people.max())
    if name == "barred":
        count = 0 if rules.barred is None else int(rules.barred[group].sum())
        return 0.0, float(count), float(count)
    if name == "seeds":
        return 1.0, 0.0, 1.0
    held = {
        "population_min": (limits.population_min, row["population"]),
        "population_max": (limits.population_max, row["population"]),
        "area_max": (limits.area_max_m2 / 1e6, row["area_km2"]),
        "compactness_min": (limits.compactness_min, row["compactness"]),
        "blocks_min": (limits.blocks_min, len(group)),
        "blocks_max": (limits.blocks_max, len(group)),
    }
    return _beyond(*held.get(name, (np.nan, np.nan)))


def _measure_whole(
    prepared: Prepared, rules: Rules, groups: Sequence[np.ndarray], name: str
) -> tuple[float, float, float]:
    """Limit, value and how far beyond, of a rule the polygons break together."""
    if name in ("polygons", "exactly"):
        return _beyond(rules.polygons, len(groups))
    chosen = np.zeros(len(prepared.ids), dtype=bool)
    for group in groups:
        chosen[group] = True
    if name == "required":
        return _beyond(len(rules.required), int(chosen[rules.required].sum()))
    kind, _, about = name.partition(":")
    if kind == "floor":
        floor = next(one for one in rules.floors if one.name == about)
        led = [leader(rules, group) for group in groups]
        return _beyond(floor.at_least, led.count(floor.dimension))
    if kind == "share":
        share = next(one for one in rules.shares if one.name == about)
        people = prepared.city.population * chosen
        return _beyond(share.at_least, float(people[share.mine].sum() / max(people.sum(), 1e-300)))
    return np.nan, np.nan, np.nan


def _say_how_close(
    broken: pd.DataFrame, prepared: Prepared, rules: Rules, number: np.ndarray, apart_m: float
) -> None:
    """Put the least distance between two polygons into the row of a separation broken."""
    row = broken["rule"] == "separation"
    if rules.near is None or not row.any():
        return
    one, two = sparse.coo_array(rules.near).coords
    both = (number[one] != NO_POLYGON) & (number[two] != NO_POLYGON) & (number[one] != number[two])
    gap = shapely.distance(prepared.shapes[one[both]], prepared.shapes[two[both]])
    broken.loc[row, ["limit", "value", "by"]] = _beyond(apart_m, float(gap.min()))


def _beyond(limit: float, value: float) -> tuple[float, float, float]:
    return float(limit), float(value), abs(float(value) - float(limit))


def _reached(prepared: Prepared, number: np.ndarray) -> float:
    """Return what part of the need above the line lies in polygons, whatever else they hold."""
    above = np.maximum(prepared.city.need, 0.0)
    return float(above[number != NO_POLYGON].sum() / max(above.sum(), 1e-300))


def _unserved(prepared: Prepared, number: np.ndarray) -> pd.DataFrame:
    """Blocks above the line in no polygon, neediest first, ties by id."""
    left = np.flatnonzero((prepared.city.need > 0) & (number == NO_POLYGON))
    table = pd.DataFrame(
        {
            "need": prepared.city.need[left],
            "population": prepared.population[left],
            "score": prepared.score[left],
        },
        index=pd.Index(prepared.ids[left], name="block_id"),
    )
    return table.sort_index(kind="stable").sort_values("need", ascending=False, kind="stable")


def _beside(
    table: gpd.GeoDataFrame,
    unserved: pd.DataFrame,
    membership: pd.Series[int],
    engine: CandidatePolygons,
    population: pd.Series[float],
) -> dict[str, Any]:
    """Put the engine's plan beside: into the tables, and what share of its objective is reached."""
    theirs = engine.polygons["objective"]
    pairs = match_plans(membership, engine.membership, population).pairs
    most = pairs.sort_values(["people", "after"], ascending=[False, True], kind="stable")
    most = most[most["people"] > 0].drop_duplicates("before").set_index("before")
    near = most["after"].reindex(table.index, fill_value=NO_POLYGON).astype(np.int64)
    table["engine_polygon"] = near
    table["engine_objective"] = near.map(theirs).astype(float)
    table["people_shared"] = most["people"].reindex(table.index, fill_value=0.0).astype(float)
    unserved["engine_polygon"] = engine.membership.reindex(unserved.index).astype(np.int64)
    whole = float(theirs.sum())
    both = (membership != NO_POLYGON) & (engine.membership != NO_POLYGON)
    certified = (
        {"engine_gap_share": engine.notes["gap_share"]} if "gap_share" in engine.notes else {}
    )
    return {
        **certified,
        "engine_objective": whole,
        "engine_share": float(table["objective"].sum()) / whole if whole > 0 else float("nan"),
        "engine_polygons": len(theirs),
        "engine_people": float(engine.polygons["population"].sum()),
        "engine_people_shared": float(population[both].fillna(0.0).sum()),
    }
