"""SaTScan's report of leukemia in New York, rebuilt figure by figure."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from targeting.delineation.scan import circular_scan, flexible_scan
from tests.delineation.test_scan import links_of, points

REPORT = "scan_test_ny_poisson_circular_cartesian.txt"

pytestmark = pytest.mark.real


def read_report(folder: Path):
    """Cluster by cluster what SaTScan 9.6 printed: ids and every figure, as text."""
    text = (folder / REPORT).read_text()
    found = []
    body = text.split("CLUSTERS DETECTED")[1].split("PARAMETER SETTINGS")[0]
    for part in re.split(r"\n\d+\.Location IDs included\.: ", body)[1:]:
        ids = re.findall(r"\d+", part.split("Overlap")[0])
        figures = dict(re.findall(r"^ +([A-Z][^.:]*?)\.*: (.+)$", part, flags=re.MULTILINE))
        found.append((ids, figures))
    return found


def read_new_york(folder: Path):
    columns = {"cases": (1, "satscan_ny_cases.txt"), "population": (2, "satscan_ny_pop.txt")}
    tables = {
        name: pd.read_csv(folder / file, sep=r"\s+", header=None, dtype={0: str}, index_col=0)[at]
        for name, (at, file) in columns.items()
    }
    place = pd.read_csv(
        folder / "satscan_ny_coords.txt", sep=r"\s+", header=None, dtype={0: str}, index_col=0
    )
    return tables["cases"], tables["population"], points(place.to_numpy(), place.index)


@pytest.fixture(scope="module")
def new_york(real_data: Path):
    folder = real_data / "scan_ny"
    cases, population, geometry = read_new_york(folder)
    return cases, population, geometry, read_report(folder)


def test_satscan_new_york_report_is_rebuilt(new_york):
    # SaTScan 9.6: every cluster it reports and no other, each with the same places and every figure
    # to as many digits as printed (the log-likelihood ratio to 6 decimals).
    cases, population, geometry, report = new_york
    assert (len(cases), cases.sum(), population.sum()) == (281, 552, 1_057_673)
    found = circular_scan(cases, population, geometry)
    assert len(report) == 6
    assert len(found.clusters) == 6
    for (ids, figures), (number, row) in zip(report, found.clusters.iterrows(), strict=True):
        assert sorted(found.membership.index[found.membership == number]) == sorted(ids)
        assert row["center"] == ids[0]
        assert f"{row['log_likelihood_ratio']:.6f}" == figures["Log likelihood ratio"]
        assert f"{row['population']:.0f}" == figures["Population"]
        assert f"{row['cases']:.0f}" == figures["Number of cases"]
        assert f"{row['expected']:.2f}" == figures["Expected cases"]
        assert f"{row['rate_ratio']:.2f}" == figures["Observed / expected"]
        assert f"{row['relative_risk']:.2f}" == figures["Relative risk"]
        middle, radius = figures["Coordinates / radius"].split(" / ")
        assert float(f"{row['radius_m']:.2g}") == float(radius)  # two digits are printed
        x, y = middle.strip("()").split(",")
        where = geometry[row["center"]]
        assert (f"{where.x:.6g}", f"{where.y:.6g}") == (x, y)


def test_satscan_new_york_p_values_within_monte_carlo_error(new_york):
    # Both have 999 replicates of their own: 4 standard errors of the difference of two shares.
    # SaTScan prints the Gumbel approximation for small ones and the rank for the others.
    cases, population, geometry, report = new_york
    found = circular_scan(cases, population, geometry)
    for (_, figures), (_, row) in zip(report, found.clusters.iterrows(), strict=True):
        theirs = float(figures["P-value"])
        error = 4 * math.sqrt(2 * theirs * (1 - theirs) / 999)
        ours = row["p_gumbel"] if theirs < 0.1 else row["p"]
        assert abs(ours - theirs) <= max(error, 1e-4)
    assert found.clusters.loc[1, "p"] == 0.001  # 1 in 1,000: no replicate is as high


def test_the_flexible_scan_finds_at_least_as_likely_a_set_in_new_york(new_york):
    # Each place is linked to its 8 nearest, so a circle of at most 8 places is one of the sets.
    cases, population, geometry, _ = new_york
    where = shapely.get_coordinates(geometry.array)
    apart = np.hypot(*(where[:, None, :] - where[None, :, :]).transpose(2, 0, 1))
    pairs = {(i, j) for i in range(281) for j in np.argsort(apart[i])[1:9]}
    found = flexible_scan(
        cases,
        population,
        geometry,
        links_of({(min(p), max(p)) for p in pairs}),
        nearest_blocks=8,
        restricted_alpha=None,
        replicates=0,
    )
    circle = circular_scan(cases, population, geometry, replicates=0)
    small = circle.clusters.query("block_count <= 8")["log_likelihood_ratio"].max()
    assert found.clusters["log_likelihood_ratio"].iloc[0] >= small
