"""One result and its page, made once for all tests of this room."""

from __future__ import annotations

from pathlib import Path

import pytest

from targeting.model import Result
from targeting.render import write_page
from tests.render.results import make_result


@pytest.fixture(scope="session")
def result() -> Result:
    return make_result()


@pytest.fixture(scope="session")
def page_file(result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "index.html"
    write_page(result, path)
    return path
