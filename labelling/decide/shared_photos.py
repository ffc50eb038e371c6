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
    """The facts of a list about all products under which one photo is listed.

    Attributes:
        kinds: a set for each product, with the kinds of garments that its title allows its photos to show.
        variant_words: the words of each product's title, without those of colour and size.
    """

    kinds: frozenset[frozenset[str]]
    variant_words: frozenset[tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class SharedPhotos:
    """The photos of a table that are listed under several products.

    Attributes:
        titles: the titles of the list, with the kinds that they allow.
        products_of_photos: the facts about the products of each such photo, by the sha256 of the photo.
        own_answers: product, head (class or attribute) and label of each answer of a familiar photo that is
            listed under one product only.
    """

    titles: ListTitles = field(default_factory=ListTitles)
    products_of_photos: Mapping[str, SharedProducts] = field(default_factory=dict)
    own_answers: frozenset[tuple[str, str, str]] = frozenset()

    def prove(self, record: Record, head: str, label: str) -> bool:
        """Return whether a product's label may be accepted although some of its photos are shared.

        It may in these cases:

        1. The record is a photo without a product.
        2. A familiar photo that is listed under this product alone has the label.
        3. A familiar photo with the label may show each product under which it is listed.
        4. No familiar photo has the label.

        Args:
            record: the product, or a photo of one.
            head: the class (LABEL), or the name of an attribute.
            label: the label of this head.
        """
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
        """Return whether the kind in a title may be accepted although some photos are shared.

        It may if a photo is listed under one product only, or if the titles of all products allow the kind.

        Args:
            record: the product, or a photo of one.
            kind: the kind of garment, as shops name it; None if the title decided none.
        """
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
    """Return the photos that are listed under several products, with the facts to judge their answers.

    Args:
        products: the names of the products of each shared photo, by the sha256 of the photo.
        photos: all photos of these products.
        titles: the titles of the list, with the kinds that they allow.
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
