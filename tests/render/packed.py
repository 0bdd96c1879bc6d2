"""Reads packed columns back without a browser."""

from __future__ import annotations

from typing import Any

import numpy as np


def read_column(directory: dict[str, Any], raw: bytes, name: str) -> np.ndarray:
    """A column in units of 10**-decimals, NaN where missing; `raw` is the inflated data."""
    about = directory[name]
    count, width = about["count"], about["width"]
    octets = np.frombuffer(raw, np.uint8, count * width, about["at"]).reshape(width, count)
    held = (octets.astype(np.int64) << (8 * np.arange(width))[:, None]).sum(axis=0)
    if about["type"] == "steps":
        held = np.cumsum((held >> 1) ^ -(held & 1))
    else:
        assert about["type"] == "planes", name
    return np.where(held == 0, np.nan, (held - 1.0 + about["base"]) * about["step"])
