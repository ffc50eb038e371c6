"""From POST /predict to its answer, few modules of `app` take part: docs/ draws them."""

import re
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.contract.service.conftest import files
from tests.service import ROOT
from tests.uploads import UPLOAD, a_garment

PAGE = ROOT / "docs" / "explanation" / "architecture.md"
MOST_MODULES = 15


@pytest.mark.parametrize(
    "how", [{"data": UPLOAD}, files("image"), {"json": {"pixels": a_garment().tolist()}}]
)
def test_the_page_names_the_few_modules_of_a_request(fresh_client: FlaskClient, how: dict[str, Any]) -> None:
    passed: set[Path] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        passed.add(Path(frame.f_code.co_filename))

    before = sys.getprofile()
    sys.setprofile(note)
    answer = fresh_client.post("/predict", **how)
    sys.setprofile(before)

    section = PAGE.read_text("utf-8").partition("## A request")[2].partition("\n## ")[0]
    modules = {path.name for path in passed if path.is_relative_to(ROOT / "app")}
    assert answer.status_code == 200
    assert len(modules) <= MOST_MODULES
    assert modules <= {Path(name).name for name in re.findall(r"[a-z_/]+\.py", section)}
