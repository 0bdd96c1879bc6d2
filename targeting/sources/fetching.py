"""One file from its publisher's server: resumed, retried, checked; never half of one."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from tqdm import tqdm

from targeting import __version__
from targeting.problems import TargetingError
from targeting.sources.part import Part, validator

MAGIC = {"ZIP": b"PK\x03\x04"}
AGENTS = (
    f"targeting/{__version__} (+fetch; planning tool)",
    # Some servers refuse every name that does not begin like a browser's.
    f"Mozilla/5.0 (compatible; targeting/{__version__}; planning tool)",
)
_CHUNK = 1 << 18
_HEAD = 512
_REFUSED = (401, 403, 406)
_GONE = (404, 410)


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server, and how often to try again.

    Parameters
    ----------
    connect_s, read_s : float
        Longest wait for a connection, and for the next bytes.
    window_s, window_bytes
        Slowest download accepted: so many bytes in each such span.
    tries : int
        Tries in a row that bring nothing new.
    pause_s, pause_max_s : float
        Wait before the second try; doubled each time, up to the most.
    bytes_max : int
        Largest file accepted.
    """

    connect_s: float = 20.0
    read_s: float = 60.0
    window_s: float = 60.0
    window_bytes: int = 32_768
    tries: int = 5
    pause_s: float = 2.0
    pause_max_s: float = 60.0
    bytes_max: int = 8_000_000_000


@dataclass(frozen=True)
class Arrived:
    """A file that is there, whole.

    Parameters
    ----------
    file : Path
        Where.
    address : str
        Where it came from; empty when somebody put it there by hand.
    etag, last_modified : str
        What the server said of its edition; empty when it did not.
    received : int
        Bytes that came over the line this time.
    """

    file: Path
    address: str = ""
    etag: str = ""
    last_modified: str = ""
    received: int = 0


class AbsentError(Exception):
    """The address has no such file: another one may. Says what it answered."""


class NotFetchedError(Exception):
    """The file is perhaps there, and could not be had. Says why, as a message key or a text.

    Parameters
    ----------
    detail : str
        Why.
    reached : bool
        Whether the server answered at all.
    """

    def __init__(self, detail: str, *, reached: bool = True) -> None:
        super().__init__(detail)
        self.reached = reached


class UnchangedError(Exception):
    """The server says that its file is the one we have."""


class _TryAgainError(Exception):
    def __init__(self, detail: str, *, reached: bool = True, pause_s: float = 0.0) -> None:
        super().__init__(detail)
        self.reached = reached
        self.pause_s = pause_s


def download(
    address: str,
    target: Path,
    *,
    expected: str = "ZIP",
    patience: Patience | None = None,
    known: Arrived | None = None,
    progress: bool | None = None,
) -> Arrived:
    """Download a file; what an earlier try left in `<name>.part` is not downloaded again.

    The part goes on only where the server confirms that it still has the same edition (If-Range,
    RFC 9110 §13.1.5); otherwise it starts over. The file gets its name when it is whole.

    Parameters
    ----------
    address : str
        http or https.
    target : Path
        Its final name; a file of that name is replaced.
    expected : str
        What its first bytes must say it is: servers answer a missing file with a page of HTML and
        status 200.
    patience : Patience, optional
        Timeouts and tries.
    known : Arrived, optional
        The edition at hand, not to be downloaded again.
    progress : bool, optional
        Whether to draw a bar on stderr. Default: when that is a terminal.

    Returns
    -------
    Arrived

    Raises
    ------
    AbsentError, NotFetchedError, UnchangedError
    TargetingError
        `no-space`.
    OSError
        The folder cannot be written.
    """
    patience = patience or Patience()
    transfer = _Transfer(address, target, expected, patience, known, progress=progress)
    best, without_progress, pause_s = transfer.part.size(), 0, patience.pause_s
    while True:
        try:
            return transfer.attempt()
        except _TryAgainError as error:
            if transfer.part.size() > best:
                best, without_progress, pause_s = transfer.part.size(), 0, patience.pause_s
            without_progress += 1
            if without_progress >= (patience.tries if error.reached else min(patience.tries, 3)):
                raise NotFetchedError(str(error), reached=error.reached) from error
            time.sleep(min(max(pause_s, error.pause_s), patience.pause_max_s))
            pause_s *= 2


class _Transfer:
    """The tries at one address."""

    def __init__(
        self,
        address: str,
        target: Path,
        expected: str,
        patience: Patience,
        known: Arrived | None,
        *,
        progress: bool | None,
    ) -> None:
        self.address, self.target, self.expected = address, target, expected
        self.patience, self.known, self.progress = patience, known, progress
        self.part = Part(target, address)
        self.agent = AGENTS[0]
        self.received = 0

    def attempt(self) -> Arrived:
        edition = self.part.edition()
        have = self.part.size() if validator(edition) else 0
        headers = {"User-Agent": self.agent, "Accept-Encoding": "identity"}
        if have:
            headers |= {"Range": f"bytes={have}-", "If-Range": validator(edition)}
        elif self.known is not None and self.known.etag:
            headers["If-None-Match"] = self.known.etag
        elif self.known is not None and self.known.last_modified:
            headers["If-Modified-Since"] = self.known.last_modified
        try:
            with self._ask(headers) as response:
                self._receive(response, edition, have)
        except requests.exceptions.SSLError as error:
            raise NotFetchedError(_short(error)) from error
        except requests.exceptions.ConnectTimeout as error:
            raise _TryAgainError("expected.no-connection", reached=False) from error
        except requests.exceptions.Timeout as error:
            raise _TryAgainError("expected.too-slow") from error
        except requests.exceptions.ConnectionError as error:
            dropped = "RemoteDisconnected" in repr(error) or "reset" in repr(error)
            detail = "expected.dropped" if dropped else "expected.no-connection"
            raise _TryAgainError(detail, reached=dropped) from error
        except requests.exceptions.RequestException as error:
            raise NotFetchedError(_short(error)) from error
        return self._finish()

    def _ask(self, headers: dict[str, str]) -> requests.Response:
        """Return the answer, once its head is there; a head that drips is given up too."""
        wait_s = (self.patience.connect_s, self.patience.read_s)
        answers: list[requests.Response] = []
        errors: list[Exception] = []

        def ask() -> None:
            try:
                answers.append(
                    requests.get(self.address, headers=headers, stream=True, timeout=wait_s)
                )
            except Exception as error:  # noqa: BLE001 (raised below, by the one who waits)
                errors.append(error)

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(self.patience.connect_s + self.patience.read_s + self.patience.window_s)
        for error in errors:
            raise error
        if not answers:
            raise _TryAgainError("expected.too-slow")
        return answers[0]

    def _receive(self, response: requests.Response, edition: dict[str, Any], have: int) -> None:
        status = response.status_code
        if status == 304:
            raise UnchangedError
        if status == 416:
            if have and have == edition.get("total"):
                return  # nothing is lacking
            self.part.forget()
            raise _TryAgainError("expected.changed")
        self._refuse(response)
        headers = response.headers
        found: dict[str, Any] = {
            "address": self.address,
            "etag": headers.get("ETag", ""),
            "last_modified": headers.get("Last-Modified", ""),
            "total": None,
        }
        length = headers.get("Content-Length", "")
        if status == 206:
            span = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", headers.get("Content-Range", ""))
            if span is None or int(span[1]) != have or validator(found) != validator(edition):
                self.part.forget()
                raise _TryAgainError("expected.changed")
            found["total"] = int(span[2])
        else:
            have = 0
            if length.isdigit() and not headers.get("Content-Encoding"):
                found["total"] = int(length)
        total = found["total"]
        self.part.require_room(have, total)
        with tqdm(
            desc=self.target.name,
            total=total,
            initial=have,
            unit="B",
            unit_scale=True,
            disable=None if self.progress is None else not self.progress,
        ) as bar:
            self._write(response, found, have, bar)
        if total is not None and self.part.size() != total:
            raise _TryAgainError("expected.dropped")

    def _refuse(self, response: requests.Response) -> None:
        status = response.status_code
        if status in _GONE:
            raise AbsentError(str(status))
        if status in _REFUSED and self.agent != AGENTS[-1]:
            self.agent = AGENTS[-1]
            raise _TryAgainError(f"HTTP {status}")
        if status == 429 or status >= 500:
            raise _TryAgainError(f"HTTP {status}", pause_s=_retry_after(response))
        if status not in (200, 206):
            raise NotFetchedError(f"HTTP {status}")

    def _write(
        self, response: requests.Response, found: dict[str, Any], have: int, bar: tqdm[Any]
    ) -> None:
        """Append what comes; a new file is begun once its first bytes have shown what it is."""
        pieces = self._pieces(response)
        head = b""
        if not have:
            for piece in pieces:
                head += piece
                if len(head) >= _HEAD:
                    break
            if not head:
                raise _TryAgainError("expected.dropped")
            if not head.startswith(MAGIC[self.expected]):
                raise AbsentError(_what(head))
            self.part.note(found)
        size = have
        with self.part.writing(have) as out:
            for piece in chain([head], pieces):
                out.write(piece)
                size += len(piece)
                self.received += len(piece)
                bar.update(len(piece))
                if size > self.patience.bytes_max:
                    self.part.forget()
                    raise NotFetchedError(f"> {self.patience.bytes_max:,} B")

    def _pieces(self, response: requests.Response) -> Iterator[bytes]:
        """Yield the body as it comes, as long as enough comes."""
        raw: urllib3.HTTPResponse = response.raw
        begun, got = time.monotonic(), 0
        while True:
            try:
                piece = raw.read1(_CHUNK, decode_content=True)
            except urllib3.exceptions.ReadTimeoutError as error:
                raise _TryAgainError("expected.too-slow") from error
            except (urllib3.exceptions.HTTPError, OSError) as error:
                raise _TryAgainError("expected.dropped") from error
            if not piece:
                return
            yield piece
            got += len(piece)
            elapsed_s = time.monotonic() - begun
            if elapsed_s >= self.patience.window_s:
                if got < self.patience.window_bytes:
                    raise _TryAgainError("expected.too-slow")
                begun, got = time.monotonic(), 0

    def _finish(self) -> Arrived:
        edition = self.part.edition()
        try:
            self.part.finish()
        except TargetingError as error:
            self.part.forget()
            raise _TryAgainError("expected.damaged") from error
        words = {key: str(edition.get(key) or "") for key in ("etag", "last_modified")}
        return Arrived(self.target, self.address, **words, received=self.received)


def host_of(address: str) -> str:
    """Return the server an address names.

    Examples
    --------
    >>> host_of("https://www.example.org/a/b.zip")
    'www.example.org'
    """
    return urlsplit(address).netloc


def _retry_after(response: requests.Response) -> float:
    given = response.headers.get("Retry-After", "")
    return float(given) if given.isdigit() else 0.0


def _what(head: bytes) -> str:
    """Say what came instead of the file."""
    text = head.lstrip(b"\xef\xbb\xbf").lstrip().lower()
    return "expected.web-page" if text.startswith(b"<") else "expected.binary"


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
