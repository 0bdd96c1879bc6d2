"""`targeting explain` and `targeting compare` on a small made city, in both languages."""

import json
import re
from dataclasses import replace

import pandas as pd
import pytest

from targeting.cli import main
from targeting.explaining.accounts import block_accounts, nearest_ids, recipe_of
from targeting.explaining.comparing import compare_results, differing_choices, evaluator
from targeting.explaining.wording import account_lines, comparison_lines
from targeting.i18n import LANGUAGES, catalogue
from targeting.model import MethodSpec, Node, Values
from targeting.pipeline import carry_out, load, scored
from targeting.render import public
from targeting.sample import write_city


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("city")
    write_city(place, blocks=500)
    return place


@pytest.fixture(scope="module")
def result(folder):
    study, territory = load(folder / "study.yaml")
    return carry_out(replace(study, doubt=replace(study.doubt, draws=60)), territory)


def again(result, **changes):
    """Carry the study out with other choices, without its doubt."""
    study = replace(result.study, doubt=replace(result.study.doubt, draws=0), **changes)
    return carry_out(study, result.territory)


@pytest.fixture(scope="module")
def other(result):
    weights = replace(
        result.study.weights,
        children=tuple(
            replace(child, weight=2.0 if child.key == "violence" else child.weight)
            for child in result.study.weights.children
        ),
    )
    return again(
        result, weights=weights, normalize=MethodSpec("minmax"), aggregate=MethodSpec("arithmetic")
    )


def near_the_line(result, *, above):
    off = (result.scores.score - result.polygons.threshold).dropna()
    off = off[off > 0] if above else -off[off < 0]
    return str(off.sort_values().index[3])


@pytest.fixture(scope="module")
def records(result):
    blocks = [near_the_line(result, above=True), near_the_line(result, above=False)]
    unscored = result.scores.score.index[result.scores.score.isna()]
    return block_accounts(result, [*blocks, str(unscored[0])])


def test_points_sum_to_the_shown_score(records, result):
    for record in records[:2]:
        added = sum(one["points"] for one in record["indicators"] if one["points"] is not None)
        assert added == round(100 * record["score"])
        assert record["how"] == "shapley"  # the made city's score is a quadratic mean
        assert record["baseline"] == 0


def test_from_the_median_points_may_be_below_zero_and_still_sum(result):
    block = near_the_line(result, above=False)
    (record,) = block_accounts(result, [block], baseline="median", changes=False)
    added = sum(one["points"] for one in record["indicators"] if one["points"] is not None)
    assert min(one["points"] for one in record["indicators"] if one["points"] is not None) < 0
    exact = result.scores.score[block]
    assert abs(added / 100 + record["baseline"] - exact) < 0.011


def test_a_block_without_a_score_says_so(records):
    record = records[2]
    assert record["score"] is None
    assert record["rank_first"] is None
    assert record["changes"] == {"above": None, "weights": [], "indicators": []}
    assert record["missing"]


def test_every_change_told_crosses_the_line_as_the_study_draws_it(records, result):
    """Carried out from what is told, not from what was found: weights in percent, values in steps.

    Delineation draws the line again from the new scores, which is what a planner would see.
    """
    tried = 0
    for record in records[:2]:
        block, above = record["block"], record["changes"]["above"]
        assert above == (record["margin"] > 0)
        for one in record["changes"]["weights"]:
            if not one["found"]:
                continue
            made = again(result, weights=_with(recipe_of(result).tree, one))
            assert (made.scores.score[block] > made.polygons.threshold) != above
            tried += 1
    assert tried >= 2


def _with(node, one):
    children = tuple(_with(child, one) for child in node.children)
    if node.key == one["group"]:
        children = tuple(replace(child, weight=one["after"][child.key]) for child in children)
    return replace(node, children=children)


def test_violence_is_told_as_levels_and_masks_as_intervals(records, result):
    by_key = {one.key: one for one in result.indicators}
    seen = 0
    for record in records:
        for one in record["indicators"]:
            if public.shown_as_level(by_key[one["key"]]):
                assert one["value"] is None
                assert one["low"] is None
                seen += one["level"] is not None
            elif one["low"] is not None:
                assert one["value"] is None
                held = result.values
                low, high = held.low[one["key"]], held.high[one["key"]]
                assert one["low"] <= low[record["block"]] + 1e-9
                assert one["high"] >= high[record["block"]] - 1e-9
        for one in record["changes"]["indicators"]:
            if public.shown_as_level(by_key[one["key"]]):
                assert "before" not in one
                assert "after" not in one
    assert seen


def test_ranks_are_those_of_the_shown_score(records, result):
    _, total = public.shown_points(result)
    for record in records[:2]:
        assert record["rank_first"] == int((total > 100 * record["score"] + 0.5).sum()) + 1
        assert record["rank_first"] <= record["rank_last"] <= record["ranked"]


def test_fewer_than_three_people_are_not_told(result):
    people = result.territory.blocks["population"]
    few = people.index[(people > 0) & (people.round() < 3)]
    (record,) = block_accounts(result, [str(few[0])], changes=False)
    assert record["population"] is None
    assert record["population_few"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_accounts_in_words(records, result, language):
    text = "\n".join(account_lines(result, records, language))
    assert catalogue(language)["account.internal"] in text
    for record in records:
        assert record["block"] in text
    assert not re.search(r"\{\w|\bnan\b|None", text)
    for one in result.indicators:
        assert one.label(language) in text


def test_a_change_that_the_grain_hides_is_told_as_a_little(result, records):
    key = "conapo_marginalization"
    record = dict(records[0])
    found = {"key": key, "unit": "index", "found": True, "spread": 0.1, "before": 0.932}
    weights = {"group": "facilities", "found": True, "before": {}, "after": {}}
    weights["before"] = {"school_distance_m": 0.5, "park_or_plaza_distance_m": 0.5}
    weights["after"] = {"school_distance_m": 0.5, "park_or_plaza_distance_m": 0.47}
    changes = {"above": False, "weights": [weights], "indicators": [found | {"after": 0.932}]}
    text = "\n".join(account_lines(result, [record | {"changes": changes}], "en"))
    assert "a little, to 0.932 sharp" in text
    assert "from 50% to 47%" in text
    assert "from 50% to 50%" not in text


def test_an_id_mistyped_is_told_with_the_nearest(folder, result, capsys):
    block = str(result.scores.score.index[7])
    wrong = block[:-4] + block[-3:]
    assert main(["explain", str(folder), wrong, "otra", "--lang", "es"]) == 2
    told = capsys.readouterr().err
    assert told.count("[no-such-block]") == 2
    assert block[:-4] in told.replace(wrong, "")
    assert nearest_ids("0190", pd.Index(["0100", "0191"]))[0] == "0191"


def test_explain_writes_json_to_a_file(folder, result, tmp_path, capsys):
    block = near_the_line(result, above=False)
    out = tmp_path / "account.json"
    given = ["explain", str(folder), block, "--top", "0.1", "--json", "--out", str(out)]
    assert main([*given, "--lang", "en"]) == 0
    assert str(out) in capsys.readouterr().out
    held = json.loads(out.read_text("utf-8"))
    assert held["internal"] is True
    assert [one["block"] for one in held["blocks"]] == [block]
    assert main([*given[:4], "1.5", "--lang", "en"]) == 2
    assert "[out-of-range]" in capsys.readouterr().err


def test_choices_that_differ_are_found(result, other):
    assert differing_choices(result, other) == ["normalization", "weights", "aggregation"]
    assert differing_choices(result, result) == []
    coverage = replace(result, study=replace(result.study, coverage_min=0.8))
    assert differing_choices(result, coverage) == ["coverage"]


def test_all_choices_switched_give_the_second_result_exactly(result, other):
    evaluate = evaluator(result, other)
    every = frozenset({"normalization", "weights", "aggregation"})
    pd.testing.assert_series_equal(evaluate(every), other.scores.score, check_names=False)
    pd.testing.assert_series_equal(evaluate(frozenset()), result.scores.score)


def test_a_group_keeps_the_rule_of_the_study_that_chooses_the_aggregation(result):
    def told(use):
        return again(
            result,
            weights=replace(
                result.study.weights,
                children=tuple(
                    replace(child, aggregate=MethodSpec(use))
                    if child.key == "facilities"
                    else child
                    for child in result.study.weights.children
                ),
            ),
            aggregate=MethodSpec(use),
        )

    first, second = told("geometric"), told("harmonic")
    evaluate = evaluator(first, second)
    only = evaluate(frozenset({"weights"}))
    pd.testing.assert_series_equal(only, first.scores.score, check_names=False)
    both = evaluate(frozenset({"aggregation", "weights"}))
    pd.testing.assert_series_equal(both, second.scores.score, check_names=False)


def test_a_rule_that_one_group_alone_says_is_told_as_the_aggregation(result):
    def told(**said):
        tree = result.study.weights
        kept = tuple(
            replace(child, **said) if child.key == "facilities" else child
            for child in tree.children
        )
        return again(result, weights=replace(tree, children=kept))

    second = told(aggregate=MethodSpec("geometric"))
    assert differing_choices(result, second) == ["aggregation"]
    record = compare_results(result, second)
    change = sum(one["score_change"] for one in record["choices"])
    assert change == pytest.approx(record["figures"]["score_change"], abs=2e-4)
    assert abs(change) > 0.001
    assert differing_choices(result, told(coverage_min=0.9)) == ["coverage"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_choices_that_do_not_mix_are_compared_and_not_attributed(result, language):
    two = tuple(one for one in result.study.weights.children if one.key != "facilities")
    tree = Node("score", 1.0, two, aggregate=MethodSpec("quadrants"))
    kept = tuple(one for one in result.study.indicators if one.dimension != "facilities")
    second = again(result, weights=tree, indicators=kept)
    record = compare_results(result, second)
    assert record["inseparable"] == ["weights", "aggregation"]
    assert record["choices"] == []
    assert record["figures"]["scored"] > 100
    text = "\n".join(comparison_lines(record, language))
    assert catalogue(language)["compare.choice-aggregation"] in text
    assert catalogue(language)["compare.no-choices"] not in text


def test_data_of_another_year_and_an_indicator_of_one_study_alone(result):
    values = result.values.value.copy()
    key = values.columns[1]
    values[key] = values[key].to_numpy()[::-1]
    moved = Values(values, values, values, result.values.origin)
    fewer = tuple(one for one in result.indicators if one.key != values.columns[2])
    kept = [one.key for one in fewer]
    small = Values(values[kept], values[kept], values[kept], {k: moved.origin[k] for k in kept})
    weights = _less(result.study.weights, values.columns[2])
    study = replace(result.study, indicators=fewer, weights=weights)
    scores, _ = scored(study, result.territory, small)
    second = replace(result, study=study, indicators=fewer, values=small, scores=scores, doubt=None)
    assert differing_choices(result, second) == ["data", "weights"]
    evaluate = evaluator(result, second)
    both = evaluate(frozenset({"data", "weights"}))
    pd.testing.assert_series_equal(both, scores.score, check_names=False)
    assert evaluate(frozenset({"data"})).notna().any()
    record = compare_results(result, second)
    change = sum(one["score_change"] for one in record["choices"])
    assert change == pytest.approx(record["figures"]["score_change"], abs=2e-4)


def _less(node, key):
    kept = tuple(_less(child, key) for child in node.children if child.key != key)
    return Node(node.key, node.weight, kept, node.weigh, node.aggregate, node.coverage_min)


def test_the_comparison_sums(result, other):
    record = compare_results(result, other, top=0.2)
    held = record["figures"]
    assert held["entering"] == len(record["entering"])
    assert held["leaving"] == len(record["leaving"])
    for way in ("entering", "leaving"):
        told = sum(one[way] for one in record["choices"])
        assert told == pytest.approx(held[way], abs=0.2)  # each is rounded to 0.1
    polygons = record["polygons"]
    inside = (other.polygons.membership > 0).sum()
    assert polygons["entering"] + polygons["staying"] == inside
    assert sum(one["blocks"] for one in polygons["now"]) == inside


@pytest.mark.parametrize("language", LANGUAGES)
def test_comparisons_in_words(result, other, language):
    text = "\n".join(comparison_lines(compare_results(result, other), language))
    assert not re.search(r"\{\w|\bnan\b|None", text)
    for choice in ("normalization", "weights", "aggregation"):
        assert catalogue(language)[f"compare.choice-{choice}"] in text
    same = "\n".join(comparison_lines(compare_results(result, result), language))
    assert catalogue(language)["compare.no-choices"] in same


def test_compare_from_files(folder, tmp_path, capsys):
    text = (folder / "study.yaml").read_text("utf-8")
    second = folder / "second.yaml"
    second.write_text(text.replace("normalize: rank", "normalize: minmax"), "utf-8")
    given = ["compare", str(folder), str(second), "--lang", "en"]
    assert main([*given, "--json"]) == 0
    held = json.loads(capsys.readouterr().out)
    assert [one["choice"] for one in held["choices"]] == ["normalization"]
    assert held["choices"][0]["entering"] == held["figures"]["entering"]
    assert main([*given, "--out", str(tmp_path / "told.txt")]) == 0
    assert "second.yaml" in (tmp_path / "told.txt").read_text("utf-8")


def test_languages_say_the_same_with_the_same_values():
    named = re.compile(r"\{(\w+)")
    for key, text in catalogue("es").items():
        if key.startswith(("account.", "compare.")):
            assert sorted(named.findall(text)) == sorted(named.findall(catalogue("en")[key])), key
