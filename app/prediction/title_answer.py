"""Decide about a picture together with its title: the field `listed` of an answer.

A shop's title, such as "Slim jeans with belt", names kinds of garments. They can confirm the model's answer
to the picture, or contradict it. docs/explanation/title-and-photo.md explains the rule.
"""

from dataclasses import replace

from app.payloads.request_title import PictureTitle
from app.prediction.answer_fields import ListedFields
from app.prediction.outcomes import ClassifiedPicture
from app.releases.serving import ServedModel
from inference.classifier import LabelAnswer, Prediction
from inference.contract import NetworkName
from inference.garment_decision import GarmentDecision, decide_garment
from inference.garment_evidence import NO_WORDS, GarmentEvidence, PhotoAnswer, PhotoKinds, WordEvidence
from inference.posterior import DEFAULT_FIGURES, FormulaFigures
from inference.reasons import Reason
from inference.release_labels import NONE, OTHER_KIND, ReleaseLabels, translate_release_labels
from inference.weighed_evidence import WeighedEvidence
from inference.words.kinds import KIND, sort_kinds
from inference.words.language_files import LANGUAGE_OFF
from inference.words.recognition import find_kinds_in_any_language
from inference.words.words import read_set_garments, read_title_garments
from reports.word_figures import read_formula_figures


def create_listed_fields(title: PictureTitle, picture: ClassifiedPicture, model: ServedModel) -> ListedFields:
    """Return the field `listed` of an answer: class and kind of the garment by its title and its photo.

    A kind names a garment as shops do, such as `skirt`. If a person should look, class and kind are
    suggestions by the title.
    """
    figures = _find_figures(model, picture.network)
    words = _read_words(title, has_sets=figures is not None)
    return decide_listed_fields(picture.prediction, words, title.language, figures)


def decide_titled_garment(
    prediction: Prediction, words: WordEvidence, language: str, figures: FormulaFigures | None
) -> GarmentDecision:
    """Decide about the class and the kind (`skirt`, `closed shoe`) of a picture, with the help of its title.

    Args:
        words: the kinds that the title names.
        language: the code of the title's language; empty if it is not known.
        figures: the measured numbers of the rule for the network that answered. None if there are none: then
            the title can contradict the picture, but not confirm it.
    """
    evidence = _make_evidence(prediction, words)
    return decide_garment(evidence, _find_labels(prediction, language), figures)


def decide_listed_fields(
    prediction: Prediction, words: WordEvidence, language: str, figures: FormulaFigures | None
) -> ListedFields:
    """Return the field `listed` for a prediction and the kinds that a title names.

    Args:
        words: the kinds that the title names.
        language: the code of the title's language; empty if it is not known.
        figures: the measured numbers of the rule; None if the title can only contradict the picture.
    """
    decision = decide_titled_garment(prediction, words, language, figures)
    confidence = decision.label_confidence
    fields: ListedFields = {
        "kinds": sort_kinds(words.kinds),
        "label": decision.label,
        "kind": decision.kind,
        "decision": decision.decision,
        "reason": decision.label_reason,
        "confidence": prediction.answer.confidence if confidence is None else confidence,
    }
    if decision.found and decision.found.part:
        fields["part"] = decision.found.part
    has_conflict = Reason.TITLE_CONFLICT in {decision.label_reason, decision.kind_reason}
    if not words.kinds or not (decision.has_witness or has_conflict):
        return fields  # the title had no part in the decision, so it suggests nothing
    label, kind = _suggest_admitted(prediction, words, language)
    if decision.label_reason:
        fields["label"] = label
    if decision.kind_reason:
        fields["kind"] = kind
    return fields


def _suggest_admitted(prediction: Prediction, words: WordEvidence, language: str) -> tuple[str, str | None]:
    """Return the class and the kind that are likeliest by the picture, among those that the title names.

    If the model has none of them, they are NONE ("none of these") and OTHER_KIND.
    """
    labels = _find_labels(prediction, language)
    evidence = _make_evidence(prediction, words)
    weighed = WeighedEvidence(
        evidence if labels.kinds else replace(evidence, kind=None), labels, DEFAULT_FIGURES
    )
    admitted = weighed.find_allowed_names(words)
    if not admitted:
        return NONE, OTHER_KIND if labels.has_other_kind else None
    name = max(sorted(admitted), key=weighed.photo_shares.__getitem__)
    label = weighed.suggest_class(name)
    return label, name if labels.kinds else weighed.find_kind_of_class(label)


def _find_labels(prediction: Prediction, language: str) -> ReleaseLabels:
    """Return the labels of the network that answered, with the kinds of garments that they stand for."""
    kind = prediction.attributes.get(KIND)
    return translate_release_labels(prediction.answer.labels, kind.labels if kind else None, language)


def _make_evidence(prediction: Prediction, words: WordEvidence) -> GarmentEvidence:
    """Return the answers of the network about class and kind, together with the kinds of the title."""
    kind = prediction.attributes.get(KIND)
    return GarmentEvidence(
        label=_make_photo_answer(prediction.answer),
        kind=_make_photo_answer(kind) if kind else None,
        title=words,
        photos=(PhotoKinds(whole=kind.probabilities.tolist(), parts=prediction.parts),) if kind else (),
    )


def _make_photo_answer(answer: LabelAnswer) -> PhotoAnswer:
    return PhotoAnswer(label=answer.label, reason=answer.reason, scores=answer.probabilities.tolist())


def _read_words(title: PictureTitle, *, has_sets: bool) -> WordEvidence:
    """Return the kinds that a title names. They weigh less if its language has to be guessed.

    Args:
        has_sets: whether a word for a set alone ("Ensemble Femme") names the kind `set`. It must not if the
            title can only contradict the picture, since a tea set is no garment.
    """
    if title.language == LANGUAGE_OFF:
        return NO_WORDS
    if not title.language:
        return WordEvidence(find_kinds_in_any_language(title.text).kinds, is_broad=True)
    kinds = read_title_garments(title.text, title.language).kinds
    if not kinds and has_sets:
        kinds = read_set_garments(title.text, title.language).kinds
    return WordEvidence(kinds)


def _find_figures(served: ServedModel, network: NetworkName) -> FormulaFigures | None:
    """Return the numbers that a release has measured for titles; None if there are none.

    With WARDROBE_ACCEPT_TARGET there are none either: they were measured with the thresholds of the release.
    """
    if served.evaluation is None or served.acceptance is not None:
        return None
    answered: NetworkName = network if network in served.networks else next(iter(served.networks))
    return read_formula_figures(served.evaluation.words, answered)
