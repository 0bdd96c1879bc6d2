"""The scores of a study, and the draws that put them in doubt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from targeting.composite import score
from targeting.composite.doubting import drawn
from targeting.composite.treating import treated_values
from targeting.composite.uncertainty import Draws
from targeting.composite.weigh import Outcome
from targeting.indicators.counting import violence_by_block
from targeting.model import (
    Scores,
    Territory,
    Values,
)
from targeting.pipeline.telling import Tell
from targeting.study import Study


def score_settings(study: Study, territory: Territory) -> dict[str, Any]:
    """Return what `composite.score` is told beside values, indicators and weights."""
    within = territory.blocks["municipality_id"] if study.within == "municipality" else None
    return {
        "normalize": study.normalize,
        "aggregate": study.aggregate,
        "coverage_min": study.coverage_min,
        "normalize_each": study.normalize_each,
        "groups": within,
        "outcome": _outcome(study, territory),
    }


def scored(study: Study, territory: Territory, values: Values) -> tuple[Scores, Values]:
    """Return the scores, and the values they are made of: treated where the study says so.

    Parameters
    ----------
    study : Study
        Every choice.
    territory : Territory
        Of the blocks.
    values : Values
        As measured.
    """
    ready, treated = treated_values(values, study.treat, study.treat_each)
    told = score_settings(study, territory)
    scores = score(ready, study.indicators, study.weights, **told)
    # What each draw treats anew is not treated twice.
    again = study.treat is not None and not study.treat_each and study.within == "city"
    return replace(scores, treated=treated), values if again else ready


def _outcome(study: Study, territory: Territory) -> Outcome | None:
    """Return what weights can be learned from, where the study learns any."""
    uses = {node.weigh.use for node in study.weights.nodes() if node.weigh is not None}
    counts = violence_by_block(territory) if "regression" in uses else None
    if counts is None:
        return None
    centers = territory.blocks.geometry.centroid
    people = territory.blocks["population"].to_numpy(float)
    return Outcome(counts, people, centers.x.to_numpy(), centers.y.to_numpy())


def draws_of_study(
    study: Study, territory: Territory, values: Values, scores: Scores, tell: Tell
) -> Draws | None:
    """Draw the choices and the data of a study anew, as often as it asks for."""
    if not study.doubt.draws:
        return None
    tell("draw")
    return drawn(
        values,
        study.indicators,
        scores,
        study.doubt,
        seed=study.seed,
        normalize=study.normalize,
        aggregate=study.aggregate,
        coverage_min=study.coverage_min,
        treat=None if study.treat_each else study.treat,
        normalize_each=study.normalize_each,
        grouped=study.within == "municipality",
        areas=territory.blocks["area_id"],
    )
