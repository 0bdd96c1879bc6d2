"""The registry, the catalogue and the public names: nothing without a name, a type or a word."""

import inspect

import pytest

import targeting
from targeting import registry
from targeting.catalogue import catalogue
from targeting.facility_kinds import ANCHORS, CAPACITY_UNITS, ROLES, facility_kinds
from targeting.i18n import LANGUAGES
from targeting.model import DIMENSIONS, Indicator
from targeting.settings import method_spec
from targeting.units import UNITS

KINDS = (
    "reader",
    "population",
    "measure",
    "treatment",
    "normalizer",
    "weigher",
    "aggregator",
    "classifier",
    "index",
    "column",
    "delineator",
    "graph",
    "hotspot",
    "scan",
)
METHODS = [(kind, name) for kind in KINDS for name in registry.names(kind)]


def test_two_methods_may_not_share_a_name():
    @registry.register("test")
    def first(values): ...

    with pytest.raises(ValueError, match="two tests are called"):
        registry.register("test", "first")(lambda values: values)


@pytest.mark.parametrize(("kind", "name"), METHODS)
def test_every_method_is_documented_setting_by_setting(kind, name):
    text = inspect.getdoc(registry.method(kind, name)) or ""
    assert "Parameters" in text
    assert "Returns" in text
    for setting in registry.settings(kind, name):
        assert setting in text, setting


@pytest.mark.parametrize(("kind", "name"), METHODS)
def test_the_types_of_all_settings_can_be_checked(kind, name):
    needed = {
        setting: None
        for setting, parameter in registry.settings(kind, name).items()
        if parameter.default is inspect.Parameter.empty
    }
    problems = []
    method_spec(kind, {"use": name, **needed}, "here", problems)
    # Each required setting is complained of (None fits none of them), and nothing breaks.
    assert {p.where for p in problems} == {f"here.{setting}" for setting in needed}


@pytest.mark.parametrize("key", catalogue())
def test_every_catalogue_record_makes_an_indicator(key):
    record = catalogue()[key]
    assert set(record) >= {"name", "dimension", "unit", "worse", "from", "measure"}
    problems = []
    spec = method_spec("measure", record["measure"], key, problems)
    assert not problems
    one = Indicator(
        key,
        record["name"],
        record["unit"],
        record["worse"],
        record["dimension"],
        spec.use,
        spec.settings,
    )
    assert all(one.label(language).strip() for language in LANGUAGES)
    for kind in spec.settings.get("kinds", ()):
        assert record["from"] != "facilities" or kind in facility_kinds()


def test_every_facility_kind_has_both_names_and_a_source_for_its_norm():
    kinds = facility_kinds()
    for kind in kinds.values():
        assert all(kind.label(language) for language in LANGUAGES)
        assert all(kind.label_without_name(language) for language in LANGUAGES)
        assert kind.role in ROLES
        assert (kind.norm_m is None) == (kind.norm_source == "")
        assert (kind.role == "service") == bool(kind.norm_m), kind.key
        assert kind.anchor in ("", *ANCHORS)
        assert kind.capacity_unit in CAPACITY_UNITS
        assert kind.broader in ("", *kinds)
    # The three anchors of the strategy each work through some kind.
    assert {kind.anchor for kind in kinds.values()} == {"", *ANCHORS}


@pytest.mark.parametrize("name", [n for n in targeting.__all__ if not n.startswith("_")])
def test_every_public_name_exists_and_explains_its_parameters(name):
    thing = getattr(targeting, name)
    text = inspect.getdoc(thing) or ""
    assert text
    if inspect.isfunction(thing):
        for parameter in inspect.signature(thing).parameters:
            assert parameter in text, parameter
        assert "Returns" in text or inspect.signature(thing).return_annotation == "None"


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError):
        targeting.nothing_of_the_kind  # noqa: B018
    assert "carry_out" in dir(targeting)


def test_dimensions_and_units_are_the_ones_of_the_catalogue():
    assert {record["dimension"] for record in catalogue().values()} <= set(DIMENSIONS)
    assert {record["unit"] for record in catalogue().values()} <= set(UNITS)
