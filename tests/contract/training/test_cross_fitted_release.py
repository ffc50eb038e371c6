"""What other networks say about pictures that they did not learn decides a release's thresholds."""

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.sessions.session import Scores
from model_store.local_releases import LocalRelease, open_release
from model_store.store_keys import make_folder_release_files
from reports.answers import TEST_SET
from reports.answers_file import ANSWERS_FILE
from reports.evidence import read_evidence
from reports.network_figures import TrainingFigures
from reports.page.advice import describe_acceptance
from reports.page.wording import ENGLISH_WORDING
from reports.values import read_report
from tests.contract.training.conftest import Exported
from tests.fashion import CLASSES, striped_pictures
from training.data.fashion import LabelledData
from training.data.labels import LabelCodes
from training.data.pictures import Pictures
from training.data.split import Split
from training.evaluation.evaluate import make_answers
from training.progress import ProgressLines
from training.release.candidate import ReleaseCandidate
from training.release.complete import complete_release

PRODUCTS = [f"{n % 10} {n // 40}" for n in range(100)]
"""Of 100 test pictures, whose classes come in turn: of each class two products of four, and one of two."""

FAR = 1000.0
"""A distance that no picture has here."""


def sure_of(classes: LabelCodes, distance: float) -> Scores:
    """Answers for these classes with 0.91, from this distance on."""
    probabilities = np.full((len(classes), CLASSES), 0.01, np.float32)
    probabilities[np.arange(len(classes)), classes] = 0.91
    return Scores.make_class_scores(
        probabilities, np.linspace(distance, distance + 1, len(classes), dtype=np.float32)
    )


TRAINING = TrainingFigures(
    seed=0,
    epochs=3,
    best_epoch=3,
    seconds=1.0,
    hardware="2 cores",
    libraries={},
    configuration={"network": "plain"},
)


@pytest.fixture(scope="module")
def candidate(parts: Split, exported: Exported) -> ReleaseCandidate:
    data = LabelledData(striped_pictures(400), striped_pictures(100, seed=1))
    return ReleaseCandidate(
        network="plain", model=exported.artifact, training=TRAINING, data=data, split=parts
    )


def released(exported: Exported, folder: Path, candidate: ReleaseCandidate) -> LocalRelease:
    """A release that is measured on this; the network was exported before."""
    folder.mkdir(exist_ok=True)
    shutil.copy(exported.model_path, folder)
    shutil.copy(exported.get_graph_path, folder)
    complete_release(folder, candidate, ProgressLines())
    return open_release(folder)


@pytest.fixture(scope="module")
def few(
    candidate: ReleaseCandidate, exported: Exported, tmp_path_factory: pytest.TempPathFactory
) -> LocalRelease:
    """Decided by the few pictures that are held out."""
    return released(exported, tmp_path_factory.mktemp("few"), candidate)


@pytest.fixture(scope="module")
def enough(
    candidate: ReleaseCandidate, exported: Exported, tmp_path_factory: pytest.TempPathFactory
) -> LocalRelease:
    """Decided by answers of other networks to all that was learnt, and measured on products."""
    folder, learnt, test = tmp_path_factory.mktemp("enough"), candidate.split.train, candidate.data.test
    others = make_answers(sure_of(learnt.classes, distance=FAR), learnt, folds=1)
    files = tuple(folder / str(n) for n in range(len(test)))
    products = replace(test, files=files, groups=np.array(PRODUCTS))
    data = replace(candidate.data, test=products)
    on = replace(candidate, data=data, cross_fitted_answers=others, has_product_groups=True)
    return released(exported, folder, on)


def test_answers_of_other_networks_give_the_thresholds_enough_to_rest_on(
    few: LocalRelease, enough: LocalRelease
) -> None:
    alone, with_others = (
        list(describe_acceptance(read_report(one), ENGLISH_WORDING)) for one in (few, enough)
    )

    assert few.manifest.get_contract("pixels").class_head.accepts_nothing
    assert any("takes 299 answers without an error" in line for line in alone)
    assert not any("None is accepted" in line for line in with_others)
    assert not enough.manifest.get_contract("pixels").class_head.accepts_nothing
    assert read_report(enough).promises[0].n >= 360
    familiarity = enough.manifest.get_contract("pixels").familiarity
    assert familiarity is not None
    assert familiarity.quantiles[-1] == FAR + 1


def test_where_groups_are_products_the_report_says_how_many_are_accepted_and_right(
    enough: LocalRelease,
) -> None:
    found = read_report(enough).products

    assert list(found) == ["label"]
    assert (found["label"].n, found["label"].promised) == (30, 0.99)


def test_a_release_keeps_its_answers_to_the_test_set(few: LocalRelease) -> None:
    kept = read_evidence(make_folder_release_files(few)).answers.select_set(TEST_SET)

    assert kept.is_right.mean() == few.manifest.headline.test_accuracy
    assert kept.has_decision.all()
    assert np.array_equal(kept.probabilities.argmax(axis=1), kept.predicted)
    assert ANSWERS_FILE in few.manifest.files


def test_each_picture_is_answered_once_and_doubted_by_what_did_not_learn_it(
    candidate: ReleaseCandidate, exported: Exported, tmp_path: Path
) -> None:
    learnt, held_out, test = (
        replace(of, files=tuple(Path(f"{name}-{n}") for n in range(len(of))))
        for name, of in (
            ("learnt", candidate.split.train),
            ("held-out", candidate.split.validation),
            ("test", candidate.data.test),
        )
    )
    asked = Counter[Path]()

    def score(pictures: Pictures) -> Scores:
        asked.update(pictures.files)
        return sure_of(pictures.classes, distance=0.0)

    for path in (exported.model_path, exported.get_graph_path):
        shutil.copy(path, tmp_path)
    _, (answers, files) = complete_release(
        tmp_path,
        replace(
            candidate, data=replace(candidate.data, test=test), split=Split(learnt, held_out), score=score
        ),
        ProgressLines(),
    )

    assert asked == Counter(learnt.files + held_out.files + test.files)
    assert [*files] == [*held_out.files, *test.files]
    assert len(answers) == len(files)
