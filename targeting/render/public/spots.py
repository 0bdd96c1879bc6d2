"""Hot spots of violence are told where they do not hang on one incident."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from targeting.delineation.hotspots.local import getis_ord
from targeting.delineation.hotspots.neighborhoods import neighborhoods
from targeting.model import Links, Result, SpotTest
from targeting.render.public.grouping import incidents_by_block
from targeting.render.public.sides import parts_with, value_with

OTHER, TOLD = "other", "high_90"
_HIGH = ("high_90", "high_95", "high_99")
_LOW = ("low_90", "low_95", "low_99")


def told_spots(result: Result) -> tuple[SpotTest, ...]:
    """Return the tests with the classes that may be told.

    Where a block has few people, one incident makes a rate so high that all around it would be a
    hot spot: that it is none says that nothing happened there. So, of a test that looks at
    violence, a block is told to be high (with 90 % of confidence or more) only where it stays so
    when any one incident around it is taken away. All else is one class.

    Parameters
    ----------
    result : Result
        A study carried out, exact.
    """
    if result.links is None:
        return result.hotspots
    return tuple(_told(result, test, result.links) for test in result.hotspots)


def _told(result: Result, test: SpotTest, links: Links) -> SpotTest:
    if test.spec.kind != "hotspot" or test.outcome != "tested":
        return test
    violent = [one for one in result.indicators if one.dimension == "violence"]
    of = test.spec.of
    if of not in ("score", "violence", *(one.key for one in violent)):
        return test
    values, one = _looked_at(result, of)
    classes = test.classes
    lost = _lost(test, values, one, links)
    own = bool(test.spec.method.settings.get("own", True))
    own = own and test.spec.method.use == "getis_ord"
    deviate = getis_ord(values, links, own=own, inference="analytic", correction="none")
    z = deviate.blocks["z"].to_numpy(float)
    merged = classes.isin([*_HIGH, *_LOW, "not_significant"])
    told = np.where(merged, OTHER, classes.to_numpy(object))
    high = classes.isin(_HIGH).to_numpy()
    if high.any():
        told[high & (z - lost >= z[high].min() - 1e-9)] = TOLD
    return replace(test, classes=pd.Series(told, index=classes.index, name="class").astype("str"))


def _looked_at(result: Result, of: str) -> tuple[pd.Series[float], np.ndarray]:
    """Return the column a test looks at, and what one incident of a block adds to it there.

    Nothing where no incident happened: there is none to take away.
    """
    scores = result.scores
    added = np.zeros(len(scores.score))
    for indicator in result.indicators:
        counts = (
            incidents_by_block(result, indicator) if indicator.dimension == "violence" else None
        )
        if counts is None or of not in ("score", "violence", indicator.key):
            continue
        if of != indicator.key and indicator.key not in scores.parts:
            continue
        if of == indicator.key:
            step = value_with(result, indicator)
            step = np.zeros(len(counts)) if step is None else step
        else:
            ends = parts_with(result, indicator)
            step = np.zeros(len(counts)) if ends is None else np.abs(ends[1] - ends[0])
            weight = float(scores.weights.get(indicator.key, 0.0))
            whole = (
                float(scores.dimension_weights.get("violence", 1.0)) if of == "violence" else 1.0
            )
            step = step * weight / max(whole, 1e-9)
        added += np.where(counts > 0, np.nan_to_num(step), 0.0)
    if of == "score":
        return scores.score, added
    if of in scores.dimensions:
        return scores.dimensions[of], added
    return result.values.value[of], added


def _lost(test: SpotTest, values: pd.Series[float], one: np.ndarray, links: Links) -> np.ndarray:
    """Return by how much the deviate of each block falls, at most, without one incident."""
    around = neighborhoods(values, links)
    own = test.spec.method.use == "getis_ord" and bool(test.spec.method.settings.get("own", True))
    step = one[around.place]
    largest = around.neighbors.multiply(step[None, :]).max(axis=1).toarray().ravel()
    if own:
        largest = np.maximum(largest, step)
    count, size = len(around.count), around.count + own
    variance = float((around.deviation**2).sum()) / max(count - 1, 1)
    spread = np.sqrt(np.maximum(variance * size * (count - size) / max(count - 1, 1), 1e-300))
    out = np.zeros(len(values))
    out[around.place] = largest / spread
    return out
