"""The made cities whose answer is known: invented data in the publishers' real formats."""

from __future__ import annotations

from targeting.sample.abroad import write_generic_city
from targeting.sample.city import City, make_city
from targeting.sample.write import write_city

__all__ = ["City", "make_city", "write_city", "write_generic_city"]
