"""Publishers on this machine, for the tests that fetch from them."""

from __future__ import annotations

import pytest

from tests.sources.publishing import FRAMEWORK, Offer, published, serving
from tests.sources.visiting import ORDINARY


@pytest.fixture(scope="session")
def contents(tmp_path_factory):
    return published(tmp_path_factory.mktemp("publishers"))


@pytest.fixture
def server(contents):
    """Publishers whose framework has only the layers of blocks and municipalities."""
    offers = {path: Offer(contents[path]) for path in ORDINARY}
    offers[FRAMEWORK] = Offer(contents["small"])
    with serving(offers) as running:
        yield running
