"""What a title and the picture say together: the field `listed` of an answer.

The words are read and forgotten. The rule: inference/title_rule.py. Pure.
"""

from typing import Any

from app.payloads.titles import NOT_READ, Title
from app.prediction.answering import Classified
from app.releases.serving import Served
from inference.classifier import Prediction
from inference.contract import NetworkName
from inference.kinds import KIND, in_order
from inference.title_rule import NO_SHARES, Alone, Names, Shares, decide_listed, names_of
from inference.words import every_language_says, title_says
from reports.word_figures import shares_of


def listed_of(title: Title, classified: Classified, served: Served) -> dict[str, Any]:
    """Kinds that the title admits, and what is decided with them; of a review what is suggested.

    Args:
        title: of the picture.
        classified: the picture.
        served: the release that answered.
    """
    kinds = _kinds(title)
    names = _names(classified.prediction, title.language)
    shares = _shares(served, classified.network)
    listed = decide_listed(kinds, alone_of(classified.prediction, names), names, shares)
    return {
        "kinds": in_order(kinds),
        "label": listed.label,
        "kind": listed.kind,
        "decision": listed.decision,
        "reason": listed.reason,
    }


def _kinds(title: Title) -> frozenset[str]:
    if title.language == NOT_READ:
        return frozenset()
    says = title_says(title.text, title.language) if title.language else every_language_says(title.text)
    return says.kinds


def _names(prediction: Prediction, language: str) -> Names:
    kind = prediction.attributes.get(KIND)
    return names_of(prediction.answer.labels, kind.labels if kind else None, language)


def alone_of(prediction: Prediction, names: Names) -> Alone:
    """What the picture says alone."""
    answer, kind = prediction.answer, prediction.attributes.get(KIND)
    return Alone(
        label=answer.label,
        reason=answer.reason,
        classes=answer.probabilities.tolist(),
        kind=kind.label if kind else None,
        is_kind_accepted=kind is not None and kind.decision == "accept",
        kinds=kind.probabilities.tolist() if kind and names.kinds else (),
    )


def _shares(served: Served, network: NetworkName) -> Shares:
    """What the release shows of the network that answered; nothing where another promise is asked for."""
    if served.evaluation is None or served.acceptance is not None:
        return NO_SHARES
    answered: NetworkName = network if network in served.networks else next(iter(served.networks))
    return shares_of(served.evaluation.words, answered)
