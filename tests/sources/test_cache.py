"""A kept intake is the intake, to the byte; anything that could change it makes a new one."""

import dataclasses
import json
import os

import geopandas as gpd
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from targeting.model import Counts, MethodSpec, Territory
from targeting.problems import TargetingError
from targeting.sources import cache
from targeting.sources.cache import intake_key, kept_territory
from tests.sources import made

CENSUS = MethodSpec("census")


@pytest.fixture
def layers(tmp_path):
    (tmp_path / "city").mkdir()
    return made.write_city(tmp_path / "city")


def kept(layers, tmp_path, **settings):
    given = {"population": CENSUS} | settings
    return kept_territory(layers, tmp_path / "city", tmp_path / "kept", **given)


def assert_same(first: Territory, second: Territory) -> None:
    for field in dataclasses.fields(Territory):
        one, other = getattr(first, field.name), getattr(second, field.name)
        assert type(one) is type(other), field.name
        if isinstance(one, gpd.GeoDataFrame):
            assert (one.geometry.to_wkb() == other.geometry.to_wkb()).all()
        if isinstance(one, pd.DataFrame):
            assert_frame_equal(one, other)
        elif isinstance(one, pd.Series):
            assert_series_equal(one, other)
        elif isinstance(one, Counts):
            for part in ("value", "low", "high"):
                assert_frame_equal(getattr(one, part), getattr(other, part))
        elif field.name == "intake":  # as it is told: a tuple and a list are one in JSON
            assert json.dumps(cache._plain(one)) == json.dumps(cache._plain(other))
        else:
            assert one == other, field.name


def test_the_second_time_nothing_is_read(layers, tmp_path, monkeypatch):
    first, found = kept(layers, tmp_path)
    assert not found
    monkeypatch.setattr(cache, "read_territory", None)
    second, found = kept(layers, tmp_path)
    assert found
    assert_same(first, second)


@pytest.mark.parametrize(
    "change", ["a byte", "a setting", "a layer's setting", "the program", "a missing file"]
)
def test_what_could_change_the_intake_is_read_again(layers, tmp_path, monkeypatch, change):
    kept(layers, tmp_path)
    settings = {}
    if change == "a byte":
        census = tmp_path / "city" / next(x.file for x in layers if x.slot == "incidents")
        census.write_bytes(census.read_bytes() + b"\n")
    elif change == "a setting":
        settings = {"tolerance_m": 49.0}
    elif change == "a layer's setting":
        at = next(i for i, x in enumerate(layers) if x.slot == "incidents")
        reader = layers[at].reader
        again = MethodSpec(reader.use, {**reader.settings, "repeated": "drop"})
        layers[at] = dataclasses.replace(layers[at], reader=again)
    elif change == "the program":
        monkeypatch.setattr(cache, "_program", lambda: ["other"])
    else:
        (tmp_path / "city" / layers[0].file).unlink()
        assert intake_key(layers, tmp_path / "city", {}) is None
        with pytest.raises(TargetingError, match="missing-file"):
            kept(layers, tmp_path)
        return
    assert kept(layers, tmp_path, **settings)[1] is False


def test_a_damaged_keep_is_read_again(layers, tmp_path):
    first, _ = kept(layers, tmp_path)
    (place,) = (tmp_path / "kept").iterdir()
    file = place / "blocks.parquet"
    held = bytearray(file.read_bytes())
    held[len(held) // 2] ^= 1
    file.write_bytes(held)
    second, found = kept(layers, tmp_path)
    assert not found
    assert_same(first, second)
    (place / "index.json").write_text("{", encoding="utf-8")
    assert kept(layers, tmp_path)[1] is False


def test_an_intake_with_problems_is_not_kept(layers, tmp_path):
    with pytest.raises(TargetingError):
        kept(layers, tmp_path, municipalities=("99999",))
    assert not (tmp_path / "kept").exists()


@pytest.mark.skipif(os.name == "nt", reason="folders have no such mode on Windows")
def test_nobody_else_reads_what_is_kept(layers, tmp_path):
    kept(layers, tmp_path)
    (place,) = (tmp_path / "kept").iterdir()
    assert place.stat().st_mode & 0o077 == 0
    assert place.parent.stat().st_mode & 0o077 == 0


def test_the_oldest_keeps_go(layers, tmp_path):
    for n in range(cache.KEPT_MAX + 2):
        kept(layers, tmp_path, tolerance_m=40.0 + n)
        for place in (tmp_path / "kept").iterdir():
            os.utime(place, (place.stat().st_atime, place.stat().st_mtime - 10))
    assert len(list((tmp_path / "kept").iterdir())) == cache.KEPT_MAX
    last = 40.0 + cache.KEPT_MAX + 1
    assert kept(layers, tmp_path, tolerance_m=last)[1] is True
    assert kept(layers, tmp_path, tolerance_m=40.0)[1] is False


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(layers, tmp_path):
    (tmp_path / "kept").write_text("a file, not a folder", encoding="utf-8")
    assert kept(layers, tmp_path)[1] is False
