"""Why each block is in or out, and what would change it: coarsened and packed for the page."""

from __future__ import annotations

from typing import Any

import numpy as np

from targeting.model import Result
from targeting.render import public
from targeting.render.encode import Packer
from targeting.render.records import sentence

PRICE_STEPS = 1000


def pack_reasons(packer: Packer, result: Result, order: np.ndarray) -> list[dict[str, Any]]:
    """Add the reason of every block; return the sentence of each code.

    Parameters
    ----------
    packer : Packer
        Gets the columns `reason`, `reason.polygon`, `reason.margin` (points), `reason.price`
        (thousandths of what the whole plan is worth) and `reason.flip` (points of the score).
    result : Result
        A study carried out.
    order : ndarray
        Order of the blocks on the page.

    Returns
    -------
    list of dict
        By number of the column `reason`.
    """
    reasons = result.polygons.reasons.iloc[order]
    codes = sorted(str(code) for code in reasons["code"].unique())
    number = reasons["code"].astype(str).map({code: at for at, code in enumerate(codes)})
    packer.numbers("reason", number.to_numpy(float))
    packer.numbers("reason.polygon", reasons["polygon"].to_numpy(float))
    margin = public.margin_points(result)[order]
    packer.numbers("reason.margin", margin, decimals=public.SCORE_DECIMALS)
    packer.numbers("reason.price", price_steps(result)[order])
    packer.numbers("reason.flip", flip_points(result)[order])
    return [{"code": code, "text": sentence(f"reason.{code}", "page.reason", {})} for code in codes]


def price_columns(result: Result) -> dict[str, np.ndarray]:
    """Return what each block the other way would cost: estimates, coarsened as on the page.

    Returns
    -------
    dict of ndarray
        `price_share`: share of the plan's worth it would lose, were the block forced in (or out);
        `flip_score`: score at which the block would change sides, all else as it is. Missing where
        no way was found.
    """
    return {
        "price_share": price_steps(result) / PRICE_STEPS,
        "flip_score": np.round(flip_points(result) / 100, 2),
    }


def price_steps(result: Result) -> np.ndarray:
    """Return the price of each block the other way, in thousandths of the plan's worth.

    Missing where no way was found, or where the plan is worth nothing.
    """
    whole = float(result.polygons.polygons["objective"].sum())
    price = result.polygons.reasons["price"].to_numpy(float)
    if whole <= 0:
        return np.full(len(price), np.nan)
    return np.asarray(np.rint(price / whole * PRICE_STEPS))


def flip_points(result: Result) -> np.ndarray:
    """Return the score, in points of 100, at which each block changes sides.

    As coarse as the score itself, and never the score shown: then it is one step beyond.
    """
    flip = result.polygons.reasons["flip_score"].to_numpy(float)
    grain = public.score_grain(result)
    told = grain.whole(flip) * grain.step
    _, total = public.shown_points(result)
    inside = result.polygons.membership.to_numpy() > 0
    beyond = np.where(
        inside, np.minimum(told, total - grain.step), np.maximum(told, total + grain.step)
    )
    return np.where((beyond >= 0) & (beyond <= 100), beyond, np.nan)
