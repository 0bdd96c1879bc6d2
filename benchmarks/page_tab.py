"""Open a map's file in a fresh Chromium and measure its tab."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Route

from targeting.render.page import asset
from tests.browser import chromium

DESK = {"viewport": {"width": 1280, "height": 800}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 3,
    "is_mobile": True,
    "has_touch": True,
}
SLOWER = 4
PATIENCE_MS = 400_000

# Two frames after the load event (and after our data are unpacked) all is drawn.
DRAWN = """async () => {
  if (document.readyState !== "complete") {
    await new Promise((done) => addEventListener("load", done));
  }
  if (window.targeting && targeting.ready) {
    await targeting.ready;
  }
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() / 1000; }"""

# From the time of an input event to the first task after the frame it changed.
LISTEN = """() => {
  window.waits = [];
  addEventListener("input", (event) => {
    const start = event.timeStamp;
    requestAnimationFrame(() => setTimeout(() => waits.push(performance.now() - start)));
  }, true); }"""

REPAINT = """async () => {
  const page = targeting.page;
  const waits = [];
  for (let i = 0; i < 20; i += 1) {
    const start = performance.now();
    page.chooseLayer(page.layer.id);
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    waits.push(performance.now() - start);
  }
  return waits; }"""

FRAMES = """() => {
  window.frames_seen = [];
  const note = (time) => { frames_seen.push(time); requestAnimationFrame(note); };
  requestAnimationFrame(note); }"""


@dataclass(frozen=True)
class Tab:
    """What one open tab took.

    Parameters
    ----------
    drawn_s : float
        From navigation to the second frame after everything was loaded.
    cpu_s, memory_mb : float or None
        CPU seconds of the tab's process above a blank page's, and its own share of memory (PSS).
        None where the system does not tell.
    pan_fps : float or None
        Frames a second while the mouse drags the map.
    slider_ms : float or None
        Median from input to paint; None where there is nothing to move.
    by_keys : bool
        Whether the input was key presses on a slider, not the repaint called directly.
    requests : int
        Addresses outside the file it asked for.
    """

    drawn_s: float
    cpu_s: float | None = None
    memory_mb: float | None = None
    pan_fps: float | None = None
    slider_ms: float | None = None
    by_keys: bool = False
    requests: int = 0


def open_tab(file: Path, *, phone: bool = False, own: bool = False) -> Tab:
    """Measure a file in a browser of its own.

    Requests are answered from the copy of Leaflet we ship; everything else (jQuery, Bootstrap,
    icons) with nothing, at once: a network would only be slower.
    """
    with chromium() as browser, _page(browser, phone=phone) as (page, asked):
        blank = file.with_name("blank.html")
        blank.write_text("<title>.</title>")
        page.goto(blank.as_uri())
        page.wait_for_timeout(300)
        before, _ = _process(browser)
        page.goto(file.resolve().as_uri(), wait_until="commit")
        drawn = page.evaluate(DRAWN)
        page.wait_for_timeout(500)
        after, memory = _process(browser)
        cpu = None if before is None or after is None else after - before
        waits, by_keys = _slide(page) if own else ([], False)
        slider = statistics.median(waits) if waits else None
        pan = None if phone else _pan(page)
        return Tab(drawn, cpu, memory, pan, slider, by_keys, len(asked))


@contextmanager
def _page(browser: Browser, *, phone: bool) -> Iterator[tuple[Page, list[str]]]:
    context = browser.new_context(service_workers="block", **(PHONE if phone else DESK))  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    asked: list[str] = []

    def answer(route: Route) -> None:
        url = route.request.url
        if url.startswith(("file:", "data:", "blob:")):
            route.continue_()
            return
        asked.append(url)
        name = url.rpartition("/")[2]
        known = name in ("leaflet.js", "leaflet.css")
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        route.fulfill(body=asset(f"leaflet/{name}") if known else "", content_type=kind)

    page.route("**/*", answer)
    if phone:
        session = context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    yield page, asked
    context.close()


def _process(browser: Browser) -> tuple[float | None, float | None]:
    """Return CPU seconds of all the tabs' processes, and megabytes of the largest one."""
    session = browser.new_browser_cdp_session()
    held: list[dict[str, Any]] = session.send("SystemInfo.getProcessInfo")["processInfo"]
    tabs = [one for one in held if one["type"] == "renderer"]
    if not tabs:
        return None, None
    kilobytes = []
    for tab in tabs:
        try:
            lines = (Path("/proc") / str(tab["id"]) / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        kilobytes += [int(line.split()[1]) for line in lines if line.startswith("Pss:")]
    largest = max(kilobytes) / 1024 if kilobytes else None
    return sum(one["cpuTime"] for one in tabs), largest


def _slide(page: Page) -> tuple[list[float], bool]:
    """Press keys on a weight's slider; without one, have the page repaint."""
    tab = page.locator("[data-tab=weights]")
    if tab.count():
        tab.first.click()
    slider = page.locator("#panel-body input[type=range]:visible")
    if not slider.count():
        return page.evaluate(REPAINT), False
    page.evaluate(LISTEN)
    slider.first.focus()
    for turn in range(24):
        page.keyboard.press("ArrowRight" if turn % 8 < 4 else "ArrowLeft")
        page.wait_for_timeout(60)
    return page.evaluate("waits"), True


def _pan(page: Page) -> float:
    """Drag the middle of the map to and fro for about two seconds."""
    box = page.locator(".leaflet-container").first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(FRAMES)
    for turn in range(100):
        page.mouse.move(x + 150 * ((turn % 40) / 20 - 1), y + turn % 20)
    times = page.evaluate("frames_seen")
    page.mouse.up()
    return 1000 * (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0.0
