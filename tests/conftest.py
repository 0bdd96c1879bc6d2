"""What several rooms' tests share: the real files and the browser."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# A loaded machine is slow and a first call may compile: neither is a fault of what is tested.
settings.register_profile(
    "any_speed", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any_speed")


def absent(reason: str) -> None:
    """Fail in CI, skip with the reason elsewhere."""
    if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def root() -> Path:
    """Folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real files: TARGETING_TEST_DATA, else ../shared/data beside the repository."""
    chosen = os.environ.get("TARGETING_TEST_DATA")
    folder = Path(chosen) if chosen else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        absent(f"no real files: TARGETING_TEST_DATA or ../shared/data, here {folder}")
    return folder


@pytest.fixture(scope="module")
def chromium_browser() -> Iterator[object]:
    """Start a browser for each test file: no event loop outlives the file that needs it."""
    from tests.browser import chromium
    from tools.find_chromium import find

    if find() is None:
        absent("no Chromium: `make test` installs one, or set TARGETING_CHROMIUM")
    with chromium() as browser:
        yield browser


@pytest.fixture
def chromium_page(chromium_browser: object) -> Iterator[Callable[..., object]]:
    """Make a fresh page: `chromium_page(file)` opens it and returns a `WatchedPage`.

    Its `page` is playwright's; its `requests` lists every address outside the disk (each was
    refused) and its `errors` what the console complained of. Keyword arguments go to
    `Browser.new_context`: `viewport`, `locale`, `color_scheme` ...
    """
    from tests.browser import watched_pages

    with watched_pages(chromium_browser) as new_page:  # type: ignore[arg-type]
        yield new_page


@pytest.fixture(autouse=True, scope="session")
def _kept_intakes_apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests' intakes away from the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TARGETING_CACHE", str(tmp_path_factory.mktemp("intakes")))
        yield
