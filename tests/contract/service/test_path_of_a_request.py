"""Few modules of `app` take part in a POST /predict: docs/explanation/architecture.md draws them."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from flask.testing import FlaskClient

import app
from tests.contract.service.test_request_cost import files
from tests.uploads import a_garment, png

APP = Path(app.__file__).parent
PAGE = APP.parent / "docs" / "explanation" / "architecture.md"
MOST_MODULES = 12


@contextmanager
def modules_of_app() -> Iterator[set[str]]:
    """The modules of which a function is called in the block."""
    called: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        file = Path(frame.f_code.co_filename)
        if event == "call" and file.is_relative_to(APP):
            called.add(str(file.relative_to(APP)))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield called
    finally:
        sys.setprofile(before)


@pytest.mark.parametrize(
    "request_",
    [{"data": png(a_garment())}, files("image"), {"json": {"pixels": a_garment().tolist()}}],
    ids=["raw", "multipart", "json"],
)
def test_a_request_passes_few_modules_and_the_page_names_them_all(
    client: FlaskClient, request_: dict[str, Any]
) -> None:
    with modules_of_app() as passed:
        answer = client.post("/predict", **request_)

    section = PAGE.read_text("utf-8").partition("## A request")[2].partition("\n## ")[0]
    named = {Path(name).name for name in re.findall(r"[a-z_/]+\.py", section)}
    assert answer.status_code == 200
    assert len(passed) <= MOST_MODULES
    assert {Path(module).name for module in passed} <= named
