"""COINr's uncertainty and sensitivity of its own example, within Monte-Carlo error.

COINr 1.1.14, 500 draws: treatment with 1 to 5 winsorized points, min-max to 1–100 or z-scores (mean
10, standard deviation 2), weights of pillars and sub-indices ± 25 %, arithmetic or geometric mean.
COINr's scores are well-being: here a part is 1 − score / 100 (z: / 22), which changes no rank.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kurtosis, skew

from targeting.composite.uncertainty import Within, draw, of_parts, sensitivity, summarize
from targeting.model import MethodSpec

pytestmark = pytest.mark.real


def passes(x):
    return abs(skew(x, bias=False)) < 2 or kurtosis(x, bias=False) < 3.5


def treated(x, most):
    """COINr's treatment: points drawn in one by one, else a logarithm of what stood there."""
    now, moved_up, moved_down = x.copy(), 0, 0
    while not passes(now) and moved_up + moved_down < most:
        if skew(now, bias=False) >= 0:
            at = now == now.max()
            now[at], moved_up = now[~at].max(), at.sum()
        else:
            at = now == now.min()
            now[at], moved_down = now[~at].min(), at.sum()
    if passes(now):
        return now
    return np.log(x - x.min() + 0.01 * (x.max() - x.min()))


@pytest.fixture(scope="module")
def folder(real_data):
    return real_data / "indices" / "asem" / "coinr_ref"


@pytest.fixture(scope="module")
def model(folder):
    meta = pd.read_csv(folder / "asem_iMeta.csv").set_index("iCode")
    meta = meta[meta["Type"].isin(["Indicator", "Aggregate"])]
    raw = pd.read_csv(folder / "dset_Screened.csv").set_index("uCode")
    keys = meta.index[meta["Type"] == "Indicator"]
    known = pd.read_csv(folder / "dset_Treated.csv").set_index("uCode")
    parts = {}
    for number, most in enumerate([5, 1, 2, 3, 4]):
        held = raw[keys].apply(lambda x, most=most: treated(x.to_numpy(float), most))
        if most == 5:
            np.testing.assert_allclose(held, known.loc[held.index, keys], rtol=1e-12)
        held *= meta.loc[keys, "Direction"]
        span = held.max() - held.min()
        parts[number, 0] = 1 - (1 + 99 * (held - held.min()) / span) / 100
        parts[number, 1] = 1 - (10 + 2 * (held - held.mean()) / held.std()) / 22
    for pair, one in parts.items():  # a last digit beyond the ends
        np.testing.assert_allclose(one, one.clip(0, 1), atol=1e-12)
        parts[pair] = one.clip(0, 1)

    def tree(name):
        below = meta.index[meta["Parent"] == name]
        return {key: (1.0, tree(key)) if key not in keys else 1.0 for key in below}

    return of_parts(
        parts,
        tree("Index"),
        aggregate=[MethodSpec("arithmetic"), MethodSpec("geometric")],
        weights=dict.fromkeys(["score", "Conn", "Sust"], Within(0.25)),
    )


def test_rank_statistics(folder, model):
    theirs = pd.read_csv(folder / "UA_rankstats.csv").set_index("uCode")
    made = draw(model, draws=4000, seed=1)
    found = summarize(made).blocks.loc[theirs.index]
    # Rank 1 is theirs for the best, ours for the most urgent.
    np.testing.assert_array_equal(52 - found["rank"], theirs["Nominal"])
    spread = pd.DataFrame(52 - made.ranks.astype(float), columns=made.index).std()
    gap = (52 - found["rank_mean"] - theirs["Mean"]).abs()
    # Their 500 draws share 100 sets of weights: the error of a mean of 100 at the most.
    assert (gap < 4 * spread[gap.index] / 100**0.5 + 0.01).all()
    assert gap.mean() < 0.15
    # Theirs must be a quantile of ours, for a share as near as 100 draws can tell.
    ranks = pd.DataFrame(52 - made.ranks.astype(float), columns=made.index)[theirs.index]
    for name, share in {"Median": 0.5, "Q5": 0.05, "Q95": 0.95}.items():
        error = 4 * (share * (1 - share) / 100) ** 0.5
        assert ((ranks <= theirs[name] + 0.5).mean() > share - error).all(), name
        assert ((ranks < theirs[name] - 0.5).mean() < share + error).all(), name
    apart = (52 - found["rank_median"] - theirs["Median"]).abs()
    assert (apart == 0).mean() > 0.7


def test_sobol_indices(folder, model):
    theirs = pd.read_csv(folder / "SA_indices.csv").set_index("Variable")
    ours = sensitivity(model, base=1024, seed=2).choices
    names = {
        "Winmax": "treat",
        "Normalisation": "normalize",
        "Weights": "weights",
        "Aggregation": "aggregate",
    }
    for name, choice in names.items():
        # Their 5–95 % bootstrap interval of N = 100, half as wide again on either side.
        low, high = theirs.loc[name, "STi_q5"], theirs.loc[name, "STi_q95"]
        margin = (high - low) / 2
        assert low - margin < ours.loc[choice, "total"] < high + margin, choice
    assert ours["total"].idxmax() == "aggregate"
    assert ours["total"].idxmin() == "treat"
