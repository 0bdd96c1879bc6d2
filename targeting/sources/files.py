"""Files as they come: what they really are, how they are encoded, and their fingerprints."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from targeting.problems import Problem, TargetingError

_MAGIC = (
    (b"SQLite format 3\x00", "GeoPackage"),
    (b"PAR1", "Parquet"),
    (b"\xd0\xcf\x11\xe0", "Excel"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"\x00\x00\x27\x0a", "Shapefile"),
    (b"fgb", "FlatGeobuf"),
    (b"%PDF", "PDF"),
    (b"\x1f\x8b", "gzip"),
)
SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
VECTOR = ("GeoPackage", "Shapefile", "FlatGeobuf", "GeoJSON", "KML", "Parquet", "ZIP")
TABLE = ("CSV", "Parquet", "Excel")
# A member that unpacks to more than this, or to this many times its packed size, is no publisher's
# (a census of 100 MB unpacks 12 times): it is there to fill the memory.
_MEMBER_BYTES_MAX = 4_000_000_000
_LARGE_BYTES, _EXPANSION_MAX = 50_000_000, 200
SHOWN = 8
_SPANISH = "áéíóúñÁÉÍÓÚÑüÜ¿¡°ºª"


def file_format(path: Path) -> str:
    """Tell what a file is from its first bytes, whatever its name says.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        `CSV` for any text that is nothing else, `folder`, `empty`, or a name such as `GeoPackage`.

    Raises
    ------
    TargetingError
        `missing-file`.

    Examples
    --------
    >>> file_format(Path("."))
    'folder'
    """
    if path.is_dir():
        return "folder"
    if not path.exists():
        raise TargetingError([Problem("missing-file", "", {"given": path.name})])
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        return "empty"
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head.startswith(b"PK\x03\x04"):
        return "Excel" if _is_workbook(path) else "ZIP"
    text = head.lstrip(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html")) or b"<html" in text[:1024]:
        return "HTML"
    if b"<kml" in text:
        return "KML"
    if text.startswith(b"<"):
        return "XML"
    if text.startswith((b"{", b"[")):
        return "GeoJSON"
    if b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "?"
    return "CSV"


def require_format(path: Path, *expected: str) -> str:
    """Return a file's format, or refuse it when a reader cannot take it.

    Raises
    ------
    TargetingError
        `missing-file`, `empty-file`, `wrong-format` or `unsafe-archive`.

    Examples
    --------
    >>> require_format(Path("nowhere.csv"), "CSV")
    Traceback (most recent call last):
    targeting.problems.TargetingError: the file “nowhere.csv” does not exist. ...
    """
    values = {"given": path.name}
    found = file_format(path)
    if found == "empty":
        raise TargetingError([Problem("empty-file", "", values)])
    if found not in expected:
        words = {"folder": "expected.folder", "?": "expected.binary"}
        values |= {"found": words.get(found, found), "expected": ", ".join(expected)}
        raise TargetingError([Problem("wrong-format", "", values)])
    if found == "ZIP" or (found == "Excel" and zipfile.is_zipfile(path)):
        archive_names(path)
    return found


def unreadable(path: Path, error: Exception) -> TargetingError:
    """Return the problem of a file that is of the right kind and still cannot be read."""
    detail = " ".join(str(error).replace(str(path), path.name).split())[:200]
    return TargetingError(
        [Problem("unreadable-file", "", {"given": path.name, "detail": detail or "?"})]
    )


@dataclass(frozen=True)
class Member:
    """One file of a folder or a zip archive.

    Parameters
    ----------
    container : Path
        The folder, the archive, or the file itself.
    name : str
        Path inside the archive; empty for a plain file.
    """

    container: Path
    name: str = ""

    @property
    def source(self) -> str:
        """Path as GDAL takes it."""
        return f"/vsizip/{self.container}/{self.name}" if self.name else str(self.container)

    def read(self, most: int = -1) -> bytes:
        """Return all bytes, or the first so many."""
        if not self.name:
            with self.container.open("rb") as file:
                return file.read(most)
        try:
            with zipfile.ZipFile(self.container) as archive, archive.open(self.name) as file:
                return file.read(most)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
            raise unreadable(self.container, error) from error


def choose_member(path: Path, pattern: str, *, unlike: str = r"(?!)") -> Member:
    r"""Return the one file of a folder or archive whose name fits; a plain file is itself.

    Parameters
    ----------
    path : Path
        File, folder or zip archive.
    pattern : str
        Regular expression over the path inside, with `/`, searched without regard to case.
    unlike : str
        Names that fit this are passed over (dictionaries, change logs).

    Raises
    ------
    TargetingError
        `no-member`: nothing fits. `several-members`: more than one does. `unreadable-file`: the
        archive is broken.

    Examples
    --------
    >>> choose_member(Path("19m.shp"), r"m\.shp$").name
    ''
    """
    if path.is_dir():
        inside = {str(p.relative_to(path).as_posix()): p for p in path.rglob("*") if p.is_file()}
    elif path.is_file() and file_format(path) == "ZIP":
        inside = dict.fromkeys(archive_names(path), path)
    else:
        return Member(path)
    found = sorted(
        name
        for name in inside
        if re.search(pattern, name, re.IGNORECASE) and not re.search(unlike, name, re.IGNORECASE)
    )
    if len(found) == 1:
        where = inside[found[0]]
        return Member(where) if path.is_dir() else Member(path, found[0])
    if found:
        raise TargetingError([several_members(path, found)])
    values = {"given": path.name, "found": ", ".join(sorted(inside)[:SHOWN]) or "–"}
    raise TargetingError([Problem("no-member", "", values)])


def several_members(path: Path, found: Sequence[str], *, by_state: bool = False) -> Problem:
    """Return the problem of a folder or archive with several files that would do.

    Parameters
    ----------
    path : Path
        Folder or archive.
    found : sequence of str
        Those that would do.
    by_state : bool
        The setting `state` of the reader tells them apart.

    Examples
    --------
    >>> print(several_members(Path("mg.zip"), ["01m.shp", "02m.shp"], by_state=True).text("en"))
    inside “mg.zip” several files would fit: 01m.shp, 02m.shp. Say which state is meant, such as \
`state: "01"`, or name the study’s municipalities. [several-members]
    """
    remedy = "one-of-folder" if path.is_dir() else "one-of-archive"
    values = {
        "given": path.name,
        "found": ", ".join(found[:SHOWN]),
        "remedy": f"expected.{'state-setting' if by_state else remedy}",
    }
    return Problem("several-members", "", values)


def archive_names(path: Path) -> list[str]:
    """Return the paths of the files in a zip archive, once it is known to be harmless.

    Raises
    ------
    TargetingError
        `unreadable-file`; `unsafe-archive`: a member unpacks to something enormous, or its path
        leads out of the archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise unreadable(path, error) from error
    unsafe = [entry.filename for entry in entries if _is_huge(entry) or _leads_out(entry.filename)]
    if unsafe or sum(entry.file_size for entry in entries) > 10 * _MEMBER_BYTES_MAX:
        values = {"given": path.name, "found": ", ".join(unsafe[:3])[:200] or "–"}
        raise TargetingError([Problem("unsafe-archive", "", values)])
    return [entry.filename for entry in entries if "__MACOSX" not in entry.filename]


def _is_huge(entry: zipfile.ZipInfo) -> bool:
    if entry.file_size > _MEMBER_BYTES_MAX:
        return True
    expanded = entry.file_size > _EXPANSION_MAX * max(entry.compress_size, 1)
    return expanded and entry.file_size > _LARGE_BYTES


def _leads_out(name: str) -> bool:
    steps = name.replace("\\", "/").split("/")
    return name.startswith(("/", "\\")) or ".." in steps or ":" in steps[0]


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.startswith("xl/") for name in archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return False


def parts(path: Path) -> tuple[Path, ...]:
    """Return all files that make up an input: a shapefile is several.

    Examples
    --------
    >>> [part.name for part in parts(Path("blocks.gpkg"))]
    ['blocks.gpkg']
    """
    if path.is_dir():
        return tuple(sorted(p for p in path.rglob("*") if p.is_file()))
    if path.suffix.lower() != ".shp":
        return (path,)
    beside = path.parent.iterdir() if path.parent.is_dir() else ()
    return tuple(
        sorted(p for p in beside if p.stem == path.stem and p.suffix.lower() in SHAPEFILE_PARTS)
    )


def fingerprint(paths: Sequence[Path]) -> str:
    """Return the SHA-256 of a file's bytes; of several files, that of their `sha256sum` list.

    Parameters
    ----------
    paths : sequence of Path
        Files of one input.

    Returns
    -------
    str
        64 hexadecimal digits; what `sha256sum FILE` or `sha256sum a b c | sha256sum` prints.
    """
    digests = []
    for path in sorted(paths, key=lambda p: p.name):
        with path.open("rb") as file:
            digests.append((hashlib.file_digest(file, "sha256").hexdigest(), path.name))
    if len(digests) == 1:
        return digests[0][0]
    listing = "".join(f"{digest}  {name}\n" for digest, name in digests)
    return hashlib.sha256(listing.encode()).hexdigest()


def text_encoding(data: bytes) -> str:
    """Tell the encoding of a text from its bytes.

    UTF-8 is recognized by its own rules. A file whose lines end in CR alone comes from an old
    Macintosh. Otherwise the single-byte encoding under which more of the odd bytes become letters
    of Spanish, and Windows-1252 when nothing speaks for Mac Roman.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    str
        Name of a Python codec.

    Examples
    --------
    >>> text_encoding("Peñón".encode("mac-roman")), text_encoding("Peñón".encode("latin-1"))
    ('mac-roman', 'cp1252')
    """
    if data.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    if b"\r" in data and b"\n" not in data:
        return "mac-roman"
    array = np.frombuffer(data, dtype=np.uint8)
    odd = array[array >= 0x80].tobytes()
    likely = {}
    for encoding in ("cp1252", "mac-roman"):
        letters = odd.decode(encoding, errors="replace")
        likely[encoding] = sum(letters.count(letter) for letter in _SPANISH)
    best = "mac-roman" if likely["mac-roman"] > likely["cp1252"] else "cp1252"
    try:
        odd.decode(best)
    except UnicodeDecodeError:
        return "latin-1"
    return best
