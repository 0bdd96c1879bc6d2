"""What the page needs to let a person correct a polygon: how far a street may reach."""

from __future__ import annotations

from targeting.model import Result

STREET_MAX_M = 50.0
"""As `delineation.street_links` has it where the study says nothing."""


def editing_record(result: Result) -> dict[str, float]:
    """Return what the page's own guess of neighbors needs.

    The page tells neighbors by distance alone; barriers, blocks in between and the study's bridges
    and cuts are left to the engine, which checks what the page hands back (`targeting judge`).

    Parameters
    ----------
    result : Result
        A study carried out.

    Returns
    -------
    dict
        `street_max_m`: how far apart two blocks may be and still face each other, in meters.
    """
    return {"street_max_m": float(result.study.streets.get("street_max_m", STREET_MAX_M))}
