"""Which answers of people count for a picture: those to it, else those to what is nearly the same.

An answer that is given for a product holds for no row of another product: two products may look alike, or
share a photo. Reads the answered files. What becomes of a listing: corrections.py.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self, TypeAlias

import numpy as np

from inference.contract import LABEL
from labelling.review.corrections import OfFiles
from training.data.files_read import Hashed
from training.data.listing import ListedPicture, Listing
from training.data.near_copies import near_to

Near: TypeAlias = Mapping[str, tuple[str, ...]]
"""Answered contents that are nearly the same, by listed content."""

NO_COPIES: Final[Near] = MappingProxyType({})


@dataclass(frozen=True)
class Answers:
    """What people say of contents, by question.

    Attributes:
        exact: labels by content, by question.
        near: answered contents that are nearly the same, by listed content.
        products: that an answer holds for, by content and question; none where it holds for any.
    """

    exact: Mapping[str, Mapping[str, str]]
    near: Near
    products: Mapping[tuple[str, str], frozenset[str]]

    @classmethod
    def of(cls, corrections: OfFiles, near: Near) -> Self:
        """What corrections say.

        Args:
            corrections: of files.
            near: of `near_answers`.
        """
        exact: dict[str, dict[str, str]] = defaultdict(dict)
        exact[LABEL] = {corrections.hashes[path]: label for path, label in corrections.labels.items()}
        for (content, name), label in corrections.attributes.items():
            exact[name][content] = label
        return cls(exact, near, corrections.of_products)

    @property
    def copied(self) -> set[str]:
        """Answered contents that a listed one is nearly the same as."""
        return {content for copies in self.near.values() for content in copies}

    def label(self, content: str, picture: ListedPicture, question: str) -> str:
        """The answer that counts for a picture, else what is said of it already.

        Args:
            content: of the picture.
            picture: which.
            question: LABEL, or an attribute.
        """
        counting = self.counting(content, picture, question)
        return self.exact[question][counting[0]] if counting else picture.labels.get(question, "")

    def counting(self, content: str, picture: ListedPicture, question: str) -> tuple[str, ...]:
        """The contents whose answers count for a picture: its own, else near ones where all say one thing."""
        answers = self.exact.get(question, {})
        holding = tuple(
            other
            for other in (content, *self.near.get(content, ()))
            if other in answers and self._holds(other, picture, question)
        )
        if content in holding:
            return (content,)
        return holding if len({answers[other] for other in holding}) == 1 else ()

    def heeded(
        self, pictures: Iterable[tuple[str, ListedPicture]], questions: Iterable[str]
    ) -> set[tuple[str, str]]:
        """Which contents are answered as pictures are that an answer counts for, by content and question.

        Args:
            pictures: with the content of each.
            questions: LABEL, or attributes.
        """
        return {
            (content, question)
            for (own, picture), question in product(pictures, questions)
            for content in self._agreeing(own, picture, question)
        }

    def _agreeing(self, content: str, picture: ListedPicture, question: str) -> list[str]:
        answers, counting = self.exact.get(question, {}), self.counting(content, picture, question)
        return [
            other
            for other in (content, *self.near.get(content, ()))
            if counting
            and answers.get(other) == answers[counting[0]]
            and self._holds(other, picture, question)
        ]

    def _holds(self, content: str, picture: ListedPicture, question: str) -> bool:
        products = self.products.get((content, question))
        return not products or not picture.product or picture.product in products


def near_answers(listing: Listing, hashed: Hashed, corrections: OfFiles, *, adds: bool = False) -> Near:
    """Which answered contents each listed content is nearly the same as.

    Args:
        listing: of pictures.
        hashed: its files.
        corrections: of them, or of copies that lie elsewhere.
        adds: whether answers may add further pictures, so that what is near these counts, too.
    """
    if not corrections.files:
        return NO_COPIES
    paths = (picture.path for picture in listing.pictures if picture.path in hashed.sha256)
    listed = {hashed.sha256[path]: path for path in paths}
    perceptual_of = hashed.read.perceptual_of
    answered = perceptual_of({sha256: Path(path) for sha256, path in corrections.files.items()})
    if not answered:
        return NO_COPIES
    names, hashes = list(answered), np.stack(list(answered.values()))
    further = {content: answered[content] for content in corrections.hashes.values() if content in answered}
    near = {
        content: tuple(names[place] for place in near_to(hash_, hashes) if names[place] != content)
        for content, hash_ in (perceptual_of(listed) | (further if adds else {})).items()
    }
    return {content: copies for content, copies in near.items() if copies}
