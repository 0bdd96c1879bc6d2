"""An indicator of facilities names the registers its facilities are really from."""

import pandas as pd

from targeting.indicators.access import named_by_source
from targeting.model import Indicator

YEARS = {"Schools": "2019", "Clinics": "2021", "Directory": "2020", "Unused": "2001"}
HELD = pd.DataFrame(
    {
        "kind": ["clinic", "clinic", "clinic", "school"],
        "source": ["Directory", "Clinics", "Clinics", "Schools"],
    }
)


def of(kinds, source="Schools", dimension="facilities"):
    names = {"es": "a", "en": "a"}
    settings = {"kinds": kinds}
    return Indicator("a_m", names, "m", "higher", dimension, "nearest", settings, source, "2019")


def told(*indicators, facilities=HELD):
    return [(one.source, one.year) for one in named_by_source(indicators, facilities, YEARS)]


def test_the_registers_of_its_kinds_the_largest_first_and_their_years():
    assert told(of(("clinic",))) == [("Clinics; Directory", "2020–2021")]
    assert told(of(("school",))) == [("Schools", "2019")]


def test_what_a_study_states_itself_stays():
    assert told(of(("clinic",), source="Survey of 2022")) == [("Survey of 2022", "2019")]


def test_without_a_facility_of_the_kind_and_of_other_dimensions_nothing_changes():
    assert told(of(("park",)), of(("clinic",), dimension="violence")) == [("Schools", "2019")] * 2
    assert told(of(("clinic",)), facilities=None) == [("Schools", "2019")]
