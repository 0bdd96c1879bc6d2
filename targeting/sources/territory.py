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
from targeting.problems import Problem, TargetingError, unknown_name
from targeting.sources.account import Account
from targeting.sources.assemble import gather_lines, gather_places
from targeting.sources.blocks import gather_polygons, put_blocks_in_areas
from targeting.sources.city import city_figures, too_many_unplaced
from targeting.sources.facilities import gather_facilities
from targeting.sources.match import (
    blocks_counted,
    join_area_table,
    join_block_table,
    join_census,
)
from targeting.sources.opening import named_twice, open_layer, reader_extras, same_content
from targeting.sources.placing import take_incidents
from targeting.sources.population import KnownPeople
from targeting.sources.rasters import check_raster, raster_column
from targeting.spatial import metric_crs

REACH_M = 3_000.0
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
    problems = named_twice(layers, folder)
    extras = reader_extras(population, census_columns, municipalities)
    slots: dict[str, list[Account]] = defaultdict(list)
    accounts = []
    for spec in layers:
        account = open_layer(spec, folder, extras.get(spec.slot, {}), problems)
        if account is not None:
            accounts.append(account)
            slots[spec.slot].append(account)
    problems.extend(same_content(accounts))
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
        all_areas = self.polygons("areas", crs, municipalities)
        areas = None
        if all_areas is not None and len(all_areas):
            pair = (of_blocks, self.slots["areas"][0])
            blocks, areas, found = put_blocks_in_areas(blocks, all_areas, pair, match_min)
            self.problems.extend(found)
        block_counts, area_counts = self.census(blocks, of_blocks, match_min, population)
        area_table = self.area_table(blocks, all_areas, match_min)
        block_table = self.block_table(blocks, of_blocks, match_min)
        raster = self.first("population_raster")
        plain = pd.DataFrame(blocks.drop(columns="geometry"))
        known = KnownPeople(block_counts, area_table, plain, raster)
        blocks = self.people(blocks, known, population, of_blocks)
        places = gather_places(self.slots["places"], blocks)
        taken = take_incidents(
            self.slots["incidents"],
            blocks,
            places,
            tolerance_m=tolerance_m,
            reach_m=reach_m,
            match_min=match_min,
        )
        incidents = taken.points
        self.problems.extend(taken.problems)
        self.problems.extend(too_many_unplaced(self.slots["incidents"], unplaced_max))
        facilities, merges, found = gather_facilities(
            self.slots["facilities"], blocks, reach_m=reach_m
        )
        self.problems.extend(found)
        lines = {
            slot: gather_lines(self.slots[slot], blocks, columns, reach_m=reach_m)
            for slot, columns in (("barriers", ["kind"]), ("street_axes", ["kind", "name"]))
        }
        own = population is not None and population.use == "from_raster"
        if raster is not None and areas is not None and not own and not self.problems:
            self.problems.extend(check_raster(raster, areas, blocks))
        elif raster is not None and areas is None and not own:
            raster.kept, raster.notes["raster_not_compared"] = 0, raster.layer.rows_read
        self.city = city_figures(
            self.slots, blocks, areas, incidents, facilities, incident_counts=taken.counts
        )
        return {
            "blocks": blocks[BLOCK_COLUMNS],
            "crs": crs,
            "areas": None if areas is None else areas[["municipality_id", "geometry"]],
            "block_counts": block_counts,
            "area_counts": area_counts,
            "area_table": area_table,
            "block_table": block_table,
            "incidents": incidents,
            "incident_counts": taken.counts,
            "incident_coverage": taken.coverage,
            "incident_kind_coverage": taken.kind_coverage,
            "incident_years": taken.years,
            "incident_spans": taken.spans,
            "facilities": facilities,
            "facility_merges": merges,
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
        self,
        blocks: gpd.GeoDataFrame,
        of_blocks: Account,
        match_min: float,
        population: MethodSpec | None,
    ) -> tuple[Counts | None, Counts | None]:
        account = self.first("census")
        if account is None:
            return None, None
        by_block, by_area, found = join_census(account, blocks, of_blocks, match_min)
        self.problems.extend(found)
        self.problems.extend(blocks_counted(account, population))
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
        joined = joined.loc[:, ~joined.columns.duplicated()]
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
