"""A session's scores, read by its contract."""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from inference.arrays import Distances, PixelsBatch, Probabilities
from inference.classifier import Classifier, open_classifier
from inference.contract import (
    GREY_28,
    Familiarity,
    Head,
    InputContract,
    ModelContract,
    choose_network,
    make_whole_picture_input,
)
from inference.errors import AnswerNotFinite, ContractBroken, ModelUnreadable
from inference.networks import Networks
from inference.pictures.decode import MAX_PIXELS, decode_image
from inference.sessions.session import Scores
from tests.pictures import jpeg, plain
from tests.releases import with_label

CONTRACT = ModelContract.make_class_contract(
    Head(labels=("Shirt", "Bag"), temperature=1.0, confidence=0.7),
    InputContract(),
    Familiarity(quantiles=(1.0, 2.0, 4.0), threshold=0.05),
)
PIXELS = np.zeros((2, 28, 28), np.uint8)
FIRM_THEN_TORN = np.array([[0.1, 0.9], [0.6, 0.4]], np.float32)
NEAR = np.array([1.0, 2.0], np.float32)


class Saying:
    """A session that gives the scores it was made with."""

    def __init__(
        self, probabilities: Probabilities = FIRM_THEN_TORN, distances: Distances | None = NEAR
    ) -> None:
        self.outputs = {"label": probabilities.shape[1]}
        self._scores = Scores.make_class_scores(probabilities, distances)

    def run(self, pixels: PixelsBatch) -> Scores:
        return self._scores


def test_each_picture_gets_its_label_confidence_and_decision_in_order() -> None:
    firm, torn = Classifier(Saying(), CONTRACT).classify(PIXELS)

    said = [(one.class_id, one.label, one.decision, one.reason) for one in (firm.answer, torn.answer)]
    assert said == [(1, "Bag", "accept", None), (0, "Shirt", "review", "ambiguous")]
    assert firm.answer.confidence == pytest.approx(0.9)
    assert (firm.familiarity, torn.familiarity) == (1.0, 0.5)
    assert firm.answer.probabilities == pytest.approx(FIRM_THEN_TORN[0])


def test_a_network_of_cut_out_pixels_accepts_no_photo() -> None:
    as_sent = Classifier(Saying(), CONTRACT).classify(PIXELS)
    converted = Classifier(Saying(), CONTRACT).classify(PIXELS, ["photos", "photos"])

    assert [one.answer.reason for one in as_sent] == [None, "ambiguous"]
    assert [one.answer.reason for one in converted] == ["unproven"] * 2
    assert [one.answer.confidence for one in as_sent] == [one.answer.confidence for one in converted]


def test_large_pictures_are_run_one_at_a_time_in_their_order() -> None:
    """Several together are no faster, and leave the process with the memory that they took."""

    class Counting:
        outputs: ClassVar = {"label": 2}

        def __init__(self) -> None:
            self.sizes = list[int]()

        def run(self, pixels: PixelsBatch) -> Scores:
            self.sizes.append(len(pixels))
            return Scores.make_class_scores(FIRM_THEN_TORN[pixels[:, 0, 0, 0]], NEAR[pixels[:, 0, 0, 0]])

    pixels = np.zeros((2, 224, 224, 3), np.uint8)
    pixels[1] = 1
    session = Counting()
    classifier = Classifier(session, replace(CONTRACT, input=make_whole_picture_input(224, 3)))

    answers = classifier.classify(pixels)
    classifier.check_golden_answers(pixels, {"label": FIRM_THEN_TORN}, NEAR.tolist())

    assert [one.answer.label for one in answers] == ["Bag", "Shirt"]
    assert set(session.sizes) == {1}


@pytest.mark.parametrize(
    ("shape", "model", "network"),
    [
        ((28, 28), GREY_28, "pixels"),
        ((32, 32, 3), GREY_28, "photos"),
        (None, GREY_28, "photos"),
        ((64, 64), make_whole_picture_input(64, 1), "pixels"),
        ((64, 64, 3), make_whole_picture_input(64, 3), "pixels"),
        (None, make_whole_picture_input(64, 3), "photos"),
        ((7, 7), GREY_28, "pixels"),
    ],
)
def test_pixels_go_to_the_network_of_their_shape_and_pictures_to_the_second_one(
    shape: tuple[int, ...] | None, model: InputContract, network: str
) -> None:
    assert choose_network(shape, {"pixels": model, "photos": make_whole_picture_input(32, 3)}) == network
    assert choose_network(shape, {"pixels": model}) == ("photos" if shape is None else "pixels")


def test_the_network_gets_the_size_of_a_photo_before_it_was_reduced_and_none_for_numbers() -> None:
    networks = Networks.wrap_classifier(Classifier(Saying(), CONTRACT))

    photo = networks.make_model_input(decode_image(jpeg(plain(3000, 4000)), MAX_PIXELS))
    rows = networks.make_rows_input(np.zeros((28, 28), np.uint8).tolist())

    assert (photo.width, photo.height) == (4000, 3000)
    assert (rows.width, rows.height) == (None, None)


def test_temperature_softens_what_clients_see() -> None:
    soft = Classifier(Saying(), with_label(CONTRACT, temperature=2.0)).classify(PIXELS)[0]

    assert soft.answer.confidence == pytest.approx(0.75)
    assert soft.answer.probabilities.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    "session",
    [
        Saying(np.array([[0.1, 0.9], [np.nan, 0.4]], np.float32)),
        Saying(np.array([[0.1, 0.9], [np.inf, 0.4]], np.float32)),
        Saying(distances=np.array([1.0, np.nan], np.float32)),
    ],
    ids=["NaN", "infinity", "distance"],
)
def test_an_answer_that_is_no_number_is_never_shown(session: Saying) -> None:
    with pytest.raises(AnswerNotFinite, match="NaN or infinity"):
        Classifier(session, CONTRACT).classify(PIXELS)


def test_a_contract_that_the_model_does_not_keep_is_broken() -> None:
    three = with_label(CONTRACT, labels=("Shirt", "Bag", "Coat"))

    with pytest.raises(ContractBroken, match="no output for one"):
        Classifier(Saying(distances=None), CONTRACT).classify(PIXELS)
    with pytest.raises(
        ContractBroken, match=r"2 outputs, but its contract names 3 labels \(Shirt, Bag, Coat\)"
    ):
        Classifier(Saying(), three)


def test_golden_answers_are_compared_before_temperature_and_may_differ_by_a_processors_rounding() -> None:
    classifier = Classifier(Saying(), with_label(CONTRACT, temperature=3.0))
    answers, distances = FIRM_THEN_TORN + np.float32(9e-4), NEAR + np.float32(0.009)

    classifier.check_golden_answers(PIXELS, {"label": answers}, distances.tolist())


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (FIRM_THEN_TORN + np.float32(0.0011), "do not belong together"),
        (FIRM_THEN_TORN - np.float32(0.0011), "do not belong together"),
        (FIRM_THEN_TORN + np.float32(np.nan), "do not belong together"),
        (np.zeros((2, 3), np.float32), r"\(2, 2\) probabilities to its golden pictures, not \(2, 3\)"),
    ],
)
def test_other_golden_answers_mean_another_model(answers: Probabilities, message: str) -> None:
    with pytest.raises(ContractBroken, match=message):
        Classifier(Saying(), CONTRACT).check_golden_answers(PIXELS, {"label": answers})


@pytest.mark.parametrize("given", [NEAR + np.float32(0.1), NEAR * np.float32(np.nan), NEAR[:1], None])
def test_other_golden_distances_mean_another_model(given: Distances | None) -> None:
    stored = NEAR.tolist()

    with pytest.raises((ContractBroken, AnswerNotFinite), match=r"distance|NaN"):
        Classifier(Saying(distances=given), CONTRACT).check_golden_answers(
            PIXELS, {"label": FIRM_THEN_TORN}, stored
        )


@pytest.mark.parametrize("name", ["model.h5", "model.pkl", "model"])
def test_formats_that_can_run_code_are_refused_unopened(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelUnreadable, match=r"only `\.onnx` and `\.keras` files are run"):
        open_classifier(tmp_path / name, CONTRACT)


COLOURED = replace(
    CONTRACT,
    heads={
        **CONTRACT.heads,
        "colour": Head(labels=("red", "blue", "white"), temperature=1.0, confidence=0.6, applies_to=("Bag",)),
        "pattern": Head(labels=("plain", "striped"), temperature=1.0, confidence=0.6, withheld=("plain",)),
    },
)


class Coloured:
    """A session that answers the colour and the pattern, too: of a bag, then of a shirt."""

    outputs: ClassVar = {"label": 2, "colour": 3, "pattern": 2}

    def __init__(self, distances: Distances = NEAR) -> None:
        self._distances = distances

    def run(self, pixels: PixelsBatch) -> Scores:
        colours = np.array([[0.05, 0.65, 0.3], [0.9, 0.1, 0.0]], np.float32)
        patterns = np.array([[0.9, 0.1], [0.3, 0.7]], np.float32)
        heads = {"label": FIRM_THEN_TORN, "colour": colours, "pattern": patterns}
        return Scores(heads, self._distances)


def test_each_attribute_has_its_own_answer_beside_the_class() -> None:
    bag, shirt = Classifier(Coloured(), COLOURED).classify(PIXELS)

    assert (bag.answer.label, shirt.answer.reason) == ("Bag", "ambiguous")
    assert {name: (one.label, one.reason) for name, one in bag.attributes.items()} == {
        "colour": ("blue", None),
        "pattern": ("plain", "unproven"),  # withheld
    }
    assert bag.attributes["colour"].also == ["white"]
    assert {name: (one.label, one.reason) for name, one in shirt.attributes.items()} == {
        "colour": ("red", "inapplicable"),  # though it is sure
        "pattern": ("striped", None),  # though the class is not
    }


@pytest.mark.parametrize(
    ("own", "reason"),
    [
        (None, "unfamiliar"),
        ({}, "unfamiliar"),
        ({"striped": 0.0}, None),
        ({"striped": 0.02}, "unfamiliar"),
        ({"plain": 0.0}, "unfamiliar"),
    ],
)
def test_a_label_with_a_threshold_of_its_own_answers_pictures_whose_class_is_unfamiliar(
    own: dict[str, float] | None, reason: str | None
) -> None:
    pattern = replace(COLOURED.heads["pattern"], familiarity=own)
    contract = COLOURED.replace_heads({"pattern": pattern})
    nearly_farthest = np.array([3.98, 3.98], np.float32)  # a familiarity of .005; the class needs .05

    _, striped = Classifier(Coloured(nearly_farthest), contract).classify(PIXELS)

    assert striped.answer.reason == striped.attributes["colour"].reason == "unfamiliar"
    assert striped.attributes["pattern"].label == "striped"
    assert striped.attributes["pattern"].reason == reason


def test_no_head_accepts_a_photo_on_which_its_network_was_not_measured() -> None:
    pattern = replace(COLOURED.heads["pattern"], familiarity={"plain": 0.5, "striped": 0.5})
    contract = COLOURED.replace_heads({"pattern": pattern})

    bag, _ = Classifier(Coloured(np.array([9.0, 9.0], np.float32)), contract).classify(PIXELS, ["photos"] * 2)

    assert {one.reason for one in (bag.answer, *bag.attributes.values())} <= {"unproven", "inapplicable"}


def test_a_class_that_is_withheld_is_never_accepted() -> None:
    firm, _ = Classifier(Saying(), with_label(CONTRACT, withheld=("Bag",))).classify(PIXELS)

    assert (firm.answer.decision, firm.answer.reason) == ("review", "unproven")


def test_a_model_with_another_head_than_its_contract_is_refused() -> None:
    with pytest.raises(ContractBroken, match="0 outputs of `colour`, but its contract names 3"):
        Classifier(Saying(), COLOURED)
    with pytest.raises(ContractBroken, match="answers `colour`, which its contract does not name"):
        Classifier(Coloured(), CONTRACT)


def test_golden_answers_of_attributes_are_compared_too() -> None:
    session = Coloured()
    answers = dict(session.run(PIXELS).probabilities)

    Classifier(session, COLOURED).check_golden_answers(PIXELS, answers)
    with pytest.raises(ContractBroken, match="differ by"):
        Classifier(session, COLOURED).check_golden_answers(
            PIXELS, answers | {"colour": answers["colour"][::-1]}
        )
