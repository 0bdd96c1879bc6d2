"""What a record of a published index may say: its types, nothing done with them yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le, MinLen
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

STRICT = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True)
Share = Annotated[float, Ge(0), Le(1)]
Tolerance = Annotated[float, Ge(0)]
Headings = Annotated[tuple[str, ...], MinLen(1)]


@dataclass(frozen=True, config=STRICT)
class Words:
    """A name in both languages."""

    es: str
    en: str


@dataclass(frozen=True, config=STRICT)
class Key:
    """Columns that name a unit.

    Parameters
    ----------
    names : tuple of str
        Headings under which the key may stand; the first that is there is it.
    width : int, optional
        Characters of a whole key; shorter keys of digits get their zeros back.
    others : tuple of str
        Headings that name the units of another edition: such a table is not this index.
    """

    names: Headings
    width: int | None = None
    others: tuple[str, ...] = ()


@dataclass(frozen=True, config=STRICT)
class Column:
    """A column the recipe starts from.

    Parameters
    ----------
    names : tuple of str
        Headings under which publishers give it. Case, accents, dots, spaces and underscores do not
        count.
    optional : bool
        Steps that need it are left out when it is not there.
    text : bool
        Its cells are words or codes, not numbers.
    """

    names: Headings
    optional: bool = False
    text: bool = False


@dataclass(frozen=True, config=STRICT)
class LeftOut:
    """Units that are no part of the index: those with one of the values in the column."""

    column: str
    values: Annotated[tuple[float | str, ...], MinLen(1)]


@dataclass(frozen=True, config=STRICT)
class Among:
    """The units a step looks at: those whose text fits a regular expression, or is known."""

    column: str
    like: str | None = None


@dataclass(frozen=True, config=STRICT)
class Step:
    """One brick of the recipe: a registered method, the columns it takes and those it makes.

    Parameters
    ----------
    kind, use : str
        Kind and name in the registry.
    of : tuple of str
        Columns it takes, in order.
    make : mapping
        New column to the part of the method's answer that fills it (`""`: the answer itself).
    weights : mapping, optional
        Weight of each column of `of`.
    reference, groups : str, optional
        Columns handed to a method that asks for them.
    among : Among, optional
        Look at these units only; the others are missing in what is made.
    some : bool
        Go on with those columns of `of` that are there, one at least.
    settings : mapping
        The method's own.
    where : str
        Place in the record, for problems.
    """

    kind: str
    use: str
    of: tuple[str, ...]
    make: Mapping[str, str]
    weights: Mapping[str, float] | None = None
    reference: str | None = None
    groups: str | None = None
    among: Among | None = None
    some: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    where: str = ""

    @property
    def takes(self) -> tuple[str, ...]:
        """Every column it needs."""
        more = (self.reference, self.groups, self.among.column if self.among else None)
        return (*self.of, *(name for name in more if name))


@dataclass(frozen=True, config=STRICT)
class Publishes:
    """A column the publisher gives, and the column made here that must equal it.

    Parameters
    ----------
    made : str
        Column made.
    names : tuple of str
        Headings of the published one.
    kind : str
        `index`, `rank`, `class` or `part` (anything on the way).
    decimals : int, optional
        Decimals published: a value made agrees when it rounds to the same.
    tolerance : float, optional
        Largest difference that still agrees, where the inputs are rounded themselves. Default:
        half a unit of the last decimal, or 1e-9.
    agrees : float
        Share of the units that is known to agree: less is a disagreement.
    apart_max : float, optional
        Where not all are known to agree: how far apart the others may lie, of a class told in
        words in classes. One unit further apart is a disagreement.
    labels : mapping
        Of a class: the code made to the words published.
    ranked : int, optional
        Of an index without a published rank: compare the ranks of both, highest first, after
        rounding both to so many decimals.
    year : int, optional
        Published for this year only.
    """

    made: str
    names: Headings
    kind: Literal["index", "rank", "class", "part"] = "part"
    decimals: int | None = None
    tolerance: Tolerance | None = None
    agrees: Share = 1.0
    apart_max: Tolerance | None = None
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranked: int | None = None
    year: int | None = None


@dataclass(frozen=True, config=STRICT)
class Record:
    """A published index: where it is from, what it starts from, how it is built, what is published.

    Parameters
    ----------
    key : str
        The id, such as `imd-2025`.
    name : Words
    publisher, source, method, licence : str
        Who publishes it, the table, where the recipe is from, terms of the table.
    year : int
        Year of the index.
    level : Words
        What a row is.
    worse : str
        `higher` when a high value of the index is a bad one, else `lower`.
    units : Key
    columns : mapping of str to Column
    steps : tuple of Step
    publishes : tuple of Publishes
    missing : tuple of float
        Numbers that mean there is none, such as −999.
    left_out : tuple of LeftOut
    note : Words, optional
        What falls short, and why.
    also : tuple of str
        Other ids it answers to.
    """

    key: str
    name: Words
    publisher: str
    source: str
    method: str
    licence: str
    year: int
    level: Words
    worse: Literal["higher", "lower"]
    units: Key
    columns: Mapping[str, Column]
    steps: Annotated[tuple[Step, ...], MinLen(1)]
    publishes: Annotated[tuple[Publishes, ...], MinLen(1)]
    missing: tuple[float, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    note: Words | None = None
    also: tuple[str, ...] = ()

    @property
    def made(self) -> tuple[str, ...]:
        """Every column the recipe makes, in its order."""
        return tuple(name for step in self.steps for name in step.make)
