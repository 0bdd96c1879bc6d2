"""One file from a server that behaves, and from servers that do not."""

import shutil
import time
import tracemalloc
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from targeting.problems import TargetingError
from targeting.sources import fetching
from targeting.sources.fetching import (
    AbsentError,
    Arrived,
    NotFetchedError,
    Patience,
    UnchangedError,
    download,
)
from tests.sources.publishing import NOT_FOUND_PAGE, Offer, serving

FAST = Patience(
    connect_s=1,
    read_s=0.4,
    window_s=0.2,
    window_bytes=1000,
    tries=3,
    pause_s=0.01,
    pause_max_s=0.02,
)
PATH = "/a/b.zip"


def packed(seed: int, size: int = 200_000) -> bytes:
    """A zip that cannot be packed smaller."""
    held = BytesIO()
    with zipfile.ZipFile(held, "w") as out:
        out.writestr("a.bin", np.random.default_rng(seed).bytes(size))
    return held.getvalue()


WHOLE = packed(1)


@pytest.fixture
def server():
    with serving({PATH: Offer(WHOLE)}) as running:
        yield running


@pytest.fixture
def offer(server):
    return server.offers[PATH]


def fetch(server, folder: Path, patience: Patience = FAST, **settings) -> Arrived:
    return download(server.url + PATH, folder / "b.zip", patience=patience, **settings)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_arrives_whole_and_alone(server, tmp_path):
    arrived = fetch(server, tmp_path)
    assert (tmp_path / "b.zip").read_bytes() == WHOLE
    assert names(tmp_path) == ["b.zip"]
    assert (arrived.etag, arrived.received) == ('"1"', len(WHOLE))
    agent = server.asked[0].headers["User-Agent"]
    assert agent.startswith("targeting/")


@pytest.mark.parametrize("fault", ["drop", "reset"])
def test_a_broken_connection_goes_on_where_it_stopped(server, offer, tmp_path, fault):
    offer.faults = [f"{fault}:80000"]
    arrived = fetch(server, tmp_path)
    first, second = server.asked
    assert (tmp_path / "b.zip").read_bytes() == WHOLE
    assert second.status == 206
    begun = int(second.headers["Range"].removeprefix("bytes=").removesuffix("-"))
    # A reset may swallow bytes on their way; what had arrived is never asked for again.
    assert 0 < begun <= 80_000
    assert begun == 80_000 or fault == "reset"
    assert second.sent == len(WHOLE) - begun
    assert arrived.received == len(WHOLE)


def test_the_part_of_an_earlier_day_is_not_downloaded_again(server, offer, tmp_path):
    offer.faults = ["drop:80000"]
    with pytest.raises(NotFetchedError, match=r"expected\.dropped"):
        fetch(server, tmp_path, Patience(tries=1))
    assert names(tmp_path) == ["b.zip.part", "b.zip.part.json"]
    assert (tmp_path / "b.zip.part").stat().st_size == 80_000
    assert fetch(server, tmp_path).received == len(WHOLE) - 80_000
    assert (tmp_path / "b.zip").read_bytes() == WHOLE
    assert names(tmp_path) == ["b.zip"]


def test_a_part_that_lacks_nothing_is_finished_without_a_byte(server, tmp_path):
    fetch(server, tmp_path)
    (tmp_path / "b.zip").rename(tmp_path / "b.zip.part")
    note = f'{{"address": "{server.url}{PATH}", "etag": "\\"1\\"", "total": {len(WHOLE)}}}'
    (tmp_path / "b.zip.part.json").write_text(note)
    assert fetch(server, tmp_path).received == 0
    assert server.asked[-1].status == 416
    assert (tmp_path / "b.zip").read_bytes() == WHOLE


def test_a_server_that_cannot_go_on_starts_over(server, offer, tmp_path):
    offer.ranges = False
    offer.faults = ["drop:80000"]
    fetch(server, tmp_path)
    assert (tmp_path / "b.zip").read_bytes() == WHOLE
    assert [one.sent for one in server.asked] == [80_000, len(WHOLE)]


def test_a_file_that_changed_starts_over(server, offer, tmp_path):
    offer.faults = ["drop:80000"]
    with pytest.raises(NotFetchedError):
        fetch(server, tmp_path, Patience(tries=1))
    offer.content, offer.etag = packed(2), '"2"'
    assert fetch(server, tmp_path).etag == '"2"'
    assert (tmp_path / "b.zip").read_bytes() == packed(2)


def test_a_server_that_ignores_the_condition_is_found_out(server, offer, tmp_path):
    offer.faults = ["drop:80000"]
    with pytest.raises(NotFetchedError):
        fetch(server, tmp_path, Patience(tries=1))
    offer.content, offer.etag, offer.heeds_if_range = packed(2), '"2"', False
    fetch(server, tmp_path)
    assert [one.status for one in server.asked] == [200, 206, 200]
    assert (tmp_path / "b.zip").read_bytes() == packed(2)


@pytest.mark.parametrize(
    ("etag", "date", "again"),
    [
        ("", "", None),
        ('W/"1"', "", None),
        ('W/"1"', "Wed, 20 May 2026 10:00:00 GMT", "Wed, 20 May 2026 10:00:00 GMT"),
    ],
)
def test_only_what_names_an_edition_lets_a_download_go_on(
    server, offer, tmp_path, etag, date, again
):
    offer.etag, offer.last_modified, offer.faults = etag, date, ["drop:80000"]
    fetch(server, tmp_path)
    assert server.asked[1].headers.get("If-Range") == again
    assert (tmp_path / "b.zip").read_bytes() == WHOLE


def test_the_part_of_another_address_is_not_used(server, offer, tmp_path):
    offer.faults = ["drop:80000"]
    with pytest.raises(NotFetchedError):
        fetch(server, tmp_path, Patience(tries=1))
    server.offers["/old/b.zip"] = Offer(packed(2))
    download(f"{server.url}/old/b.zip", tmp_path / "b.zip", patience=FAST)
    assert "Range" not in server.asked[-1].headers
    assert (tmp_path / "b.zip").read_bytes() == packed(2)


def test_a_body_without_length_is_known_by_its_content(server, offer, tmp_path):
    offer.length = False
    offer.faults = ["drop:80000"]
    fetch(server, tmp_path)
    assert (tmp_path / "b.zip").read_bytes() == WHOLE


def test_a_page_instead_of_the_file_leaves_nothing(server, offer, tmp_path):
    offer.content = NOT_FOUND_PAGE
    with pytest.raises(AbsentError, match=r"expected\.web-page"):
        fetch(server, tmp_path)
    assert names(tmp_path) == []
    assert len(server.asked) == 1


def test_a_page_does_not_spoil_the_part_that_is_there(server, offer, tmp_path):
    offer.faults = ["drop:80000"]
    with pytest.raises(NotFetchedError):
        fetch(server, tmp_path, Patience(tries=1))
    del server.offers[PATH]
    with pytest.raises(AbsentError):
        fetch(server, tmp_path)
    assert (tmp_path / "b.zip.part").stat().st_size == 80_000


@pytest.mark.parametrize("status", [404, 410])
def test_a_missing_file_is_not_asked_for_twice(server, offer, tmp_path, status):
    offer.faults = [f"status:{status}"]
    with pytest.raises(AbsentError, match=str(status)):
        fetch(server, tmp_path)
    assert len(server.asked) == 1


def test_a_server_in_trouble_is_asked_again(server, offer, tmp_path):
    offer.faults = ["status:503", "status:429"]
    fetch(server, tmp_path)
    assert [one.status for one in server.asked] == [503, 429, 200]


def test_a_server_that_wants_a_browser_hears_who_asks_all_the_same(server, offer, tmp_path):
    offer.faults = ["status:403"]
    fetch(server, tmp_path)
    agent = server.asked[1].headers["User-Agent"]
    assert agent.startswith("Mozilla/5.0 (compatible; targeting/")


def test_a_refusal_is_told(server, offer, tmp_path):
    offer.faults = ["status:403"] * 5
    with pytest.raises(NotFetchedError, match="403"):
        fetch(server, tmp_path)
    assert len(server.asked) == 2


def test_tries_that_bring_nothing_new_come_to_an_end(server, offer, tmp_path):
    offer.ranges = False
    offer.faults = ["drop:1000"] * 20
    with pytest.raises(NotFetchedError, match=r"expected\.dropped"):
        fetch(server, tmp_path)
    assert len(server.asked) == FAST.tries


def test_tries_that_bring_something_go_on(server, offer, tmp_path):
    offer.faults = ["drop:20000"] * 8  # more than the three tries
    assert fetch(server, tmp_path).received == len(WHOLE)
    assert len(server.asked) == 9


@pytest.mark.parametrize("fault", ["trickle:400", "silent:2", "dripping-head:160"])
def test_a_slow_server_is_given_up(server, offer, tmp_path, fault):
    offer.faults = [fault] * 3  # a trickle of 50 bytes a second, a head of 20 a second: 8 s
    begun = time.monotonic()
    with pytest.raises(NotFetchedError, match=r"expected\.too-slow"):
        fetch(server, tmp_path, replace(FAST, connect_s=0.2, read_s=0.2, tries=2))
    assert time.monotonic() - begun < 3


def test_a_server_that_is_not_there(tmp_path):
    with serving({}) as gone:
        address = gone.url + PATH
    with pytest.raises(NotFetchedError, match=r"expected\.no-connection") as error:
        download(address, tmp_path / "b.zip", patience=FAST)
    assert not error.value.reached
    assert names(tmp_path) == []


@pytest.mark.parametrize("place", [100_000, -30])  # in a member, and in the directory
def test_a_damaged_archive_never_gets_the_name(server, offer, tmp_path, place):
    damaged = bytearray(WHOLE)
    damaged[place] ^= 0xFF
    offer.content = bytes(damaged)
    with pytest.raises(NotFetchedError, match=r"expected\.damaged"):
        fetch(server, tmp_path)
    assert names(tmp_path) == []


def test_a_damaged_part_is_thrown_away(server, offer, tmp_path):
    offer.faults = ["drop:80000"]
    with pytest.raises(NotFetchedError):
        fetch(server, tmp_path, Patience(tries=1))
    with (tmp_path / "b.zip.part").open("r+b") as part:
        part.seek(500)
        part.write(b"????")
    fetch(server, tmp_path)
    assert (tmp_path / "b.zip").read_bytes() == WHOLE


def test_an_edition_at_hand_is_not_downloaded_again(server, tmp_path):
    known = fetch(server, tmp_path)
    with pytest.raises(UnchangedError):
        fetch(server, tmp_path, known=known)
    with pytest.raises(UnchangedError):
        fetch(server, tmp_path, known=Arrived(known.file, "", "", known.last_modified))
    assert [one.status for one in server.asked] == [200, 304, 304]


def test_a_disk_that_is_too_small_is_told_before(server, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(TargetingError) as error:
        fetch(server, tmp_path)
    assert [problem.code for problem in error.value.problems] == ["no-space"]
    assert server.asked[0].status == 200
    assert names(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_disk_that_fills_is_told(server, tmp_path):
    (tmp_path / "b.zip.part").symlink_to("/dev/full")
    with pytest.raises(TargetingError) as error:
        fetch(server, tmp_path)
    assert [problem.code for problem in error.value.problems] == ["no-space"]
    assert "b.zip" not in names(tmp_path)


def test_a_file_larger_than_allowed_is_not_kept(server, tmp_path):
    with pytest.raises(NotFetchedError, match="100,000"):
        fetch(server, tmp_path, Patience(bytes_max=100_000))
    assert names(tmp_path) == []


def test_a_big_file_does_not_go_through_memory(server, offer, tmp_path):
    offer.content = packed(3, 30_000_000)
    tracemalloc.start()
    try:
        fetch(server, tmp_path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (tmp_path / "b.zip").stat().st_size > 30_000_000
    assert peak < 4_000_000


def test_the_bar_keeps_quiet_off_a_terminal(server, tmp_path, capsys):
    fetch(server, tmp_path)
    assert capsys.readouterr().err == ""
    (tmp_path / "b.zip").unlink()
    fetch(server, tmp_path, progress=True)
    assert "b.zip" in capsys.readouterr().err


def test_a_long_wait_is_doubled_and_kept_short(server, offer, tmp_path, monkeypatch):
    waits = []
    monkeypatch.setattr(fetching.time, "sleep", waits.append)
    offer.faults = ["status:503"] * 4
    fetch(server, tmp_path, Patience(tries=5, pause_s=2, pause_max_s=10))
    # The server's own thread sleeps too, a twentieth of a second at a time.
    assert [wait for wait in waits if wait >= 1] == [2, 4, 8, 10]
