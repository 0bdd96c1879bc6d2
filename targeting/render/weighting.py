"""Weights moved on the page: what it needs to weigh anew, and the same computed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from targeting.composite.scoring import combine
from targeting.composite.weightings import other_than_mean
from targeting.i18n import LANGUAGES, say
from targeting.model import MethodSpec, Node, Result
from targeting.model.weighed import whole_percent
from targeting.render.encode import Packer, project
from targeting.render.style import RAMP

STREET_M = 24.0
STREET_MAX_M = 40.0


def scores_from_parts(
    parts: pd.DataFrame,
    tree: Node,
    percent: Mapping[str, float],
    within: Mapping[str, float] | None = None,
    *,
    aggregate: MethodSpec,
    coverage_min: float,
) -> pd.Series[float]:
    """Return scores under moved weights, from parts as the page has them.

    The page computes the same in JavaScript; a test holds the two together.

    Parameters
    ----------
    parts : DataFrame
        Blocks by indicators, 0 to 1, as rounded for the page.
    tree : Node
        What the study weighs against what, its weights used.
    percent : mapping
        Dimension to its weight.
    within : mapping, optional
        Indicator to its weight within its dimension; a dimension none of whose indicators is named
        keeps the study's weights within.
    aggregate : MethodSpec
        How groups that do not say otherwise become one: a mean of `composite.weightings.MEANS`.
    coverage_min : float
        A group or a score is missing when less than this share of its weight has data.

    Returns
    -------
    Series
        0 to 1; missing where too little weight has data.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.2, 1.0], "b": [0.4, None]})
    >>> tree = Node.of({"violence": (1.0, {"a": 1.0}), "facilities": (1.0, {"b": 1.0})})
    >>> scores_from_parts(parts, tree, {"violence": 75, "facilities": 25},
    ...                   aggregate=MethodSpec("arithmetic"), coverage_min=0.5).round(3).tolist()
    [0.25, 1.0]
    """
    moved = tuple(
        replace(_within(child, within or {}), weight=float(percent.get(child.key, 0.0)))
        for child in tree.children
    )
    whole = replace(tree, children=moved).scaled()
    return combine(parts, whole, aggregate=aggregate, coverage_min=coverage_min).value


def _within(node: Node, weights: Mapping[str, float]) -> Node:
    """Return a dimension whose indicators weigh what is given; groups weigh what theirs do."""
    if not any(leaf in weights for leaf in node.leaves()):
        return node

    def weighed(one: Node) -> Node:
        if not one.children:
            return replace(one, weight=float(weights.get(one.key, 0.0)))
        children = tuple(weighed(child) for child in one.children)
        return replace(one, children=children, weight=sum(child.weight for child in children))

    return weighed(node)


def nearest_plan(
    percent: Mapping[str, int], plans: Sequence[Mapping[str, int]]
) -> tuple[int, float]:
    """Return the place of the nearest plan, and how far it is in percent.

    The distance is half the sum of the absolute differences of the dimensions' weights: how many
    percent of the weight would have to be moved. Of plans equally near the first.

    Parameters
    ----------
    percent : mapping
        Dimension to its weight in whole percent.
    plans : sequence of mapping
        The same for each plan, the study's own first.

    Examples
    --------
    >>> nearest_plan({"a": 60, "b": 40}, [{"a": 50, "b": 50}, {"a": 67, "b": 33}])
    (1, 7.0)
    """
    far = [sum(abs(percent[key] - plan.get(key, 0)) for key in percent) / 2 for plan in plans]
    place = int(np.argmin(far))
    return place, float(far[place])


def pack_weights(
    packer: Packer, result: Result, order: np.ndarray, facilities: gpd.GeoDataFrame
) -> dict[str, Any]:
    """Add what the page needs to weigh anew: the tree, and the plans made in advance.

    Parameters
    ----------
    packer : Packer
        Gets, where there are plans, a column `plan.<place>` for each (polygon of each block) and
        `facilities.block` (the block each listed facility lies in, or the nearest).
    result : Result
        A study carried out.
    order : ndarray
        Order of the blocks on the page.
    facilities : GeoDataFrame
        Those listed, in the page's order.

    Returns
    -------
    dict
        `other` (the aggregation, where it is no weighted mean and weights cannot be moved), `tree`,
        `plans` (weighting, and `proven`: at least how many percent of the best), `percent` (the
        study's own weights), `street` (how wide outlines reach over streets, in pixels of the
        packing zoom).
    """
    tree = weights_tree(result)
    other = "" if tree is None else other_than_mean(tree, result.study.aggregate)
    plans = () if tree is None or other else result.plans
    for place, plan in enumerate(plans):
        packer.numbers(f"plan.{place}", plan.membership.to_numpy(float)[order])
    if plans:
        packer.numbers("facilities.block", _blocks_of(result, order, facilities))
    return {
        "other": other,
        "tree": None if tree is None or other else _node(tree, result),
        "plans": [
            {
                "kind": plan.weighting.kind,
                "dimension": plan.weighting.dimension,
                "percent": dict(plan.weighting.percent),
                "proven": None if plan.gap_share is None else proven_percent(plan.gap_share),
            }
            for plan in plans
        ],
        "percent": whole_percent(_shares(result)),
        "street": _street_pixels(result) if plans else 0,
    }


def proven_percent(gap_share: float) -> int:
    """Return at least how many percent of the best a plan is worth, never more than is proven.

    Examples
    --------
    >>> proven_percent(0.1), proven_percent(0.085)
    (90, 91)
    """
    return max(int(np.floor((1 - gap_share) * 100 + 1e-9)), 0)


def weights_tree(result: Result) -> Node | None:
    """Return what was weighed against what, its weights used; None where that is not known."""
    if result.scores.tree is not None:
        return result.scores.tree
    stated = result.study.weights
    return None if any(node.weigh for node in stated.nodes()) else stated.scaled()


def pack_bands(packer: Packer, result: Result, order: np.ndarray) -> list[dict[str, Any]]:
    """Add in how many plans each block lies, the study's own among them; return its layer.

    Parameters
    ----------
    packer : Packer
        Gets the column `weightings`: 0 in all plans, 1 in at least half, 2 in fewer, 3 in none.
    result : Result
        A study carried out.
    order : ndarray
        Order of the blocks on the page.
    """
    if not result.plans:
        return []
    every = [result.polygons.membership, *(plan.membership for plan in result.plans)]
    count = sum((held > 0).to_numpy(np.int64) for held in every)
    most = len(every)
    half = -(-most // 2)
    band = np.select([count == most, count >= half, count > 0], [0.0, 1.0, 2.0], 3.0)
    packer.numbers("weightings", np.asarray(band)[order])
    values = {"all": most, "half": half, "more": most - 1, "less": half - 1}
    # With one other plan "half" is any, and between that and all there is nothing.
    present = {"core": RAMP[5], "most": RAMP[3], "some": RAMP[1], "never": "#e4e4e0"}
    return [
        {
            "id": "weightings",
            "group": "weightings",
            "breaks": [],
            "names": {code: say("page.weightings.layer", code) for code in LANGUAGES},
            "classes": [
                {
                    "key": key,
                    "color": color,
                    "dotted": False,
                    "text": {
                        code: say(f"page.weightings.{key}", code, **values) for code in LANGUAGES
                    },
                }
                for key, color in present.items()
            ],
            "about": {
                "years": [one.year for one in result.indicators],
                "sources": [one.source for one in result.indicators],
            },
        }
    ]


def _shares(result: Result) -> dict[str, float]:
    return {str(key): float(share) for key, share in result.scores.dimension_weights.items()}


def _node(node: Node, result: Result) -> dict[str, Any]:
    """Return a group or an indicator for the page: how its children become one, if it has any."""
    record: dict[str, Any] = {"key": node.key, "weight": node.weight}
    if not node.children:
        return record
    spec = node.aggregate or result.study.aggregate
    least = result.study.coverage_min if node.coverage_min is None else node.coverage_min
    exponent = {"arithmetic": 1.0, "power_mean": float(spec.settings.get("exponent", 2.0))}
    return record | {
        "mean": spec.use,
        "exponent": exponent.get(spec.use, 1.0),
        "coverage_min": least,
        "children": [_node(child, result) for child in node.children],
    }


def _blocks_of(result: Result, order: np.ndarray, facilities: gpd.GeoDataFrame) -> np.ndarray:
    """Return the place on the page of the block each facility lies in, or the nearest."""
    if not len(facilities):
        return np.zeros(0)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    tree = shapely.STRtree(result.territory.blocks.geometry.to_numpy())
    points = facilities.geometry.to_crs(result.territory.crs).to_numpy()
    return np.asarray(place[tree.nearest(points)], dtype=float)


def _street_pixels(result: Result) -> float:
    """Return twice the width of a usual street, to close wide ones too, in packing pixels."""
    links = result.links
    width = STREET_M
    if links is not None and (links.facing_m > 0).any():
        width = 2 * float(np.median(links.gap_m[links.facing_m > 0]))
    left, bottom, right, top = result.territory.blocks.total_bounds
    middle = np.array([(left + right) / 2, (bottom + top) / 2])
    ends = project(np.array([middle, middle + [1000.0, 0.0]]), result.territory.crs)
    per_m = float(np.hypot(*(ends[1] - ends[0]))) / 1000
    return round(min(max(width, 4.0), STREET_MAX_M) * per_m, 1)
