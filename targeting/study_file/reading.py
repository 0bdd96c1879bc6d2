"""What every part of a study file is read with: a value, a section, a method, each mistake told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from annotated_types import Ge, Le

from targeting.model import MethodSpec
from targeting.problems import Problem, closest
from targeting.settings import checked, method_spec, shown

Share = Annotated[float, Ge(0), Le(1)]


class Reading:
    """One pass over a study file that keeps going after a mistake.

    Parameters
    ----------
    raw : dict
        The file as YAML has it.
    """

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw
        self.problems: list[Problem] = []

    def take(self, section: Mapping[str, Any], key: str, hint: Any, default: Any) -> Any:
        """Return a section's value as its type says, or the default where it is not given."""
        if key not in section:
            return default
        prefix = "" if section is self.raw else f"{self._name(section)}."
        return checked(hint, section[key], f"{prefix}{key}", self.problems)

    def _name(self, section: Mapping[str, Any]) -> str:
        return next((key for key, value in self.raw.items() if value is section), "?")

    def known(self, section: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
        """Note the keys of a section that nobody knows."""
        for key in section:
            if key not in keys:
                values = {"given": key, "hint": closest(key, keys), "known": ", ".join(keys)}
                place = f"{where}.{key}" if where else key
                self.problems.append(Problem("unknown-key", place, values))

    def section(self, key: str) -> Mapping[str, Any]:
        """Return a group of keys, empty where there is none; what is none is told once."""
        value = self.raw.get(key)
        if value is None:
            return {}
        if isinstance(value, dict):
            return value
        if not any(one.where == key for one in self.problems):
            self.wrong_type(key, value, "expected.mapping")
        return {}

    def method(self, kind: str, raw: Any, where: str) -> MethodSpec:
        """Return a method with its settings; one without a name where it is mistaken."""
        spec = method_spec(kind, raw, where, self.problems)
        return spec or MethodSpec("")

    def wrong_type(self, where: str, given: Any, expected: str) -> None:
        """Note that something else was expected; `expected` is a message key."""
        values = {"given": shown(given), "expected": expected}
        self.problems.append(Problem("wrong-type", where, values))
