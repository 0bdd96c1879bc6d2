"""OpenStreetMap extracts, written with the library itself: nodes, ways, holes, and what is cut."""

import osmium
import pytest
import shapely
from osmium.osm import mutable

from targeting.facility_kinds import facility_kinds
from targeting.problems import TargetingError
from targeting.sources.depth import reading
from targeting.sources.openstreetmap import ATTRIBUTION, kind_of_tags, openstreetmap, rules
from tests.sources import made

SQUARE = ((0, 0), (60, 0), (60, 60), (0, 60))
POND = ((10, 10), (50, 10), (50, 50), (10, 50))


class Extract:
    """An extract in the making; places in meters from the made city's corner."""

    def __init__(self, path):
        self.path = path
        self.writer = osmium.SimpleWriter(str(path))
        self.nodes, self.ways, self.relations = [], [], []

    def node(self, x, y, **tags):
        self.nodes.append(mutable.Node(id=len(self.nodes) + 1, location=made.at(x, y), tags=tags))
        return len(self.nodes)

    def way(self, corners, *, closed=True, missing=(), **tags):
        ids = [self.node(*place) for place in corners]
        ids = [990_000 + n if n in missing else one for n, one in enumerate(ids)]
        nodes = [*ids, ids[0]] if closed else ids
        self.ways.append(mutable.Way(id=len(self.ways) + 1, nodes=nodes, tags=tags))
        return len(self.ways)

    def relation(self, members, **tags):
        members = [("w", way, role) for way, role in members]
        number = len(self.relations) + 1
        self.relations.append(mutable.Relation(id=number, members=members, tags=tags))

    def close(self):
        for one in self.nodes:
            self.writer.add_node(one)
        for one in self.ways:
            self.writer.add_way(one)
        for one in self.relations:
            self.writer.add_relation(one)
        self.writer.close()
        return self.path


def write(path):
    """Write one of everything."""
    city = Extract(path)
    city.node(30, 30, amenity="school", name="Escuela  Benito Juárez", capacity="240")
    city.node(31, 30, amenity="school", **{"isced:level": "2", "name:es": "Secundaria 7"})
    city.node(32, 30, amenity="parking")
    city.node(33, 30, **{"disused:amenity": "school"})
    city.node(34, 30, amenity="library", abandoned="yes")
    city.node(35, 30, leisure="pitch", access="private")
    city.node(36, 30, amenity="kindergarten", access="private", name="S/N")
    city.node(37, 30, amenity="shelter", shelter_type="public_transport")
    city.node(38, 30, amenity="social_facility", social_facility="shelter", name="Casa")
    city.way(SQUARE, amenity="hospital", beds="80", name="Hospital General")
    city.way(SQUARE, amenity="clinic", missing=[2])
    city.way([(0, 0), (0, 100), (0, 200)], closed=False, leisure="track")
    outer, inner = city.way(SQUARE), city.way(POND, natural="water")
    city.relation(
        [(outer, "outer"), (inner, "inner")], type="multipolygon", leisure="park", name="Parque"
    )
    city.relation([(77, "outer")], type="multipolygon", leisure="park", name="Parque cortado")
    return city.close()


@pytest.fixture(params=["city.osm.pbf", "city.osm", "city.osm.gz"])
def extract(request, tmp_path):
    return write(tmp_path / request.param)


def test_nodes_ways_and_relations(extract):
    read = openstreetmap(extract)
    table = read.data.set_index("reference")
    assert table["kind"].to_dict() == {
        "node/1": "school",
        "node/2": "secondary_school",
        "node/7": "preschool",  # private, and pupils go there all the same
        "node/9": "shelter",
        "relation/1": "park",
        "way/1": "hospital",
        "way/3": "sports_facility",
    }
    assert table["name"].fillna("–").to_dict() == {
        "node/1": "Escuela Benito Juárez",
        "node/2": "Secundaria 7",
        "node/7": "–",
        "node/9": "Casa",
        "relation/1": "Parque",
        "way/1": "Hospital General",
        "way/3": "–",
    }
    assert table["capacity"].dropna().to_dict() == {"node/1": 240, "way/1": 80}
    place = table.loc["node/1", "geometry"]
    assert (place.x, place.y) == pytest.approx(made.at(30, 30), abs=1e-7)


def test_an_area_becomes_a_point_inside_it_and_never_in_its_hole(extract):
    table = openstreetmap(extract).data.set_index("reference")
    square, pond = (shapely.Polygon([made.at(*corner) for corner in p]) for p in (SQUARE, POND))
    assert square.contains(table.loc["way/1", "geometry"])
    park = table.loc["relation/1", "geometry"]
    assert square.contains(park)
    assert not pond.contains(park)


def test_every_object_is_accounted_for(extract):
    read = openstreetmap(extract)
    lost = {one.reason: one.examples for one in read.losses}
    assert lost == {
        "private-access": ("node/6",),
        "disused": ("node/5",),
        # A clinic without one of its corners, a park without its ring.
        "cut-by-extract": ("relation/2", "way/2"),
    }
    assert read.notes["not_chosen_texts"] == {"amenity=parking": 1, "amenity=shelter": 1}
    assert read.rows_read == 13 == len(read.data) + 4 + read.notes["not_chosen"]
    assert read.notes["attribution"] == ATTRIBUTION
    assert "OpenStreetMap" in ATTRIBUTION
    assert "ODbL" in ATTRIBUTION


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"amenity": "bar"}, "alcohol_outlet"),
        ({"shop": "alcohol"}, "alcohol_outlet"),
        ({"shop": "bakery"}, None),
        ({"amenity": "place_of_worship"}, "place_of_worship"),
        ({"amenity": "marketplace"}, "market"),
        ({"leisure": "playground"}, "park"),
        ({"leisure": "fitness_centre"}, "sports_facility"),
        ({"place": "square"}, "plaza"),
        ({"place": "town"}, None),
        ({"amenity": "school", "isced:level": "1;2"}, "school"),
        ({"amenity": "community_centre"}, "community_center"),
        ({"amenity": "social_facility"}, None),
        ({"amenity": "social_facility", "social_facility": "shelter"}, "shelter"),
        ({"amenity": "clinic", "social_facility:for": "drug_addicted"}, "addiction_care"),
        ({"amenity": "shelter"}, None),
    ],
)
def test_what_tags_mean(tags, kind):
    assert kind_of_tags(tags) == kind


def test_refuges_of_the_map_are_protected():
    kinds = facility_kinds()
    assert {rule.kind for rule in rules()} <= set(kinds)
    assert kinds["shelter"].sensitive
    assert kinds["addiction_care"].sensitive


def test_files_that_are_no_extract(tmp_path):
    def code(path):
        with pytest.raises(TargetingError) as raised:
            openstreetmap(path)
        return raised.value.problems[0].code

    assert code(made.write_text(tmp_path / "a.osm.pbf", "")) == "empty-file"
    assert code(made.write_text(tmp_path / "b.osm.pbf", "<html></html>")) == "wrong-format"
    assert code(tmp_path) == "wrong-format"
    whole = write(tmp_path / "c.osm.pbf").read_bytes()
    (tmp_path / "d.osm.pbf").write_bytes(whole[: len(whole) - 40])
    assert code(tmp_path / "d.osm.pbf") == "unreadable-file"
    made.write_text(tmp_path / "e.osm", "<?xml version='1.0'?><osm version='0.6'><node id=")
    assert code(tmp_path / "e.osm") == "unreadable-file"
    roads = Extract(tmp_path / "f.osm.pbf")
    roads.node(1, 1, amenity="bench")
    assert code(roads.close()) == "no-facility-found"


def test_the_head_of_an_extract_is_read_without_shapes_of_areas(extract):
    with reading("head"):
        read = openstreetmap(extract)
    assert "school" in set(read.data["kind"])
