"""Time is CPU time, and the limits leave room for a slow machine: only a wrong turn is caught."""

from __future__ import annotations

import time

from targeting.render import write_page
from tests.render.results import make_result


def test_a_city_of_20_thousand_blocks_is_written_in_seconds(tmp_path):
    result = make_result(142, 142, facilities=3000)
    start = time.process_time()
    write_page(result, tmp_path / "index.html")
    # Measured: 1.1 s.
    assert time.process_time() - start < 4
    # Measured: 18 bytes a block, 3,000 facilities among them, besides the page itself (0.60 MB:
    # scripts 0.48, words and records 0.09, tables and a picture for readers without scripts).
    assert (tmp_path / "index.html").stat().st_size < 650_000 + 40 * len(result.scores.score)
