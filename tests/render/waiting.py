"""Waiting for the page: playwright's own wait uses `eval`, which the page's policy refuses."""

from __future__ import annotations

from playwright.sync_api import Page


def until(page: Page, expression: str, *, seconds: float = 20.0) -> None:
    """Wait until an expression is true in the page; fail after so many seconds."""
    for _ in range(int(seconds * 20)):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not true after {seconds} s: {expression}")
