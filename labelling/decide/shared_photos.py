"""Photos that lie under two products: an answer that rests on one of these alone needs a person. Pure.

It does not where the list lets the photo show each of its products: the words of each admit its class, or
their titles differ in colour and size alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from inference.contract import LABEL
from inference.reasons import Reason
from labelling.decide.title_decision import ListTitles, ProductTitle
from labelling.rows import PhotoRecord, Record


class SharedProducts(NamedTuple):
    """The facts of a list about the products under which one photo is listed.

    Attributes:
        kinds: the kinds that the photos of each product may show, by its title.
        variant_words: the words of each title except those of colour and size, as in ProductTitle.
    """

    kinds: frozenset[frozenset[str]]
    variant_words: frozenset[tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class SharedPhotos:
    """The photos of a table that lie under several products.

    Attributes:
        titles: the meaning of its list's titles.
        products_of_photos: the products of each such photo, by its sha256.
        own_answers: product, head and label of each answer of a familiar photo that lies under no other
            product.
    """

    titles: ListTitles = field(default_factory=ListTitles)
    products_of_photos: Mapping[str, SharedProducts] = field(default_factory=dict)
    own_answers: frozenset[tuple[str, str, str]] = frozenset()

    def prove(self, record: Record, head: str, label: str) -> bool:
        """Check whether a label rests on a photo of its own product, or on one that may show each product."""
        if not record.product or (record.product, head, label) in self.own_answers:
            return True
        answers = ((photo, photo.answers.get(head)) for photo in record.photos)
        agreeing = [
            photo
            for photo, answer in answers
            if answer and answer.label == label and answer.reason != Reason.UNFAMILIAR
        ]
        return not agreeing or any(map(self._may_show_each, agreeing))

    def admit(self, record: Record, kind: str | None) -> bool:
        """Check whether a kind of the title has its own photo, or the titles of all products admit it."""
        under = [self.products_of_photos.get(photo.sha256) for photo in record.photos]
        if not record.product or None in under:
            return True
        kinds = {kinds for products in under if products for kinds in products.kinds}
        return all(self.titles.labels.admit_kind(kind, listed) for listed in kinds)

    def _may_show_each(self, photo: PhotoRecord) -> bool:
        under = self.products_of_photos.get(photo.sha256)
        if under is None:
            return True
        label = photo.answers[LABEL].label if LABEL in photo.answers else None
        is_admitted = all(self.titles.admits(LABEL, label, listed) for listed in under.kinds)
        return is_admitted or (len(under.variant_words) == 1 and () not in under.variant_words)


def find_shared_photos(
    products: Mapping[str, frozenset[str]], photos: Iterable[PhotoRecord], titles: ListTitles
) -> SharedPhotos:
    """Find the photos that lie under several products.

    Args:
        products: the products under which each photo lies, by its sha256.
        photos: the photos of these products.
        titles: the meaning of the list's titles.
    """
    nothing = ProductTitle()
    under = {
        sha256: SharedProducts(
            kinds=frozenset(titles.products.get(name, nothing).shown_kinds for name in names),
            variant_words=frozenset(titles.products.get(name, nothing).variant_words for name in names),
        )
        for sha256, names in products.items()
    }
    return SharedPhotos(
        titles=titles,
        products_of_photos=under,
        own_answers=frozenset(
            (photo.product, head, answer.label)
            for photo in photos
            if photo.sha256 not in products
            for head, answer in photo.answers.items()
            if answer.reason != Reason.UNFAMILIAR
        ),
    )
