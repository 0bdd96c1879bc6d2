"""An attack on a page: for each cell it does not tell, the least and the most it can be.

The attacker has the file, knows how it was made (`targeting.render.public` is open), and solves two
linear programs a cell over everything that is told. A cell is recovered when one whole number is
left. To make all of it linear the study has raw rates, parts from the lowest to the highest rate
(`minmax`) and weighted sums: the study that tells most.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import highspy
import numpy as np
from scipy import sparse

from targeting.model import DoubtSpec, MethodSpec, Result
from targeting.render import public
from targeting.render.encode import spatial_order
from targeting.render.public.grouping import incidents_by_block, neighborhoods, people_wanted
from targeting.study import Study
from tests.render.decoding import Opened

VIOLENCE = "violent_incidents_per_1k"
PER = 1000.0


def linear_study(study: Study) -> Study:
    """The same study with nothing in it that is not linear."""
    indicators = tuple(
        replace(one, settings=dict(one.settings) | {"smooth": "none"})
        if one.key == VIOLENCE
        else one
        for one in study.indicators
    )
    return replace(
        study,
        indicators=indicators,
        normalize=MethodSpec("minmax"),
        aggregate=MethodSpec("arithmetic"),
        doubt=DoubtSpec(draws=0, redraws=0),
        weightings=(),
    )


@dataclass
class Knowledge:
    """Linear rows over the cells: low ≤ row · x ≤ high, and bounds of each cell."""

    names: list[str]
    low: np.ndarray
    high: np.ndarray
    rows: list[tuple[np.ndarray, np.ndarray, float, float]] = field(default_factory=list)

    def add(self, places, weights, low: float, high: float) -> None:
        places = np.asarray(places, np.int32)
        weights = np.broadcast_to(np.asarray(weights, float), places.shape)
        self.rows.append((places, weights, low, high))

    def matrix(self) -> sparse.csr_array:
        sizes = [len(row[0]) for row in self.rows]
        values = np.concatenate([row[1] for row in self.rows])
        columns = np.concatenate([row[0] for row in self.rows])
        starts = np.concatenate([[0], np.cumsum(sizes)])
        return sparse.csr_array((values, columns, starts), shape=(len(sizes), len(self.low)))

    def holds(self, truth: np.ndarray, slack: float = 1e-6) -> bool:
        """Whether the truth is among what the attacker thinks possible, as it must be."""
        told = self.matrix() @ truth
        low = np.array([row[2] for row in self.rows])
        high = np.array([row[3] for row in self.rows])
        inside = (truth >= self.low - slack) & (truth <= self.high + slack)
        return bool(((told >= low - slack) & (told <= high + slack)).all() and inside.all())

    def ranges(self, cells: np.ndarray) -> np.ndarray:
        """The least and the most of each cell, by linear programming (HiGHS)."""
        solver = self._solver()
        out = np.empty((len(cells), 2))
        for at, cell in enumerate(cells):
            for end, sign in enumerate((1.0, -1.0)):
                solver.changeColCost(int(cell), sign)
                solver.run()
                status = solver.getModelStatus()
                if status == highspy.HighsModelStatus.kOptimal:
                    out[at, end] = sign * solver.getInfo().objective_function_value
                else:
                    assert status in (
                        highspy.HighsModelStatus.kUnbounded,
                        highspy.HighsModelStatus.kUnboundedOrInfeasible,
                    ), status
                    out[at, end] = -sign * np.inf
            solver.changeColCost(int(cell), 0.0)
        return out

    def _solver(self) -> highspy.Highs:
        matrix = self.matrix()
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.low), len(self.rows)
        lp.col_cost_ = np.zeros(len(self.low))
        lp.col_lower_, lp.col_upper_ = self.low, self.high
        lp.row_lower_ = np.array([row[2] for row in self.rows])
        lp.row_upper_ = np.array([row[3] for row in self.rows])
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = matrix.indptr.astype(np.int32)
        lp.a_matrix_.index_ = matrix.indices.astype(np.int32)
        lp.a_matrix_.value_ = matrix.data
        solver = highspy.Highs()
        solver.silent()
        solver.setOptionValue("presolve", "off")  # each program starts where the last one ended
        solver.passModel(lp)
        return solver


def recovered(ranges: np.ndarray) -> np.ndarray:
    """Which cells have one whole number left."""
    least = np.ceil(ranges[:, 0] - 1e-6)
    most = np.floor(ranges[:, 1] + 1e-6)
    return least == most


def incidents_of_blocks(
    page: Opened, result: Result, *, more: str = ""
) -> tuple[Knowledge, np.ndarray, np.ndarray]:
    """What a page of `linear_study` tells of the incidents of each inhabited block.

    With `more` the attacker is also given each block's own part of violence: in steps of 0.05
    (`"parts"`), or exact, as it follows from contributions with all their digits (`"exact"`).

    Returns the knowledge, the true cells (blocks in the page's order, and last the highest rate of
    the city, which is unknown too), and the places of the cells that must not be found.
    """
    order = spatial_order(result.territory.blocks.geometry)
    indicator = next(one for one in result.indicators if one.key == VIOLENCE)
    counts = incidents_by_block(result, indicator)[order]
    exact_people = result.territory.blocks["population"].to_numpy(float)[order]
    lives = exact_people > 0  # the page says so: nobody lives there, or a number, or few
    people = np.where(page.column("few") == 1, 1.5, np.nan_to_num(page.column("population")))
    part = page.column(f"part.{VIOLENCE}")
    assert np.array_equal(lives, people > 0)

    top = len(order)
    truth = np.append(np.where(lives, counts, 0.0), 0.0)
    truth[top] = np.max(truth[:top][lives] / exact_people[lives])
    limit = np.append(np.where(lives, np.inf, 0.0), np.inf)
    known = Knowledge([str(at) for at in order] + ["top"], np.zeros(top + 1), limit)
    most = np.where(page.column("few") == 1, 2.0, people)  # nobody knows whether one or two
    fewest = np.where(page.column("few") == 1, 1.0, people)
    for at in np.flatnonzero(lives):  # no rate above the highest
        known.add([at, top], [1.0, -most[at]], -np.inf, 0.0)

    # What is placed in the city, less what lies where nobody lives: both are told.
    known.add(np.arange(top), 1.0, truth[:top].sum(), truth[:top].sum())

    held = public.protected(result)
    group = neighborhoods(
        held.territory.blocks.geometry,
        held.territory.blocks["area_id"],
        held.territory.blocks["population"].fillna(0.0).to_numpy(float),
        people_wanted(held, indicator),
    )[order]
    for number in np.unique(group[lives]):
        inside = np.flatnonzero((group == number) & lives)
        told = part[inside]
        assert np.ptp(told) == 0
        whole, loose = people[inside].sum(), (people[inside] == 1.5).sum()
        # The group's rate is that of its told people: of a few, a rate counts 1.5 times or 0.75.
        spare = 0.5 * loose * 4
        low, high = max(told[0] - 0.025, 0.0), told[0] + 0.025
        tops = np.append(inside, top)
        known.add(tops, np.append(np.ones(len(inside)), -high * whole), -np.inf, spare)
        known.add(tops, np.append(np.ones(len(inside)), -low * whole), -spare, np.inf)
    _rates_of_polygons(page, known, people, lives)
    _sides_of_the_line(page, known, people=most, fewest=fewest, top=top)
    if more:
        own = result.scores.parts[VIOLENCE].to_numpy(float)[order]
        half = 0.025 if more == "parts" else 1e-9
        own = public.Grain(2, 5).round(own) if more == "parts" else own
        for at in np.flatnonzero(lives & ~np.isnan(own)):
            known.add([at, top], [1.0, -(own[at] + half) * most[at]], -np.inf, 0.0)
            known.add([at, top], [1.0, -(own[at] - half) * fewest[at]], 0.0, np.inf)
    cells = np.flatnonzero(lives & (counts < result.study.publish.incidents_min))
    return known, truth, cells


def _rates_of_polygons(page: Opened, known: Knowledge, people: np.ndarray, lives) -> None:
    number = page.column("polygon")
    for polygon in page.record["polygons"]:
        row = next(one for one in polygon["profile"] if one["key"] == VIOLENCE)
        if row["value"] is None:
            continue
        inside = np.flatnonzero((number == polygon["number"]) & lives)
        whole = people[inside].sum()
        spare = 2.0 * (people[inside] == 1.5).sum()
        half = max(0.5, public.step_above(2 * PER / max(whole - spare, 1.0)) / 2)
        ends = (row["value"] + np.array([-half, half])) / PER * whole
        known.add(inside, 1.0, ends[0] - spare, ends[1] + spare)


def _sides_of_the_line(
    page: Opened, known: Knowledge, *, people: np.ndarray, fewest: np.ndarray, top: int
) -> None:
    """Of every block it is told on which side of the line its exact score lies."""
    weights = {one["key"]: one["weight"] for one in page.record["indicators"]}
    own = weights.pop(VIOLENCE)
    whole = np.ones(top, bool)  # a part that lacks leaves its weight to its sisters
    least, most = np.zeros(top), np.zeros(top)
    for key, weight in weights.items():
        part = page.column(f"part.{key}")
        has = ~np.isnan(part)
        whole &= has
        least += weight * np.where(has, np.maximum(part - 0.005, 0.0), 0.0)
        most += weight * np.where(has, np.minimum(part + 0.005, 1.0), 0.0)
    line, margin = page.record["threshold"], page.column("reason.margin")
    for at in np.flatnonzero(whole & ~np.isnan(margin) & (people > 0)):
        if margin[at] > 0:
            part = (line - 0.005 - most[at]) / own
            if part > 0:
                known.add([at, top], [1.0, -part * fewest[at]], 0.0, np.inf)
        elif margin[at] < 0:
            part = (line + 0.005 - least[at]) / own
            if part < 1:
                known.add([at, top], [1.0, -part * people[at]], -np.inf, 0.0)


def people_of_blocks(page: Opened, result: Result, *, exact_sums: bool = False):
    """What a page tells of the people of the blocks where too few live.

    The page's sums are of 1.5 for each of them, to tens: they say nothing of who is counted. With
    `exact_sums` the attacker gets the true sums of the polygons and of the city.
    """
    order = spatial_order(result.territory.blocks.geometry)
    truth = result.territory.blocks["population"].to_numpy(float)[order]
    few = page.column("few") == 1
    shown = page.column("population")
    least = page.record["publish"]["people_min"]
    low, high = np.where(few, 1.0, shown), np.where(few, least - 1.0, shown)
    low, high = np.nan_to_num(low), np.nan_to_num(high)
    known = Knowledge([str(at) for at in order], low, high)
    number = page.column("polygon")
    sums = {0: page.record["city"]["population"]} | {
        one["number"]: one["population"] for one in page.record["polygons"]
    }
    for key, told in sums.items():
        inside = np.flatnonzero((number == key) | (key == 0))
        if exact_sums:
            known.add(inside, 1.0, *[np.nansum(truth[inside])] * 2)
            continue
        # What is told is a function of what is shown: the attacker can work it out beforehand.
        worked_out = np.nansum(np.where(few, least / 2, shown)[inside])
        assert abs(worked_out - told) <= 5 + 1e-6
    if not exact_sums:
        known.add(np.arange(len(order)), 1.0, 0.0, np.inf)
    return known, np.nan_to_num(truth), np.flatnonzero(few)


def protected_places(page: Opened, result: Result, *, every_total: bool = True):
    """What a page tells of protected facilities: polygons and the rest of the city, by kind.

    The attacker also has the city's count of every kind from elsewhere, and takes whatever is not
    told for fewer than three where that is so.
    """
    table = result.profiles.facility_counts
    polygons = [one["number"] for one in page.record["polygons"]]
    names, truth, low, high, hidden = [], [], [], [], []
    rows = []
    for at, kind in enumerate(page.record["kinds"]):
        if not kind["sensitive"]:
            continue
        own = table[table["kind"] == kind["key"]].set_index("polygon")
        start = len(names)
        for polygon, number in zip(page.record["polygons"], polygons, strict=True):
            real, told = int(own.loc[number, "count"]), polygon["kinds"][at]["count"]
            names.append(f"{kind['key']} {number}")
            truth.append(real)
            low.append(0 if told is None else told)
            high.append((2 if real < 3 else np.inf) if told is None else told)
            if told is None:
                hidden.append(len(names) - 1)
        total = int(own["city_count"].iloc[0])
        names.append(f"{kind['key']} elsewhere")
        truth.append(total - sum(truth[start:]))
        low.append(0)
        high.append(np.inf)
        if every_total or kind["city"] is not None:
            rows.append((np.arange(start, len(names)), total))
    known = Knowledge(names, np.array(low, float), np.array(high, float))
    for places, total in rows:
        known.add(places, 1.0, total, total)
    return known, np.array(truth, float), np.array(hidden, int)
