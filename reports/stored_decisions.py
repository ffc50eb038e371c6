"""Decide again about the stored answers of a release: accept them, or ask for a review.

Thresholds may have been changed after the answers were stored. Before a release becomes current, it is
compared with another one by the decisions that both would make now.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import numpy as np

from inference.contract import LABEL, ModelContract, NetworkName
from inference.decision import ACCEPT, decide_by_contract
from inference.reasons import SCORE_REASONS, Reason
from reports.answers import CLASS_HEAD, Answers
from reports.answers_file import STORED_DIGITS


def reapply_thresholds(answers: Answers, contracts: Mapping[NetworkName, ModelContract]) -> Answers:
    """Return a release's stored answers with their decisions made again by its current thresholds.

    Args:
        answers: the stored answers about class and attributes.
        contracts: the contract of each network of the release, which has the thresholds.

    Returns:
        The same answers with new decisions. A row keeps its decision in these cases:

        1. The parent of the release gave the answer.
        2. The reason of the review is none of SCORE_REASONS, which come from scores and thresholds.
        3. The row lacks a probability or a familiarity that the decision needs.
        4. The decision needs the answer about the class, and there is none.
    """
    decisions = answers.decisions.astype(f"<U{max(map(len, (ACCEPT, *Reason)))}")
    is_class_row = answers.attributes == CLASS_HEAD
    classes = dict(zip(answers.pictures[is_class_row], answers.predicted[is_class_row], strict=True))
    other_reasons = [reason for reason in Reason if reason not in SCORE_REASONS]
    has_own_probabilities = (answers.by == "") & ~np.isnan(answers.probabilities).all(axis=1)
    can_change = has_own_probabilities & ~np.isin(answers.decisions, other_reasons)
    for row in np.flatnonzero(can_change).tolist():
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
        class_label = contract.labels[classes[picture]] if attribute and picture in classes else None
        _, reason = decide_by_contract(
            contract, head, label, float(shares[likeliest]), familiarity, class_label, STORED_DIGITS
        )
        decisions[row] = reason or ACCEPT
    return replace(answers, decisions=decisions)
