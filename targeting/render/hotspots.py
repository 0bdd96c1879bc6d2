"""Tests of hot spots for the public: a class by block, a table, lines, and layers of the page.

Blocks show the class of a test only, never its statistic, p-value or counts. A cluster of a scan is
placed and described when it is large enough for nobody to be counted back (`cluster_shown`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from targeting.i18n import LANGUAGES, catalogue, say
from targeting.incident_kinds import incident_kinds
from targeting.model import PublishSpec, Result, SpotTest
from targeting.render import public
from targeting.render.encode import Packer
from targeting.render.safe import safe_text

BLOCKS_FLOOR = 3
SURE = ("_99", "_95")
# High and low differ in color and, by dots, without it; darker is surer.
COLORS = {
    "high_99": "#8c2d04",
    "high_95": "#d9641a",
    "high_90": "#f7b577",
    "low_90": "#b5d3ea",
    "low_95": "#5b93c4",
    "low_99": "#1f4e79",
    "not_significant": "#efece4",
    "other": "#f1eee7",
    "no_contrast": "#c9c6be",
    "no_neighbors": "#b3b0a8",
}
_COLUMNS = ("test", "method", "of", "group")


def cluster_shown(
    clusters: pd.DataFrame, least: int = PublishSpec().incidents_min
) -> pd.Series[bool]:
    """Tell which clusters may be placed: at least so many cases in at least three blocks.

    Examples
    --------
    >>> table = pd.DataFrame({"cases": [9.0, 4.0, 9.0], "block_count": [3, 8, 2]})
    >>> cluster_shown(table).tolist()
    [True, False, False]
    """
    return (clusters["cases"] >= least) & (clusters["block_count"] >= BLOCKS_FLOOR)


def public_classes(test: SpotTest, least: int = PublishSpec().incidents_min) -> pd.Series[str]:
    """Return the class of each block, without clusters too small to be placed."""
    if test.cluster is None or test.clusters.empty:
        return test.classes
    shown = cluster_shown(test.clusters, least)
    hidden = test.cluster.isin(shown.index[~shown])
    return test.classes.mask(hidden & (test.classes != "no_data"), "not_significant")


def _least(result: Result) -> int:
    return result.study.publish.incidents_min


def hotspot_columns(result: Result) -> dict[str, np.ndarray]:
    """Return the class of each block in each test, by the test's name.

    Parameters
    ----------
    result : Result
        A study carried out.
    """
    return {
        f"hotspot_{one.spec.key}": public_classes(one, _least(result)).to_numpy()
        for one in result.hotspots
    }


def hotspot_table(result: Result) -> pd.DataFrame:
    """Return what each test found: a row a class, and of a scan a row a cluster.

    Parameters
    ----------
    result : Result
        A study carried out.

    Returns
    -------
    DataFrame
        `test`, `method`, `of` and `group` (a class or `cluster_1` …), each of the last three also
        in words; `block_count`; `people`, to tens; of clusters that chance gives in at most a tenth
        of the replicates `relative_risk` (to 0.1; empty below 1,000 people) and `p` (up to 0.01);
        `withheld` where a cluster has fewer than five cases or three blocks: it is told to be,
        nothing more.
    """
    rows = [row for test in result.hotspots for row in _rows(result, test)]
    words = [f"{name}_{language}" for name in _COLUMNS[1:] for language in LANGUAGES]
    order = [*_COLUMNS, *words, "block_count", "people", "relative_risk", "p", "withheld"]
    table = pd.DataFrame(rows, columns=order)
    for name in ("block_count", "people"):
        table[name] = pd.array(table[name].to_numpy(float), dtype="Int64")
    return table


def _rows(result: Result, test: SpotTest) -> list[dict[str, Any]]:
    classes = public_classes(test, _least(result))
    people = result.territory.blocks["population"]
    rows = []
    for name in _present(classes):
        inside = classes == name
        words = {language: class_text(test, name, language) for language in LANGUAGES}
        held = {"block_count": int(inside.sum()), "people": _tens(people[inside].sum())}
        rows.append(_row(result, test, name, words) | held | {"withheld": False})
    for number, cluster in test.clusters.iterrows():
        words = {code: say("hotspot.cluster", code, number=number) for code in LANGUAGES}
        held = _cluster(cluster, _least(result))
        if "people" in held and test.cluster is not None:
            held["people"] = _tens(people[test.cluster == number].sum())  # those that are told
        rows.append(_row(result, test, f"cluster_{number}", words) | held)
    return rows


def _row(result: Result, test: SpotTest, group: str, words: dict[str, str]) -> dict[str, Any]:
    use = test.spec.method.use
    row: dict[str, Any] = {"test": test.spec.key, "method": use, "group": group}
    row["of"] = safe_text(test.spec.of or ", ".join(test.spec.kinds) or "incidents")
    for language in LANGUAGES:
        row[f"of_{language}"] = safe_text(looks_at(result, test, language))
        row[f"method_{language}"] = say(f"hotspot.method.{use}", language)
        row[f"group_{language}"] = words[language]
    return row


def _cluster(cluster: pd.Series[Any], least: int) -> dict[str, Any]:
    if not cluster_shown(cluster.to_frame().T, least).iloc[0]:
        return {"withheld": True}
    few = float(cluster["population"]) < public.VIOLENCE_PEOPLE_FLOOR
    return {
        "block_count": int(cluster["block_count"]),
        "people": _tens(float(cluster["population"])),
        "relative_risk": np.nan if few else told_risk(cluster),
        "p": public.coarse_p(float(cluster["p"])),
        "withheld": False,
    }


def told_risk(cluster: pd.Series[Any]) -> float:
    """Return the relative risk of a cluster in steps worth two cases, of a tenth or more.

    Two tests of the same incidents may find clusters that differ by one block: finer risks would
    tell how many cases that block has.

    Examples
    --------
    >>> told_risk(pd.Series({"relative_risk": 3.14, "cases": 20.0}))
    3.0
    >>> told_risk(pd.Series({"relative_risk": 3.14, "cases": 400.0}))
    3.1
    """
    risk, cases = float(cluster["relative_risk"]), float(cluster["cases"])
    if not np.isfinite(risk):
        return np.nan
    step = public.step_above(2 * risk / max(cases, 1.0), first=0.1)
    return float(np.round(public.in_steps(risk, step), 1))


def _tens(people: float) -> float:
    return float(public.figure_grain("population").round(np.array([people]))[0])


def _present(classes: pd.Series[str]) -> list[str]:
    """Return the classes some block is in, from high to low, then the rest."""
    return [name for name in (*COLORS, "no_data") if bool((classes == name).any())]


def class_text(test: SpotTest, name: str, language: str) -> str:
    """Return what a class says: of a scan of incidents, of neighbors, or of values together."""
    family = "scan" if test.spec.kind == "scan" else "around"
    own = f"hotspot.{family}_class.{name}"
    spoken = family == "scan" or test.spec.method.use == "local_moran"
    return catalogue(language)[
        own if spoken and own in catalogue(language) else f"hotspot.class.{name}"
    ]


def looks_at(result: Result, test: SpotTest, language: str) -> str:
    """Return what a test looks at, in words."""
    of = test.spec.of
    if of == "score":
        return say("hotspot.of.score", language)
    for indicator in result.indicators:
        if indicator.key == of:
            return indicator.label(language)
    if of:
        return say(f"page.dimension.{of}", language)
    known = incident_kinds()
    named = [known[one].label(language) if one in known else one for one in test.spec.kinds]
    return ", ".join(named) or say("hotspot.of.incidents", language)


def name_of_test(result: Result, test: SpotTest, language: str) -> str:
    """Return the name of a test: what it looks at, and how."""
    method = say(f"hotspot.short.{test.spec.method.use}", language)
    return say("hotspot.layer", language, method=method, of=looks_at(result, test, language))


def hotspot_lines(result: Result, language: str) -> list[str]:
    """Return a line a test for the terminal.

    Parameters
    ----------
    result : Result
        A study carried out.
    language : str
        `"es"` or `"en"`.
    """
    lines = [say("hotspot.lines", language)] if result.hotspots else []
    people = result.territory.blocks["population"].fillna(0.0)
    for test in result.hotspots:
        name = name_of_test(result, test, language)
        if test.outcome not in ("tested", "scanned"):
            why = say(f"hotspot.outcome.{test.outcome}", language)
            lines.append("  " + say("hotspot.line_untested", language, name=name, why=why))
            continue
        classes = public_classes(test, _least(result))
        high = classes.str.startswith("high") & classes.str.endswith(SURE)
        if not high.any():
            lines.append("  " + say("hotspot.line_none", language, name=name))
            continue
        share = float(people[high].sum() / max(people.sum(), 1.0))
        counts = {"count": int(high.sum()), "of": len(high), "share": share}
        lines.append("  " + say("hotspot.line", language, name=name, **counts))
    return lines


def pack_hotspots(packer: Packer, result: Result, order: np.ndarray) -> list[dict[str, Any]]:
    """Add the class of every block in every test; return a layer of the page for each.

    Parameters
    ----------
    packer : Packer
        Gets the columns `hotspot.<test>`: number of the class in `classes`, missing for no data.
    result : Result
        A study carried out.
    order : ndarray
        Order of the blocks on the page.
    """
    layers = []
    for test in result.hotspots:
        classes = public_classes(test, _least(result))
        present = [name for name in _present(classes) if name != "no_data"]
        number = {name: float(at) for at, name in enumerate(present)}
        name = f"hotspot.{test.spec.key}"
        packer.numbers(name, classes.map(number).to_numpy(float)[order])
        layers.append(
            {
                "id": name,
                "group": "hotspots",
                "breaks": [],
                "names": {code: name_of_test(result, test, code) for code in LANGUAGES},
                "classes": [_class_record(test, one) for one in present],
                "about": _about(result, test),
            }
        )
    return layers


def _class_record(test: SpotTest, name: str) -> dict[str, Any]:
    return {
        "key": name,
        "color": COLORS[name],
        "dotted": name.startswith("low"),
        "text": {language: class_text(test, name, language) for language in LANGUAGES},
    }


def _about(result: Result, test: SpotTest) -> dict[str, list[str]]:
    """Return the years and sources of what a test looks at."""
    if test.spec.kind == "scan":
        held = [one for one in result.study.layers if one.slot == "incidents"]
        return {"years": [one.year for one in held], "sources": [one.source for one in held]}
    of = test.spec.of
    own = [one for one in result.indicators if of in ("score", one.key, one.dimension)]
    return {"years": [one.year for one in own], "sources": [one.source for one in own]}
