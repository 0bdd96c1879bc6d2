"""A municipality's files from publishers as they are: from the address to a study that loads."""

import csv
import io
import zipfile

import pandas as pd
import pyogrio
import pytest

from targeting.pipeline import load
from targeting.problems import TargetingError
from targeting.sources.mx.census import inegi_census
from tests.sources.publishing import (
    CENSUS,
    CENSUS_RENAMED,
    CONAPO,
    CONAPO_OLD,
    DENUE,
    DENUE_PARTS,
    FRAMEWORK,
    Offer,
    archive,
    serving,
)
from tests.sources.visiting import (
    CODE,
    DAY,
    NEXT_DAY,
    ORDINARY,
    codes_of,
    fetch,
    manifest,
    originals,
    rows_of,
    tree,
)


@pytest.fixture(scope="module")
def visit(contents, tmp_path_factory):
    """One visit to publishers that behave: server, folder, city, what was told."""
    folder = tmp_path_factory.mktemp("visit")
    with serving({path: Offer(contents[path]) for path in ORDINARY}) as running:
        city, heard = fetch(running, folder)
    return running, folder, city, heard


# ---- the ordinary case


def test_from_a_code_to_a_study_that_loads(visit):
    server, folder, city, heard = visit
    study, territory = load(city.study)
    # The made city of 500 blocks has 34 in its second municipality.
    assert len(territory.blocks) == 466
    assert set(territory.blocks["municipality_id"]) == {CODE}
    assert study.title["es"].endswith(f"({CODE})")
    assert territory.blocks["population"].sum() > 0
    assert {"conapo_marginalization", "school_distance_m"} <= {i.key for i in study.indicators}
    assert len(territory.street_axes) == 3  # the made city's avenues
    assert len(territory.places) == 1
    assert heard.events().count("fetching") == 4
    assert [one.path for one in server.asked] == list(ORDINARY)
    assert [path for path in tree(folder) if ".part" in path or ".cut" in path] == []


def test_the_publishers_files_stay_as_they_came(visit, contents):
    server, folder, _, _ = visit
    for path in ORDINARY:
        file = folder / "originals" / path.rsplit("/", 1)[1]
        assert file.read_bytes() == contents[path]


def test_the_list_says_what_came_from_where_and_when(visit, contents):
    server, folder, _, _ = visit
    listed = manifest(folder)
    entry = listed["originals/08_chihuahua.zip"]
    assert entry["address"] == server.url + FRAMEWORK
    assert entry["bytes"] == len(contents[FRAMEWORK])
    assert (entry["etag"], entry["date"]) == ('"1"', DAY)
    assert entry["last_modified"] == "Wed, 20 May 2026 10:00:00 GMT"
    assert "INEGI" in entry["source"]
    assert {name for name in tree(folder)} == {*listed, "fetched.json", "study.yaml"}
    assert all(len(one["sha256"]) == 64 for one in listed.values())
    assert str(folder) not in (folder / "fetched.json").read_text("utf-8")


def test_layers_keep_their_names_and_columns(visit):
    server, folder, city, heard = visit
    layers = {cut.layer: cut for cut in city.cuts if cut.key == "framework"}
    assert {"m", "a", "l", "mun", "sip", "sia"} <= set(layers)
    blocks = pyogrio.read_dataframe(layers["m"].file)
    assert layers["m"].file.name == "08m.gpkg"
    assert list(blocks.columns) == [
        *("CVEGEO", "CVE_ENT", "CVE_MUN", "CVE_LOC", "CVE_AGEB", "CVE_MZA", "AMBITO", "TIPOMZA"),
        "geometry",
    ]
    assert (layers["m"].rows, layers["m"].of) == (466, 500)
    assert blocks["CVEGEO"].str.startswith(CODE).all()
    assert blocks["TIPOMZA"].isin(["Típica", "Atípica"]).all()
    # Services do not say whose they are.
    assert ("cut-rectangle", {"file": "08sip"}) in heard
    assert manifest(folder)[f"{CODE}/08sip.gpkg"]["cut_by"] == "rectangle"


def test_census_rows_of_the_municipality_only_and_untouched(visit, contents):
    server, folder, city, heard = visit
    cut = next(one for one in city.cuts if one.key == "census")
    everything = rows_of(contents[CENSUS], "conjunto_de_datos_ageb", "utf-8")
    mine = [row for row in everything[1:] if (row[0], row[2]) == ("08", "037")]
    assert cut.file.name == "conjunto_de_datos_ageb_urbana_08_cpv2020.csv"
    with cut.file.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [everything[0], *mine]
    assert everything[0][0] == "\ufeffENTIDAD"
    assert (cut.rows, cut.of) == (len(mine), len(everything) - 1)


def test_contacts_do_not_leave_the_original(visit, contents):
    server, folder, city, heard = visit
    cut = next(one for one in city.cuts if one.key == "denue")
    table = pd.read_csv(cut.file, encoding="latin-1", dtype="str")
    everything = rows_of(contents[DENUE], "denue_inegi", "latin-1")
    gone = ["raz_social", "telefono", "correoelec", "www"]
    assert list(table.columns) == [name for name in everything[0] if name not in gone]
    assert set(table["cve_mun"]) == {"037"}
    assert len(table) == sum(row[29] == "037" for row in everything)
    told = dict(heard)["cut-contacts"]
    assert told["columns"] == ", ".join(gone)
    assert manifest(folder)[f"{CODE}/denue_inegi_08_.csv"]["columns_left_out"] == gone


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_contacts_go_under_the_long_names_too(server, contents, tmp_path, encoding):
    rows = rows_of(contents[DENUE], "denue_inegi", "latin-1")
    long = {
        "cve_ent": "Clave entidad",
        "cve_mun": "Clave municipio",
        "raz_social": "Razón social",
        "telefono": "Número de teléfono",
        "correoelec": "Correo electrónico",
        "www": "Sitio en Internet",
        "codigo_act": "Código de la clase de actividad SCIAN",
    }
    rows[0] = [long.get(name, name) for name in rows[0]]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    name = "conjunto_de_datos/denue_inegi_08_.csv"
    server.offers[DENUE].content = archive({name: text.getvalue().encode(encoding)})
    city, _ = fetch(server, tmp_path)
    cut = next(one for one in city.cuts if one.key == "denue")
    header = next(csv.reader([cut.file.read_bytes().splitlines()[0].decode(encoding)]))
    assert not {long[name] for name in ("raz_social", "telefono", "correoelec", "www")} & {*header}
    assert "Clave municipio" in header


def test_marginalization_rows_come_out_of_the_workbook(visit, contents):
    server, folder, city, heard = visit
    cut = next(one for one in city.cuts if one.key == "conapo")
    with zipfile.ZipFile(io.BytesIO(contents[CONAPO])) as held:
        book = pd.read_excel(
            io.BytesIO(held.read("IMU_2020.xlsx")), dtype={"CVE_AGEB": "str"}, engine="calamine"
        )
    table = pd.read_csv(cut.file, dtype={"CVE_AGEB": "str"})
    mine = book[book["CVE_AGEB"].str.startswith(CODE)]
    assert table["CVE_AGEB"].tolist() == mine["CVE_AGEB"].tolist()
    assert list(table.columns) == list(book.columns)
    assert table["IM_2020"].tolist() == pytest.approx(mine["IM_2020"].tolist(), abs=1e-9)


def test_the_same_day_gives_the_same_bytes(server, tmp_path):
    fetch(server, tmp_path / "a")
    fetch(server, tmp_path / "b")
    first, second = tree(tmp_path / "a"), tree(tmp_path / "b")
    for files in (first, second):
        files["study.yaml"] = files["study.yaml"].replace(b"/b/study", b"/a/study")
    assert first == second


def test_another_municipality_shares_the_originals(server, tmp_path):
    fetch(server, tmp_path)
    city, heard = fetch(server, tmp_path, "08019")
    assert len(server.asked) == 4
    assert (tmp_path / "08019" / "08m.gpkg").is_file()
    assert (tmp_path / CODE / "08m.gpkg").is_file()
    assert not city.study_written
    assert heard.events().count("kept") == 4


# ---- what publishers do


def test_a_state_in_pieces_is_one_table(server, contents, tmp_path):
    whole, _ = fetch(server, tmp_path / "whole")
    del server.offers[DENUE]
    for path in DENUE_PARTS:
        server.offers[path] = Offer(contents[path])
    city, _ = fetch(server, tmp_path / "pieces")
    assert [path.name for path in city.originals["denue"]] == [
        "denue_08_1_csv.zip",
        "denue_08_2_csv.zip",
    ]
    assert len(server.of(DENUE_PARTS[0].replace("_1_", "_3_"))) == 1
    tables = [
        next(one for one in each.cuts if one.key == "denue").file.read_bytes()
        for each in (whole, city)
    ]
    assert tables[0] == tables[1]
    again, heard = fetch(server, tmp_path / "pieces")
    assert again.originals == city.originals
    assert "fetching" not in heard.events()


def test_a_piece_that_does_not_come_is_no_end(server, contents, tmp_path):
    del server.offers[DENUE]
    server.offers[DENUE_PARTS[0]] = Offer(contents[DENUE_PARTS[0]])
    server.offers[DENUE_PARTS[1]] = Offer(contents[DENUE_PARTS[1]], faults=["status:503"] * 2)
    with pytest.raises(TargetingError) as error:
        originals(server, tmp_path)
    assert codes_of(error) == [("denue", "not-fetched")]
    files, _ = originals(server, tmp_path)
    assert len(files["denue"]) == 2
    assert len(server.of(DENUE_PARTS[0])) == 1


@pytest.mark.parametrize("status", [200, 404])
def test_renamed_files_are_found_at_their_other_address(server, contents, tmp_path, status):
    server.missing_status = status
    for path, other in ((CENSUS, CENSUS_RENAMED), (CONAPO, CONAPO_OLD)):
        del server.offers[path]
        server.offers[other] = Offer(contents[path if other == CONAPO_OLD else other])
    city, heard = fetch(server, tmp_path)
    assert city.originals["census"][0].name == "RESAGEBURB_08_2020_csv.zip"
    assert manifest(tmp_path)["originals/IMU_2020.zip"]["address"] == server.url + CONAPO_OLD
    assert heard.events().count("next") == 2
    cuts = {cut.key: cut for cut in city.cuts}
    assert cuts["census"].file.name == "RESAGEBURB_08CSV20.csv"
    assert inegi_census(cuts["census"].file).counts["block"].value.shape[0] == 466


def test_a_file_nowhere_to_be_had_is_told_and_nothing_is_cut(server, tmp_path):
    del server.offers[CENSUS]
    with pytest.raises(TargetingError) as error:
        originals(server, tmp_path)
    (problem,) = error.value.problems
    assert (problem.where, problem.code) == ("census", "not-offered")
    assert problem.values["given"].count("http") == 2
    assert "a web page" in problem.text("en")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fetched.json", "originals"]
    assert len(list((tmp_path / "originals").iterdir())) == 3


def test_what_arrived_in_part_is_kept_and_told(server, contents, tmp_path):
    server.offers[CENSUS].faults = ["drop:50000", "status:503", "status:503"]
    server.offers[CENSUS_RENAMED] = Offer(b"")
    with pytest.raises(TargetingError) as error:
        originals(server, tmp_path)
    (problem,) = error.value.problems
    part = "ageb_mza_urbana_08_cpv2020_csv.zip.part"
    assert (problem.code, problem.values["parts"]) == ("not-fetched", part)
    assert (tmp_path / "originals" / part).stat().st_size == 50_000
    originals(server, tmp_path)
    assert server.of(CENSUS)[-1].sent == len(contents[CENSUS]) - 50_000


def test_one_source_can_be_left_out(server, tmp_path):
    del server.offers[CONAPO]
    city, _ = fetch(server, tmp_path, without=("conapo",))
    study, _ = load(city.study)
    assert "conapo_marginalization" not in {one.key for one in study.indicators}


def test_a_place_without_rows_in_a_table_does_without_it(server, contents, tmp_path):
    rows = rows_of(contents[DENUE], "denue_inegi", "latin-1")
    text = "\r\n".join([",".join(rows[0]), "too,short"])
    name = "conjunto_de_datos/denue_inegi_08_.csv"
    server.offers[DENUE].content = archive({name: text.encode()})
    city, heard = fetch(server, tmp_path)
    assert "denue" not in {cut.key for cut in city.cuts}
    assert dict(heard)["cut-unreadable"]["count"] == 1
    assert ("cut-empty", {"file": "denue_inegi_08_.csv", "code": CODE}) in heard


def test_a_table_without_the_municipality_is_refused(server, tmp_path):
    name = "conjunto_de_datos/denue_inegi_08_.csv"
    server.offers[DENUE].content = archive({name: b"id,municipio\r\n1,JUAREZ\r\n"})
    with pytest.raises(TargetingError) as error:
        fetch(server, tmp_path)
    assert codes_of(error) == [("denue", "missing-column")]


def test_a_municipality_that_is_not_there(server, tmp_path):
    with pytest.raises(TargetingError) as error:
        fetch(server, tmp_path, "08073")
    (problem,) = error.value.problems
    assert (problem.where, problem.code) == ("framework", "municipality-not-found")
    assert problem.values["known"] == "08019, 08037"
    assert not (tmp_path / "08073").exists()


# ---- nothing is overwritten silently


def test_what_is_there_is_not_downloaded_again(server, tmp_path):
    fetch(server, tmp_path)
    before = tree(tmp_path)
    city, heard = fetch(server, tmp_path, today=NEXT_DAY)
    assert len(server.asked) == 4
    assert set(heard.events()) == {"kept"}
    assert len(heard) == 8  # four originals and their four cuts
    assert all(values["date"] == DAY for _, values in heard)
    assert tree(tmp_path) == before
    assert city.cuts


@pytest.mark.parametrize("name", ["originals/IMU_2020.zip", "08037/IMU_2020.csv"])
def test_a_file_somebody_changed_stays_until_asked(server, tmp_path, name):
    fetch(server, tmp_path)
    before = tree(tmp_path)
    (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(TargetingError) as error:
        fetch(server, tmp_path)
    assert codes_of(error) == [("conapo", "changed-file")]
    assert error.value.problems[0].values["given"] == name
    assert (tmp_path / name).read_bytes() == b"mine"
    fetch(server, tmp_path, replace_files="when newer")
    assert tree(tmp_path) == before


def test_newer_editions_come_only_when_asked(server, contents, tmp_path):
    fetch(server, tmp_path)
    rows = rows_of(contents[DENUE], "denue_inegi", "latin-1")
    rows[1][29] = "037"
    rows = rows[:2]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    name = "conjunto_de_datos/denue_inegi_08_.csv"
    newer = Offer(archive({name: text.getvalue().encode("latin-1")}), etag='"2"')
    server.offers[DENUE] = newer
    fetch(server, tmp_path, today=NEXT_DAY)
    assert len(server.of(DENUE)) == 1
    city, heard = fetch(server, tmp_path, today=NEXT_DAY, replace_files="when newer")
    assert heard.events().count("newest") == 3
    assert (tmp_path / "originals" / "denue_08_csv.zip").read_bytes() == newer.content
    assert next(one for one in city.cuts if one.key == "denue").rows == 1
    listed = manifest(tmp_path)
    assert listed["originals/denue_08_csv.zip"]["date"] == NEXT_DAY
    assert listed["originals/IMU_2020.zip"]["date"] == DAY


def test_files_put_there_by_hand_need_no_network(contents, tmp_path):
    (tmp_path / "originals").mkdir()
    for path in (FRAMEWORK, CENSUS_RENAMED, *DENUE_PARTS, CONAPO):
        (tmp_path / "originals" / path.rsplit("/", 1)[1]).write_bytes(contents[path])
    with serving({}) as gone:
        pass
    city, heard = fetch(gone, tmp_path)
    assert heard.events().count("by-hand") == 5
    assert "parts-not-asked" in heard.events()
    assert len(load(city.study)[1].blocks) == 466
    assert manifest(tmp_path)["originals/IMU_2020.zip"]["address"] == ""


def test_half_a_file_put_there_by_hand_is_refused(server, contents, tmp_path):
    (tmp_path / "originals").mkdir()
    half = tmp_path / "originals" / "08_chihuahua.zip"
    half.write_bytes(contents[FRAMEWORK][:40_000])
    with pytest.raises(TargetingError) as error:
        fetch(server, tmp_path)
    assert codes_of(error) == [("framework", "unreadable-file")]
    assert half.stat().st_size == 40_000


def test_a_study_of_ones_own_stays(server, tmp_path):
    (tmp_path / "study.yaml").write_text("title: mine\n")
    city, _ = fetch(server, tmp_path)
    assert not city.study_written
    assert (tmp_path / "study.yaml").read_text() == "title: mine\n"


def test_a_broken_list_is_told(server, tmp_path):
    (tmp_path / "fetched.json").write_text("{")
    with pytest.raises(TargetingError) as error:
        fetch(server, tmp_path)
    assert codes_of(error) == [("fetch", "unreadable-file")]
