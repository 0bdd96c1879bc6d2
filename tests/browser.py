"""A page opened from disk in the system's Chromium, with everything it asks for written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, Route, sync_playwright

from tools.find_chromium import find

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LOCAL = ("file:", "data:", "blob:", "about:")
TIMEOUT_MS = 30_000


@dataclass
class WatchedPage:
    """A page and what it did: what it asked the network for, and what went wrong in it.

    `page` is playwright's own. `requests` has every address outside the disk (all of them were
    refused), `errors` every error of the console and every exception nobody caught.
    """

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, file: Path) -> Page:
        """Open a file as a double click would, and wait until it is loaded."""
        self.page.goto(file.resolve().as_uri(), wait_until="load")
        return self.page


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser that `tools/find_chromium.py` finds."""
    place = find()
    if place is None:
        raise FileNotFoundError("no Chromium: run `make test`, or set TARGETING_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=place, args=list(ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def watched_pages(browser: Browser) -> Iterator[Callable[..., WatchedPage]]:
    """Return a maker of fresh pages; all are closed at the end.

    The maker takes a file to open (optional) and, by keyword, the settings of playwright's
    `new_context`, such as `viewport={"width": 390, "height": 844}` or `locale="en-US"`.
    """
    contexts = []

    def new_page(file: Path | None = None, **settings: Any) -> WatchedPage:
        context = browser.new_context(service_workers="block", accept_downloads=True, **settings)
        context.set_default_timeout(TIMEOUT_MS)
        contexts.append(context)
        watched = WatchedPage(context.new_page())

        def refuse(route: Route) -> None:
            if route.request.url.startswith(LOCAL):
                route.continue_()
            else:
                watched.requests.append(route.request.url)
                route.abort()

        def note(message: ConsoleMessage) -> None:
            if message.type == "error":
                watched.errors.append(message.text)

        context.route("**/*", refuse)
        watched.page.on("console", note)
        watched.page.on("pageerror", lambda error: watched.errors.append(str(error)))
        if file is not None:
            watched.open(file)
        return watched

    yield new_page
    for context in contexts:
        context.close()
