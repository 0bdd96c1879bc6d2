"""From a result to what may be told of it: small counts suppressed, violence told by groups.

Whatever is added up for the public is added up anew here, from what the public sees: a sum over
blocks then says nothing of the blocks that are not told.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd

from targeting.characterization import profile
from targeting.composite.scoring import combine
from targeting.model import (
    CandidatePolygons,
    Profiles,
    Result,
    Scores,
    Stability,
    Territory,
    Values,
)
from targeting.render.public.grains import part_grain
from targeting.render.public.grouping import group_means, neighborhoods, people_wanted
from targeting.render.public.intake import (
    public_intake,
    public_names,
    settled_share,
    told_people,
)
from targeting.render.public.prices import (
    incident_need,
    step_above,
    told_rates,
    told_ways,
    told_worths,
)
from targeting.render.public.ranking import told_doubt
from targeting.render.public.shown import Shown
from targeting.render.public.sides import side_untold, told_reasons
from targeting.render.public.spots import told_spots


def protected(result: Result, *, internal: bool = False) -> Shown:
    """Return a result as it may be told.

    Parameters
    ----------
    result : Result
        A study carried out; one that is protected already comes back as it is.
    internal : bool
        For the office: exact values. Incident points, contacts and the places of protected
        facilities are in no output either way.

    Returns
    -------
    Shown
        For the public: people of blocks below `publish.people_min` are a constant, whatever they
        are, in every sum too. Indicators of violence, as values and as parts, are the means of
        groups of neighboring blocks (`neighborhoods`); parts are coarsened, and score, dimensions
        and contributions are computed from these parts and from nothing else.
    """
    if isinstance(result, Shown):
        return result
    held: dict[str, Any] = {one.name: getattr(result, one.name) for one in fields(Result)}
    above = result.scores.score.to_numpy(float) - result.polygons.threshold
    keys = [one.key for one in result.indicators]
    hidden = pd.DataFrame(index=result.territory.blocks.index, columns=keys, data=False)
    if internal:
        return Shown(**held, mode="internal", above=above, hidden=hidden)
    hidden = _hidden(result, hidden)
    groups = _groups(result)
    territory = _territory(result)
    values = _values(result, hidden, groups)
    scores = _scores(result, hidden, groups)
    polygons = _polygons(result, territory, scores)
    untold = side_untold(result, scores)
    polygons = replace(polygons, reasons=told_reasons(polygons.reasons, untold))
    above = np.where(untold, np.nan, above)
    held |= {
        "territory": territory,
        "values": values,
        "scores": scores,
        "polygons": polygons,
        "profiles": _profiles(result, territory, scores, polygons),
        "stability": _stability(result, territory),
        "hotspots": told_spots(result),
        "doubt": told_doubt(result, scores, _people(result).to_numpy(float), groups),
        "names": public_names(result),
    }
    return Shown(**held, mode="public", above=above, hidden=hidden)


def _hidden(result: Result, hidden: pd.DataFrame) -> pd.DataFrame:
    """Mark the values that are of too few people or dwellings; violence is told by groups."""
    least = result.study.publish.people_min
    people = result.territory.blocks["population"].to_numpy(float)
    few = (people > 0) & (people < least)
    counts = result.territory.block_counts
    out = {}
    for one in result.indicators:
        own = one.dimension == "marginalization" and result.values.origin[one.key] != "area"
        held = few if own else np.zeros(len(few), bool)
        below = [name for name in one.settings.get("denominator", ()) if counts is not None]
        if own and counts is not None and below:
            of = counts.high[below].sum(axis=1).to_numpy(float)
            held = held | (of < least)
        out[one.key] = held & result.values.value[one.key].notna().to_numpy()
    return pd.DataFrame(out, index=hidden.index, columns=hidden.columns)


def _groups(result: Result) -> dict[str, np.ndarray]:
    """Return the group of each block, for each indicator of violence."""
    blocks = result.territory.blocks
    people = _people(result).to_numpy(float)
    known: dict[float, np.ndarray] = {}
    out = {}
    for one in result.indicators:
        if one.dimension != "violence":
            continue
        least = people_wanted(result, one)
        if least not in known:
            known[least] = neighborhoods(blocks.geometry, blocks["area_id"], people, least)
        out[one.key] = known[least]
    return out


def _people(result: Result) -> pd.Series[float]:
    least = result.study.publish.people_min
    return told_people(result.territory.blocks["population"], least).fillna(0.0)


def _territory(result: Result) -> Territory:
    """Return the territory with the people that are told; its shapes need no second check."""
    territory = copy.copy(result.territory)
    blocks = territory.blocks
    told = told_people(blocks["population"], result.study.publish.people_min)
    object.__setattr__(territory, "blocks", blocks.assign(population=told))
    object.__setattr__(territory, "intake", public_intake(result.territory, result.study.publish))
    return territory


def _values(result: Result, hidden: pd.DataFrame, groups: Mapping[str, np.ndarray]) -> Values:
    held = result.values
    people = _people(result).to_numpy(float)
    means = {
        key: group_means(held.value[key].to_numpy(float), people, group)
        for key, group in groups.items()
    }
    tables = [
        frame.assign(**means).mask(hidden.reindex(columns=frame.columns, fill_value=False))
        for frame in (held.value, held.low, held.high)
    ]
    return replace(held, value=tables[0], low=tables[1], high=tables[2])


def _parts(result: Result, hidden: pd.DataFrame, groups: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Return the parts as they are told: by group where violent, coarsened, none where hidden."""
    people = _people(result).to_numpy(float)
    of = {one.key: one.dimension for one in result.indicators}
    out = {}
    for key, column in result.scores.parts.items():
        held = column.to_numpy(float)
        if key in groups:
            held = group_means(held, people, groups[str(key)])
        out[key] = np.clip(part_grain(of[str(key)]).round(held), 0.0, 1.0)
    parts = pd.DataFrame(out, index=result.scores.parts.index)
    return parts.mask(hidden[parts.columns])


def _scores(result: Result, hidden: pd.DataFrame, groups: Mapping[str, np.ndarray]) -> Scores:
    """Return the scores that follow from the parts told, by the study's own rule."""
    exact, study = result.scores, result.study
    parts = _parts(result, hidden, groups)
    tree = exact.tree or study.weights.scaled()
    found = combine(parts, tree, aggregate=study.aggregate, coverage_min=study.coverage_min)
    told = {
        child.key: found.groups[child.key] if child.children else parts[child.key]
        for child in tree.children
    }
    down, up = exact.score - exact.low, exact.high - exact.score
    if groups:  # the ends of one block's interval follow from its number of incidents
        people = _people(result).to_numpy(float)
        group = next(iter(groups.values()))
        down, up = (
            pd.Series(group_means(end.to_numpy(float), people, group), index=end.index)
            for end in (down, up)
        )
    inner = {key: held for key, held in found.groups.items() if key in exact.groups.columns}
    return replace(
        exact,
        score=found.value,
        low=(found.value - down.fillna(0.0)).clip(0.0, 1.0),
        high=(found.value + up.fillna(0.0)).clip(0.0, 1.0),
        parts=parts,
        dimensions=pd.DataFrame(told, index=parts.index)[list(exact.dimensions.columns)],
        contributions=found.contributions.reindex(columns=exact.contributions.columns),
        coverage=found.coverage,
        groups=pd.DataFrame(inner, index=parts.index),
    )


def _polygons(result: Result, territory: Territory, scores: Scores) -> CandidatePolygons:
    """Return the polygons with the people and scores told, and prices too coarse to tell points."""
    held = result.polygons
    table = held.polygons
    people = territory.blocks["population"].fillna(0.0)
    changed = people - result.territory.blocks["population"].fillna(0.0)
    changed = changed.groupby(held.membership).sum().reindex(table.index).fillna(0.0)
    table = table.assign(
        population=table["population"] + changed.to_numpy(float),
        score=_mean_scores(held, scores, people),
    )
    each = incident_need(result)
    table, reasons = told_worths(result, table, each), held.reasons
    if "price" in reasons:
        whole = float(table["objective"].sum())
        reasons = told_ways(result, scores, people, whole, each)
    whole_people = float(people.sum())
    inside = float(people[(held.membership > 0).to_numpy()].sum())
    shares = {"people_share": inside / whole_people if whole_people > 0 else 0.0}
    return replace(held, polygons=table, reasons=reasons, notes=_notes(held.notes, shares, each))


def _mean_scores(
    polygons: CandidatePolygons, scores: Scores, people: pd.Series[float]
) -> pd.Series[float]:
    """Return the mean of the scores told, by people, so that every table says the same."""
    weight = people.where(scores.score.notna(), 0.0)
    sums = (scores.score.fillna(0.0) * weight).groupby(polygons.membership).sum()
    whole = weight.groupby(polygons.membership).sum()
    exact = polygons.polygons["score"]
    mean = (sums / whole.where(whole > 0)).reindex(exact.index)
    return mean.fillna(exact)


def _notes(notes: Mapping[str, Any], told: Mapping[str, float], each: float) -> dict[str, Any]:
    """Return the figures of the search to three digits; sums of single blocks are left out.

    Shares of people are those of the people told, and worths in steps of two incidents' worth.
    """
    out: dict[str, Any] = {}
    step = step_above(2 * each, first=10.0)
    for key, value in notes.items():
        if key in ("people_above_line", "need_above_line"):
            continue
        value = told.get(key, value)
        if key in ("worth", "bound") and value is not None:
            value = float(np.rint(value / step) * step)
        number = isinstance(value, float | np.floating) and np.isfinite(value)
        out[key] = float(f"{value:.3g}") if number else value
    return out


def _profiles(
    result: Result, territory: Territory, scores: Scores, polygons: CandidatePolygons
) -> Profiles:
    """Return the profiles, weighted by the people told; violence of whole polygons is exact."""
    without = copy.copy(territory)
    object.__setattr__(without, "facilities", None)
    anew = profile(without, result.indicators, result.values, scores, polygons)
    return replace(result.profiles, profile=told_rates(result, anew.profile))


def _stability(result: Result, territory: Territory) -> Stability | None:
    """Return how sure the polygons are, their shares of people those of the people told."""
    held = result.stability
    if held is None:
        return None
    people = territory.blocks["population"].fillna(0.0)
    inside = result.polygons.membership
    core = people.where(held.blocks["band"].to_numpy() == "core", 0.0)
    kept = people * held.blocks["in_share"].to_numpy(float)
    whole = people.groupby(inside).sum().reindex(held.polygons.index)
    core, kept = (
        one.groupby(inside).sum().reindex(held.polygons.index) / whole.where(whole > 0)
        for one in (core, kept)
    )
    polygons = held.polygons.assign(core_share=core.fillna(0.0))
    if len(held.reruns):
        polygons = polygons.assign(kept_share=kept.fillna(0.0))
    reruns = held.reruns
    if "same_people_share" in reruns:
        few = people.to_numpy(float) == result.study.publish.people_min / 2
        slack = few.sum() * (result.study.publish.people_min - 1) / max(float(whole.sum()), 1.0)
        same = [settled_share(float(one), slack) for one in reruns["same_people_share"]]
        reruns = reruns.assign(same_people_share=same)
    return replace(held, polygons=polygons, reruns=reruns)
