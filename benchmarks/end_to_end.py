"""Seconds and peak memory of every stage, from a study's files to its page.

python benchmarks/end_to_end.py            # 5k, Zapopan where present, 60k, 250k
python benchmarks/end_to_end.py --quick    # 5k and Zapopan

A city of 500 blocks runs first, uncounted: it compiles what is compiled once per installation,
Python's modules and the loops.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from rows import Row, show

ROOT = Path(__file__).resolve().parent.parent
ZAPOPAN = ROOT / "tests" / "studies" / "zapopan.yaml"
# Wall seconds and gigabytes on 2 cores that the project holds itself to.
TARGETS = {
    "5k": {"total": 10.0},
    "zapopan 12.5k": {"total": 25.0, "peak memory": 1.5},
    "60k": {"total": 90.0},
}


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under 50 s")
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    parser.add_argument("--study", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.study:
        print(json.dumps(measure(options.study, options.data)))
        return 0
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        keep_compiled(Path(folder) / "compiled")
        case_rows("warm", made_city(Path(folder) / "warm", 500) / "study.yaml", None)
        for case, blocks in (("5k", 5_000), ("60k", 60_000), ("250k", 250_000)):
            if case == "60k":
                rows += zapopan()
                if options.quick:
                    break
            rows += case_rows(case, made_city(Path(folder) / case, blocks) / "study.yaml", None)
    show(rows, as_json=options.json)
    return 0


def keep_compiled(folder: Path) -> None:
    """Let the processes to come keep Python's compiled modules, as installed ones are."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder)


def made_city(folder: Path, blocks: int) -> Path:
    """Make a city in a process of its own; its time is not counted."""
    command = [sys.executable, "-m", "targeting", "sample", "--blocks", str(blocks)]
    subprocess.run([*command, "--out", str(folder)], check=True, stdout=subprocess.DEVNULL)
    return folder


def zapopan() -> list[Row]:
    """Zapopan's real files, where they are."""
    chosen = os.environ.get("TARGETING_TEST_DATA")
    data = (Path(chosen) if chosen else ROOT.parent / "shared" / "data") / "zapopan"
    if not data.is_dir():
        print("zapopan: no real files here (TARGETING_TEST_DATA), left out", file=sys.stderr)
        return [Row("zapopan 12.5k", "total", None, "s wall", target=25.0)]
    return case_rows("zapopan 12.5k", ZAPOPAN, data)


def case_rows(case: str, study: Path, data: Path | None) -> list[Row]:
    """Measure one study in a process of its own."""
    print(f"{case} …", file=sys.stderr)
    command = [sys.executable, __file__, "--study", str(study)]
    command += ["--data", str(data)] if data else []
    start = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    whole = time.perf_counter() - start
    figures = json.loads(done.stdout.splitlines()[-1])
    targets = TARGETS.get(case, {})
    rows = [
        Row(case, name, value, "s wall", target=None) for name, value in figures["steps"].items()
    ]
    rows.append(Row(case, "total", whole, "s wall", target=targets.get("total")))
    rows.append(Row(case, "user CPU", figures["user"], "s"))
    memory = figures["peak_gb"]
    rows.append(Row(case, "peak memory", memory, "GB", target=targets.get("peak memory")))
    rows.append(Row(case, "page size", figures["page_mb"], "MB"))
    return rows


def measure(study: Path, data: Path | None) -> dict[str, object]:
    """Carry out one study and time its steps."""
    start = time.perf_counter()
    from targeting.collecting import collect_seldom_here

    collect_seldom_here()  # as the command does
    from targeting.pipeline import run

    marks: list[tuple[str, float]] = [("import", start)]

    def tell(step: str) -> None:
        marks.append((step, time.perf_counter()))

    with tempfile.TemporaryDirectory() as folder:
        _, files = run(study, Path(folder), data, tell=tell)
        page = next(file for file in files if file.suffix == ".html").stat().st_size
    marks.append(("end", time.perf_counter()))
    steps = {name: later - at for (name, at), (_, later) in zip(marks, marks[1:], strict=False)}
    return {"steps": steps, "page_mb": page / 1e6} | usage()


def usage() -> dict[str, float | None]:
    """User CPU seconds and peak memory of this process; memory is unknown on Windows."""
    try:
        import resource
    except ImportError:
        return {"user": os.times().user, "peak_gb": None}
    used = resource.getrusage(resource.RUSAGE_SELF)
    scale = 1.0 if sys.platform == "darwin" else 1024.0
    return {"user": used.ru_utime, "peak_gb": used.ru_maxrss * scale / 1e9}


if __name__ == "__main__":
    sys.exit(main())
