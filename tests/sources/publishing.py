"""A server on this machine that offers the made city as INEGI and CONAPO offer theirs.

The made city's keys begin with 99, which is no state: here its two municipalities are 08037 and
08019, so that a code of the real world can be asked for.
"""

from __future__ import annotations

import csv
import io
import re
import socket
import struct
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pyogrio

from targeting.sample import write_city
from tests.sources.made import PRJ

FRAMEWORK = (
    "/contenidos/productos/prod_serv/contenidos/espanol/bvinegi/productos/geografia/marcogeo/"
    "889463807469/08_chihuahua.zip"
)
CENSUS = "/contenidos/programas/ccpv/2020/datosabiertos/ageb_manzana/"
CENSUS += "ageb_mza_urbana_08_cpv2020_csv.zip"
CENSUS_RENAMED = (
    "/contenidos/programas/ccpv/2020/microdatos/ageb_manzana/RESAGEBURB_08_2020_csv.zip"
)
DENUE = "/contenidos/masiva/denue/denue_08_csv.zip"
DENUE_PARTS = ("/contenidos/masiva/denue/denue_08_1_csv.zip", DENUE.replace("08_", "08_2_"))
_AT_CONAPO = "work/models/CONAPO"  # on its servers
CONAPO = f"/{_AT_CONAPO}/Datos_Abiertos/Marginacion/IMU_2020.zip"
CONAPO_OLD = f"/{_AT_CONAPO}/Marginacion/Datos_Abiertos/IMU_2020.zip"
# As long as INEGI's page of a missing file.
NOT_FOUND_PAGE = b"<!DOCTYPE html>\r\n<html><body>P\xc3\xa1gina no encontrada".ljust(2263, b" ")
LAYERS = ("m", "a", "l", "mun", "e", "sia", "sil", "sip")
TOWNS = {"99001": "08037", "99002": "08019"}


@dataclass
class Offer:
    """A file as a server offers it; each fault spoils one request, in order."""

    content: bytes
    etag: str = '"1"'
    last_modified: str = "Wed, 20 May 2026 10:00:00 GMT"
    ranges: bool = True
    length: bool = True
    heeds_if_range: bool = True
    faults: list[str] = field(default_factory=list)


@dataclass
class Asked:
    """A request and how much was sent for it."""

    path: str
    headers: Mapping[str, str]
    status: int = 0
    sent: int = 0


class Server(ThreadingHTTPServer):
    """Offers by path; everything else is INEGI's page, with status 200."""

    daemon_threads = True

    def __init__(self, offers: dict[str, Offer]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.offers = offers
        self.missing_status = 200
        self.asked: list[Asked] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def of(self, path: str) -> list[Asked]:
        return [one for one in self.asked if one.path == path]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        asked = Asked(self.path, dict(self.headers))
        self.server.asked.append(asked)
        self.close_connection = True
        offer = self.server.offers.get(self.path)
        if offer is None:
            body = NOT_FOUND_PAGE
            self._head(asked, self.server.missing_status, len(body), {"Content-Type": "text/html"})
            self.wfile.write(body)
            return
        fault, _, amount = (offer.faults.pop(0) if offer.faults else "").partition(":")
        if fault == "silent":
            time.sleep(float(amount))
            return
        if fault == "dripping-head":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            for _ in range(int(amount)):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.05)
            return
        if fault == "status":
            self._head(asked, int(amount), 0, {})
            return
        start = self._start(offer)
        if self._unchanged(offer):
            self._head(asked, 304, 0, {})
            return
        if start > len(offer.content) or (start == len(offer.content) and start):
            self._head(asked, 416, 0, {"Content-Range": f"bytes */{len(offer.content)}"})
            return
        body = offer.content[start:]
        words = {"ETag": offer.etag, "Last-Modified": offer.last_modified}
        if start:
            end = len(offer.content)
            words["Content-Range"] = f"bytes {start}-{end - 1}/{end}"
        length = len(body) if offer.length else None
        self._head(asked, 206 if start else 200, length, {k: v for k, v in words.items() if v})
        if fault in ("drop", "reset"):
            self._send(asked, body[: int(amount)])
            if fault == "reset":
                self.connection.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
                self.connection.close()
        elif fault == "trickle":
            for place in range(int(amount)):
                self._send(asked, body[place : place + 1])
                time.sleep(0.02)
        else:
            self._send(asked, body)

    def _start(self, offer: Offer) -> int:
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if wanted is None or not offer.ranges:
            return 0
        condition = self.headers.get("If-Range", "")
        same = condition in ("", offer.etag, offer.last_modified) or not offer.heeds_if_range
        return int(wanted[1]) if same else 0

    def _unchanged(self, offer: Offer) -> bool:
        tag, date = (self.headers.get(k, "") for k in ("If-None-Match", "If-Modified-Since"))
        return tag == offer.etag if tag else bool(date) and date == offer.last_modified

    def _head(self, asked: Asked, status: int, length: int | None, words: dict[str, str]) -> None:
        asked.status = status
        self.send_response(status)
        for name, text in words.items():
            self.send_header(name, text)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.send_header("Connection", "close")
        self.end_headers()

    def _send(self, asked: Asked, body: bytes) -> None:
        self.wfile.write(body)
        self.wfile.flush()
        asked.sent += len(body)


@contextmanager
def serving(offers: dict[str, Offer]) -> Iterator[Server]:
    """Run a server for a while."""
    server = Server(offers)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def published(folder: Path) -> dict[str, bytes]:
    """Contents by path of all that is offered of the state 08; `small` has only two layers."""
    write_city(folder, blocks=500)
    denue = (folder / "facilities" / "denue_inegi_99_.csv").read_text("latin-1")
    rows = [_town(row, 27, 29) for row in csv.reader(io.StringIO(denue))]
    half = len(rows) // 2
    return {
        FRAMEWORK: _framework(folder / "boundaries", folder / "08", LAYERS),
        "small": _framework(folder / "boundaries", folder / "small", ("m", "mun")),
        CENSUS: _census(folder / "census", "ageb_mza_urbana_08_cpv2020"),
        CENSUS_RENAMED: _census(folder / "census", "RESAGEBURB_08_2020"),
        DENUE: denue_zip(rows, "denue_inegi_08_.csv"),
        DENUE_PARTS[0]: denue_zip(rows[:half], "denue_inegi_08_1.csv"),
        DENUE_PARTS[1]: denue_zip([rows[0], *rows[half:]], "denue_inegi_08_2.csv"),
        CONAPO: _conapo(folder / "census" / "IMU_2020_99.csv", folder / "IMU_2020.xlsx"),
    }


def archive(members: Mapping[str, bytes]) -> bytes:
    """Bytes of a zip with some members."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            out.writestr(name, content)
    return held.getvalue()


def _key(key: str) -> str:
    return TOWNS.get(key[:5], "08" + key[2:5]) + key[5:]


def _framework(source: Path, target: Path, layers: Sequence[str]) -> bytes:
    target.mkdir()
    members = {}
    for layer in layers:
        frame = pyogrio.read_dataframe(source / f"99{layer}.shp", encoding="ISO-8859-1")
        if "CVEGEO" in frame.columns:
            frame["CVEGEO"] = frame["CVEGEO"].map(_key)
            frame["CVE_ENT"] = "08"
            frame["CVE_MUN"] = frame["CVEGEO"].str[2:5]
        path = target / f"08{layer}.shp"
        pyogrio.write_dataframe(frame, path, encoding="ISO-8859-1")
        path.with_suffix(".prj").write_text(PRJ)
        for ending in (".shp", ".shx", ".dbf", ".prj"):  # no .cpg, as often
            part = path.with_suffix(ending)
            members[f"08_chihuahua/conjunto_de_datos/{part.name}"] = part.read_bytes()
    members["08_chihuahua/metadatos/metadatos.txt"] = b"..."
    return archive(members)


def _town(row: list[str], state: int, town: int) -> list[str]:
    if row[state] != "99":
        return row
    changed = list(row)
    changed[state] = "08"
    if row[town] != "000":
        changed[town] = TOWNS["99" + row[town]][2:]
    return changed


def _text(rows: list[list[str]], encoding: str) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode(encoding)


def _census(source: Path, name: str) -> bytes:
    with zipfile.ZipFile(source / "ageb_mza_urbana_99_cpv2020_csv.zip") as held:
        member = next(n for n in held.namelist() if "conjunto_de_datos_ageb" in n)
        text = held.read(member).decode("utf-8-sig")
    rows = [_town(row, 0, 2) for row in csv.reader(io.StringIO(text))]
    table = "RESAGEBURB_08CSV20.csv"
    if name.startswith("ageb"):
        table = f"{name}/conjunto_de_datos/conjunto_de_datos_ageb_urbana_08_cpv2020.csv"
    words = f"{name}/diccionario_de_datos/diccionario_datos_ageb_urbana_08_cpv2020.csv"
    return archive({words: b"a,b\r\n1,2\r\n", table: _text(rows, "utf-8-sig")})


def denue_zip(rows: list[list[str]], name: str) -> bytes:
    """Bytes of a DENUE zip."""
    words = "diccionario_de_datos/denue_diccionario_de_datos.csv"
    return archive({f"conjunto_de_datos/{name}": _text(rows, "latin-1"), words: b"a,b\r\n"})


def _conapo(source: Path, workbook: Path) -> bytes:
    table = pd.read_csv(source, dtype={"CVE_AGEB": "str", "ENT": "str", "MUN": "str", "LOC": "str"})
    table["CVE_AGEB"] = table["CVE_AGEB"].map(_key)
    table.to_excel(workbook, sheet_name="IMU_2020", index=False, engine="xlsxwriter")
    return archive({"IMU_2020.xlsx": workbook.read_bytes()})
