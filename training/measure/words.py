"""From which share of a picture the words of a list may decide, of a training of own classes.

The pictures are those that were not learnt, as one set, counted by group; reports/words.py measures. Pure.
"""

from dataclasses import replace

import numpy as np

from inference.contract import ModelContract, usual_name
from inference.listed import names_of
from inference.words import KIND
from reports.answers import CLASS, Answers
from reports.values import HELD_OUT
from reports.word_figures import WordFigures
from reports.words import measure_words, trial_of_classes, trial_of_kinds


def words_of(answers: Answers, contract: ModelContract) -> WordFigures | None:
    """What words show beside own classes; None where the words know none of them.

    Args:
        answers: of each head, to pictures that were not learnt.
        contract: of the network.
    """
    head = contract.heads.get(KIND)
    names = names_of(contract.labels, head.labels if head else None, "en")
    of_kinds = answers.of_head(KIND)
    if names.kinds and len(of_kinds):
        trial = trial_of_kinds(of_kinds, names.kinds)
        trial = replace(trial, products=None, groups=of_kinds.take(of_kinds.known).together)
    else:
        trial = trial_of_classes(answers.of_head(CLASS), contract.labels)
    if not trial.has_name.any():
        return None
    as_one = replace(trial, sets=np.full(len(trial.sets), HELD_OUT))
    return measure_words(as_one, usual_name(contract.input))
