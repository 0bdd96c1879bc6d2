"""Time `targeting --help`: a person waits for it, so nothing heavy may be imported.

The target is 0.3 s. The limit here is wider, for machines that are busy with something else.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time

TARGET_S = 0.3
LIMIT_S = 0.6
TRIES = 5


def main() -> int:
    """Print the best of five; 1 when even that is above the limit."""
    command = shutil.which("targeting")
    if command is None:
        print("targeting is not installed here", file=sys.stderr)
        return 1
    seconds = []
    for _ in range(TRIES):
        start = time.perf_counter()
        subprocess.run([command, "--help"], check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - start)
    best = min(seconds)
    print(f"targeting --help: {best:.2f} s (target {TARGET_S} s, limit {LIMIT_S} s)")
    return 0 if best <= LIMIT_S else 1


if __name__ == "__main__":
    sys.exit(main())
