"""Fill every indicator of a study with its measure."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from targeting.indicators.measured import Measured
from targeting.model import Indicator, Territory, Values
from targeting.problems import Problem, TargetingError
from targeting.registry import method


def measure(territory: Territory, indicators: Sequence[Indicator]) -> Values:
    """Fill every indicator with its measure.

    Parameters
    ----------
    territory : Territory
        The city.
    indicators : sequence of Indicator
        Which measures, with which settings.

    Returns
    -------
    Values
        One column an indicator, in the order given.

    Raises
    ------
    TargetingError
        `indicator-without-data` for each indicator that has no value in any block.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import shapely
    >>> blocks = gpd.GeoDataFrame(
    ...     {"area_id": "a1", "municipality_id": "m1", "population": [50.0, 200.0]},
    ...     geometry=[shapely.box(0, 0, 100, 100), shapely.box(110, 0, 210, 100)],
    ...     index=["b1", "b2"], crs=32613)
    >>> lit = pd.DataFrame({"lamps": [4.0, None]}, index=blocks.index)
    >>> city = Territory(blocks=blocks, crs=blocks.crs, block_table=lit)
    >>> lamps = Indicator(
    ...     "lamps", {"es": "Lámparas", "en": "Lamps"}, "count", "lower", "facilities",
    ...     "block_value", {"column": "lamps"})
    >>> measure(city, [lamps]).value["lamps"].tolist()
    [4.0, nan]
    """
    filled: dict[str, Measured] = {}
    problems: list[Problem] = []
    for indicator in indicators:
        try:
            one = method("measure", indicator.measure)(territory, **indicator.settings)
        except TargetingError as error:
            problems.extend(error.problems)
            continue
        if not one.value.notna().any():
            values = {"given": indicator.key, "detail": indicator.measure}
            where = f"weights.{indicator.dimension}.indicators.{indicator.key}"
            problems.append(Problem("indicator-without-data", where, values))
        filled[indicator.key] = one
    if problems:
        raise TargetingError(problems)
    basis = {key: one.basis for key, one in filled.items() if one.basis is not None}
    told = {key: one.reliability for key, one in filled.items() if one.reliability is not None}
    return Values(
        value=pd.DataFrame({key: one.value for key, one in filled.items()}),
        low=pd.DataFrame({key: one.low for key, one in filled.items()}),
        high=pd.DataFrame({key: one.high for key, one in filled.items()}),
        origin={key: one.origin for key, one in filled.items()},
        losses=tuple(dict.fromkeys(loss for one in filled.values() for loss in one.losses)),
        reliability=pd.DataFrame(told, index=territory.blocks.index),
        basis=pd.DataFrame(basis, index=territory.blocks.index),
    )


__all__ = ["Measured", "measure"]
