"""How many facilities of a protected kind are told: never so few that one could be found."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from targeting.model import Result
from targeting.render.public.grains import SENSITIVE_FLOOR
from targeting.render.public.shown import is_internal


def told_counts(result: Result, protected_kinds: Collection[str]) -> pd.DataFrame:
    """Return the counts of facilities by polygon and kind that may be told.

    Of a protected kind fewer than three in a polygon, also none, are not told. Then the city's
    count is not told either, and where fewer than three are left when the polygons' told ones are
    taken from it, none of them is: whoever knows the city's count from elsewhere learns nothing.

    Parameters
    ----------
    result : Result
        A study carried out.
    protected_kinds : collection of str
        Kinds that are counted only.

    Returns
    -------
    DataFrame
        `polygon`, `kind`, `count` and `city_count` (missing where not told), `few` (the polygon's
        is not told), `nearest_m` (missing for a protected kind).
    """
    table = result.profiles.facility_counts
    counts, city = table["count"].astype("Int64"), table["city_count"].astype("Int64")
    kept = table["kind"].isin(list(protected_kinds))
    few = kept & (table["count"] < SENSITIVE_FLOOR)
    if is_internal(result):
        few = few & False
    rest = city - counts.mask(few, 0).groupby(table["kind"]).transform("sum")
    some = few.groupby(table["kind"]).transform("any")
    few = few | (some & (rest < SENSITIVE_FLOOR).astype(bool))
    small = kept & (table["city_count"] < SENSITIVE_FLOOR) & (not is_internal(result))
    return pd.DataFrame(
        {
            "polygon": table["polygon"],
            "kind": table["kind"],
            "count": counts.mask(few),
            "city_count": city.mask(some | small),
            "few": few,
            "nearest_m": table["nearest_m"].where(~kept),
        }
    )
