"""What of each publisher's file belongs to a municipality: rows of layers, lines of tables."""

from __future__ import annotations

import re
import shutil
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyogrio
import shapely
from pyogrio.raw import read, write

from targeting.problems import Problem, TargetingError, few
from targeting.sources.fetched import Tell
from targeting.sources.files import SHAPEFILE_PARTS, archive_names, choose_member, unreadable
from targeting.sources.mx.framework import AREA
from targeting.sources.mx.rows import cut_rows
from targeting.sources.tables import read_text_table
from targeting.sources.text import clean_keys

# Blocks, AGEB urban and rural, localities as areas and points, municipality, street axes, block
# fronts, services as areas, lines and points.
LAYERS = ("m", "a", "ar", "l", "lpr", "mun", "e", "fm", "sia", "sil", "sip")
CENSUS_MEMBER = r"(ageb_urbana_\d+_cpv2020|resageburb[^/]*|ageb_mza[^/]*)\.csv$"
DENUE_MEMBER = r"denue[^/]*\.csv$"
NOT_DATA = r"dicc|bit[aá]cora|metadat|catalog"
# Telephone, e-mail, web page and legal name, in both header variants, letters lost or not: those of
# a sole trader are a person's.
CONTACTS = r"tel.{0,3}fono|correo|^www$|internet|^raz"
_INSTANT = "2021-01-25T00:00:00.000Z"  # day of publication: a clock would change the bytes


@dataclass(frozen=True)
class Task:
    """What a cut needs to know.

    Parameters
    ----------
    code : str
        Five digits of the municipality.
    originals : tuple of Path
        Files of the download.
    work : Path
        Folder to work in.
    """

    code: str
    originals: tuple[Path, ...]
    work: Path

    @property
    def state(self) -> str:
        """Two digits of the state."""
        return self.code[:2]


@dataclass(frozen=True)
class Made:
    """A cut still in the working folder.

    Parameters
    ----------
    file : Path
    layer : str
        Layer of the framework; empty for a table.
    rows, of : int
        Rows kept, and rows of the original.
    left_out : tuple of str
        Columns not written.
    unreadable : int
        Rows too short to tell whether they belong.
    how : str
        `"key"`, or `"rectangle"` where the layer has no key of the municipality.
    """

    file: Path
    layer: str
    rows: int
    of: int
    left_out: tuple[str, ...] = ()
    unreadable: int = 0
    how: str = "key"


# ---- the framework


def _framework(task: Task, tell: Tell) -> list[Made]:
    archive = task.originals[0]
    names = archive_names(archive)
    made: list[Made] = []
    around: tuple[float, ...] | None = None
    for layer in LAYERS:
        pattern = rf"(^|/)({task.state}|00){layer}\.shp$"
        found = [name for name in names if re.search(pattern, name, re.IGNORECASE)]
        if not found and layer != "m":
            continue
        member = choose_member(archive, pattern)
        path = _extract(archive, member.name, names, task.work / f"{task.state}{layer}.shp")
        try:
            one, bounds = _cut_layer(path, task, layer, around)
        except TargetingError:
            raise
        except Exception as error:  # GDAL's own kinds for every broken file
            raise unreadable(archive, error) from error
        if one is None and layer == "m":
            raise _no_such_municipality(task, archive, names)
        if one is None:
            tell("cut-empty", file=f"{task.state}{layer}", code=task.code)
            continue
        if layer == "m":
            around = bounds
        if one.how == "rectangle":
            tell("cut-rectangle", file=f"{task.state}{layer}")
        made.append(one)
    return made


def _extract(archive: Path, name: str, names: Sequence[str], target: Path) -> Path:
    """Copy a shapefile's parts out of the archive, under names of ours."""
    stem = name[:-4].lower()
    try:
        with zipfile.ZipFile(archive) as held:
            for one in names:
                ending = one[-4:].lower()
                if one[:-4].lower() == stem and ending in SHAPEFILE_PARTS:
                    with held.open(one) as source, target.with_suffix(ending).open("wb") as copy:
                        shutil.copyfileobj(source, copy, 1 << 20)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise unreadable(archive, error) from error
    return target


def _cut_layer(
    path: Path, task: Task, layer: str, around: tuple[float, ...] | None
) -> tuple[Made | None, tuple[float, ...]]:
    info = pyogrio.read_info(path)
    fields = {str(name).upper(): str(name) for name in info["fields"]}
    options: dict[str, Any] = {"encoding": None if path.with_suffix(".cpg").exists() else "CP1252"}
    how = "key"
    if "CVEGEO" in fields:
        options["where"] = f"\"{fields['CVEGEO']}\" LIKE '{task.code}%'"
    elif {"CVE_ENT", "CVE_MUN"} <= set(fields):
        options["where"] = (
            f"\"{fields['CVE_ENT']}\" = '{task.state}' AND "
            f"\"{fields['CVE_MUN']}\" = '{task.code[2:]}'"
        )
    else:
        how, options["bbox"] = "rectangle", around
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            meta, _, shapes, columns = read(path, **options)
        except UnicodeDecodeError:  # the file says UTF-8 and is not
            meta, _, shapes, columns = read(path, **(options | {"encoding": "CP1252"}))
        if not len(shapes):
            return None, ()
        # Shapes and coordinates' names go through unread.
        target = path.with_suffix(".gpkg")
        with _quick_and_the_same():
            write(
                target,
                shapes,
                columns,
                meta["fields"],
                driver="GPKG",
                layer=path.stem,
                crs=meta["crs"],
                geometry_type="Unknown",  # a shapefile mixes simple and multiple ones
            )
    bounds = tuple(float(edge) for edge in shapely.total_bounds(shapely.from_wkb(shapes)))
    return Made(target, layer, len(shapes), int(info["features"]), how=how), bounds


def _no_such_municipality(task: Task, archive: Path, names: Sequence[str]) -> TargetingError:
    """Return the problem of a code that is of no municipality, with those there are."""
    known: list[str] = []
    with suppress(Exception):
        member = choose_member(archive, rf"(^|/)({task.state}|00)mun\.shp$")
        path = _extract(archive, member.name, names, task.work / "known.shp")
        table = pyogrio.read_dataframe(path, read_geometry=False, encoding="CP1252")
        known = sorted(table["CVEGEO"].astype(str))
    values = {"given": archive.name, "missing": task.code, "known": few(task.code, known)}
    return TargetingError([Problem("municipality-not-found", "framework", values)])


@contextmanager
def _quick_and_the_same() -> Iterator[None]:
    """Write GeoPackages whose bytes tell no clock; a crash leaves only a working folder."""
    options = {"OGR_CURRENT_DATE": _INSTANT, "OGR_SQLITE_SYNCHRONOUS": "OFF"}
    before = {name: pyogrio.get_gdal_config_option(name) for name in options}
    pyogrio.set_gdal_config_options(options)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


# ---- the tables


def _census(task: Task, tell: Tell) -> list[Made]:
    member = choose_member(task.originals[0], CENSUS_MEMBER, unlike=NOT_DATA)
    target = task.work / member.name.rsplit("/", 1)[-1]
    columns = (("entidad",), ("mun",))
    return _table(task, [member], target, columns, r"(?!)", tell)


def _denue(task: Task, tell: Tell) -> list[Made]:
    members = [choose_member(one, DENUE_MEMBER, unlike=NOT_DATA) for one in task.originals]
    columns = (("cve_ent", "clave entidad"), ("cve_mun", "clave municipio"))
    target = task.work / f"denue_inegi_{task.state}_.csv"
    made = _table(task, members, target, columns, CONTACTS, tell)
    if made and made[0].left_out:
        tell("cut-contacts", file=made[0].file.name, columns=", ".join(made[0].left_out))
    return made


def _table(
    task: Task,
    members: Sequence[Any],
    target: Path,
    columns: tuple[tuple[str, ...], tuple[str, ...]],
    without: str,
    tell: Tell,
) -> list[Made]:
    codes = (task.state, task.code[2:])
    found = cut_rows(members, target, dict(zip(columns, codes, strict=True)), without=without)
    if found.unreadable:
        tell("cut-unreadable", file=target.name, count=found.unreadable)
    if not found.rows:
        tell("cut-empty", file=target.name, code=task.code)
        return []
    return [Made(target, "", found.rows, found.of, found.left_out, found.unreadable)]


def _conapo(task: Task, tell: Tell) -> list[Made]:
    member = choose_member(task.originals[0], r"\.(xlsx?|csv)$", unlike=NOT_DATA)
    path = task.work / f"table{Path(member.name).suffix.lower()}"
    with zipfile.ZipFile(task.originals[0]) as held, held.open(member.name) as source:
        with path.open("wb") as copy:
            shutil.copyfileobj(source, copy, 1 << 20)
    read = read_text_table(path)
    frame = read.frame()
    keys = next((c for c in frame.columns if str(c).upper() in ("CVE_AGEB", "CVEGEO")), None)
    if keys is None:
        known = few("CVE_AGEB", [str(c) for c in frame.columns])
        values = {"given": "CVE_AGEB", "hint": "", "known": known}
        raise TargetingError([Problem("missing-column", "conapo", values)])
    mine = clean_keys(frame[keys], AREA)[0].str.startswith(task.code).fillna(value=False)
    name = f"{Path(member.name).stem}.csv"
    if not mine.any():
        tell("cut-empty", file=name, code=task.code)
        return []
    target = task.work / name
    frame[mine.to_numpy(dtype=bool)].to_csv(target, index=False, lineterminator="\n")
    return [Made(target, "", int(mine.sum()), read.rows_read)]


# What to do with each download, by its key; a table or layer without rows of the place gives none.
CUTTERS: Mapping[str, Callable[[Task, Tell], list[Made]]] = MappingProxyType(
    {"framework": _framework, "census": _census, "denue": _denue, "conapo": _conapo}
)
