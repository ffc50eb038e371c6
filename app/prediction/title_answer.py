"""Decide what a title and a picture say together: the field `listed` of an answer.

Titles are read and forgotten. inference/title_rule.py has the rule. Pure.
"""

from collections.abc import Iterable
from typing import Any

from app.payloads.request_title import NO_LANGUAGE, Title
from app.prediction.classify_items import ClassifiedPicture
from app.releases.serving import ServedModel
from inference.classifier import Answer, Prediction
from inference.contract import NetworkName
from inference.garment_evidence import PhotoAnswer
from inference.kinds import KIND, sort_kinds
from inference.recognition import find_kinds_in_any_language
from inference.release_labels import find_release_labels
from inference.title_rule import NO_MINIMUM_SHARES, MinimumShares, TitleDecision, decide_with_title
from inference.words import read_title_garments
from reports.word_figures import read_minimum_shares


def listed_fields(title: Title, classified: ClassifiedPicture, served: ServedModel) -> dict[str, Any]:
    """Return the field `listed` of an answer: the label and the kind that title and photo give together.

    A kind names a garment as shops do, such as `skirt`. If a person should look, label and kind are
    suggestions from the title.

    Args:
        title: the title that the shop has written for the picture.
        classified: the picture with the model's prediction.
        served: the release that gave the prediction.
    """
    kinds = _title_kinds(title)
    shares = _minimum_shares(served, classified.network)
    decision = decide_prediction(classified.prediction, kinds, title.language, shares)
    return fields_of(decision, kinds)


def decide_prediction(
    prediction: Prediction, title_kinds: frozenset[str], language: str, minimum_shares: MinimumShares
) -> TitleDecision:
    """Decide about the class and the kind (`skirt`, `closed shoe`) of a picture, with the help of its title.

    Args:
        prediction: the model's prediction for the picture.
        title_kinds: the kinds that the words of the title allow.
        language: the code of the title's language; empty if it is not known.
        minimum_shares: the smallest probabilities that the photo must give to these kinds, for the network
            that answered.
    """
    answer = prediction.answer
    kind = prediction.attributes.get(KIND)
    labels = find_release_labels(answer.labels, kind.labels if kind else None, language)
    kind_scores = _photo_answer(kind) if kind else None
    return decide_with_title(title_kinds, _photo_answer(answer), kind_scores, labels, minimum_shares)


def fields_of(decision: TitleDecision, title_kinds: Iterable[str]) -> dict[str, Any]:
    """Return the JSON fields of a decision, with the names that docs/reference/http.md gives them.

    Args:
        decision: the decision about title and photo together.
        title_kinds: the kinds (`skirt`, `closed shoe`) that the words of the title allow.
    """
    has_label = decision.label_reason is None or decision.suggested_label is None
    return {
        "kinds": sort_kinds(title_kinds),
        "label": decision.label if has_label else decision.suggested_label,
        "kind": decision.suggested_kind if decision.kind_reason else decision.kind,
        "decision": decision.decision,
        "reason": decision.label_reason,
    }


def _title_kinds(title: Title) -> frozenset[str]:
    if title.language == NO_LANGUAGE:
        return frozenset()
    says = (
        read_title_garments(title.text, title.language)
        if title.language
        else find_kinds_in_any_language(title.text)
    )
    return says.kinds


def _photo_answer(answer: Answer) -> PhotoAnswer:
    return PhotoAnswer(label=answer.label, reason=answer.reason, scores=answer.probabilities.tolist())


def _minimum_shares(served: ServedModel, network: NetworkName) -> MinimumShares:
    """Return the shares that the release shows for a network; none if the service has an accept target."""
    if served.evaluation is None or served.acceptance is not None:
        return NO_MINIMUM_SHARES
    answered: NetworkName = network if network in served.networks else next(iter(served.networks))
    return read_minimum_shares(served.evaluation.words, answered)
