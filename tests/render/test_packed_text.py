"""Bytes written as text: what comes back, in Python and in Chromium, and where it may stand."""

from __future__ import annotations

import html

import numpy as np
import pytest
from folium.template import Template
from hypothesis import given
from hypothesis import strategies as st

from targeting.render.encode import Packer
from targeting.render.packed_text import LETTERS, deflated, from_text, inflated, to_text
from tests.render.placing import unpack


@given(st.binary(max_size=60))
def test_bytes_come_back(data):
    assert from_text(to_text(data)) == data
    assert inflated(deflated(data)) == data


def test_four_bytes_are_five_letters_and_the_highest_ones_fit():
    assert len(LETTERS) == len(set(LETTERS)) == 85
    assert to_text(bytes(4)) == LETTERS[0] * 5
    assert from_text(to_text(b"\xff" * 7)) == b"\xff" * 7
    assert [len(to_text(bytes(n))) for n in range(6)] == [0, 2, 3, 4, 5, 7]


@pytest.mark.parametrize("text", ["ab<de", "abcdef", "ábcde"])
def test_what_is_no_such_text_is_refused(text):
    with pytest.raises(ValueError, match="packed bytes"):
        from_text(text)


def test_markup_and_templates_leave_the_letters_alone():
    assert html.escape(LETTERS, quote=True) == LETTERS
    assert Template("{{ 1 }}" + LETTERS).render() == "1" + LETTERS


@pytest.mark.browser
@pytest.mark.parametrize("native", [True, False])
def test_chromium_reads_any_number_of_any_bytes(tab, native):
    chance = np.random.default_rng(5)
    if not native:
        tab.evaluate("() => { window.DecompressionStream = undefined; }")
    for size in (1, 2, 3, 4, 5, 6, 7, 250, 4097):
        # The length of a deflated text follows from its content: all remainders turn up.
        held = chance.integers(0, 256, size).astype(np.uint8).tobytes() + b"\xff\x00"
        packer = Packer()
        packer.add("a", held)
        unpack(tab, packer)
        assert bytes(tab.evaluate("Array.from(data.slice('a'))")) == held


@pytest.mark.browser
def test_a_record_arrives_with_its_script(tab):
    text = deflated('{"name": "Ñuñoa ⛰ </script>"}'.encode())
    assert tab.evaluate("(text) => targeting.unpackRecord(text)", text) == {
        "name": "Ñuñoa ⛰ </script>"
    }
