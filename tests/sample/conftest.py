"""The made city, made once for all its tests."""

from __future__ import annotations

import pytest

from targeting.sample import City, make_city


@pytest.fixture(scope="session")
def city() -> City:
    """The city of the repository's `data/`."""
    return make_city()


@pytest.fixture(scope="session")
def plain_city() -> City:
    """The same city without its plants."""
    return make_city(plants=False)
