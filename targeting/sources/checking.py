"""Check the inputs of a study by their heads and their keys, without reading a shape."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from targeting.model import IntakeReport, LayerSpec, MethodSpec
from targeting.problems import Problem, TargetingError
from targeting.sources.account import Account
from targeting.sources.blocks import keep_municipalities, put_blocks_in_areas
from targeting.sources.depth import reading
from targeting.sources.layer import Layer
from targeting.sources.match import (
    blocks_counted,
    join_area_table,
    join_block_table,
    join_census,
)
from targeting.sources.opening import named_twice, open_layer, reader_extras

# The head of a file cannot tell these: what it lacks may stand further down.
_OF_THE_WHOLE = ("no-kind-found", "no-facility-found", "kind-without-rows", "no-rows-left")
_JOINED = ("blocks", "areas", "census", "area_table", "block_table")


def check_inputs(
    layers: Sequence[LayerSpec],
    folder: Path,
    *,
    population: MethodSpec | None = None,
    municipalities: tuple[str, ...] = (),
    match_min: float = 0.95,
    census_columns: Collection[str] | None = None,
) -> IntakeReport:
    """Look at the head of every input, and at the keys of those that are joined by key.

    What needs the shapes (points in blocks, repaired or nested polygons, population) is left to
    `read_territory`. Where a head cannot tell, that one file is read whole.

    Parameters
    ----------
    layers : sequence of LayerSpec
        The inputs; one of them in the slot `blocks`.
    folder : Path
        Folder their paths start from.
    population : MethodSpec, optional
        Where the number of people comes from.
    municipalities : tuple of str
        Codes to keep; empty for all.
    match_min : float
        Share of keys that must match between layers, 0 to 1.
    census_columns : collection of str, optional
        Census counts the study reads besides the population.

    Returns
    -------
    IntakeReport
        For each input its format as found and, where it is joined, `match_share` and
        `blocks_match_share`. Rows are counted where all were seen, and 0 elsewhere.

    Raises
    ------
    TargetingError
        Everything wrong, in one list, in the order of the layers.
    """
    problems = named_twice(layers, folder)
    extras = (
        reader_extras(population, census_columns, municipalities),
        reader_extras(population, (), municipalities),  # keys need no counts
    )
    accounts: dict[str, list[Account]] = {}
    for spec in layers:
        account = _look(spec, folder, [one.get(spec.slot, {}) for one in extras], problems)
        if account is not None:
            accounts.setdefault(spec.slot, []).append(account)
    if not any(spec.slot == "blocks" for spec in layers):
        problems.append(Problem("missing-key", "inputs.blocks"))
    if "blocks" in accounts:
        problems += _join(accounts, municipalities, match_min, population)
    if problems:
        raise TargetingError(problems)
    held = [account for spec in layers for account in accounts[spec.slot] if account.spec is spec]
    return IntakeReport(tuple(account.report() for account in held))


def _look(
    spec: LayerSpec, folder: Path, extras: Sequence[dict[str, Any]], problems: list[Problem]
) -> Account | None:
    """Return an input as far as it needs to be read to be checked."""
    found: list[Problem] = []
    with reading("head"):
        account = open_layer(spec, folder, extras[0], found)
    if account is not None and spec.slot in _JOINED:
        with reading("keys"):
            account = open_layer(spec, folder, extras[1], found)
    if any(problem.code in _OF_THE_WHOLE for problem in found):
        found = []
        account = open_layer(spec, folder, extras[0], found)
    elif account is not None and spec.slot not in _JOINED:
        account.losses, account.notes, account.kept = [], {}, 0
        account.layer = _uncounted(account)
    problems += found
    return account


def _uncounted(account: Account) -> Layer:
    """Return a layer that claims no number of rows: only its head was read."""
    return replace(account.layer, rows_read=0, losses=(), notes={})


def _join(
    accounts: Mapping[str, list[Account]],
    municipalities: Sequence[str],
    match_min: float,
    population: MethodSpec | None,
) -> list[Problem]:
    """Join the keys as the intake will; what it says of them stands in the accounts."""
    blocks, problems = _units(accounts["blocks"], municipalities)
    if not len(blocks):
        return problems or [accounts["blocks"][0].problem("no-rows-left")]
    of_blocks = accounts["blocks"][0]
    areas = None
    if "areas" in accounts:
        areas, found = _units(accounts["areas"], municipalities)
        problems += found
        if not blocks["area_id"].isna().any():  # else found by position, when the shapes are read
            pair = (of_blocks, accounts["areas"][0])
            problems += put_blocks_in_areas(blocks, areas, pair, match_min)[2]
    for account in accounts.get("census", []):
        problems += join_census(account, blocks, of_blocks, match_min)[2]
        problems += blocks_counted(account, population)
    if not blocks["area_id"].isna().all():
        for account in accounts.get("area_table", []):
            problems += join_area_table(account, blocks, areas, match_min)[1]
    for account in accounts.get("block_table", []):
        problems += join_block_table(account, blocks, of_blocks, match_min)[1]
    return problems


def _units(
    accounts: Sequence[Account], municipalities: Sequence[str]
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """Return the ids of one slot, without shapes."""
    pieces, problems = [], []
    for account in accounts:
        frame, found = keep_municipalities(account, account.layer.data, municipalities)
        problems += found
        account.kept = len(frame)
        pieces.append(frame)
    together = pd.concat(pieces).drop_duplicates("id").set_index("id").sort_index()
    return gpd.GeoDataFrame(together), problems
