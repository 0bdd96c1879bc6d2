"""The tests of hot spots a study asks for, carried out."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pandas as pd

from targeting.delineation.hotspots import LEVELS
from targeting.delineation.hotspots.result import classes
from targeting.indicators.counting import (
    blocks_covered,
    events_by_block,
    kinds_known,
    violent_kinds,
)
from targeting.model import (
    HotSpotSpec,
    Links,
    Scores,
    SpotTest,
    Territory,
    Values,
)
from targeting.registry import method
from targeting.study import Study


def hotspots_of(
    study: Study, territory: Territory, values: Values, scores: Scores, links: Links
) -> tuple[SpotTest, ...]:
    """Carry out the tests of hot spots of a study.

    Parameters
    ----------
    study : Study
        Every choice.
    territory : Territory
        Of the blocks; a scan counts its incidents.
    values : Values
        Of the indicators, as measured.
    scores : Scores
        Score and dimensions.
    links : Links
        Which blocks are neighbors.

    Returns
    -------
    tuple of SpotTest
        In the study's order.
    """
    return tuple(
        _value_test(spec, looked_at(spec.of, values, scores), links)
        if spec.kind == "hotspot"
        else _scan(spec, territory, links)
        for spec in study.hotspots
    )


def looked_at(of: str, values: Values, scores: Scores) -> pd.Series[float]:
    """Return the column a test looks at: the score, a dimension or an indicator's own values."""
    if of == "score":
        return scores.score
    return scores.dimensions[of] if of in scores.dimensions else values.value[of]


def whole_incidents(territory: Territory, kinds: tuple[str, ...]) -> pd.Series[float]:
    """Return the incidents of each block that have a place of their own.

    Missing where nobody looks for all the kinds, and where incidents of them were shared out: how
    many of those happened in the block nobody knows.
    """
    counts, _ = events_by_block(territory, kinds)
    known = blocks_covered(territory, kinds) & ~shared_out(territory, kinds)
    return pd.Series(np.where(known, counts, np.nan), index=territory.blocks.index)


def shared_out(territory: Territory, kinds: tuple[str, ...]) -> np.ndarray:
    """Tell which blocks some incidents were shared out to, known only for a coarser place."""
    index, shared = territory.blocks.index, territory.incident_counts
    if shared is None:
        return np.zeros(len(index), dtype=bool)
    chosen = shared[shared["kind"].isin(kinds) & (shared["count"] > 0)]
    return np.asarray(index.isin(chosen["block_id"]))


def kinds_counted(territory: Territory, kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Return the kinds a study names, or all that are violence."""
    return kinds or violent_kinds(kinds_known(territory))


def _value_test(spec: HotSpotSpec, values: pd.Series[float], links: Links) -> SpotTest:
    found = method("hotspot", spec.method.use)(values, links, **spec.method.settings)
    named = found.blocks["class"].astype("str")
    return SpotTest(spec, found.outcome, named, notes=found.notes)


def _scan(spec: HotSpotSpec, territory: Territory, links: Links) -> SpotTest:
    use, chosen = spec.method.use, spec.method.settings
    kinds = kinds_counted(territory, spec.kinds)
    blocks = territory.blocks
    cases, people = whole_incidents(territory, kinds), blocks["population"]
    given: list[Any] = [cases, people, blocks.geometry]
    scan = method("scan", use)
    if "links" in inspect.signature(scan).parameters:
        given.append(links)
    found = scan(*given, **chosen)
    table = found.clusters
    sides = np.where(table["side"] == "low", -1.0, 1.0)
    named = np.append(classes(sides, table["p"].to_numpy(float)), "not_significant")
    number = found.membership.to_numpy(np.int64)
    of_block = named[number - 1].astype(object)
    left_out = (cases.isna() | ~(people > 0)).to_numpy()
    of_block[left_out] = "no_data"
    return SpotTest(
        spec,
        found.outcome,
        pd.Series(of_block, index=blocks.index, name="class").astype("str"),
        cluster=found.membership,
        clusters=table[table["p"] <= LEVELS[-1]],
        losses=found.losses,
        notes=found.notes,
    )
