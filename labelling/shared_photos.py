"""Photos that lie under two products: an answer that rests on one of these alone needs a person. Pure.

It does not where the list lets the photo show each of its products: the words of each admit its class, or
their titles differ in colour and size alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from inference.contract import LABEL
from inference.kinds import KIND
from inference.reasons import Reason
from labelling.by_title import OfProduct, Titles
from labelling.row import Photo, Subject


class Under(NamedTuple):
    """What the list has about the products under which one photo lies.

    Attributes:
        kinds: that the words of each admit.
        variants: of each, see OfProduct.
    """

    kinds: frozenset[frozenset[str]]
    variants: frozenset[tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class SharedPhotos:
    """The photos of a table that lie under several products.

    Attributes:
        titles: of its list.
        under: of each such photo, by its sha256.
        proven: product, head and label of what a familiar photo answers that lies under no other product.
    """

    titles: Titles = field(default_factory=Titles)
    under: Mapping[str, Under] = field(default_factory=dict)
    proven: frozenset[tuple[str, str, str]] = frozenset()

    def prove(self, subject: Subject, head: str, label: str) -> bool:
        """Whether a label rests on a photo of its product alone, or on one that may show each product."""
        if not subject.product or (subject.product, head, label) in self.proven:
            return True
        answers = ((photo, photo.answers.get(head)) for photo in subject.photos)
        agreeing = [
            photo
            for photo, answer in answers
            if answer and answer.label == label and answer.reason != Reason.UNFAMILIAR
        ]
        return not agreeing or any(map(self._may_show_each, agreeing))

    def admit(self, subject: Subject, kind: str | None) -> bool:
        """Whether a kind that words decided has a photo of its own, or the words of all products admit it."""
        under = [self.under.get(photo.sha256) for photo in subject.photos]
        if not subject.product or None in under:
            return True
        kinds = {kinds for products in under if products for kinds in products.kinds}
        return all(self.titles.admits(KIND, kind, listed) for listed in kinds)

    def _may_show_each(self, photo: Photo) -> bool:
        under = self.under.get(photo.sha256)
        if under is None:
            return True
        label = photo.answers[LABEL].label if LABEL in photo.answers else None
        is_admitted = all(self.titles.admits(LABEL, label, listed) for listed in under.kinds)
        return is_admitted or (len(under.variants) == 1 and () not in under.variants)


def shared_photos(
    products: Mapping[str, frozenset[str]], photos: Iterable[Photo], titles: Titles
) -> SharedPhotos:
    """The photos that lie under several products.

    Args:
        products: under which each of them lies, by its sha256.
        photos: of these products.
        titles: of the list.
    """
    nothing = OfProduct()
    under = {
        sha256: Under(
            kinds=frozenset(titles.products.get(name, nothing).says.kinds for name in names),
            variants=frozenset(titles.products.get(name, nothing).variant_of for name in names),
        )
        for sha256, names in products.items()
    }
    return SharedPhotos(
        titles=titles,
        under=under,
        proven=frozenset(
            (photo.product, head, answer.label)
            for photo in photos
            if photo.sha256 not in products
            for head, answer in photo.answers.items()
            if answer.reason != Reason.UNFAMILIAR
        ),
    )
