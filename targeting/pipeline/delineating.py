"""The polygons of a study, and how sure they are."""

from __future__ import annotations

import inspect
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting.composite.dimensions import by_dimension
from targeting.composite.uncertainty import Draws, draw_scores
from targeting.delineation import street_links
from targeting.delineation.drawing.labels import place_of
from targeting.delineation.drawing.naming import names
from targeting.delineation.plans import JudgedPlan, score_plan
from targeting.delineation.stability import stability
from targeting.model import (
    CandidatePolygons,
    Links,
    PolygonName,
    Result,
    Scores,
    Stability,
    Surroundings,
    Territory,
)
from targeting.pipeline.telling import Tell
from targeting.registry import method
from targeting.study import Study

COLONIA = "neighborhood"


def neighbors(study: Study, territory: Territory) -> Links:
    """Return which blocks of a territory are neighbors, as the study says."""
    barriers = None if territory.barriers is None else territory.barriers.geometry
    blocks = territory.blocks
    return street_links(blocks.geometry, barriers, blocks["municipality_id"], **study.streets)


def delineated(
    study: Study, territory: Territory, scores: Scores, links: Links
) -> CandidatePolygons:
    """Return the polygons of a study, drawn by the method and the settings it states."""
    use, settings = study.delineation.use, study.delineation.settings
    given: list[Any] = [placed_blocks(study, territory), scores.score, links]
    delineate = method("delineator", use)
    if "around" in inspect.signature(delineate).parameters:
        given.append(surroundings(study, territory, scores))
    found: CandidatePolygons = delineate(*given, **settings)
    return found


def surroundings(study: Study, territory: Territory, scores: Scores) -> Surroundings:
    """Return what a delineation may know beside blocks, scores and links."""
    axes, barriers = territory.street_axes, territory.barriers
    return Surroundings(
        parts=by_dimension(scores, study.indicators),
        axes=None if axes is None else np.asarray(axes.geometry.array),
        barriers=None if barriers is None else np.asarray(barriers.geometry.array),
    )


def judged(study: Study, result: Result, links: Links, membership: pd.Series[int]) -> JudgedPlan:
    """Return what a plan is worth by the objective and rules of a study, beside its own plan."""
    method_of = method("delineator", study.delineation.use)
    knows = "around" in inspect.signature(method_of).parameters
    return score_plan(
        placed_blocks(study, result.territory),
        result.scores.score,
        links,
        membership,
        surroundings(study, result.territory, result.scores) if knows else None,
        engine=result.polygons,
        **study.delineation.settings,
    )


def placed_blocks(study: Study, territory: Territory) -> gpd.GeoDataFrame:
    """Return the blocks, with their colonia where a delineation asks for it."""
    places = territory.places
    if places is None or not study.delineation.settings.get("colonia_cut_price"):
        return territory.blocks
    colonia = place_of(territory.blocks.geometry, places, COLONIA)
    return territory.blocks.assign(colonia=colonia)


def named(
    study: Study, territory: Territory, polygons: CandidatePolygons
) -> tuple[PolygonName, ...]:
    """Return the name of every polygon: its colonias, and a street where two are alike."""
    blocks, places = territory.blocks, territory.places
    colonia = None
    if places is not None:
        colonia = place_of(blocks.geometry, places, COLONIA).map(places["name"])
    return names(
        polygons.polygons.geometry,
        polygons.membership,
        blocks["population"],
        colonia,
        territory.street_axes,
    )


def settled(
    study: Study,
    territory: Territory,
    scores: Scores,
    links: Links,
    membership: pd.Series[int],
    draws: Draws | None,
    tell: Tell,
) -> Stability | None:
    """Delineate again under other data and choices, where the method is ours to repeat."""
    count = study.doubt.redraws
    if not count or study.delineation.use != "grow":
        return None
    tell("settle")
    drawn_scores = (
        []
        if draws is None
        else [draw_scores(draws, number) for number in range(min(count, len(draws)))]
    )
    return stability(
        placed_blocks(study, territory),
        scores.score,
        links,
        membership,
        drawn_scores,
        by_dimension(scores, study.indicators),
        settings=dict(study.delineation.settings),
    )
