"""`/predict`, a photo of `label` and a product of `label` decide alike about the same answers and title."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.prediction.title_answer import decide_listed_fields, decide_titled_garment
from inference.classifier import LabelAnswer, Prediction
from inference.contract import LABEL
from inference.garment_evidence import WordEvidence
from inference.posterior import FormulaFigures
from inference.reasons import DecidedBy, Reason
from inference.release_labels import NONE, OTHER_KIND, translate_release_labels
from inference.words.kinds import KIND, KINDS
from inference.words.words import read_title_garments
from labelling.decide.human_answers import HumanAnswers
from labelling.decide.product_answers import make_product_record
from labelling.decide.product_titles import read_product_titles
from labelling.decide.row_decision import DecisionContext, answer_row_with_list
from labelling.decide.shared_photos import SharedPhotos
from labelling.decide.title_decision import collect_titles, decide_row_garment
from labelling.lists.list_meaning import ListReader
from labelling.lists.titles import ListWords
from labelling.rows import HeadAnswer, PhotoRecord, Record
from labelling.run_settings import ProductGrouping, RunSettings

LABELS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
KINDS_OF_RELEASES = ((*KINDS[:19], OTHER_KIND), KINDS[:12], ("jeans slim", "jeans wide"), ())
FIGURES = (
    None,
    FormulaFigures(),
    FormulaFigures(threshold=0.95, can_accept_other=False, can_accept_outside=True),
)
TITLES = (
    "",
    "Anna",
    "Slim jeans",
    "Summer dress",
    "Wool scarf",
    "Boots",
    "Jacket with hood",
    "Shirt and trousers",
)
REASONS = (None, None, Reason.AMBIGUOUS, Reason.UNFAMILIAR, Reason.UNPROVEN)
WORDS = ListWords(titles=("Title",), language="en")


@st.composite
def head_answers(draw: st.DrawFn, labels: Sequence[str], reasons: Sequence[Reason | None]) -> LabelAnswer:
    parts = draw(st.lists(st.floats(0, 1), min_size=len(labels), max_size=len(labels)).filter(any))
    probabilities = np.array([part / sum(parts) for part in parts], np.float32)
    index, reason = int(probabilities.argmax()), draw(st.sampled_from(reasons))
    return LabelAnswer(
        class_id=index,
        label=labels[index],
        confidence=float(probabilities[index]),
        decision="review" if reason else "accept",
        reason=reason,
        probabilities=probabilities,
        labels=tuple(labels),
    )


@st.composite
def predictions(draw: st.DrawFn) -> Prediction:
    kinds = draw(st.sampled_from(KINDS_OF_RELEASES))
    answer = draw(head_answers(LABELS, REASONS))
    attributes = {KIND: draw(head_answers(kinds, REASONS))} if kinds else {}
    return Prediction(answer=answer, attributes=attributes, familiarity=None)


def heads_of(prediction: Prediction) -> dict[str, LabelAnswer]:
    return {LABEL: prediction.answer, **prediction.attributes}


def photo_of(prediction: Prediction, title: str) -> PhotoRecord:
    answers = {
        head: HeadAnswer(
            label=answer.label,
            confidence=answer.confidence,
            reason=answer.reason,
            probabilities=answer.probabilities.tolist(),
        )
        for head, answer in heads_of(prediction).items()
    }
    return PhotoRecord(path="a.jpg", sha256="a", answers=answers, cells={"Title": title}, product="7")


def known_of(prediction: Prediction, figures: FormulaFigures | None, photo: PhotoRecord) -> DecisionContext:
    heads = {head: answer.labels for head, answer in heads_of(prediction).items()}
    by = ProductGrouping(column="article", folder=None, proven=())
    further = {"Title": "Title"}
    table = RunSettings(source="list.csv", version="1", heads=heads, further=further, by=by, figures=figures)
    reader = ListReader(list_words=WORDS)
    titles = collect_titles(table, reader, read_product_titles(reader, [photo]))
    return DecisionContext(
        settings=table,
        titles=titles,
        shared_photos=SharedPhotos(titles=titles),
        human_answers=HumanAnswers(),
    )


@given(predictions(), st.sampled_from(TITLES), st.sampled_from(FIGURES))
def test_the_service_and_tables_decide_alike(
    prediction: Prediction, title: str, figures: FormulaFigures | None
) -> None:
    photo = photo_of(prediction, title)
    known = known_of(prediction, figures, photo)

    words = WordEvidence(read_title_garments(title, "en").kinds)
    alone = decide_titled_garment(prediction, words, "en", figures)
    rows: list[Record] = [photo, make_product_record([photo], known.settings)]

    for row in rows:
        assert decide_row_garment(row, known.titles) == alone
        assert answer_row_with_list(row, known)[LABEL].reason == alone.label_reason


@given(predictions(), st.sampled_from(TITLES), st.sampled_from(FIGURES))
def test_what_the_service_shows_in_a_review_is_admitted_by_the_title(
    prediction: Prediction, title: str, figures: FormulaFigures | None
) -> None:
    words = WordEvidence(read_title_garments(title, "en").kinds)
    decision = decide_titled_garment(prediction, words, "en", figures)

    fields = decide_listed_fields(prediction, words, "en", figures)

    assert (fields["decision"], fields["reason"]) == (decision.decision, decision.label_reason)
    assert fields["label"] == decision.label or fields["reason"]
    if decision.has_witness and fields["reason"]:
        labels = translate_release_labels(prediction.answer.labels, labels_of_kind(prediction), "en")
        assert labels.is_class_allowed(fields["label"], words.kinds) is not False
        assert labels.is_kind_allowed(fields["kind"], words.kinds) is not False


def labels_of_kind(prediction: Prediction) -> tuple[str, ...] | None:
    kind = prediction.attributes.get(KIND)
    return kind.labels if kind else None


@given(predictions(), st.sampled_from(TITLES), st.sampled_from(FIGURES))
def test_the_confidence_is_that_of_what_was_decided(
    prediction: Prediction, title: str, figures: FormulaFigures | None
) -> None:
    words = WordEvidence(read_title_garments(title, "en").kinds)
    decision = decide_titled_garment(prediction, words, "en", figures)

    fields = decide_listed_fields(prediction, words, "en", figures)

    if decision.decision == "accept" and decision.label_confidence is not None:
        assert fields["confidence"] == decision.label_confidence
    if decision.decision == "accept" and decision.label_decided_by == DecidedBy.MODEL:
        assert fields["confidence"] == prediction.answer.confidence or decision.label == NONE
    if decision.decision == "review" or (not words.kinds and decision.label == prediction.answer.label):
        assert fields["confidence"] == prediction.answer.confidence
