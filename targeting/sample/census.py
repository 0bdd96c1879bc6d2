"""The made census: every count of every block, drawn so that parts never exceed their whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from targeting.sample import census_rules as rules
from targeting.sample.census_columns import COUNTS, HIDDEN, INDICATORS, by_sex
from targeting.sample.chance import stream

if TYPE_CHECKING:
    from targeting.sample.city import City

BLOCKS_AT_ONCE = 50_000
COLUMNS = (*COUNTS, *HIDDEN)

Parts = Sequence[tuple[str, float, float]]


def draw_census(people: np.ndarray, want: np.ndarray, youth: np.ndarray, seed: int) -> pd.DataFrame:
    """Draw the true counts of every block, before any mask.

    Parameters
    ----------
    people : ndarray of int
        People per block.
    want : ndarray
        True marginalization, mean near 0, spread near 1.
    youth : ndarray
        How young the neighborhood is, mean near 0, spread near 1.
    seed : int
        Chance of the city.

    Returns
    -------
    DataFrame
        A row per block; INEGI's count columns and the hidden ones means are made of.
    """
    rng = stream(seed, "census")
    table = np.zeros((len(people), len(COLUMNS)), dtype=np.int16)
    for start in range(0, len(people), BLOCKS_AT_ONCE):
        part = slice(start, start + BLOCKS_AT_ONCE)
        counts = _Draw(rng, people[part], want[part], youth[part]).carry_out()
        for place, name in enumerate(COLUMNS):
            table[part, place] = counts[name]
    return pd.DataFrame(table, columns=list(COLUMNS))


def _share(share: float, slope: float, want: np.ndarray) -> np.ndarray:
    """Return a share moved by want on the log-odds scale."""
    odds = share / (1.0 - share) * np.exp(slope * want)
    moved: np.ndarray = odds / (1.0 + odds)
    return moved


class _Draw:
    """The census of some blocks, column after column."""

    def __init__(
        self, rng: np.random.Generator, people: np.ndarray, want: np.ndarray, youth: np.ndarray
    ) -> None:
        self.rng, self.people = rng, people
        self.want, self.youth = np.clip(want, -3.0, 3.5), np.clip(youth, -2.5, 2.5)
        self.counts: dict[str, np.ndarray] = {}

    def carry_out(self) -> Mapping[str, np.ndarray]:
        """Fill every column."""
        self._ages()
        self._dwellings()
        for whole, parts in rules.PARTS_BY_SEX:
            self._parts_by_sex(whole, parts)
        self._school()
        self._work()
        self._health()
        for whole, parts in rules.PARTS:
            self._parts(whole, parts)
        self._limitations()
        self._households()
        for whole, parts in rules.AT_HOME:
            self._parts(whole, parts)
        self._goods()
        return self.counts

    def _binomial(self, whole: np.ndarray, share: np.ndarray | float) -> np.ndarray:
        drawn: np.ndarray = self.rng.binomial(whole, share)
        return drawn

    def _parts(self, whole: str, parts: Parts) -> None:
        left = self.counts[whole]
        for name, share, slope in parts:
            self.counts[name] = self._binomial(left, _share(share, slope, self.want))
            left = left - self.counts[name]

    def _parts_by_sex(self, whole: str, parts: Parts) -> None:
        _, *sexes = by_sex(whole)
        left = [self.counts[sex] for sex in sexes]
        for name, share, slope in parts:
            total, *columns = by_sex(name)
            chance = _share(share, slope, self.want)
            for sex, column in enumerate(columns):
                self.counts[column] = self._binomial(left[sex], chance)
                left[sex] = left[sex] - self.counts[column]
            self.counts[total] = self.counts[columns[0]] + self.counts[columns[1]]

    def _ages(self) -> None:
        """Share people out over sexes and ages that do not overlap, then add ages up."""
        names = [age for age, _, _ in rules.AGES]
        base = np.array([share for _, share, _ in rules.AGES])
        slope = np.array([slope for _, _, slope in rules.AGES])
        weight = base * np.exp(
            self.want[:, None] * slope + self.youth[:, None] * np.array(rules.YOUTH)
        )
        weight /= weight.sum(axis=1, keepdims=True)
        women = self._binomial(self.people, rules.WOMEN)
        held = {}
        for sex, total in (("F", women), ("M", self.people - women)):
            drawn = self.rng.multinomial(total, weight)
            held[sex] = dict(zip(names, drawn.T, strict=True))
        for column, ages in {"POBTOT": tuple(names), **rules.AGE_COLUMNS}.items():
            added = [sum(held[sex][age] for age in ages) for sex in ("F", "M")]
            total, *columns = by_sex(column)
            self.counts.update(zip((total, *columns), (added[0] + added[1], *added), strict=True))
        counts, both = self.counts, {age: held["F"][age] + held["M"][age] for age in names}
        counts["P_15A49_F"] = held["F"]["15-17"] + held["F"]["18-24"] + held["F"]["25-49"]
        counts["POB0_14"] = counts["POBTOT"] - counts["P_15YMAS"]
        counts["POB65_MAS"] = both["65+"]
        counts["POB15_64"] = counts["P_15YMAS"] - counts["POB65_MAS"]

    def _dwellings(self) -> None:
        """Dwellings the people need, some without data, and the empty ones beside them."""
        counts, people = self.counts, self.people
        crowd = 3.45 + 0.38 * np.clip(self.want, -2.0, 2.5) + 0.15 * self.youth
        crowd = crowd * self.rng.lognormal(0.0, 0.12, len(people))
        lived = np.clip(np.round(people / crowd), people > 0, people).astype(np.int64)
        collective = self._binomial((lived > 6).astype(np.int64), 0.02)
        private = lived - collective
        unknown = self._binomial(private, 0.03)
        counts["TVIVHAB"], counts["TVIVPARHAB"] = lived, private
        counts["VIVPARH_CV"] = private - self._binomial((private > 6).astype(np.int64), 0.02)
        counts["VIVPAR_HAB"] = np.maximum(private - unknown, private > 0)
        vacant = self._binomial(lived, np.clip(0.13 * np.exp(0.25 * self.youth), 0.0, 0.6))
        empty_row = (people == 0) & (self.rng.uniform(size=len(people)) < 0.08)
        vacant = np.where(empty_row, self.rng.integers(1, 13, len(people)), vacant)
        counts["VIVPAR_DES"] = vacant
        counts["VIVPAR_UT"] = self._binomial(lived, _share(0.029, -0.3, self.want))
        beside = counts["VIVPAR_DES"] + counts["VIVPAR_UT"]
        counts["VIVTOT"] = lived + beside
        counts["TVIVPAR"] = counts["VIVPAR_HAB"] + beside
        counts["TOTHOG"] = counts["TVIVPARHAB"]
        counts["OCUPVIVPAR"] = people - np.minimum(6 * collective, people // 3)
        counts["POBHOG"] = counts["OCUPVIVPAR"]
        rooms = 4.3 - 0.55 * np.clip(self.want, -2.0, 2.5)
        drawn = self.rng.poisson(np.maximum(rooms - 1.0, 0.6) * private)
        counts["rooms"] = private + drawn

    def _school(self) -> None:
        """Schooling beyond secondary, years at school, children born."""
        counts = self.counts
        well = 1.0 / (1.0 + np.exp(0.9 * self.want))
        low, high = rules.YEARS_BEYOND
        for sex in (1, 2):
            column = {name: by_sex(name)[sex] for name in rules.SCHOOL_YEARS}
            beyond = counts[by_sex("P_15YMAS")[sex]] - sum(counts[c] for c in column.values())
            adult = counts[by_sex("P_18YMAS")[sex]]
            counts[by_sex("P18YM_PB")[sex]] = self._binomial(np.minimum(beyond, adult), 0.93)
            years = sum(counts[column[name]] * y for name, y in rules.SCHOOL_YEARS.items())
            more = self._binomial((high - low) * beyond, well)
            counts[HIDDEN[sex - 1]] = years + low * beyond + more
        counts["P18YM_PB"] = counts["P18YM_PB_F"] + counts["P18YM_PB_M"]
        births = 1.95 * np.exp(0.12 * self.want - 0.12 * self.youth)
        counts["births"] = self.rng.poisson(births * counts["P_12YMAS_F"])

    def _work(self) -> None:
        counts = self.counts
        for sex, share in (("F", 0.537), ("M", 0.760)):
            of_age = counts[f"P_12YMAS_{sex}"]
            works = self._binomial(of_age, _share(share, -0.05, self.want))
            counts[f"PEA_{sex}"] = works
            counts[f"PE_INAC_{sex}"] = self._binomial(of_age - works, 0.996)
            seeks = self._binomial(works, _share(0.018 if sex == "F" else 0.024, 0.2, self.want))
            counts[f"PDESOCUP_{sex}"], counts[f"POCUPADA_{sex}"] = seeks, works - seeks
        for name in ("PEA", "PE_INAC", "PDESOCUP", "POCUPADA"):
            counts[name] = counts[f"{name}_F"] + counts[f"{name}_M"]

    def _health(self) -> None:
        counts = self.counts
        counts["PSINDER"] = self._binomial(counts["POBTOT"], _share(0.18, 0.28, self.want))
        counts["PDER_SS"] = self._binomial(counts["POBTOT"] - counts["PSINDER"], 0.998)

    def _limitations(self) -> None:
        counts = self.counts
        counts["P5_HLI"] = counts["P5_HLI_NHE"] + counts["P5_HLI_HE"]
        rest = counts["POBTOT"] - counts["PCON_DISC"] - counts["PCON_LIMI"]
        mental = self._binomial(rest, 0.0075)
        counts["PCLIM_PMEN"] = mental + self._binomial(
            counts["PCON_LIMI"] + counts["PCON_DISC"], 0.045
        )
        counts["PSIND_LIM"] = rest - mental

    def _households(self) -> None:
        counts = self.counts
        homes, people = counts["TOTHOG"], counts["POBHOG"]
        headed = self._binomial(homes, _share(0.325, 0.05, self.want))
        counts["HOGJEF_F"], counts["HOGJEF_M"] = headed, homes - headed
        share = headed / np.maximum(homes, 1)
        counts["PHOGJEF_F"] = headed + self._binomial(np.maximum(people - homes, 0), share)
        counts["PHOGJEF_M"] = people - counts["PHOGJEF_F"]

    def _goods(self) -> None:
        """Goods held together, services together, and dwellings without any."""
        counts = self.counts
        homes = counts["VIVPARH_CV"]
        for first, second, with_it, without, neither in rules.UNIONS:
            slope = -0.6 if second in ("VPH_PC", "VPH_TELEF") else 0.0
            beside = self._binomial(counts[first], _share(with_it, slope, self.want))
            alone = self._binomial(homes - counts[first], _share(without, slope, self.want))
            counts[second] = beside + alone
            counts[neither] = homes - counts[first] - alone
        served = np.minimum(
            np.minimum(counts["VPH_C_ELEC"], counts["VPH_AGUADV"]), counts["VPH_DRENAJ"]
        )
        counts["VPH_C_SERV"] = served
        lacking = np.minimum(
            np.minimum(counts["VPH_S_ELEC"], counts["VPH_AGUAFV"]), counts["VPH_NODREN"]
        )
        counts["VPH_NDEAED"] = self._binomial(lacking, 0.5)
        counts["VPH_DSADMA"] = np.minimum(counts["VPH_EXCSA"], counts["VPH_AGUADV"])
        bare = np.minimum(counts["VPH_SINRTV"], counts["VPH_SINLTC"])
        counts["VPH_SINTIC"] = self._binomial(np.minimum(bare, counts["VPH_SINCINT"]), 0.45)
        cold = homes - np.maximum(counts["VPH_REFRI"], counts["VPH_LAVAD"])
        cold = np.minimum(cold, homes - counts["VPH_HMICRO"])
        cold = np.minimum(np.minimum(cold, counts["VPH_SINTIC"]), counts["VPH_NDACMM"])
        counts["VPH_SNBIEN"] = self._binomial(np.minimum(cold, homes - counts["VPH_BICI"]), 0.8)


def means(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the means and ratios of any unit from its counts; 0 where there is nobody."""

    def ratio(top: pd.Series, below: pd.Series, times: float = 1.0) -> np.ndarray:
        bottom = below.to_numpy(float)
        held = np.where(bottom > 0, bottom, 1.0)
        shown: np.ndarray = np.round(
            np.where(bottom > 0, times * top.to_numpy(float) / held, 0.0), 2
        )
        return shown

    years = counts["years_F"].astype(int) + counts["years_M"].astype(int)
    return pd.DataFrame(
        {
            "REL_H_M": ratio(counts["POBMAS"], counts["POBFEM"], 100.0),
            "PROM_HNV": ratio(counts["births"], counts["P_12YMAS_F"]),
            "GRAPROES": ratio(years, counts["P_15YMAS"]),
            "GRAPROES_F": ratio(counts["years_F"], counts["P_15YMAS_F"]),
            "GRAPROES_M": ratio(counts["years_M"], counts["P_15YMAS_M"]),
            "PROM_OCUP": ratio(counts["OCUPVIVPAR"], counts["TVIVPARHAB"]),
            "PRO_OCUP_C": ratio(counts["OCUPVIVPAR"], counts["rooms"]),
        },
        index=counts.index,
    )


def true_counts(city: City) -> pd.DataFrame:
    """Return what the published cells of each block would be without any mask.

    Parameters
    ----------
    city : City

    Returns
    -------
    DataFrame
        Index `block_id`; INEGI's columns in its order, counts as whole numbers.

    Examples
    --------
    >>> from targeting.sample import make_city
    >>> city = make_city(blocks=500)
    >>> bool((true_counts(city)["POBTOT"] == city.blocks["people"]).all())
    True
    """
    true = city.census.astype(int).join(means(city.census))
    return true[list(INDICATORS)]
