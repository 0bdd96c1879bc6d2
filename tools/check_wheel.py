"""Check that a wheel carries everything a study needs to run from it, and nothing else.

Use: `python tools/check_wheel.py dist/targeting-0.1.0-py3-none-any.whl`.
"""

from __future__ import annotations

import sys
from fnmatch import fnmatch
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parent.parent
# What tools leave beside the sources, and no wheel may carry.
LITTER = (".pyc", ".pyo", ".nbi", ".nbc")
# Each pattern must match at least one file of the wheel: so that an empty tree is no good tree.
MUST_HOLD = (
    "targeting/py.typed",
    "targeting/cli.py",
    "targeting/__main__.py",
    "targeting/pipeline/steps.py",
    "targeting/sample/*.py",
    "targeting/sources/mx/*.py",
    "targeting/facility_kinds.yaml",
    "targeting/incident_kinds.yaml",
    "targeting/sample/study.yaml",
    "targeting/sample/abroad.yaml",
    "targeting/sources/*.yaml",
    "targeting/sources/mx/*.yaml",
    "targeting/indicators/catalogue.yaml",
    "targeting/published/*.yaml",
    "targeting/locale/es/*.json",
    "targeting/locale/en/*.json",
    "targeting/render/assets/*.js",
    "targeting/render/assets/*.css",
    "targeting/render/assets/*.html",
    "targeting/render/assets/leaflet/LICENSE",
    "targeting/render/assets/leaflet/images/*.png",
    "targeting-*.dist-info/entry_points.txt",
    "targeting-*.dist-info/licenses/LICENSE",
)
# Everything in it is under one of these.
MAY_HOLD = ("targeting/*", "targeting-*.dist-info/*")


def tree(root: Path = ROOT) -> list[str]:
    """Return every file under `targeting/`, whatever its name, but for what tools leave there."""
    found = (path for path in (root / "targeting").rglob("*") if path.is_file())
    names = (path.relative_to(root).as_posix() for path in found)
    return sorted(name for name in names if not litter(name))


def litter(name: str) -> bool:
    """Tell whether a file is left by a tool: compiled code, caches, hidden files.

    Examples
    --------
    >>> litter("targeting/__pycache__/cli.cpython-311.pyc"), litter("targeting/kinds.yaml")
    (True, False)
    """
    hidden = any(part.startswith(".") or part == "__pycache__" for part in name.split("/"))
    return hidden or name.endswith(LITTER)


def mistakes(held: list[str], expected: list[str]) -> list[str]:
    """Return what is missing from a wheel and what should not be in it, a line each."""
    missing = [
        f"nothing in the wheel matches {pattern}"
        for pattern in MUST_HOLD
        if not any(fnmatch(name, pattern) for name in held)
    ]
    left_out = [f"not in the wheel: {name}" for name in expected if name not in set(held)]
    foreign = [
        f"should not be in the wheel: {name}"
        for name in held
        if not any(fnmatch(name, pattern) for pattern in MAY_HOLD) or litter(name)
    ]
    return missing + left_out + foreign


def main() -> int:
    """Print the mistakes of the wheel named on the command line; 1 when there are any."""
    if len(sys.argv) != 2:
        print("usage: python tools/check_wheel.py WHEEL", file=sys.stderr)
        return 2
    with ZipFile(sys.argv[1]) as wheel:
        held = [name for name in wheel.namelist() if not name.endswith("/")]
    found = mistakes(held, tree())
    for line in found:
        print(line, file=sys.stderr)
    if not found:
        print(f"{sys.argv[1]}: {len(held)} files, nothing missing")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
