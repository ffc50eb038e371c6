"""Answers to photos together with the words that a title may have, from which title words are measured.

A word, such as `skirt`, speaks for some labels. The probability of the other labels is multiplied by a small
factor, as a service does when the title of a product has the word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from inference.posterior import (
    MIN_BROAD_KINDS,
    MIN_PHOTO_PROBABILITY,
    WRONG_BROAD_WORD,
    WRONG_WORD,
)
from inference.release_labels import OTHER_KIND
from inference.words.kinds import KINDS
from inference.words.recognition import find_label_kinds
from reports.answers import Answers

BoolArray: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class TitleWordData:
    """Cross-fitted answers to N photos whose kind (such as `skirt`) is known, to measure words of titles.

    Attributes:
        set_names: str (N,), the name of the set of each photo, such as its tier.
        probabilities: float64 (N, K), the probability that the photo gives to each of K labels.
        truth: int64 (N,), the column of the right label.
        words: bool (W, K), the labels that each of W words speaks for.
        other_column: the column of OTHER_KIND; None if no label is OTHER_KIND.
        groups: int64 (N,), equal where photos are not independent; None to count by photo.
        products: str (N,), the same for photos of one product; empty where each is on its own.
    """

    set_names: NDArray[np.str_]
    probabilities: NDArray[np.float64]
    truth: NDArray[np.int64]
    words: BoolArray
    other_column: int | None
    groups: NDArray[np.int64] | None = None
    products: NDArray[np.str_] | None = None

    @property
    def is_right_word(self) -> BoolArray:
        """Whether each word speaks for the right label of each photo, bool (N, W)."""
        return self.words[:, self.truth].T

    @property
    def has_named_kind(self) -> BoolArray:
        """Whether the kind of each photo has a name of its own, bool (N,): a word other than OTHER_KIND."""
        is_other: BoolArray = np.asarray(self.truth == self.other_column)
        return np.asarray(self.is_right_word.any(axis=1) & ~is_other)

    def find_accepted_labels(self, threshold: float) -> NDArray[np.int64]:
        """Return the label that each photo accepts with each word, int64 (N, W); -1 if it accepts none."""
        return find_accepted_labels(self.probabilities, self.words, threshold)


def find_accepted_labels(
    probabilities: NDArray[np.float64], words: BoolArray, threshold: float
) -> NDArray[np.int64]:
    """Return the label that each photo accepts with each word, int64 (N, W); -1 if it accepts none.

    Args:
        probabilities: the probability of each label, float64 (N, K).
        words: the labels that each word speaks for, bool (W, K).
    """
    accepted = np.full((len(probabilities), len(words)), -1)
    for place, word in enumerate(words):
        factor = WRONG_BROAD_WORD if word.sum() >= MIN_BROAD_KINDS else WRONG_WORD
        weights = (probabilities + MIN_PHOTO_PROBABILITY) * np.where(word, 1.0, factor)
        likeliest = weights.argmax(axis=1)
        is_sure = weights.max(axis=1, initial=0.0) >= threshold * weights.sum(axis=1)
        accepted[:, place] = np.where(is_sure & word[likeliest], likeliest, -1)
    return accepted


def make_kind_word_data(answers: Answers, labels: Sequence[str]) -> TitleWordData:
    """Return the data from answers about the attribute `kind`, whose labels are names of garments.

    Args:
        answers: the answers about the attribute, by networks that did not learn the source of the photo; the
            set of each photo is its tier.
        labels: the labels of the attribute: names of KINDS, and OTHER_KIND.
    """
    known_answers = answers.select_rows(answers.has_class)
    # Photos of one shop are alike. A photo of unknown source stands for itself.
    sources = np.where(known_answers.sources == "", known_answers.pictures, known_answers.sources)
    return TitleWordData(
        set_names=known_answers.sets,
        probabilities=known_answers.probabilities[:, : len(labels)],
        truth=known_answers.truth,
        words=np.eye(len(labels), dtype=np.bool_),
        other_column=labels.index(OTHER_KIND) if OTHER_KIND in labels else None,
        groups=np.unique(sources, return_inverse=True)[1] if sources.any() else None,
        products=known_answers.groups,
    )


def make_class_word_data(answers: Answers, labels: Sequence[str]) -> TitleWordData:
    """Return the data from answers about the class, with the kinds of garment that each class is as words.

    Args:
        answers: cross-fitted answers about the class; pictures of a class that is no kind are left out.
        labels: the names of the classes.
    """
    kinds = list(find_label_kinds(labels, "en").values())
    words = [kind for kind in KINDS if any(kind in class_kinds for class_kinds in kinds)]
    words_of_labels = np.array([[word in class_kinds for word in words] for class_kinds in kinds], np.bool_)
    words_of_labels = words_of_labels.reshape(len(kinds), len(words))
    class_answers = answers.select_rows(answers.has_class)
    named_answers = class_answers.select_rows(
        np.flatnonzero(words_of_labels[class_answers.truth].any(axis=1))
    )
    return TitleWordData(
        set_names=named_answers.sets,
        probabilities=named_answers.probabilities[:, : len(labels)],
        truth=named_answers.truth,
        words=words_of_labels.T,
        other_column=None,
        groups=named_answers.group_numbers,
    )
