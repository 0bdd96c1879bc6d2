"""The plans of a study under other weights, made in advance for the page."""

from __future__ import annotations

import pandas as pd

from targeting.composite.weightings import other_than_mean, reweighed, weightings_around
from targeting.delineation.plans.in_advance import Rescored, plans_in_advance
from targeting.delineation.stability.reruns import defaults
from targeting.model import Links, Scores, Territory
from targeting.model.weighed import StoredPlan, Weighting, whole_percent
from targeting.pipeline.delineating import placed_blocks
from targeting.pipeline.telling import Tell
from targeting.study import Study


def stored(
    study: Study,
    territory: Territory,
    scores: Scores,
    links: Links,
    membership: pd.Series[int],
    tell: Tell,
) -> tuple[StoredPlan, ...]:
    """Delineate again under other weights of the dimensions.

    Parameters
    ----------
    study : Study
        Every choice; `weightings` says for which weights.
    territory : Territory
        Of the blocks.
    scores : Scores
        Parts, and what was weighed against what.
    links : Links
        Which blocks are neighbors.
    membership : Series of int64
        Polygon of each block in the study's own plan.
    tell : callable
        Gets the name of the step.

    Returns
    -------
    tuple of StoredPlan
        None where the study wants none, where its delineation is not `grow`, or where its scores
        are no weighted means: then nobody can weigh them anew on the page.
    """
    wanted = _wanted(study, scores)
    if not wanted or scores.tree is None or study.delineation.use != "grow":
        return ()
    if other_than_mean(scores.tree, study.aggregate):
        return ()
    tell("store")
    rescored = []
    for weighting in wanted:
        score, parts = reweighed(
            scores,
            scores.tree,
            study.indicators,
            weighting.percent,
            aggregate=study.aggregate,
            coverage_min=study.coverage_min,
        )
        if score.notna().any():
            rescored.append(Rescored(weighting, score, parts))
    return plans_in_advance(
        placed_blocks(study, territory),
        scores.score,
        links,
        membership,
        rescored,
        settings=defaults() | dict(study.delineation.settings),
    )


def _wanted(study: Study, scores: Scores) -> tuple[Weighting, ...]:
    """Return the weightings to delineate for, each once, the study's own left out."""
    shares = {str(key): float(share) for key, share in scores.dimension_weights.items()}
    if study.weightings is None:
        return weightings_around(shares)
    seen = [whole_percent(shares)]
    kept = []
    for one in study.weightings:
        if dict(one.percent) not in seen:
            seen.append(dict(one.percent))
            kept.append(one)
    return tuple(kept)
