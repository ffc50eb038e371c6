"""Sealing a release anew in the lab: the same networks, decided again, with its answers to all pictures."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from lab import sealing
from model_store.local_releases import BUNDLED_FOLDER, open_bundled_release, open_release
from model_store.store_keys import make_folder_release_files
from reports.answers import TEST_SET
from reports.evidence import read_evidence
from reports.gate import check_candidate_release
from reports.values import read_report
from tests.photos import a_garment_photo
from tests.system_parts import require_system_part
from training.data.learnt_hashes import NO_LEARNT_HASHES, LearntHashes, load_learnt_hashes
from training.data.pixel_data_sets import FASHION_MNIST_FOLDER

LAB = Path(__file__).parents[3] / "lab"


@pytest.mark.slow
def test_a_release_is_sealed_in_the_form_of_this_version_with_the_same_decisions(tmp_path: Path) -> None:
    photo = tmp_path / "photos" / "dev" / "new.jpg"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(cv2.imencode(".jpg", a_garment_photo(1))[1].tobytes())
    before = open_bundled_release()
    parent = replace(before, folder=shutil.copytree(before.folder, tmp_path / "parent"))
    learnt = LearntHashes.make_from_digests(np.array([hashlib.sha256(photo.read_bytes()).hexdigest()]))
    ((load_learnt_hashes(parent.folder) or NO_LEARNT_HASHES) | learnt).save_hashes(parent.folder)

    assert sealing.compute_near_hashes(tmp_path / "photos", learnt).shape == (1, 10)
    sealing.seal_as_decided(
        tmp_path / "again", parent, sealing.compute_near_hashes(tmp_path / "photos", learnt)
    )

    again = open_release(tmp_path / "again")
    known = load_learnt_hashes(again.folder)
    assert known is not None and known.perceptual_hashes is not None and len(known.perceptual_hashes) >= 1
    photos = replace(before.manifest.get_contract("photos"), parts="kind")
    assert again.manifest.contracts == before.manifest.contracts | {"photos": photos}
    assert read_report(again).products == read_report(before).products
    assert read_report(again).attributes == read_report(before).attributes
    assert (again.folder / "answers.csv.gz").read_bytes() == (before.folder / "answers.csv.gz").read_bytes()
    # The heads alone, and weights of half the size.
    assert again.manifest.files["photos.keras"].size < 8_000_000
    assert again.manifest.files["photos.onnx"].size < 16_000_000


@pytest.mark.slow
def test_the_bundled_release_is_what_its_kept_answers_decide(tmp_path: Path) -> None:
    require_system_part("dataset-fashion-mnist", FASHION_MNIST_FOLDER.is_dir(), "it is answered again")
    answers = ["--photo-answers", LAB / "photo-answers.csv.gz", "--strangers", LAB / "strangers.csv.gz"]

    assert sealing.main([str(BUNDLED_FOLDER), *map(str, answers), "--run", str(tmp_path / "again")]) == 0

    before, again = open_bundled_release(), open_release(tmp_path / "again")
    found, kept = again.manifest.get_contract("photos"), before.manifest.get_contract("photos")
    assert found.class_head.confidence == pytest.approx(kept.class_head.confidence, abs=1e-4)
    assert found.minimum_familiarity == kept.minimum_familiarity
    shares = {tier: one.decisions.coverage for tier, one in read_report(again).photos.items()}
    assert shares == pytest.approx(
        {tier: one.decisions.coverage for tier, one in read_report(before).photos.items()}, abs=0.01
    )
    of_class, of_class_before = (read_report(one).products["label"] for one in (again, before))
    assert of_class == of_class_before
    answered = read_evidence(make_folder_release_files(again)).answers.select_set(TEST_SET)
    assert int(answered.has_decision.sum()) == 10_000
    assert check_candidate_release(
        read_evidence(make_folder_release_files(again)), read_evidence(make_folder_release_files(before))
    )
