"""The tables that publishers give, rebuilt; and the wrong recipes, seen to fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from targeting.published import Reproduction, reproduce
from targeting.published.catalog import document
from targeting.published.record_file import record_of

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def indices(real_data: Path) -> Path:
    return real_data / "indices"


@pytest.fixture(scope="module")
def england(indices: Path) -> Path:
    return indices / "england_imd" / "imd2025_lsoa21.parquet"


@pytest.fixture(scope="module")
def england_read(england: Path) -> pd.DataFrame:
    return pd.read_parquet(england)


@pytest.fixture(scope="module")
def counties(indices: Path) -> Path:
    return indices / "cdc_svi" / "SVI2018_US_COUNTY.csv"


@pytest.fixture(scope="module")
def counties_read(counties: Path) -> pd.DataFrame:
    return pd.read_csv(counties, dtype=str)


@pytest.fixture(scope="module")
def nations_file(indices: Path) -> Path:
    return indices / "undp_hdi" / "HDR23-24_Composite_indices_complete_time_series.csv"


@pytest.fixture(scope="module")
def nations(nations_file: Path) -> pd.DataFrame:
    """The file as text, read once for all the years."""
    table = pd.read_csv(nations_file, dtype=str, encoding="latin-1")
    return table.rename(columns={table.columns[0]: "iso3"})  # its mark of order reads as letters


@pytest.fixture(scope="module")
def california(indices: Path) -> Path:
    return indices / "calenviroscreen" / "ces4_results.csv"


@pytest.fixture(scope="module")
def california_read(california: Path) -> pd.DataFrame:
    return pd.read_csv(california, dtype=str)


def less_than_whole(answer: Reproduction) -> list[str]:
    return [one.name for one in answer.columns if one.equal_share < 1]


def changed(key: str, wrong: Any, **more: Any) -> Any:
    """Return a record with one of its steps changed by `wrong`, which must change something."""
    raw = document(key)
    steps = [wrong(dict(step)) for step in raw["steps"]]
    assert steps != raw["steps"]
    return record_of(raw | {"steps": steps}, key, **more)


def test_imd_2025(england: Path) -> None:
    answer = reproduce("imd-2025", england)
    assert answer.rows == 33_755
    assert answer.max_abs_diff <= 0.0005  # published to 3 decimals
    assert (answer.ranks_equal, answer.classes_equal) == (1.0, 1.0)
    assert less_than_whole(answer) == []


def test_imd_2025_with_the_published_ranks_of_equal_areas_is_wrong(
    england_read: pd.DataFrame,
) -> None:
    def smallest(step: dict[str, Any]) -> dict[str, Any]:
        if step.get("normalizer") == "exponential_of_rank":
            step["with"] = {"given": "ranks", "ties": "min"}
        return step

    answer = reproduce(changed("imd-2025", smallest), england_read)
    assert answer.ranks_equal < 1.0
    assert not answer.agrees


def test_imd_2025_with_weights_that_add_up_to_one_is_wrong(england_read: pd.DataFrame) -> None:
    def whole(step: dict[str, Any]) -> dict[str, Any]:
        if "weights" in step:
            step["weights"] = {name: w / 0.999 for name, w in step["weights"].items()}
        return step

    answer = reproduce(changed("imd-2025", whole), england_read)
    assert answer.max_abs_diff > 0.05
    assert not answer.agrees


def test_svi_2018_of_the_counties(counties: Path) -> None:
    answer = reproduce("svi-2018", counties)
    assert answer.rows == 3_142
    assert len(answer.columns) == 15 + 5 + 5 + 15 + 4 + 1  # EPL, SPL, RPL, F_, F_THEME, F_TOTAL
    assert less_than_whole(answer) == []
    assert answer.max_abs_diff == 0.0
    assert (answer.ranks_equal, answer.classes_equal) == (1.0, 1.0)


def test_svi_with_minus_the_income_ranked_is_wrong(counties_read: pd.DataFrame) -> None:
    def turned(step: dict[str, Any]) -> dict[str, Any]:
        if step.get("of") == "pci":
            step["of"] = "minus_pci"
            step["with"] = {"rule": "below", "decimals": 4}
        return step

    raw = document("svi-2018")
    first = {"column": "line", "of": "pci", "make": "minus_pci", "with": {"times": -1.0}}
    steps = [first, *(turned(dict(step)) for step in raw["steps"])]
    answer = reproduce(record_of(raw | {"steps": steps}, "svi-2018"), counties_read)
    wrong = {one.name: one for one in answer.columns if one.equal_share < 1}
    assert 0.8 < wrong["EPL_PCI"].equal_share < 0.9  # 15 % of the counties share their income
    assert not answer.agrees


def test_svi_with_sums_of_unrounded_ranks_is_wrong(counties_read: pd.DataFrame) -> None:
    def unrounded(step: dict[str, Any]) -> dict[str, Any]:
        if step.get("normalizer") == "percentile":
            step["with"] = {k: v for k, v in step["with"].items() if k != "decimals"}
        return step

    answer = reproduce(changed("svi-2018", unrounded), counties_read)
    wrong = {one.name: one.equal_share for one in answer.columns if one.equal_share < 1}
    assert wrong["SPL_THEME1"] < 0.9
    assert wrong["RPL_THEMES"] < 0.95


@pytest.mark.parametrize("year", range(1990, 2023))
def test_hdi_of_every_year(nations: pd.DataFrame, year: int) -> None:
    answer = reproduce(f"hdi-{year}", nations)
    if year <= 1994:  # the file has Rwanda's components, and no index of it
        assert answer.columns[0].only_made == ("RWA",)
        assert answer.columns[0].rows == 153
    else:
        assert less_than_whole(answer) == []
    assert answer.agrees
    assert (answer.max_abs_diff, answer.ranks_equal) == (0.0, 1.0)


def test_hdi_2022_has_its_ranks_and_classes(nations_file: Path) -> None:
    answer = reproduce("hdi-2022", nations_file)
    rows = {one.name: one.rows for one in answer.columns}
    assert rows == {"hdi_2022": 204, "hdi_rank_2022": 193, "hdicode": 193}
    assert (answer.ranks_equal, answer.classes_equal) == (1.0, 1.0)


def test_hdi_with_the_geometric_mean_of_education_is_wrong(nations: pd.DataFrame) -> None:
    def geometric(step: dict[str, Any]) -> dict[str, Any]:
        if step["make"] == "education":
            step["with"] = {"exponent": 0.0}
        return step

    answer = reproduce(changed("hdi", geometric, year=2022), nations)
    index = next(one for one in answer.columns if one.kind == "index")
    assert 0.15 <= index.equal_share <= 0.33  # the range found for the variant of 2010 to 2013
    assert not answer.agrees


def test_hdi_ranked_before_it_is_rounded_is_wrong(nations: pd.DataFrame) -> None:
    def exact(step: dict[str, Any]) -> dict[str, Any]:
        if step["make"] == "rank":
            step["of"] = "exact"
        return step

    answer = reproduce(changed("hdi", exact, year=2022), nations)
    assert answer.ranks_equal == pytest.approx(0.86, abs=0.01)


@pytest.mark.parametrize("year", range(2010, 2023))
def test_ihdi_of_every_year(nations: pd.DataFrame, year: int) -> None:
    answer = reproduce(f"ihdi-{year}", nations)
    assert less_than_whole(answer) == []
    assert (answer.max_abs_diff, answer.ranks_equal) == (0.0, 1.0)


@pytest.mark.parametrize("key", ["gdi", "gii"])
@pytest.mark.parametrize("year", range(1990, 2023))
def test_gdi_and_gii(nations: pd.DataFrame, key: str, year: int) -> None:
    answer = reproduce(f"{key}-{year}", nations)
    assert less_than_whole(answer) == []
    assert (answer.max_abs_diff, answer.ranks_equal) == (0.0, 1.0)


def test_gdi_2022_has_its_five_groups(nations: pd.DataFrame) -> None:
    answer = reproduce("gdi-2022", nations)
    assert answer.classes_equal == 1.0
    assert set(answer.index.classes.dropna()) == {1, 2, 3, 4, 5}


# Their raw columns are not rounded in the file.
SHARP = ("PM2.5", "Traffic", "Cleanup Sites", "Groundwater Threats", "Haz. Waste")
SHARP += ("Imp. Water Bodies", "Solid Waste", "Asthma", "Low Birth Weight", "Education")
SHARP += ("Cardiovascular Disease", "Linguistic Isolation", "Poverty", "Unemployment")
SHARP += ("Housing Burden",)


def test_calenviroscreen_4(california: Path) -> None:
    answer = reproduce("calenviroscreen-4.0", california)
    by_name = {one.name: one for one in answer.columns}
    assert answer.rows == 8_035
    assert answer.max_abs_diff <= 0.0076
    assert answer.classes_equal >= 0.9995
    assert len(SHARP) == 15
    for name in SHARP:
        assert by_name[f"{name} Pctl"].equal_share == 1.0, name
    assert by_name["Ozone Pctl"].equal_share < 0.5  # its raw column is rounded
    assert answer.agrees


def test_calenviroscreen_4_from_its_percentiles_alone(california_read: pd.DataFrame) -> None:
    table = california_read
    kept = [name for name in table if "Pctl" in name or "Score" in name or "Percentile" in name]
    answer = reproduce("calenviroscreen-4.0", table[["tract", *kept]])
    assert answer.max_abs_diff <= 0.0076
    assert round(answer.classes_equal, 4) >= 0.9995  # 4 tracts of 7,932
    assert "percentile_ozone" in answer.left_undone


def test_calenviroscreen_4_with_zeros_in_the_percentiles_is_wrong(
    california_read: pd.DataFrame,
) -> None:
    def counted(step: dict[str, Any]) -> dict[str, Any]:
        if step.get("normalizer") == "percentile":
            step["with"] = {"rule": "at_or_below"}
        return step

    answer = reproduce(changed("calenviroscreen-4.0", counted), california_read)
    by_name = {one.name: one for one in answer.columns}
    assert by_name["Cleanup Sites Pctl"].equal_share < 0.5
    assert not answer.agrees


STAGES = (
    ("Denominated", "_per"),
    ("Imputed", "_filled"),
    ("Treated", "_treated"),
    ("Normalised", "_scaled"),
)


@pytest.fixture(scope="module")
def asem(indices: Path) -> Path:
    return indices / "asem"


@pytest.fixture(scope="module")
def asem_rebuilt(asem: Path) -> Reproduction:
    return reproduce("asem", asem / "ASEM_iData.csv", beside=asem / "COINr6_Aggregated.csv")


def test_asem_agrees_with_the_tables_kept_beside_its_example(asem_rebuilt: Reproduction) -> None:
    answer = asem_rebuilt
    assert answer.rows == 51
    assert answer.max_abs_diff < 1e-8  # the example's copy has 9 digits
    assert answer.ranks_equal == 1.0
    assert len(answer.columns) == 1 + 2 + 8 + 1
    assert less_than_whole(answer) == []
    values = answer.index.value.sort_values(ascending=False)
    # As printed in COINr's documentation.
    assert list(values.index[:2]) == ["CHE", "NLD"]
    assert values.iloc[:2].round(2).tolist() == [68.38, 64.82]


@pytest.mark.parametrize(("stage", "ending"), STAGES)
def test_asem_agrees_with_coinr_at_every_stage(
    asem: Path, asem_rebuilt: Reproduction, stage: str, ending: str
) -> None:
    """Tables written by COINr 1.1.14 with 15 digits."""
    theirs = pd.read_csv(asem / "coinr_ref" / f"dset_{stage}.csv").set_index("uCode")
    ours = asem_rebuilt.index.parts[[f"{name.lower()}{ending}" for name in theirs]]
    ours = ours.reindex(theirs.index).set_axis(theirs.columns, axis=1)
    assert theirs.shape == (51, 49)
    assert (ours.isna() == theirs.isna()).all(axis=None)
    assert (
        ((ours - theirs).abs() <= 1e-9 * theirs.abs().clip(lower=1e-3))
        .where(theirs.notna(), True)
        .all(axis=None)
    )


def test_asem_without_treatment_is_wrong(asem: Path) -> None:
    def untreated(step: dict[str, Any]) -> dict[str, Any]:
        if "treatment" in step:
            return step | {"treatment": "none", "with": {}}
        return step

    beside = asem / "COINr6_Aggregated.csv"
    answer = reproduce(changed("asem", untreated), asem / "ASEM_iData.csv", beside=beside)
    assert answer.max_abs_diff > 1.0
    assert not answer.agrees
