"""Sealing a release anew in the lab: the same networks, decided again, with its answers to all pictures."""

from pathlib import Path

import pytest

from lab import sealing
from model_store.catalogue import files_in_folder
from model_store.local import BUNDLED, bundled, open_release
from reports.answers import TEST_SET
from reports.evidence import evidence_of
from reports.gate import check_gate
from reports.values import report_of
from tests.system_parts import require_system_part
from training.data.fashion import SYSTEM_FOLDER

LAB = Path(__file__).parents[3] / "lab"


@pytest.mark.slow
def test_the_bundled_release_is_what_its_kept_answers_decide(tmp_path: Path) -> None:
    require_system_part("dataset-fashion-mnist", SYSTEM_FOLDER.is_dir(), "it is answered again")
    answers = ["--photo-answers", LAB / "photo-answers.csv.gz", "--strangers", LAB / "strangers.csv.gz"]

    assert sealing.main([str(BUNDLED), *map(str, answers), "--run", str(tmp_path / "again")]) == 0

    before, again = bundled(), open_release(tmp_path / "again")
    found, kept = again.manifest.contract("photos"), before.manifest.contract("photos")
    assert found.of_label.confidence == pytest.approx(kept.of_label.confidence, abs=1e-4)
    assert found.least_familiarity == kept.least_familiarity
    shares = {tier: one.decisions.coverage for tier, one in report_of(again).photos.items()}
    assert shares == pytest.approx(
        {tier: one.decisions.coverage for tier, one in report_of(before).photos.items()}, abs=0.01
    )
    of_class, of_class_before = (report_of(one).products["label"] for one in (again, before))
    assert of_class == of_class_before
    answered = evidence_of(files_in_folder(again)).answers.of_set(TEST_SET)
    assert int(answered.decided.sum()) == 10_000
    assert check_gate(evidence_of(files_in_folder(again)), evidence_of(files_in_folder(before)))
