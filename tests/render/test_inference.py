"""Tests that plan, reasons, tests and shares do not let on what the page keeps back.

Each attack is also carried out on figures that are not protected, and must find something there.
"""

from __future__ import annotations

import numpy as np
import pytest

from targeting.render.scene import build_scene
from tests.render.decoding import opened_page, opened_scene
from tests.render.inferring import settled_by_side


@pytest.fixture(scope="module")
def told(city, city_file):
    """The study as its file has it (rates drawn in, parts by rank): result and page."""
    return city, opened_page(city_file)


@pytest.fixture(scope="module")
def exact(city):
    """The same with nothing protected."""
    return opened_scene(build_scene(city, internal=True))


def test_a_side_of_the_line_settles_no_number_of_incidents(told):
    result, page = told
    assert len(settled_by_side(page, result)) == 0
    sides = page.column("reason.margin")
    assert np.mean(~np.isnan(sides)) > 0.4  # most are told all the same


def test_sides_not_protected_settle_many(told, exact):
    result, _ = told
    found = settled_by_side(exact, result)
    assert len(found) > 20
