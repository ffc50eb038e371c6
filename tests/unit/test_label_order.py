"""Names of a model's outputs in another order are noticed; a model that is often wrong is left alone."""

from collections.abc import Sequence

import numpy as np
import pytest

from reports.answers import NO_CLASS, Answers
from tests.fashion import striped_pictures
from tests.system_parts import require_system_part
from training.data.class_names import match_class_names
from training.data.fashion import FASHION_MNIST_LABELS, LabelledData
from training.data.pixel_data_sets import FASHION_MNIST_FOLDER, read_idx_folder
from training.errors import DataError
from training.evaluation.label_order import find_better_order

ALPHABETICAL = tuple(sorted(FASHION_MNIST_LABELS))
CLASSES = len(FASHION_MNIST_LABELS)


def answers_of(right_share: float, outputs: Sequence[int], count: int = 1000) -> Answers:
    """Answers by a model that is so often right, and whose output of class c is outputs[c]; errors differ."""
    random = np.random.default_rng(0)
    truth = np.arange(count) % CLASSES
    seen = np.where(random.random(count) < right_share, truth, random.integers(0, CLASSES, count))
    return Answers.make_answers("test", truth, np.array(outputs)[seen])


@pytest.mark.parametrize("right_share", [0.5, 0.8, 1.0])
def test_the_order_that_fits_the_answers_is_found(right_share: float) -> None:
    """The labels were said to be alphabetical, and the outputs are in the usual order."""
    truth_by_alphabet = [ALPHABETICAL.index(label) for label in FASHION_MNIST_LABELS]
    given = answers_of(right_share, range(CLASSES))
    named = Answers.make_answers("test", np.array(truth_by_alphabet)[given.truth], given.predicted)

    order = find_better_order(named, ALPHABETICAL)

    assert order is not None
    assert order.labels == FASHION_MNIST_LABELS
    assert order.right_share == pytest.approx(given.is_right.mean())
    assert order.given_right_share == pytest.approx(named.is_right.mean())


HONEST = {
    "right in 40%": answers_of(0.33, range(CLASSES)),
    "right in 54%": answers_of(0.49, range(CLASSES)),
    "no better than chance": answers_of(0.0, range(CLASSES)),
    "no better than chance, and few": answers_of(0.0, range(CLASSES), 30),
    "one class for all": Answers.make_answers("test", np.arange(1000) % CLASSES, np.zeros(1000, int)),
    "two classes swapped": answers_of(0.9, [1, 0, *range(2, CLASSES)]),
    "pictures of no class": Answers.make_answers("test", np.full(100, NO_CLASS), np.arange(100) % CLASSES),
}


@pytest.mark.parametrize("answers", HONEST.values(), ids=HONEST)
def test_an_order_that_explains_the_answers_well_enough_is_left_alone(answers: Answers) -> None:
    assert find_better_order(answers, FASHION_MNIST_LABELS) is None


SPELT = {
    "as they are": ALPHABETICAL,
    "in small letters": tuple(label.lower() for label in ALPHABETICAL),
    "plural, one side of the slash": (
        *("ankle-boots", "Bags", "Coats", "Dresses"[:5], "pullovers"),
        *("Sandals", "shirts", "sneakers", "T-shirts", "Trousers"),
    ),
}


@pytest.mark.parametrize("labels", SPELT.values(), ids=SPELT)
def test_a_known_name_is_found_however_it_is_spelt(labels: tuple[str, ...]) -> None:
    found = match_class_names(labels, FASHION_MNIST_LABELS)

    assert found == [FASHION_MNIST_LABELS.index(label) for label in ALPHABETICAL]


def test_no_label_is_taken_for_a_name_of_another_or_for_one_that_is_taken() -> None:
    assert match_class_names(("Shirt", "Cap", "shirts"), FASHION_MNIST_LABELS) == [6, None, None]


@pytest.fixture(scope="module")
def fashion() -> LabelledData:
    require_system_part("dataset-fashion-mnist", FASHION_MNIST_FOLDER.is_dir(), "it is known by its hash")
    return read_idx_folder(FASHION_MNIST_FOLDER)


@pytest.mark.parametrize("labels", SPELT.values(), ids=SPELT)
@pytest.mark.parametrize("shuffled", [False, True], ids=["as published", "in another order"])
def test_fashion_mnist_is_compared_by_name(
    fashion: LabelledData, labels: tuple[str, ...], *, shuffled: bool
) -> None:
    order = np.random.default_rng(0).permutation(len(fashion.test)) if shuffled else np.arange(10_000)
    data = LabelledData(train=fashion.test.take(order), test=fashion.test.take(order))
    boots = data.test.classes == FASHION_MNIST_LABELS.index("Ankle boot")

    named = data.match_labels(labels)

    assert named.labels == labels
    assert set(named.test.classes[boots].tolist()) == {0}


def test_fashion_mnist_keeps_its_name_in_another_order_of_classes(fashion: LabelledData) -> None:
    assert fashion.match_labels(ALPHABETICAL).describe_data_set().name == "Fashion-MNIST"


def test_labels_of_fashion_mnist_can_be_reordered_if_they_are_its_names(fashion: LabelledData) -> None:
    known = [fashion, fashion.match_labels(ALPHABETICAL), fashion.match_labels(tuple("abcdefghij"))]

    assert [data.can_reorder_labels for data in known] == [True, True, False]


@pytest.mark.parametrize("named", [True, False])
def test_labels_of_other_data_can_be_reordered_if_it_names_its_classes(*, named: bool) -> None:
    pictures = striped_pictures(20)

    data = LabelledData(pictures, pictures, labels=ALPHABETICAL, has_class_names=named)

    assert data.can_reorder_labels == named
    assert data.match_labels(FASHION_MNIST_LABELS).can_reorder_labels == named


MIXED = ("Cap", "Bag", *FASHION_MNIST_LABELS[2:])


def test_names_of_fashion_mnist_under_other_numbers_are_refused_unless_forced(fashion: LabelledData) -> None:
    with pytest.raises(DataError, match=r"Label 1 of the model is 'Bag', but class 1 .* is Trouser"):
        fashion.match_labels(MIXED)

    assert fashion.match_labels(MIXED, is_forced=True).test.classes.tolist() == fashion.test.classes.tolist()


@pytest.mark.parametrize("labels", [tuple("abcdefghij"), ALPHABETICAL], ids=["of ours", "known"])
def test_other_data_with_numbers_alone_is_compared_by_number(labels: tuple[str, ...]) -> None:
    pictures = striped_pictures(20)

    data = LabelledData(pictures, pictures).match_labels(labels)

    assert (data.labels, data.test.classes.tolist()) == (labels, pictures.classes.tolist())


def test_fashion_mnist_with_names_of_ones_own_is_compared_by_number(fashion: LabelledData) -> None:
    data = fashion.match_labels(tuple("abcdefghij"))

    assert data.test.classes.tolist() == fashion.test.classes.tolist()
