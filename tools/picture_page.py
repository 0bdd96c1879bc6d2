"""Take the pictures of the page that the READMEs show: python tools/picture_page.py [maps]."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def main() -> int:
    """Open the page of a folder in both languages and keep what is seen."""
    from tests.browser import chromium

    page_file = Path(sys.argv[1] if len(sys.argv) > 1 else "maps") / "index.html"
    images = ROOT / "docs" / "images"
    images.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for language, button in (("es", "Español"), ("en", "English")):
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(page_file.resolve().as_uri())
            page.get_by_role("button", name=button).click()
            page.locator("table tbody tr").first.click()
            page.wait_for_timeout(1500)
            page.screenshot(path=images / f"page-{language}.png")
            page.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
