"""Check that a wheel carries everything a study needs to run from it, and nothing else.

Use: `python tools/check_wheel.py dist/targeting-0.1.0-py3-none-any.whl`.
"""

from __future__ import annotations

import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from zipfile import ZipFile

# Each pattern must match at least one file of the wheel.
MUST_HOLD = (
    "targeting/py.typed",
    "targeting/cli.py",
    "targeting/__main__.py",
    "targeting/pipeline.py",
    "targeting/sample/*.py",
    "targeting/sources/mx/*.py",
    "targeting/facility_kinds.yaml",
    "targeting/sample/study.yaml",
    "targeting/sources/mx/*.yaml",
    "targeting/indicators/catalogue.yaml",
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


def tracked() -> list[str]:
    """Return the package's files as git knows them."""
    root = Path(__file__).resolve().parent.parent
    listed = subprocess.run(
        ["git", "ls-files", "-z", "targeting"], cwd=root, capture_output=True, check=True
    )
    return [name for name in listed.stdout.decode().split("\0") if name]


def mistakes(held: list[str], expected: list[str]) -> list[str]:
    """Return what is missing from a wheel and what should not be in it, a line each."""
    missing = [
        f"nothing in the wheel matches {pattern}"
        for pattern in MUST_HOLD
        if not any(fnmatch(name, pattern) for name in held)
    ]
    left_out = [f"in git, not in the wheel: {name}" for name in expected if name not in set(held)]
    foreign = [
        f"should not be in the wheel: {name}"
        for name in held
        if not any(fnmatch(name, pattern) for pattern in MAY_HOLD)
        or name.endswith((".pyc", ".nbi", ".nbc"))
    ]
    return missing + left_out + foreign


def main() -> int:
    """Print the mistakes of the wheel named on the command line; 1 when there are any."""
    if len(sys.argv) != 2:
        print("usage: python tools/check_wheel.py WHEEL", file=sys.stderr)
        return 2
    with ZipFile(sys.argv[1]) as wheel:
        held = [name for name in wheel.namelist() if not name.endswith("/")]
    found = mistakes(held, tracked())
    for line in found:
        print(line, file=sys.stderr)
    if not found:
        print(f"{sys.argv[1]}: {len(held)} files, nothing missing")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
