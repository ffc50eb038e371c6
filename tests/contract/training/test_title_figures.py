"""The step that measures what words show: the bundled report has these figures, and papers alone change."""

from pathlib import Path

import pytest

from lab import title_figures
from model_store.local_releases import BUNDLED_FOLDER, open_bundled_release, open_release
from reports.values import read_report
from tests.service import ROOT

PARTS = ROOT / "lab" / "part-answers.npz"


@pytest.mark.slow
def test_the_step_changes_papers_alone(tmp_path: Path) -> None:
    words = [str(BUNDLED_FOLDER), "--run", str(tmp_path / "again"), "--parts", str(PARTS)]

    assert title_figures.main(words) == 0

    before, again = open_bundled_release(), open_release(tmp_path / "again")
    changed = {name for name, entry in again.manifest.files.items() if entry != before.manifest.files[name]}
    assert changed <= {"report.json", "report.html", "MODEL_CARD.md"}
    fields = {"version", "created_at", "files"}
    assert again.manifest.model_dump(exclude=fields) == before.manifest.model_dump(exclude=fields)
    assert read_report(again).words == read_report(before).words
