"""The watch itself: a page that reaches out, or breaks, is caught."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser


def written(folder: Path, body: str) -> Path:
    file = folder / "page.html"
    file.write_text(f"<!doctype html><meta charset=utf-8><title>t</title>{body}", encoding="utf-8")
    return file


def test_a_quiet_page_leaves_no_trace(chromium_page: Callable, tmp_path: Path) -> None:
    opened = chromium_page(written(tmp_path, "<p id=a>Año</p><script>a.title='ok'</script>"))
    assert opened.page.inner_text("#a") == "Año"
    assert opened.page.get_attribute("#a", "title") == "ok"
    assert opened.requests == []
    assert opened.errors == []


def test_a_request_outside_the_disk_is_refused_and_recorded(
    chromium_page: Callable, tmp_path: Path
) -> None:
    opened = chromium_page(written(tmp_path, "<img src='https://tiles.invalid/1.png'>"))
    assert opened.requests == ["https://tiles.invalid/1.png"]


def test_errors_are_recorded(chromium_page: Callable, tmp_path: Path) -> None:
    opened = chromium_page(
        written(tmp_path, "<script>console.error('said')</script><script>gone()</script>")
    )
    assert opened.errors[0] == "said"
    assert "gone is not defined" in opened.errors[1]
