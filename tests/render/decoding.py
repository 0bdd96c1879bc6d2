"""Reads a page as anybody could who has the file: its record, and every packed column."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from targeting.render.packed_text import inflated
from targeting.render.scene import Scene

_DATA = re.compile(r'<script[^>]*id="targeting-data"[^>]*>([^<]*)</script>')
_RECORD = re.compile(r'<script[^>]*id="targeting-scene"[^>]*>(.*?)</script>', re.DOTALL)


@dataclass(frozen=True)
class Opened:
    """What a page holds: its record, and its packed data as text."""

    record: dict[str, Any]
    data: str

    @cached_property
    def raw(self) -> bytes:
        return inflated(self.data)

    def has(self, name: str) -> bool:
        return name in self.record["data"]

    def steps(self, name: str) -> np.ndarray:
        """A column in whole multiples of `10**-decimals`, NaN where there is none."""
        about = self.record["data"][name]
        stored = self._stored(about)
        return np.where(stored == 0, np.nan, (stored - 1.0 + about["base"]) * about["step"])

    def column(self, name: str) -> np.ndarray:
        """A column as the numbers it stands for."""
        return self.steps(name) / 10.0 ** self.record["data"][name]["decimals"]

    def _stored(self, about: dict[str, Any]) -> np.ndarray:
        data = np.frombuffer(self.raw, np.uint8, about["size"], about["at"])
        kind, count = about["type"], about["count"]
        if kind == "u8":
            return data.astype(np.int64)
        if kind == "varint":
            return _varints(data)
        width = about.get("width", 2 if kind == "u16" else 1)
        planes = data.reshape(width, count).astype(np.int64)
        held = (planes << (8 * np.arange(width)[:, None])).sum(axis=0)
        if kind == "steps":  # of either sign, each from the one before
            held = np.cumsum((held >> 1) ^ -(held & 1))
        return held


def _varints(data: np.ndarray) -> np.ndarray:
    last = np.flatnonzero(data < 128)
    first = np.append(0, last[:-1] + 1)
    place = np.arange(len(data)) - np.repeat(first, last - first + 1)
    return np.add.reduceat((data & 127).astype(np.int64) << (7 * place), first)


def opened_scene(scene: Scene) -> Opened:
    """What a scene holds, before it is written."""
    return Opened(scene.record, scene.data)


def opened_page(path: Path) -> Opened:
    """What a written page holds."""
    html = path.read_text("utf-8")
    record, data = _RECORD.search(html), _DATA.search(html)
    assert record is not None
    assert data is not None
    return Opened(json.loads(inflated(record[1])), data[1])


def everything_in(path: Path) -> str:
    """Every text a written page holds: the file, its record, and its packed bytes as UTF-8."""
    opened = opened_page(path)
    record = json.dumps(opened.record, ensure_ascii=False)
    return "\n".join([path.read_text("utf-8"), record, opened.raw.decode("utf-8", "replace")])
