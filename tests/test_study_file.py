"""A wrong study tells all its mistakes at once, with place, code and advice; nothing is written."""

import shutil
import zipfile
from pathlib import Path

import geopandas
import pytest

from targeting.cli import main
from targeting.problems import TargetingError
from targeting.study_file import draft_study, read_study

DATA = Path(__file__).parent.parent / "data"
STUDY = (DATA / "study.yaml").read_text(encoding="utf-8") if (DATA / "study.yaml").exists() else ""


def written(folder: Path, text: str) -> Path:
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def codes(path: Path) -> dict[str, str]:
    return {problem.where: problem.code for problem in draft_study(path).problems}


def test_the_embedded_study_is_in_order():
    study = read_study(DATA / "study.yaml")
    assert study.made
    assert study.title["en"].startswith("Example City")
    assert [i.dimension for i in study.indicators][:2] == ["violence", "marginalization"]


def test_the_record_holds_every_default():
    record = read_study(DATA / "study.yaml").as_record()
    assert record["composite"]["coverage_min"] == 0.5
    assert record["delineation"]["population_max"] == 12000
    assert record["streets"]["street_max_m"] == 50.0
    keys = {"slot", "file", "reader", "settings", "source", "year", "match_min"}
    assert keys == set(record["inputs"][0])


def test_equal_texts_give_equal_studies():
    assert read_study(DATA / "study.yaml") == read_study(DATA / "study.yaml")


def test_a_study_with_many_mistakes_tells_them_all(tmp_path):
    text = STUDY.replace("normalize: rank", "normalize: rnk")
    text = text.replace("weight: 4, indicators: {violent", "weight: -4, indicators: {violent")
    text = text.replace("made: true", 'made: true\nmunicipalities: [01001, "99002"]\ncolour: red')
    text = text.replace("no_internet_share: 1", "no_internet_shar: 1")
    text = text.replace("polygons: 10", "polygon: 10").replace("language: es", "language: fr")
    found = codes(written(tmp_path, text))
    assert found == {
        "colour": "unknown-key",
        "language": "wrong-type",
        "municipalities[0]": "unquoted-code",
        "weights.violence.weight": "negative-weight",
        "weights.marginalization.indicators.no_internet_shar": "unknown-name",
        "composite.normalize": "unknown-name",
        "delineation.polygon": "unknown-setting",
    }


def test_the_unquoted_code_is_shown_as_it_was_written(tmp_path):
    path = written(tmp_path, STUDY.replace("made: true", "made: true\nmunicipalities: [01001]"))
    text = draft_study(path).problems[0].text("es")
    assert '"01001"' in text
    assert "comillas" in text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "not-a-study"),
        ("- a\n- b", "not-a-study"),
        ("title: [", "bad-yaml"),
        ("inputs:\n\tblocks: {}", "yaml-tab"),
        ("title: a\ntitle: b", "duplicate-key"),
    ],
)
def test_a_file_that_is_no_study(tmp_path, text, code):
    assert draft_study(written(tmp_path, text)).problems[0].code == code


def test_a_study_that_does_not_exist(tmp_path):
    with pytest.raises(TargetingError, match="missing-file"):
        read_study(tmp_path / "nowhere.yaml")


def test_a_binary_file_is_no_study(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_bytes(b"title: \xff\xfe")
    assert draft_study(path).problems[0].code == "not-utf8"


def test_weights_that_say_nothing(tmp_path):
    cut = STUDY.index("weights:")
    end = STUDY.index("composite:")
    assert codes(written(tmp_path, STUDY[:cut] + STUDY[end:])) == {"weights": "no-weights"}
    zero = STUDY[:cut] + "weights:\n  violence: {weight: 0, indicators: {robberies_per_1k: 1}}\n"
    assert codes(written(tmp_path, zero + STUDY[end:])) == {"weights": "zero-weights"}


def test_an_indicator_without_its_layer(tmp_path):
    start, end = STUDY.index("  incidents:"), STUDY.index("  facilities:")
    found = codes(written(tmp_path, STUDY[:start] + STUDY[end:]))
    assert found == {
        "weights.violence.indicators.violent_incidents_per_1k": "indicator-without-layer"
    }


def test_an_indicator_in_the_wrong_dimension_and_twice(tmp_path):
    text = STUDY.replace(
        "indicators: {violent_incidents_per_1k: 1}",
        "indicators: {violent_incidents_per_1k: 1, no_internet_share: 1}",
    )
    assert codes(written(tmp_path, text)) == {
        "weights.violence.indicators.no_internet_share": "wrong-dimension"
    }


def test_an_own_indicator_overrides_the_catalogue(tmp_path):
    own = "indicators:\n  no_internet_share: {name: {es: Sin red, en: Offline}}\n"
    study = read_study(written(tmp_path, own + STUDY))
    found = next(i for i in study.indicators if i.key == "no_internet_share")
    assert (found.label("es"), found.unit) == ("Sin red", "share")


def census_of_another_year(path: Path) -> None:
    """Give every third block of the census a key that no shape has."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            if "conjunto_de_datos/" in name:
                head, *rows = data.decode("utf-8-sig").splitlines()
                place = head.split(",").index("MZA")
                cells = [row.split(",") for row in rows]
                for number, row in enumerate(cells):
                    if row[place] != "000" and number % 3 == 0:
                        row[place] = str(900 - int(row[place])).zfill(3)
                data = "\n".join([head, *map(",".join, cells)]).encode()
            archive.writestr(name, data)


@pytest.fixture
def wrong_study(tmp_path):
    """The made city's study with the mistakes of every kind that a planner makes."""
    folder = tmp_path / "city"
    shutil.copytree(DATA, folder)
    for part in folder.glob("boundaries/99sil.prj"):
        part.unlink()
    incidents = folder / "incidents" / "incidentes_inventados_99.csv"
    incidents.write_text(incidents.read_text("utf-8").splitlines()[0] + "\n", "utf-8")
    census_of_another_year(folder / "census" / "ageb_mza_urbana_99_cpv2020_csv.zip")
    geopandas.read_file(folder / "boundaries" / "99a.shp").to_file(folder / "census" / "imu.gpkg")
    text = (folder / "study.yaml").read_text("utf-8")
    text = text.replace("normalize: rank", "normalize: rnk")
    text = text.replace("made: true", "made: true\nmunicipalities: [99001]")
    text = text.replace("facilities/denue_inegi_99_.csv", "facilities/denue_99.csv")
    text = text.replace("census/IMU_2020_99.csv", "census/imu.gpkg")
    text = text.replace("violence: {weight: 4", "violence: {weight: -4")
    path = folder / "study.yaml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("language", ["es", "en"])
def test_files_and_study_are_complained_of_in_one_list(wrong_study, capsys, language):
    out = wrong_study.parent / "results"
    before = sorted(wrong_study.parent.rglob("*"))
    assert main(["run", str(wrong_study), "--lang", language]) == 2
    told = capsys.readouterr().err
    for where, code in (
        ("composite.normalize", "unknown-name"),
        ("weights.violence.weight", "negative-weight"),
        ("municipalities[0]", "unquoted-code"),
        ("inputs.facilities[2]", "missing-file"),
        ("inputs.barriers", "no-crs"),
        ("inputs.incidents", "empty-layer"),
        ("inputs.area_table[0]", "wrong-format"),
        ("inputs.census", "keys-unmatched"),
    ):
        line = next((one for one in told.splitlines() if f"- {where}: " in one), "")
        assert line.endswith(f"[{code}]"), (where, told)
    assert ("Problemas" in told) == (language == "es")
    assert not out.exists()
    assert sorted(wrong_study.parent.rglob("*")) == before


def test_settings_that_contradict_each_other_are_found_by_check(tmp_path, capsys):
    folder = tmp_path / "city"
    shutil.copytree(DATA, folder)
    text = STUDY.replace("population_min: 5000", "population_min: 50000")
    (folder / "study.yaml").write_text(text, "utf-8")
    assert main(["check", str(folder / "study.yaml")]) == 2
    assert "delineation.population_m" in capsys.readouterr().err


def test_a_mistake_in_the_blocks_is_told_once_and_as_it_is(tmp_path, capsys):
    folder = tmp_path / "city"
    shutil.copytree(DATA, folder)
    text = STUDY.replace("reader: inegi_blocks", "reader: inegi_block")
    (folder / "study.yaml").write_text(text, "utf-8")
    assert main(["check", str(folder / "study.yaml")]) == 2
    told = capsys.readouterr().err
    assert "inputs.blocks: " in told
    assert "missing-key" not in told


@pytest.mark.parametrize(
    ("old", "new", "where", "code"),
    [
        ("weight: 2\n", "weight: .nan\n", "weights.facilities.weight", "wrong-type"),
        ("year: 2020}", "year: }", "inputs.blocks.year", "wrong-type"),
        ("share: 0.25", "share: 5", "delineation.threshold_share", "out-of-range"),
    ],
)
def test_small_mistakes_are_told_at_their_place(tmp_path, old, new, where, code):
    assert old in STUDY
    assert codes(written(tmp_path, STUDY.replace(old, new, 1))) == {where: code}


def own_indicator(key: str, dimension: str, source: str, measure: str) -> str:
    name = "name: {es: a, en: b}"
    fields = f"{name}, dimension: {dimension}, unit: m, worse: higher, from: {source}"
    return f"indicators:\n  {key}: {{{fields}, measure: {measure}}}\n"


def test_an_indicator_may_only_name_kinds_its_layer_can_give(tmp_path):
    own = own_indicator(
        "guns", "violence", "incidents", "{use: rate_of_points, kinds: [homicidio]}"
    )
    text = own + STUDY.replace("violent_incidents_per_1k: 1", "guns: 1")
    assert codes(written(tmp_path, text)) == {"indicators.guns.measure.kinds": "unknown-name"}


@pytest.mark.parametrize(
    ("kind", "code"), [("shelter", "sensitive-kind"), ("schol", "unknown-name")]
)
def test_no_indicator_tells_where_a_shelter_is(tmp_path, kind, code):
    own = own_indicator("far_m", "facilities", "facilities", f"{{use: nearest, kinds: [{kind}]}}")
    text = own + STUDY.replace("school_distance_m: 1", "far_m: 1")
    assert codes(written(tmp_path, text)) == {"indicators.far_m.measure.kinds": code}


def test_one_mistake_neither_hides_nor_invents_another(tmp_path, capsys):
    folder = tmp_path / "city"
    shutil.copytree(DATA, folder)
    census_of_another_year(folder / "census" / "ageb_mza_urbana_99_cpv2020_csv.zip")
    text = STUDY.replace("normalize: rank", "normalize: rnk")
    text = text.replace("population_min: 5000", "population_min: 50000")
    (folder / "study.yaml").write_text("match_min: 0.5\n" + text, "utf-8")
    assert main(["check", str(folder / "study.yaml")]) == 2
    told = capsys.readouterr().err
    assert "[keys-unmatched]" not in told  # two thirds match, and the study asks for half
    assert "[population-bounds]" in told


def test_how_many_incidents_may_have_no_place_is_the_study_s_choice(tmp_path, capsys):
    folder = tmp_path / "city"
    shutil.copytree(DATA, folder)
    assert read_study(folder / "study.yaml").as_record()["unplaced_max"] == 0.2
    (folder / "study.yaml").write_text("unplaced_max: 1.5\n" + STUDY, "utf-8")
    assert main(["check", str(folder / "study.yaml")]) == 2
    assert "unplaced_max: " in capsys.readouterr().err
    (folder / "study.yaml").write_text("unplaced_max: 0.001\n" + STUDY, "utf-8")
    report = ["--report", str(tmp_path / "report"), "--lang", "en"]
    assert main(["check", str(folder / "study.yaml"), *report]) == 2
    told = capsys.readouterr().err
    assert "[too-many-unplaced]" in told
    assert "points at latitude or longitude 0" in told
    assert not (tmp_path / "report").exists()


def test_places_that_cannot_be_used_are_problems_too(tmp_path, capsys):
    occupied = tmp_path / "file.txt"
    occupied.write_text("here")
    assert main(["new", str(occupied)]) == 2
    assert main(["run", str(DATA / "study.yaml"), "--out", str(occupied)]) == 2
    assert "[unwritable]" in capsys.readouterr().err
    assert main(["sample", "--blocks", "3", "--out", str(tmp_path / "x")]) == 2
    assert "--blocks" in capsys.readouterr().err


MARGINALIZATION = STUDY[
    STUDY.index("  marginalization:\n") : STUDY.index("  facilities:\n    weight")
]
GROUPED = """  marginalization:
    weight: 4
    indicators: {conapo_marginalization: 2}
    groups:
      schooling:
        aggregate: geometric
        coverage_min: 1
        indicators: [no_basic_education_share]
        groups:
          at_home: {weight: 3, indicators: {no_internet_share: 1}}
"""


def test_groups_of_groups_with_methods_of_their_own(tmp_path):
    text = STUDY.replace(MARGINALIZATION, GROUPED)
    own = "{no_internet_share: {normalize: {use: minmax, low: 0, high: 1}}}"
    mine = f"{{normalize: rank, within: municipality, each: {own},"
    text = text.replace("{normalize: rank,", mine)
    assert codes(written(tmp_path, text)) == {}
    study = read_study(tmp_path / "study.yaml")
    marginalization = study.weights.children[1]
    assert marginalization.leaves() == (
        "conapo_marginalization", "no_basic_education_share", "no_internet_share",
    )  # fmt: skip
    schooling = marginalization.children[1]
    assert (schooling.weight, schooling.coverage_min) == (1.0, 1.0)
    assert schooling.aggregate.use == "geometric"
    # By hand: 4 of 10; 2 and 1 of 3; 1 and 3 of 4.
    final = study.weights.final_weights()
    assert final["conapo_marginalization"] == pytest.approx(0.4 * 2 / 3)
    assert final["no_internet_share"] == pytest.approx(0.4 / 3 * 3 / 4)
    assert study.normalize_each["no_internet_share"].settings["high"] == 1.0
    record = study.as_record()
    assert record["weights"]["marginalization"]["groups"]["schooling"]["groups"] == {
        "at_home": {"weight": 3.0, "indicators": {"no_internet_share": 1.0}}
    }
    assert record["composite"]["within"] == "municipality"
    assert record["composite"]["each"]["no_internet_share"]["normalize"]["use"] == "minmax"


def test_mistakes_in_groups_and_in_methods_of_one_indicator(tmp_path):
    text = GROUPED.replace("at_home: {weight: 3", "violence: {weight: 3").replace(
        "aggregate: geometric", "aggregate: geometrical\n        weigh: {use: rnk}"
    )
    text = text.replace("groups:\n      schooling:", "groups:\n      empty: {}\n      schooling:")
    text = STUDY.replace(MARGINALIZATION, text)
    text = text.replace("{normalize: rank,", "{normalize: zscore, within: block, each: "
                        "{no_internet_shar: {}, no_basic_education_share: 3},")  # fmt: skip
    found = codes(written(tmp_path, text))
    groups = "weights.marginalization.groups"
    assert found == {
        f"{groups}.schooling.groups.violence": "name-twice",
        f"{groups}.schooling.aggregate": "unknown-name",
        f"{groups}.schooling.weigh": "unknown-name",
        f"{groups}.empty": "empty-group",
        "composite.normalize": "not-a-part",
        "composite.within": "wrong-type",
        "composite.each.no_internet_shar": "unknown-key",
        "composite.each.no_basic_education_share": "wrong-type",
    }


def test_a_study_of_groups_is_carried_out_as_by_hand(tmp_path):
    from targeting.pipeline import carry_out, load

    text = STUDY.replace(MARGINALIZATION, GROUPED)
    result = carry_out(*load(written(tmp_path, text), DATA))
    scores = result.scores
    assert list(scores.groups.columns) == ["schooling", "at_home"]
    parts = scores.parts
    # A geometric mean on the well-being side of one part and a group of one, one to three.
    whole = parts[["no_basic_education_share", "no_internet_share"]].notna().all(axis=1)
    expected = (
        1
        - (1 - parts["no_basic_education_share"]) ** 0.25 * (1 - parts["no_internet_share"]) ** 0.75
    )
    assert whole.sum() > 1000
    gap = (scores.groups["schooling"] - expected)[whole].abs().max()
    assert gap < 1e-12
    assert scores.groups["schooling"][~whole].isna().all()  # coverage_min: 1


def test_a_slow_aggregation_is_not_repeated_unasked(tmp_path):
    assert read_study(DATA / "study.yaml").doubt.draws == 500
    slow = STUDY.replace("aggregate: {use: power_mean, exponent: 2}", "aggregate: copeland")
    assert read_study(written(tmp_path, slow)).doubt.draws == 0
    asked = f"{slow}\nuncertainty: {{draws: 20}}\n"
    assert read_study(written(tmp_path, asked)).doubt.draws == 20
    within = STUDY.replace(MARGINALIZATION, GROUPED.replace("geometric", "copeland"))
    assert read_study(written(tmp_path, within)).doubt.draws == 0


def test_mistakes_in_the_uncertainty_are_told_together(tmp_path):
    text = f"{STUDY}\nuncertainty: {{draws: 5, weights: loose, weights_within: 2, top_share: 1,"
    text += " sensitivity: 1, normalize: [zscore], aggregate: [mean], drws: 3}\n"
    assert codes(written(tmp_path, text)) == {
        "uncertainty.draws": "out-of-range",
        "uncertainty.weights": "wrong-type",
        "uncertainty.weights_within": "out-of-range",
        "uncertainty.top_share": "out-of-range",
        "uncertainty.sensitivity": "out-of-range",
        "uncertainty.normalize[0]": "not-a-part",
        "uncertainty.aggregate[0]": "unknown-name",
        "uncertainty.drws": "unknown-key",
    }
