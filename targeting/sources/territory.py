"""From the files of a study to a Territory, with every problem told at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting import registry
from targeting.model import Counts, IntakeReport, LayerSpec, MethodSpec, Territory
from targeting.problems import Problem, TargetingError, closest, unknown_name
from targeting.sources.account import Account, layer_name, located
from targeting.sources.assemble import gather_lines, gather_places
from targeting.sources.blocks import blocks_inside_others, gather_polygons, put_blocks_in_areas
from targeting.sources.city import city_figures, too_many_unplaced
from targeting.sources.facilities import gather_facilities
from targeting.sources.files import fingerprint, parts
from targeting.sources.incidents import place_incidents
from targeting.sources.layer import Layer
from targeting.sources.match import join_area_table, join_block_table, join_census
from targeting.sources.population import KnownPeople
from targeting.sources.rasters import check_raster, raster_column
from targeting.spatial import metric_crs

REACH_M = 3_000.0
# A file of services may hold none that is a facility, and none of its lines need be a barrier.
MAY_BE_EMPTY = ("facilities", "barriers", "street_axes")
# What a slot needs of its reader: whether it has shapes, and which columns. Incidents may be
# points, or counts of a coarser place.
_NEEDS: dict[str, tuple[tuple[bool, set[str]], ...]] = {
    "blocks": ((True, {"id", "area_id", "municipality_id"}),),
    "areas": ((True, {"id", "municipality_id"}),),
    "census": ((False, set()),),
    "area_table": ((False, set()),),
    "block_table": ((False, set()),),
    "places": ((True, {"id", "level", "name"}),),
    "incidents": ((True, {"kind", "date"}), (False, {"place", "kind", "count"})),
    "facilities": ((True, {"kind", "name"}),),
    "barriers": ((True, {"kind"}),),
    "street_axes": ((True, {"kind", "name"}),),
    "rasters": ((False, {"path", "band", "name", "statistic"}),),
    "population_raster": ((False, {"path", "band"}),),
}
BLOCK_COLUMNS = ["area_id", "municipality_id", "population", "geometry"]


def read_territory(
    layers: Sequence[LayerSpec],
    folder: Path,
    *,
    population: MethodSpec | None = None,
    crs: str | None = None,
    municipalities: tuple[str, ...] = (),
    match_min: float = 0.95,
    tolerance_m: float = 50.0,
    unplaced_max: float = 1.0,
    census_columns: Collection[str] | None = None,
    reach_m: float = REACH_M,
) -> Territory:
    """Read every input of a study and join them to one city.

    Parameters
    ----------
    layers : sequence of LayerSpec
        The inputs; one of them in the slot `blocks`.
    folder : Path
        Folder their paths start from.
    population : MethodSpec, optional
        Where the number of people comes from. Without one it stays missing.
    crs : str, optional
        Metric system to compute in. Default: the blocks' own, or their UTM zone.
    municipalities : tuple of str
        Codes to keep; empty for all.
    match_min : float
        Share of keys that must match between layers, 0 to 1.
    tolerance_m : float
        Farthest distance from an incident to its block, in meters.
    unplaced_max : float
        Share of a file's incidents that may have no place in the city, 0 to 1.
    census_columns : collection of str, optional
        Census counts to keep besides the population. Default: all.
    reach_m : float
        How far around the blocks facilities and barriers are kept, in meters.

    Returns
    -------
    Territory
        The same for any order of the rows in the files.

    Raises
    ------
    TargetingError
        Everything wrong with the files and their joins, in one list, in the order of the layers.
    """
    problems: list[Problem] = []
    extras = _extras(population, census_columns, municipalities)
    slots: dict[str, list[Account]] = defaultdict(list)
    accounts = []
    for spec in layers:
        account = _open(spec, folder, extras.get(spec.slot, {}), problems)
        if account is not None:
            accounts.append(account)
            slots[spec.slot].append(account)
    if not any(spec.slot == "blocks" for spec in layers) and population is not None:
        problems.append(Problem("missing-key", "inputs.blocks"))
    if not slots["blocks"]:
        raise TargetingError(problems or [Problem("missing-key", "inputs.blocks")])
    try:
        metric = metric_crs(slots["blocks"][0].layer.shapes.geometry, chosen=crs)
    except TargetingError as error:
        raise TargetingError([*problems, *error.problems]) from error
    intake = _Intake(slots, problems)
    try:
        territory = intake.join(
            metric,
            population=population,
            municipalities=municipalities,
            match_min=match_min,
            tolerance_m=tolerance_m,
            unplaced_max=unplaced_max,
            reach_m=reach_m,
        )
    except TargetingError as error:
        raise TargetingError([*problems, *error.problems]) from error
    if problems or territory is None:
        nothing = slots["blocks"][0].problem("no-rows-left")
        raise TargetingError(problems or [nothing])
    report = IntakeReport(tuple(account.report() for account in accounts), intake.city)
    return Territory(**territory, intake=report)


def _extras(
    population: MethodSpec | None,
    census_columns: Collection[str] | None,
    municipalities: tuple[str, ...],
) -> dict[str, dict[str, Any]]:
    """Return what the intake tells readers that can use it, unless the study already does."""
    census: dict[str, Any] = {"municipalities": tuple(municipalities)}
    if census_columns is not None:
        counted = set()
        if population is not None and population.use == "census":
            default = registry.settings("population", "census")["column"].default
            counted = {population.settings.get("column", default)}
        census["columns"] = tuple(sorted({*census_columns, *counted}))
    return {"census": census}


def _open(
    spec: LayerSpec, folder: Path, extra: Mapping[str, Any], problems: list[Problem]
) -> Account | None:
    """Return one input as read, or None with its problems listed."""
    where = spec.where or layer_name(spec)
    if spec.reader.use not in registry.names("reader"):
        names = registry.names("reader")
        problems.append(unknown_name(f"{where}.reader", spec.reader.use, names))
        return None
    settings = _settings(spec, extra, where, problems)
    path = folder / spec.file
    if not path.exists():
        problems.append(Problem("missing-file", where, {"given": spec.file}))
        return None
    if settings is None:
        return None
    try:
        layer = registry.method("reader", spec.reader.use)(path, **settings)
        if not _fits(spec.slot, layer):
            values = {"given": spec.reader.use, "slot": spec.slot}
            raise TargetingError([Problem("reader-of-other-input", "reader", values)])
        held = len(layer.data) + sum(len(counts.value) for counts in layer.counts.values())
        if not held and spec.slot not in MAY_BE_EMPTY:
            raise TargetingError([Problem("no-rows-left", "", {"given": spec.file})])
        return Account(spec, layer, fingerprint(layer.files or parts(path)))
    except TargetingError as error:
        problems.extend(located(error, where))
    except OSError as error:
        values = {"given": spec.file, "detail": error.strerror or str(error)}
        problems.append(Problem("unreadable-file", where, values))
    return None


def _fits(slot: str, layer: Layer) -> bool:
    """Tell whether a reader gave what a slot needs."""
    found = isinstance(layer.data, gpd.GeoDataFrame), set(layer.data.columns)
    return any(found[0] == shapes and columns <= found[1] for shapes, columns in _NEEDS[slot])


def _settings(
    spec: LayerSpec, extra: Mapping[str, Any], where: str, problems: list[Problem]
) -> dict[str, Any] | None:
    """Return the reader's settings, or None when the study names one it does not have."""
    known = registry.settings("reader", spec.reader.use)
    given = dict(spec.reader.settings)
    before = len(problems)
    for key in given:
        if key not in known:
            values = {"method": spec.reader.use, "given": key, "hint": closest(key, known) or "–"}
            values["known"] = ", ".join(sorted(known)) or "–"
            problems.append(Problem("unknown-setting", f"{where}.{key}", values))
    for key, parameter in known.items():
        if key not in given and parameter.default is parameter.empty:
            values = {"method": spec.reader.use, "given": key}
            problems.append(Problem("missing-setting", where, values))
    for key, value in extra.items():
        if key in known and not given.get(key):
            given[key] = value
    return given if len(problems) == before else None


class _Intake:
    """The join of layers that have been read; keeps going after a problem."""

    def __init__(self, slots: Mapping[str, list[Account]], problems: list[Problem]) -> None:
        self.slots = slots
        self.problems = problems
        self.city: dict[str, Any] = {}

    def first(self, slot: str) -> Account | None:
        return self.slots[slot][0] if self.slots[slot] else None

    def join(
        self,
        crs: Any,
        *,
        population: MethodSpec | None,
        municipalities: tuple[str, ...],
        match_min: float,
        tolerance_m: float,
        unplaced_max: float,
        reach_m: float,
    ) -> dict[str, Any] | None:
        blocks = self.polygons("blocks", crs, municipalities)
        if blocks is None or not len(blocks):
            return None
        of_blocks = self.slots["blocks"][0]
        inside = blocks_inside_others(blocks)
        if inside:
            of_blocks.notes["blocks_inside_others"] = inside
        all_areas = self.polygons("areas", crs, municipalities)
        areas = None
        if all_areas is not None and len(all_areas):
            pair = (of_blocks, self.slots["areas"][0])
            blocks, areas, found = put_blocks_in_areas(blocks, all_areas, pair, match_min)
            self.problems.extend(found)
        block_counts, area_counts = self.census(blocks, of_blocks, match_min)
        area_table = self.area_table(blocks, all_areas, match_min)
        block_table = self.block_table(blocks, of_blocks, match_min)
        known = KnownPeople(block_counts, area_table, pd.DataFrame(blocks.drop(columns="geometry")))
        blocks = self.people(blocks, known, population, of_blocks)
        incidents, found = place_incidents(
            self.slots["incidents"], blocks, tolerance_m=tolerance_m, reach_m=reach_m
        )
        self.problems.extend(found)
        self.problems.extend(too_many_unplaced(self.slots["incidents"], unplaced_max))
        facilities, found = gather_facilities(self.slots["facilities"], blocks, reach_m=reach_m)
        self.problems.extend(found)
        places = gather_places(self.slots["places"], blocks)
        lines = {
            slot: gather_lines(self.slots[slot], blocks, columns, reach_m=reach_m)
            for slot, columns in (("barriers", ["kind"]), ("street_axes", ["kind", "name"]))
        }
        raster = self.first("population_raster")
        if raster is not None and areas is not None and not self.problems:
            self.problems.extend(check_raster(raster, areas, blocks))
        self.city = city_figures(self.slots, blocks, areas, incidents, facilities)
        return {
            "blocks": blocks[BLOCK_COLUMNS],
            "crs": crs,
            "areas": None if areas is None else areas[["municipality_id", "geometry"]],
            "block_counts": block_counts,
            "area_counts": area_counts,
            "area_table": area_table,
            "block_table": block_table,
            "incidents": incidents,
            "facilities": facilities,
            "places": places,
            **lines,
        }

    def polygons(
        self, slot: str, crs: Any, municipalities: tuple[str, ...]
    ) -> gpd.GeoDataFrame | None:
        if not self.slots[slot]:
            return None
        frame, found = gather_polygons(self.slots[slot], crs, municipalities)
        self.problems.extend(found)
        return frame.rename_axis("block_id" if slot == "blocks" else "area_id")

    def census(
        self, blocks: gpd.GeoDataFrame, of_blocks: Account, match_min: float
    ) -> tuple[Counts | None, Counts | None]:
        account = self.first("census")
        if account is None:
            return None, None
        by_block, by_area, found = join_census(account, blocks, of_blocks, match_min)
        self.problems.extend(found)
        return by_block, by_area

    def area_table(
        self, blocks: gpd.GeoDataFrame, areas: gpd.GeoDataFrame | None, match_min: float
    ) -> pd.DataFrame | None:
        tables = []
        for account in self.slots["area_table"]:
            table, found = join_area_table(account, blocks, areas, match_min)
            self.problems.extend(found)
            tables.append(table)
        return self.side_by_side("area_table", tables)

    def block_table(
        self, blocks: gpd.GeoDataFrame, of_blocks: Account, match_min: float
    ) -> pd.DataFrame | None:
        tables = []
        for account in self.slots["block_table"]:
            table, found = join_block_table(account, blocks, of_blocks, match_min)
            self.problems.extend(found)
            tables.append(table)
        for account in self.slots["rasters"]:
            column, found = raster_column(account, blocks)
            self.problems.extend(found)
            tables.append(column)
        return self.side_by_side("block_table", tables, index=blocks.index)

    def side_by_side(
        self, slot: str, tables: list[pd.DataFrame], index: pd.Index[str] | None = None
    ) -> pd.DataFrame | None:
        if not tables:
            return None
        seen: set[str] = set()
        for table in tables:
            for column in table.columns:
                if column in seen:
                    values = {"given": str(column), "slot": slot}
                    self.problems.append(Problem("column-twice", f"inputs.{slot}", values))
                seen.add(str(column))
        joined = pd.concat(tables, axis=1).sort_index()
        return joined if index is None else joined.reindex(index)

    def people(
        self,
        blocks: gpd.GeoDataFrame,
        known: KnownPeople,
        method: MethodSpec | None,
        of_blocks: Account,
    ) -> gpd.GeoDataFrame:
        people = pd.Series(np.nan, index=blocks.index)
        if method is not None:
            try:
                fill = registry.method("population", method.use)
                people = fill(blocks, known, **method.settings)
            except KeyError:
                names = registry.names("population")
                self.problems.append(unknown_name("population", method.use, names))
            except TargetingError as error:
                # A layer that could not be read has told its own problem.
                if not self.problems:
                    self.problems.extend(error.problems)
            else:
                people = self.checked_people(people, of_blocks)
        return blocks.assign(population=people.to_numpy(float))

    def checked_people(self, people: pd.Series[float], of_blocks: Account) -> pd.Series[float]:
        negative = (people < 0).to_numpy()
        of_blocks.lose("negative-population", people.index[negative], of=len(people))
        people = people.mask(negative)
        unknown = people.isna().to_numpy()
        of_blocks.lose("population-unknown", people.index[unknown & ~negative], of=len(people))
        of_blocks.notes["population"] = round(float(people.sum()), 3)
        if unknown.all() and not self.problems:
            self.problems.append(Problem("no-population", "population"))
        return people
