"""Decide again about the stored answers of a release: accept them, or ask for a review.

Thresholds may have been changed after the answers were stored. Before a release becomes current, it is
compared with another one by the decisions that both would make now.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import numpy as np

from inference.contract import LABEL, ModelContract, NetworkName
from inference.decision import decide_answer
from inference.reasons import Reason
from reports.answers import ACCEPT, CLASS_HEAD, Answers
from reports.answers_file import STORED_DIGITS


def redecide_answers(answers: Answers, contracts: Mapping[NetworkName, ModelContract]) -> Answers:
    """Return a release's stored answers with their decisions made again by its current thresholds.

    Args:
        answers: the stored answers about class and attributes.
        contracts: the contract of each network of the release, which has the thresholds.

    Returns:
        The answers with new decisions. A row keeps its decision if a parent of the release answered, or if a
        number that the rule needs is missing.
    """
    decisions = answers.decisions.astype(f"<U{max(map(len, (ACCEPT, *Reason)))}")
    is_class_row = answers.attributes == CLASS_HEAD
    classes = dict(zip(answers.pictures[is_class_row], answers.predicted[is_class_row], strict=True))
    has_own_probabilities = (answers.by == "") & ~np.isnan(answers.probabilities).all(axis=1)
    for row in np.flatnonzero(has_own_probabilities).tolist():
        name = cast("NetworkName", str(answers.networks[row]))
        contract = contracts.get(name, next(iter(contracts.values()))).find_deciding_contract(name)
        attribute = str(answers.attributes[row])
        head = contract.heads.get(attribute or LABEL)
        familiarity = None if contract.familiarity is None else float(answers.familiarity[row])
        picture = answers.pictures[row]
        if head is None or (familiarity is not None and np.isnan(familiarity)):
            continue
        shares = answers.probabilities[row]
        likeliest = int(np.nanargmax(shares))  # `predicted` of an attribute may be another right label
        label = head.labels[likeliest]
        # An answer depends on the class of the picture, unless its label has a threshold of familiarity
        # itself.
        if attribute and label not in (head.familiarity or {}) and picture not in classes:
            continue
        # Stored numbers are rounded, so the thresholds are rounded, too: an equal number is not below.
        _, reason = decide_answer(
            float(shares[likeliest]),
            familiarity,
            minimum_confidence=round(head.find_minimum_confidence(label), STORED_DIGITS),
            minimum_familiarity=round(contract.find_minimum_familiarity(head, label), STORED_DIGITS),
            is_withheld=label in head.withheld,
            is_applicable=head.applies_to is None or head.is_applicable(contract.labels[classes[picture]]),
        )
        decisions[row] = reason or ACCEPT
    return replace(answers, decisions=decisions)
