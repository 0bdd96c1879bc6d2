"""Seconds and memory of the composite: treat, normalize, three levels; DP2 and its grades.

python benchmarks/composite.py            # 60,000 and 2,500,000 blocks, 20 indicators
python benchmarks/composite.py --quick    # 6,000 and 60,000; targets are for the whole

The whole run ends with the doubt of a composite and rates of small numbers, which can also be run
by themselves: composite_doubt.py, small_numbers.py. COINr needs R: it is not run here. Peers that
combine one level are given one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from end_to_end import usage
from rows import Row, show

INDICATORS = 20
# CONAPO's urban index of 2020: areas and indicators.
AREAS, DEPRIVATIONS = 50_790, 11
GRADES: dict[str, Any] = {"classes": 5, "winsorize_below": 1.5, "target_variation": 0.01}


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under 50 s")
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    parser.add_argument("--case", choices=sorted(CASES), help=argparse.SUPPRESS)
    parser.add_argument("--blocks", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(CASES[options.case](options.blocks) | usage()))
        return 0
    small, large = (6_000, 60_000) if options.quick else (60_000, 2_500_000)
    whole = not options.quick
    rows = recipe_rows(small, peers=True, seconds=0.5 if whole else None)
    rows += recipe_rows(large, peers=False, seconds=15.0 if whole else None, gigabytes=4.0)
    rows += index_rows()
    if whole:
        from composite_doubt import doubt_rows
        from small_numbers import model_rows, smoothing_rows

        rows += doubt_rows(whole=True)
        rows += [*smoothing_rows(60_000), *model_rows()]
    show(rows, as_json=options.json)
    return 0


def measured(case: str, blocks: int) -> dict[str, Any]:
    """Return the figures of one case, run in a process of its own."""
    print(f"{case}, {blocks:,} …", file=sys.stderr)
    command = [sys.executable, __file__, "--case", case, "--blocks", str(blocks)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def cpu(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what `work` gives, and the CPU seconds it took, the system's among them."""
    before = time.process_time()
    found = work()
    return found, time.process_time() - before


def table(blocks: int) -> Any:
    """Return made indicators: so skewed that a treatment has work, a few of them correlated."""
    import numpy as np
    import pandas as pd

    chance = np.random.default_rng(1)
    held = chance.gamma(0.5, 1.0, (blocks, INDICATORS))
    held[:, 1::4] += held[:, ::4]
    held[chance.random(blocks) < 0.01, 3] = np.nan
    names = [f"i{number:02d}" for number in range(INDICATORS)]
    return pd.DataFrame(held, columns=names)


# ---------------------------------------------------------------- treat, normalize, three levels


def recipe(blocks: int) -> dict[str, Any]:
    """Treat, normalize and combine up three levels."""
    from targeting.composite.normalize import minmax
    from targeting.composite.scoring import combine
    from targeting.composite.treat import treat
    from targeting.model import MethodSpec, Node

    names = [f"i{number:02d}" for number in range(INDICATORS)]
    groups = {
        f"d{top}": (
            1.0 + top,
            {
                f"g{top}{low}": (1.0, dict.fromkeys(names[5 * (2 * top + low) :][:5], 1.0))
                for low in (0, 1)
            },
        )
        for top in (0, 1)
    }
    tree = Node.of(groups).scaled()
    rule = MethodSpec("winsorize_skew", {})
    warm = table(1_000)
    combine(treat(warm, rule).values.apply(minmax), tree, aggregate=MethodSpec("arithmetic"))
    held = table(blocks)
    treated, treating = cpu(lambda: treat(held, rule).values)
    parts, normalizing = cpu(lambda: treated.apply(minmax))
    done, combining = cpu(lambda: combine(parts, tree, aggregate=MethodSpec("arithmetic")))
    return {
        "treat": treating,
        "normalize": normalizing,
        "combine": combining,
        "scored": int(done.value.notna().sum()),
    }


def pymcdm_sum(blocks: int) -> dict[str, Any]:
    """Normalize and add up one level with pymcdm."""
    import numpy as np
    from pymcdm.methods import WSM
    from pymcdm.normalizations import minmax_normalization

    held = table(blocks).fillna(0.0).to_numpy()
    weights, types = np.full(INDICATORS, 1 / INDICATORS), np.ones(INDICATORS)
    found, spent = cpu(lambda: WSM(minmax_normalization)(held, weights, types))
    return {"spent": spent, "apart": apart(held, np.asarray(found))}


def skcriteria_sum(blocks: int) -> dict[str, Any]:
    """Normalize and add up one level with scikit-criteria."""
    import numpy as np
    import skcriteria
    from skcriteria.agg.simple import WeightedSumModel
    from skcriteria.preprocessing.scalers import MinMaxScaler

    held = table(blocks).fillna(0.0).to_numpy()

    def work() -> Any:
        made = skcriteria.mkdm(held, [max] * INDICATORS, weights=[1 / INDICATORS] * INDICATORS)
        return WeightedSumModel().evaluate(MinMaxScaler(target="matrix").transform(made))

    found, spent = cpu(work)
    return {"spent": spent, "apart": apart(held, np.asarray(found.e_.score))}


def apart(held: Any, theirs: Any) -> float:
    """Return the largest difference of a peer's flat sum from ours."""
    import numpy as np
    import pandas as pd

    from targeting.composite import arithmetic, minmax

    parts = pd.DataFrame(held).apply(minmax)
    ours = arithmetic(parts, pd.Series(1.0, index=parts.columns)).value.to_numpy()
    return float(np.abs(ours - theirs).max())


def recipe_rows(
    blocks: int, *, peers: bool, seconds: float | None, gigabytes: float | None = None
) -> list[Row]:
    """Return the figures of one size, with the peers' beside them."""
    case = f"{blocks:,} × {INDICATORS}"
    found = measured("recipe", blocks)
    total = found["treat"] + found["normalize"] + found["combine"]
    rows = [Row(case, "treat, normalize, three levels", total, "s CPU", target=seconds)]
    rows += [Row(case, part, found[part], "s CPU") for part in ("treat", "normalize", "combine")]
    bound = gigabytes if seconds is not None else None
    rows.append(Row(case, "peak memory", found["peak_gb"], "GB", target=bound))
    for name in ("pymcdm", "scikit-criteria") if peers else ():
        one = measured(name, blocks)
        ours = found["normalize"] + found["combine"]
        told = "normalize and combine (peer: one level)"
        rows.append(Row(case, told, ours, "s CPU", name, one["spent"]))
        told = "largest difference of a flat sum"
        rows.append(Row(case, told, one["apart"], "", target=1e-9))
    return rows


# -------------------------------------------------------------------------------------------- DP2


def dp2_of(areas: int) -> dict[str, Any]:
    """Measure DP2 over made areas, and grade it as CONAPO does."""
    import numpy as np
    import pandas as pd

    from targeting.composite.classify import dalenius_hodges
    from targeting.composite.distance import dp2

    chance = np.random.default_rng(1)
    common = chance.beta(2, 8, areas)[:, None]
    held = 100 * np.clip(
        common * chance.uniform(0.3, 1.2, DEPRIVATIONS)
        + chance.normal(0, 0.05, (areas, DEPRIVATIONS)),
        0,
        1,
    )
    names = [f"d{number}" for number in range(DEPRIVATIONS)]
    values = pd.DataFrame(held, columns=names)
    reference = dict.fromkeys(names, 100.0)
    small = dp2(values.iloc[:500], reference=reference)
    dalenius_hodges(small.value, **GRADES)
    found, spent = cpu(lambda: dp2(values, reference=reference))
    _, grading = cpu(lambda: dalenius_hodges(found.value, **GRADES))
    return {"dp2": spent, "grades": grading}


def index_rows() -> list[Row]:
    """Return the figures of DP2 at the size of CONAPO's urban index."""
    found = measured("dp2", AREAS)
    case = f"DP2, {AREAS:,} × {DEPRIVATIONS}, made"
    return [
        Row(case, "index", found["dp2"], "s CPU", target=0.5),
        Row(case, "index and grades", found["dp2"] + found["grades"], "s CPU", target=5.0),
    ]


CASES: dict[str, Callable[[int], dict[str, Any]]] = {
    "recipe": recipe,
    "pymcdm": pymcdm_sum,
    "scikit-criteria": skcriteria_sum,
    "dp2": dp2_of,
}

if __name__ == "__main__":
    sys.exit(main())
