"""Hot spots beside esda: seconds warm, seconds in a fresh process, and whether both agree.

python benchmarks/delineation_hotspots.py            # 20,000 blocks, beside esda
python benchmarks/delineation_hotspots.py --quick    # ours alone: esda compiles for half a minute
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata, util
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

import numpy as np
import pandas as pd
from rows import Row, show

from targeting.delineation.hotspots import emerging_spots, getis_ord, local_moran
from targeting.model import Links

HERE = Path(__file__).resolve().parent
SECONDS, THOUSANDTHS = "user s", "user ms"
PERMUTATIONS = 999
COLD = 1_000
OURS = """
from benchmarks.delineation_hotspots import made
from targeting.delineation.hotspots import getis_ord
getis_ord(*made({size}), permutations=999)
"""
THEIRS = """
from benchmarks.delineation_hotspots import made, theirs
theirs("G_Local", *made({size}), star=True, transform="B")
"""
NOTHING = """
from benchmarks.delineation_hotspots import made
made({size})
"""


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under 15 s, without esda")
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    options = parser.parse_args()
    rows = speed_rows(20_000, beside_esda=not options.quick)
    rows += cold_rows(beside_esda=not options.quick)
    show(rows, as_json=options.json)
    return 0


def made(size: int, seed: int = 2026) -> tuple[pd.Series[float], Links]:
    """Return values and links of about so many blocks: a grid with every other diagonal.

    Five neighbors on average, values skewed, those of a corner raised.
    """
    side = round(size**0.5)
    place = np.arange(side * side).reshape(side, side)
    first = [place[:, :-1].ravel(), place[:-1].ravel(), place[:-1, :-1].ravel()[::2]]
    second = [place[:, 1:].ravel(), place[1:].ravel(), place[1:, 1:].ravel()[::2]]
    one, two = np.concatenate(first), np.concatenate(second)
    order = np.lexsort((two, one))
    nothing = np.zeros(len(one))
    links = Links(one[order], two[order], nothing, nothing)
    chance = np.random.default_rng(seed)
    values = chance.gamma(2.0, 1.0, side * side)
    values[place[: side // 10, : side // 10].ravel()] += 2.0
    ids = [f"b{number:07d}" for number in range(side * side)]
    return pd.Series(values, index=ids), links


def theirs(kind: str, values: pd.Series[float], links: Links, **settings: Any) -> Any:
    """Return what esda says of the same values and links, on one core."""
    from libpysal.weights import W

    near: dict[int, list[int]] = {number: [] for number in range(len(values))}
    for one, two in zip(links.first.tolist(), links.second.tolist(), strict=True):
        near[one].append(two)
        near[two].append(one)
    weights = W(near, silence_warnings=True, id_order=list(range(len(values))))
    return _theirs(kind, values.to_numpy(), weights, **settings)


def _theirs(kind: str, values: np.ndarray, weights: Any, **settings: Any) -> Any:
    import esda

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = {"permutations": PERMUTATIONS, "n_jobs": 1, "seed": 5, "keep_simulations": False}
        return getattr(esda, kind)(values, weights, **{**wanted, **settings})


def user_seconds(work: Callable[[], Any], times: int = 3) -> tuple[Any, float]:
    """Return what `work` gives, and the fewest seconds of user CPU of so many times."""
    best = float("inf")
    for _ in range(times):
        start = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        found = work()
        best = min(best, resource.getrusage(resource.RUSAGE_SELF).ru_utime - start)
    return found, best


def speed_rows(size: int, *, beside_esda: bool) -> list[Row]:
    """Time the statistics warm, beside esda in the same run, and hold their p-values together."""
    values, links = made(size)
    case = f"{len(values):,} blocks"
    rows = []
    ours, took = {}, {}
    for name, method in (("getis_ord", getis_ord), ("local_moran", local_moran)):
        ours[name], took[name] = user_seconds(
            lambda m=method: m(values, links, permutations=PERMUTATIONS)
        )
    for many in (9_999, 99_999):
        _, seconds = user_seconds(lambda m=many: getis_ord(values, links, permutations=m), 2)
        rows.append(Row(case, f"G*, {many:,} permutations", 1e3 * seconds, THOUSANDTHS))
    periods = pd.DataFrame({year: values.to_numpy() + 0.1 * year for year in range(12)})
    _, seconds = user_seconds(lambda: emerging_spots(periods, links), 2)
    rows.append(Row(case, "patterns over 12 periods", 1e3 * seconds, THOUSANDTHS))
    label = {"getis_ord": "G*, 999 permutations", "local_moran": "local Moran, 999 permutations"}
    if not (beside_esda and util.find_spec("esda")):
        return [Row(case, label[name], 1e3 * took[name], THOUSANDTHS) for name in ours] + rows
    peer = f"esda {metadata.version('esda')}"
    beside = []
    for name, kind, settings in (
        ("getis_ord", "G_Local", {"star": True, "transform": "B"}),
        ("local_moran", "Moran_Local", {"transformation": "r"}),
    ):
        weights = theirs(kind, values, links, **settings).w  # compiles, and builds the weights
        found, seconds = user_seconds(
            lambda k=kind, w=weights, s=settings: _theirs(k, values.to_numpy(), w, **s)
        )
        mine, other = 1e3 * took[name], 1e3 * seconds
        beside.append(Row(case, label[name], mine, THOUSANDTHS, peer, other, other / 4))
        beside += _agreement(case, label[name], ours[name].blocks, found)
    return beside + rows


def _agreement(case: str, name: str, ours: pd.DataFrame, theirs: Any) -> list[Row]:
    """Compare statistics and the smaller tails with esda's."""
    statistic = theirs.Gs if hasattr(theirs, "Gs") else theirs.Is
    tail = np.minimum(ours["p"].to_numpy() / 2, 0.5)
    apart = float(np.abs(ours["statistic"].to_numpy() - statistic).max())
    same = float(((tail <= 0.025) == (theirs.p_sim <= 0.025)).mean())
    together = float(np.corrcoef(tail, theirs.p_sim)[0, 1])
    return [
        Row(case, f"{name}: 1e10 × largest difference", apart * 1e10, "", target=1.0),
        Row(case, f"{name}: p-values, 1 − correlation", 1 - together, "", target=0.01),
        Row(case, f"{name}: other side of 0.05", (1 - same) * 100, "% of blocks", target=3.0),
    ]


def cold_rows(*, beside_esda: bool) -> list[Row]:
    """Time a first G* in a fresh process with nothing compiled: the whole, and imports apart."""
    case = f"{COLD:,} blocks, fresh process"
    base, whole = _fresh(NOTHING), _fresh(OURS)
    took = max(whole - base, 0.0)
    if not (beside_esda and util.find_spec("esda")):
        return [
            Row(case, "first G*, whole process", whole, SECONDS),
            Row(case, "  imports and data apart", took, SECONDS, target=2.0),
        ]
    peer, other = f"esda {metadata.version('esda')}", _fresh(THEIRS)
    return [
        Row(case, "first G*, whole process", whole, SECONDS, peer, other),
        Row(case, "  imports and data apart", took, SECONDS, peer, other - base, 2.0),
    ]


def _fresh(program: str) -> float:
    """Seconds of user CPU of a program in its own process with an empty cache."""
    with tempfile.TemporaryDirectory() as empty:
        start = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        subprocess.run(
            [sys.executable, "-c", program.format(size=COLD)],
            check=True,
            cwd=HERE.parent,
            env={**os.environ, "NUMBA_CACHE_DIR": empty, "PYTHONPATH": f"{HERE.parent}:{HERE}"},
        )
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - start


def method_rows(
    case: str,
    blocks: Any,
    score: pd.Series[float],
    links: Links,
    methods: Mapping[str, Mapping[str, Any]],
    bounds: Mapping[str, Any],
) -> list[Row]:
    """Time delineators a study may name, and tell what each captures.

    Parameters
    ----------
    case : str
        What the city is called.
    blocks, score, links
        As a delineator takes them.
    methods : mapping
        Name in the registry to settings of its own.
    bounds : mapping
        Settings common to all.
    """
    from targeting.registry import method

    rows = []
    for name, own in methods.items():
        found, took = user_seconds(
            lambda n=name, o=own: method("delineator", n)(blocks, score, links, **bounds, **o), 1
        )
        table = found.polygons
        rows += [
            Row(case, f"{name}", took, SECONDS),
            Row(case, f"{name}: polygons", float(len(table)), ""),
            Row(case, f"{name}: need captured", 100 * found.notes["need_share"], "% of the need"),
            Row(case, f"{name}: mean compactness", _mean(table["compactness"]), "Polsby–Popper"),
        ]
    return rows


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if len(values) else None


if __name__ == "__main__":
    raise SystemExit(main())
