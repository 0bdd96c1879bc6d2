"""A result in which every text that comes from outside means harm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from targeting.model import (
    HotSpotSpec,
    IntakeReport,
    LayerSpec,
    Loss,
    MethodSpec,
    PolygonName,
    Result,
    SpotTest,
)
from tests.render.results import HOSTILE, METRIC, ORIGIN, STEP_M, make_result

PAYLOADS = (
    *HOSTILE,
    "<svg/onload=window.hacked='svg'>",
    "'\"><iframe srcdoc=\"<script>parent.hacked='frame'</script>\">",
    "<a href=\"javascript:window.hacked='link'\">x</a>",
    "</title></style></textarea><script>window.hacked='ends'</script>",
    "${(()=>{window.hacked='call'})()}{{constructor.constructor('window.hacked=1')()}}",
    "\\u003cimg src=x onerror=window.hacked='escaped'\\u003e",
    "&lt;img src=x onerror=window.hacked='entity'&gt;",
    "]]><script>window.hacked='cdata'</script>",
    "\u202e\u2066\u200f\u2069 right to left",
    "null\x00<b>byte</b>",
    "lone \ud800 surrogate \udfff",
    "line\u2028para\u2029graph\r\nnew",
    "+1+1",
    "-2+3+cmd|' /C calc'!A0",
    "\t=1+1",
    "\r@SUM(A1)",
    "＝1＋1",
    "__proto__",
    "constructor",
    "{number} {count} {0} %s",
)
ALL = " ".join(PAYLOADS)


def taker(payloads: tuple[str, ...], start: int = 0) -> Callable[[], str]:
    """A function that gives one payload after another, beginning at one of them."""
    number = count(start)
    return lambda: payloads[next(number) % len(payloads)]


def hostile_result(text: Callable[[], str], language: str = "es") -> Result:
    """The result by hand with a payload in every text a city or its planner writes."""
    result = make_result(language=language)
    both = lambda: MappingProxyType({"es": text(), "en": text()})  # noqa: E731
    indicators = tuple(
        replace(one, names=both(), source=text(), year=text()) for one in result.indicators
    )
    # No table of pandas holds half a letter: there they cannot come from.
    cell = lambda: text().encode("utf-8", "replace").decode("utf-8")  # noqa: E731
    kind = cell()
    spot = HotSpotSpec("scan", "scan", MethodSpec("circular_scan"), kinds=(text(), text()))
    study = replace(
        result.study,
        title=both(),
        indicators=indicators,
        municipalities=(text(),),
        layers=(
            LayerSpec(
                "blocks", "inputs.blocks", text(), MethodSpec("inegi_blocks"), text(), text()
            ),
            LayerSpec(
                "incidents",
                "inputs.incidents",
                text(),
                MethodSpec("points", {"kinds": {text(): (text(),)}}),
                text(),
                text(),
            ),
        ),
        hotspots=(spot,),
    )
    return replace(
        result,
        study=study,
        indicators=indicators,
        territory=_territory(result, cell, kind, text),
        profiles=_profiles(result, cell, kind),
        polygons=replace(
            result.polygons, notes=dict(result.polygons.notes) | {"untidy": (text(),)}
        ),
        names=tuple(_name(number, text) for number in result.polygons.polygons.index),
        hotspots=(_scan(result, spot),),
    )


def _territory(
    result: Result, text: Callable[[], str], kind: str, any_text: Callable[[], str]
) -> Any:
    held = result.territory
    facilities = held.facilities.copy()
    facilities["name"] = [text() for _ in range(len(facilities))]
    facilities["source"] = [text() for _ in range(len(facilities))]
    facilities["kind"] = facilities["kind"].replace("market", kind)
    merges = pd.DataFrame(
        {
            "facility_id": facilities.index[:1],
            "kept_name": text(),
            "kept_reference": text(),
            "kind": kind,
            "name": text(),
            "source": text(),
            "reference": text(),
            "distance_m": 3.0,
            "why": "like_names",
        }
    )
    west, north = ORIGIN[0], ORIGIN[1] + STEP_M
    line = shapely.LineString([(west, north), (west + 800, north - 800)])
    streets = gpd.GeoDataFrame({"kind": [text()], "name": [text()]}, geometry=[line], crs=METRIC)
    box = shapely.box(west, north - 500, west + 500, north)
    places = gpd.GeoDataFrame(
        {"level": ["neighborhood", "park"], "name": [text(), text()]},
        geometry=[box, box.buffer(-50)],
        index=pd.Index(["c1", "c2"], name="place_id"),
        crs=METRIC,
    )
    blocks = held.blocks.assign(municipality_id=text())
    return replace(
        held,
        blocks=blocks,
        facilities=facilities,
        facility_merges=merges,
        street_axes=streets,
        places=places,
        intake=IntakeReport(tuple(_report(one, any_text) for one in held.intake.layers), {}),
    )


def _report(layer: Any, text: Callable[[], str]) -> Any:
    notes = {"kinds": {text(): 7, text(): 9}, "texts_not_found": [text(), text()]}
    return replace(
        layer,
        file=text(),
        source=text(),
        year=text(),
        crs_in=text(),
        encoding=text(),
        losses=(Loss(layer.layer, text(), 2, 9, (text(),)), *layer.losses),
        notes=dict(layer.notes) | notes | {"not_chosen_texts": {text(): 6}, text(): text()},
    )


def _profiles(result: Result, text: Callable[[], str], kind: str) -> Any:
    held, counts = result.profiles.facilities, result.profiles.facility_counts
    changed = held.assign(
        name=[text() for _ in range(len(held))],
        source=[text() for _ in range(len(held))],
        kind=held["kind"].replace("market", kind),
    )
    counted = counts.assign(kind=counts["kind"].replace("market", kind))
    return replace(result.profiles, facilities=changed, facility_counts=counted)


def _name(number: int, text: Callable[[], str]) -> PolygonName:
    streets = {"north": text(), "west": text()}
    return PolygonName(number, (text(), text()), (0.6, 0.3), 0.1, streets, "street", text())


def _scan(result: Result, spec: HotSpotSpec) -> SpotTest:
    index = result.territory.blocks.index
    classes = pd.Series("not_significant", index=index).where(
        result.polygons.membership.to_numpy() != 1, "high_99"
    )
    return SpotTest(spec=spec, classes=classes, outcome="scanned")
