"""Seconds and memory of the doubt of a composite: draws, ranks, Sobol indices.

python benchmarks/composite_doubt.py            # 60,000 and 2,500,000 blocks, 20 indicators
python benchmarks/composite_doubt.py --quick    # a tenth of it; targets are for the whole

COINr needs R: it is not run here. SALib judges one number at a time: it is run for a few blocks.
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
POLYGONS = 40
SALIB_BLOCKS = 10


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under 50 s")
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    parser.add_argument("--case", choices=sorted(CASES), help=argparse.SUPPRESS)
    parser.add_argument("--blocks", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--draws", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        found = CASES[options.case](options.blocks, options.draws)
        print(json.dumps(found | usage()))
        return 0
    show(doubt_rows(whole=not options.quick), as_json=options.json)
    return 0


def doubt_rows(*, whole: bool) -> list[Row]:
    """Return all figures; `whole` for the sizes the targets are for."""
    blocks, many = (60_000, 2_500_000) if whole else (6_000, 60_000)
    draws, some = (1_000, 1_000) if whole else (200, 50)
    rows = []
    for case, size, count, seconds, gigabytes in (
        ("joint draws", blocks, draws, 6.0, 3.0),
        ("with treatment and data", blocks, draws, 60.0, 3.0),
        ("many blocks", 250_000 if whole else 25_000, draws, None, 3.0),
        ("streaming", many, some, 60.0, None),
    ):
        found = measured(case, size, count)
        told = f"{case}: {size:,} blocks, {count:,} draws"
        rows.append(Row(told, "cpu", found["cpu"], "s", target=seconds if whole else None))
        rows.append(Row(told, "a draw", found["cpu"] / count * 1000, "ms"))
        rows.append(
            Row(told, "peak memory", found["peak_gb"], "GB", target=gigabytes if whole else None)
        )
    return rows + sobol_rows(blocks, bounded=whole)


def sobol_rows(blocks: int, *, bounded: bool) -> list[Row]:
    """Return the figures of the indices, beside SALib's for a few blocks."""
    ours, peer = measured("sobol", blocks, 128), measured("sobol, SALib", SALIB_BLOCKS, 128)
    told = f"Sobol of {blocks:,} blocks and {POLYGONS} polygons"
    each = peer["cpu"] / SALIB_BLOCKS
    name = f"SALib, {SALIB_BLOCKS} blocks' worth times all"
    return [
        Row(told, "cpu", ours["cpu"], "s", name, each * blocks, 10.0 if bounded else None),
        Row(told, "runs of the composite", ours["runs"], "runs"),
        Row(told, "peak memory", ours["peak_gb"], "GB"),
        Row("Sobol", "largest difference from SALib", peer["apart"], "index", target=1e-9),
    ]


def measured(case: str, blocks: int, draws: int) -> dict[str, Any]:
    """Return the figures of one case, run in a process of its own."""
    print(f"{case}, {blocks:,} …", file=sys.stderr)
    command = [sys.executable, __file__, "--case", case]
    command += ["--blocks", str(blocks), "--draws", str(draws)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def cpu(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what `work` gives, and the CPU seconds it took, the system's among them."""
    before = time.process_time()
    found = work()
    return found, time.process_time() - before


def city(blocks: int, *, spread: float = 0.0) -> Any:
    """Return made values: 20 indicators that rise together, with intervals where asked for."""
    import numpy as np
    import pandas as pd

    from targeting.model import Values

    chance = np.random.default_rng(3)
    held = chance.gamma(2.0, 1.0, (blocks, INDICATORS))
    held += np.abs(chance.normal(size=(blocks, 1)))
    names = [f"i{number:02d}" for number in range(INDICATORS)]
    value = pd.DataFrame(held, columns=names, index=[f"{i:08d}" for i in range(blocks)])
    low, high = (value * (1 - spread), value * (1 + spread)) if spread else (value, value)
    origin = {name: "shrunk" if i % 2 else "block" for i, name in enumerate(names)}
    return Values(value, low, high, origin)


def choices(*, data: bool = False, lists: bool = True) -> dict[str, Any]:
    """Return the alternatives: two normalizations, three means, weights ± 25 %."""
    from targeting.composite.uncertainty import Within
    from targeting.model import MethodSpec

    some: dict[str, Any] = {"weights": Within(0.25)}
    if lists:
        some["normalize"] = [MethodSpec(name) for name in ("minmax", "rank")]
        some["aggregate"] = [MethodSpec(n) for n in ("arithmetic", "geometric", "harmonic")]
    if data:
        some["treat"] = [None, MethodSpec("winsorize_share")]
        some["data"] = True
    return some


def ready(values: Any, **some: Any) -> Any:
    """Return the model of a made city."""
    from targeting.composite.uncertainty import prepare
    from targeting.model import Indicator

    names = list(values.value.columns)
    told = [
        Indicator(name, {"es": name, "en": name}, "per_1k", "higher", "violence", "rate")
        for name in names
    ]
    tree = {f"d{i}": (1.0, dict.fromkeys(names[i::3], 1.0)) for i in range(3)}
    return prepare(values, told, tree, **some)


def drawn(blocks: int, draws: int, *, data: bool = False) -> dict[str, float]:
    """Draw all choices together, exact ranks, quantiles and tops kept."""
    from targeting.composite.uncertainty import draw, summarize

    some = choices(data=data)

    def work(values: Any, count: int) -> Any:
        return summarize(draw(ready(values, **some), draws=count, seed=1))

    spread = 0.2 if data else 0.0
    work(city(200, spread=spread), 20)  # compiles
    if blocks >= 2**16:  # ranks of more blocks are kept in 32 bits: other machine code
        work(city(2**16, spread=spread), 2)
    values = city(blocks, spread=spread)
    _, seconds = cpu(lambda: work(values, draws))
    return {"cpu": seconds}


def streamed(blocks: int, draws: int) -> dict[str, float]:
    """Draw the weights alone, nothing kept of a draw."""
    from targeting.composite.uncertainty import stream

    some = choices(lists=False)
    stream(ready(city(200), **some), draws=3, seed=1)
    values = city(blocks)
    _, seconds = cpu(lambda: stream(ready(values, **some), draws=draws, seed=1))
    return {"cpu": seconds}


def sobol(blocks: int, base: int) -> dict[str, float]:
    """Find the indices of all blocks and polygons."""
    import numpy as np
    import pandas as pd

    from targeting.composite.uncertainty import sensitivity

    def work(values: Any, count: int) -> Any:
        labels = pd.Series(np.arange(len(values.value)) % (POLYGONS + 1), values.value.index)
        return sensitivity(ready(values, **choices()), base=count, seed=1, labels=labels)

    work(city(200), 2)
    values = city(blocks)
    _, seconds = cpu(lambda: work(values, base))
    return {"cpu": seconds, "runs": base * 5}


def sobol_salib(blocks: int, base: int) -> dict[str, float]:
    """Find the indices of a few blocks' ranks with SALib, and how far ours are from them."""
    import numpy as np
    from SALib.analyze import sobol as salib

    from targeting.composite.uncertainty import sobol_indices

    runs = np.random.default_rng(1).integers(1, 60_000, (base, 5, blocks)).astype(float)
    problem = {"num_vars": 3, "names": list("abc"), "bounds": [[0, 1]] * 3}
    # SALib wants A, then each crossed run, then B.
    order = [0, 2, 3, 4, 1]

    def theirs() -> list[Any]:
        return [
            salib.analyze(problem, runs[:, order, block].ravel(), calc_second_order=False, seed=1)
            for block in range(blocks)
        ]

    found, seconds = cpu(theirs)
    first, total = sobol_indices(runs[:, 0], runs[:, 1], np.moveaxis(runs[:, 2:], 1, 0))
    apart = max(
        float(np.abs(ours[:, block] - one[name]).max())
        for name, ours in (("S1", first), ("ST", total))
        for block, one in enumerate(found)
    )
    return {"cpu": seconds, "apart": apart}


CASES: dict[str, Callable[[int, int], dict[str, Any]]] = {
    "joint draws": drawn,
    "with treatment and data": lambda blocks, draws: drawn(blocks, draws, data=True),
    "many blocks": drawn,
    "streaming": streamed,
    "sobol": sobol,
    "sobol, SALib": sobol_salib,
}


if __name__ == "__main__":
    sys.exit(main())
