"""Tests of hot spots and the hold-out, as a study asks for them: read, carried out, made public."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from targeting import registry
from targeting.delineation import getis_ord
from targeting.model import HoldOutSpec
from targeting.pipeline import carry_out, load
from targeting.pipeline.holding_out import cut_before, held_out, hold_out_problems
from targeting.pipeline.testing import hotspots_of, whole_incidents
from targeting.problems import TargetingError
from targeting.render.held_out import hold_out_lines, hold_out_table
from targeting.render.hotspots import hotspot_columns, hotspot_lines, hotspot_table
from targeting.study_file import draft_study

DATA = Path(__file__).parent.parent / "data"
STUDY = (DATA / "study.yaml").read_text("utf-8")
ASKED = """
uncertainty: {draws: 0}
hotspots:
  - {use: getis_ord, permutations: 199}
  - {use: local_moran, of: violent_incidents_per_1k, permutations: 199, seed: 5}
  - {use: circular_scan, kinds: [homicide], replicates: 99, radius_max_m: 800}
hold_out: {from: 2020-10-01, against: [dbscan], draws: 99}
"""


def study_file(folder: Path, more: str) -> Path:
    path = folder / "study.yaml"
    path.write_text(STUDY + more, "utf-8")
    return path


def mistakes(folder: Path, more: str) -> dict[str, str]:
    return {one.where: one.code for one in draft_study(study_file(folder, more)).problems}


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    return load(study_file(tmp_path_factory.mktemp("study"), ASKED), DATA)


@pytest.fixture(scope="module")
def result(given):
    return carry_out(*given)


@pytest.fixture(scope="module")
def links(result):
    return result.links


def test_a_study_that_asks_for_none_has_none(tmp_path):
    study = draft_study(study_file(tmp_path, "")).study
    assert study.hotspots == ()
    assert study.hold_out is None
    assert study.as_record()["hold_out"] is None


def test_defaults_are_filled_in_and_recorded(given):
    study, _ = given
    keys = ["getis_ord_score", "local_moran_violent_incidents_per_1k", "circular_scan_homicide"]
    assert [one.key for one in study.hotspots] == keys
    record = study.as_record()
    assert record["hotspots"][0]["of"] == "score"
    # The study's seed is 1; a test may have its own.
    assert [one["seed"] for one in record["hotspots"]] == [1, 5, 1]
    assert record["hotspots"][2]["kinds"] == ["homicide"]
    assert record["hotspots"][2]["population_share_max"] == 0.5
    # A plan to be held against is drawn within the study's own bounds.
    against = record["hold_out"]["against"][0]
    assert (against["use"], against["polygons"], against["population_max"]) == ("dbscan", 10, 12000)


def test_the_same_test_twice_has_two_names(tmp_path):
    more = "hotspots: [getis_ord, {use: getis_ord, own: false}, flexible_scan]\n"
    study = draft_study(study_file(tmp_path, more)).study
    names = ["getis_ord_score", "getis_ord_score_2", "flexible_scan_incidents"]
    assert [one.key for one in study.hotspots] == names


def test_all_mistakes_are_told_at_once(tmp_path):
    more = """
hotspots:
  - {use: getis_ort}
  - {use: getis_ord, of: scor, permutations: 0}
  - {use: circular_scan, of: score}
  - {use: flexible_scan, kinds: [arson], nearest_blocks: 99}
hold_out: {from: 2023, kinds: [arson], against: [wart], day: 1}
"""
    assert mistakes(tmp_path, more) == {
        "hotspots[0]": "unknown-name",
        "hotspots[1].of": "unknown-name",
        "hotspots[1].permutations": "out-of-range",
        "hotspots[2].of": "unknown-setting",
        "hotspots[3].kinds": "unknown-name",
        "hotspots[3].nearest_blocks": "out-of-range",
        "hold_out.from": "not-a-date",
        "hold_out.kinds": "unknown-name",
        "hold_out.against[0]": "unknown-name",
        "hold_out.day": "unknown-key",
    }


def test_what_is_no_list_and_what_lacks_its_day(tmp_path):
    assert mistakes(tmp_path, "hotspots: 3\nhold_out: {}\n") == {
        "hotspots": "wrong-type",
        "hold_out.from": "missing-key",
    }
    assert mistakes(tmp_path, "hold_out: soon\n") == {"hold_out": "wrong-type"}


def test_scans_and_tests_of_values_are_two_kinds():
    assert set(registry.names("scan")) == {"circular_scan", "flexible_scan"}
    assert not set(registry.names("scan")) & set(registry.names("hotspot"))


def test_a_test_of_the_score_is_the_plain_function(result):
    found = getis_ord(result.scores.score, result.links, permutations=199, seed=1)
    pd.testing.assert_series_equal(
        result.hotspots[0].classes, found.blocks["class"].astype("str"), check_names=False
    )


def test_a_scan_counts_whole_incidents_in_their_blocks(given):
    _, city = given
    points = city.incidents
    homicides = points[(points["kind"] == "homicide") & points["block_id"].notna()]
    cases = whole_incidents(city, ("homicide",))
    assert cases.sum() == len(homicides)
    # Where two fifths of an incident were shared out to a block, nobody knows how many it had.
    block = str(cases.index[cases > 0][0])
    shared = pd.DataFrame({"block_id": [block], "kind": ["homicide"], "count": [0.4]})
    told = whole_incidents(replace(city, incident_counts=shared), ("homicide",))
    assert np.isnan(told[block])
    assert told.drop(block).equals(cases.drop(block))


def test_blocks_nobody_looks_at_are_no_part_of_a_scan(given, result):
    study, city = given
    away = city.blocks.index.isin(city.blocks.index[:400])
    covered = pd.Series(~away, index=city.blocks.index)
    blind = replace(city, incident_coverage=covered, incident_kind_coverage=None)
    only = replace(study, hotspots=study.hotspots[2:])
    found = hotspots_of(only, blind, result.values, result.scores, result.links)[0]
    assert (found.classes[away] == "no_data").all()
    assert {loss.reason: loss.count for loss in found.losses}["scan-cases-unknown"] == 400


def test_clusters_are_told_without_small_counts(result):
    table = hotspot_table(result)
    assert "cases" not in table
    clusters = table[table["group"].str.startswith("cluster")]
    exact = result.hotspots[2].clusters
    assert len(clusters) == len(exact) > 0
    small = (exact["cases"] < 5) | (exact["block_count"] < 3)
    assert clusters["withheld"].tolist() == small.tolist()
    shown = clusters[~clusters["withheld"]]
    assert (shown["people"] % 10 == 0).all()
    assert (shown["p"] >= 0.01).all()
    rough = shown["relative_risk"].dropna() * 10
    assert (abs(rough - rough.round()) < 1e-9).all()


def test_a_cluster_of_few_cases_is_told_to_be_and_not_where(result):
    test = result.hotspots[2]
    first = test.clusters.index[0]
    few = test.clusters.assign(cases=4.0)
    changed = replace(result, hotspots=(replace(test, clusters=few),))
    inside = test.cluster == first
    assert (hotspot_columns(result)["hotspot_circular_scan_homicide"][inside] != "no_data").any()
    hidden = hotspot_columns(changed)["hotspot_circular_scan_homicide"]
    assert set(hidden) == {"not_significant", "no_data"}
    rows = hotspot_table(changed).set_index("group").loc[f"cluster_{first}"]
    assert rows["withheld"]
    assert rows[["block_count", "people", "relative_risk", "p"]].isna().all()


def test_lines_in_both_languages(result):
    for language in ("es", "en"):
        lines = hotspot_lines(result, language)
        assert len(lines) == 1 + len(result.hotspots)
        assert not [line for line in lines if "{" in line]
        assert len(hold_out_lines(result, language)) == 2


# -------------------------------------------------------------------------------- the hold-out


def test_nothing_of_the_later_period_reaches_the_plan(given, links):
    study, city = given
    day = pd.Timestamp("2020-10-01")
    later = city.incidents["date"] >= day
    # Later incidents moved to one block, or gone: the plan held to them is the same.
    moved = city.incidents.copy()
    moved.loc[later, "block_id"] = city.blocks.index[-1]
    plain = replace(study, hold_out=replace(study.hold_out, against={}, draws=0))
    sizes = [
        held_out(plain, replace(city, incidents=points), links).plans.loc["chosen", "size"]
        for points in (city.incidents, moved)
    ]
    assert sizes[0] == sizes[1] > 0


def test_the_held_out_incidents_are_those_from_the_day_on(given, result):
    _, city = given
    points = city.incidents
    chosen = points[points["kind"].isin(["homicide", "injury", "robbery", "domestic_violence"])]
    placed = chosen[chosen["block_id"].notna() & (chosen["date"] >= "2020-10-01")]
    known = city.blocks["population"].reindex(placed["block_id"]).notna()
    assert result.hold_out.notes["incidents"] == known.sum()
    assert result.hold_out.last == "2020-12-31"
    chosen_plan = result.hold_out.plans.loc["chosen"]
    assert chosen_plan["accuracy"] == pytest.approx(
        chosen_plan["hit_share"] / chosen_plan["size_share"]
    )


def test_the_days_and_years_covered_are_cut_alike(given):
    _, city = given
    before = cut_before(city, pd.Timestamp("2020-10-01"))
    assert before.incidents["date"].max() < pd.Timestamp("2020-10-01")
    assert (before.incident_spans["end"] == pd.Timestamp("2020-09-30")).all()
    # January to September of a leap year: 274 of 366 days.
    assert before.incident_years == pytest.approx(city.incident_years * 274 / 366, rel=1e-6)


def test_files_of_unlike_periods_leave_no_number_of_years(given):
    _, city = given
    days = pd.to_datetime(["2019-01-01", "2020-07-01", "2019-12-31", "2020-12-31"])
    spans = pd.DataFrame(
        {
            "kind": ["homicide", "robbery"],
            "municipality_id": None,
            "start": days[:2],
            "end": days[2:],
        }
    )
    cut = cut_before(replace(city, incident_spans=spans), pd.Timestamp("2020-10-01"))
    assert cut.incident_years is None
    assert cut.incident_spans["end"].tolist() == [days[2], pd.Timestamp("2020-09-30")]


def test_incidents_shared_out_have_no_day_and_stay_out(given, links):
    study, city = given
    block = city.blocks.index[10]
    shared = pd.DataFrame({"block_id": [block], "kind": ["homicide"], "count": [7.0]})
    mixed = replace(city, incident_counts=shared)
    before = cut_before(mixed, pd.Timestamp("2020-10-01"))
    assert before.incident_counts is None
    assert not before.incident_kind_coverage.loc[block, "homicide"]
    assert before.incident_kind_coverage.loc[block, "robbery"]
    plain = replace(study, hold_out=replace(study.hold_out, against={}, draws=0))
    lost = {loss.reason: loss.count for loss in held_out(plain, mixed, links).losses}
    assert lost["hold-out-shared"] == 7


def test_the_table_is_coarse_and_names_each_plan(result):
    table = hold_out_table(result)
    assert table["plan"].tolist() == ["chosen", "dbscan"]
    assert not {"hits", "size"} & set(table.columns)
    shares = table["hit_share"].dropna() * 100
    assert (abs(shares - shares.round()) < 1e-9).all()


def test_incidents_without_dates_or_on_one_side_are_told_with_the_rest(tmp_path, given):
    _, city = given
    spec = HoldOutSpec("2020-10-01")
    undated = city.incidents.assign(date=pd.NaT)
    for points, code in ((undated, "no-dates"), (city.incidents.iloc[:0], "no-incidents")):
        found = hold_out_problems(spec, replace(city, incidents=points))
        assert [one.code for one in found] == [f"hold-out-{code}"]
    text = STUDY.replace("normalize: rank", "normalize: rnk") + "hold_out: {from: 2031-01-01}\n"
    (tmp_path / "study.yaml").write_text(text, "utf-8")
    with pytest.raises(TargetingError) as caught:
        load(tmp_path / "study.yaml", DATA)
    told = {one.where: one for one in caught.value.problems}
    assert set(told) == {"composite.normalize", "hold_out.from"}
    assert told["hold_out.from"].values["last"] == "2020-12-31"


def test_what_counts_incidents_needs_them(tmp_path):
    import re

    text = re.sub(r"(?s)  incidents:\n.*?(?=  facilities:)", "", STUDY, count=1)
    text = re.sub(r"  violence: .*\n", "", text)
    path = tmp_path / "study.yaml"
    path.write_text(text + "hotspots: [circular_scan]\nhold_out: {from: 2020-10-01}\n", "utf-8")
    found = {one.where: one.code for one in draft_study(path).problems}
    assert found == {"hotspots[0]": "no-incidents-input", "hold_out": "no-incidents-input"}
