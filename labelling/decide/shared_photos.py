"""Send a product to review if its answer rests only on photos that the list also gives to another product.

A photo of an outfit may be listed under a skirt and under a blouse. The model names one garment, and the list
does not say whose photo it is. The answer is accepted nevertheless in two cases:

- The titles of all these products allow it.
- The titles differ only in colour and size, so that they name variants of one garment.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from inference.contract import LABEL
from inference.words.words import remove_variant_words
from labelling.decide.product_titles import ProductTitle
from labelling.decide.title_decision import ListTitles
from labelling.lists.own_words import Meaning
from labelling.rows import PhotoRecord, Record


class SharedProducts(NamedTuple):
    """The facts of a list about all products under which one photo is listed.

    Attributes:
        kinds: the kinds of garments that the title of each product allows its photos to show, such as
            {{"skirt"}, {"blouse", "shirt"}}.
        has_same_title_words: whether the titles of all products differ in colour and size alone.
    """

    kinds: frozenset[Meaning]
    has_same_title_words: bool


class SharedProductsCollector:
    """A collector of facts about the products that share photos, filled while a list is read."""

    def __init__(self, hashes: Iterable[str]) -> None:
        """Create a collector without products.

        Args:
            hashes: the sha256 of each photo that is listed under several products.
        """
        self._kinds = {sha256: set[Meaning]() for sha256 in hashes}
        self._words: dict[str, tuple[str, ...]] = {}

    def observe_products(self, products: Iterable[ProductTitle]) -> Iterator[ProductTitle]:
        """Yield the given products unchanged, and collect the facts about each on the way.

        Collectors can be chained in this way, so that a list of millions of products is read once for all.
        """
        for product in products:
            self.add_product(product)
            yield product

    def add_product(self, product: ProductTitle) -> None:
        """Add the kinds and the title of a product to the facts about each of its shared photos."""
        shared_hashes = product.photo_hashes & self._kinds.keys()
        words = remove_variant_words(product.title) if shared_hashes else ()
        for sha256 in shared_hashes:
            self._kinds[sha256].add(product.shown_kinds)
            # The empty tuple stands for titles that differ. No later title with words equals it.
            self._words[sha256] = words if self._words.setdefault(sha256, words) == words else ()

    def make_shared_products(self) -> dict[str, SharedProducts]:
        """Return the facts about the products of each shared photo, by the sha256 of the photo."""
        # Stands for one product without a title. With no product at all, `all` would accept every answer.
        nothing = frozenset({frozenset[str]()})
        return {
            sha256: SharedProducts(frozenset(kinds) or nothing, bool(self._words.get(sha256)))
            for sha256, kinds in self._kinds.items()
        }


@dataclass(frozen=True, kw_only=True)
class SharedPhotos:
    """The photos of a table that are listed under several products, with the facts to judge their answers.

    Attributes:
        titles: the titles of the list, with the kinds that they allow.
        products_by_photo: the facts about the products of each such photo, by the sha256 of the photo.
        unshared_answers: product, head (class or attribute) and label of each answer to a photo that is
            listed under one product only. Unfamiliar photos, which are unlike the training pictures, are left
            out.
    """

    titles: ListTitles = field(default_factory=ListTitles)
    products_by_photo: Mapping[str, SharedProducts] = field(default_factory=dict)
    unshared_answers: frozenset[tuple[str, str, str]] = frozenset()

    def can_accept_label(self, record: Record, head: str, label: str) -> bool:
        """Return whether a product's label may be accepted although its photos are listed under others, too.

        It may in these cases:

        1. The record is a photo without a product.
        2. A photo that is listed under this product alone has the label.
        3. A photo with the label may show each product under which it is listed.
        4. No photo has the label.

        Unfamiliar photos, which are unlike the training pictures, do not count in 2 to 4.

        Args:
            record: the product, or a photo of one.
            head: the class (LABEL), or the name of an attribute.
            label: the label that the model gave to the product for this head.
        """
        if not record.product or (record.product, head, label) in self.unshared_answers:
            return True
        answers = ((photo, photo.answers.get(head)) for photo in record.photos)
        agreeing = [
            photo
            for photo, answer in answers
            if answer and answer.label == label and not answer.is_unfamiliar
        ]
        return not agreeing or any(map(self._can_show_each_product, agreeing))

    def can_accept_kind(self, record: Record, kind: str | None) -> bool:
        """Return whether a product's kind may be accepted although its photos are listed under others, too.

        It may if a photo is listed under one product only, or if each photo may show all of its products.

        Args:
            record: the product, or a photo of one.
            kind: the kind of garment, as shops name it; None if none was decided.
        """
        return not record.product or self.can_show_product([photo.sha256 for photo in record.photos], kind)

    def can_show_product(self, hashes: Iterable[str], kind: str | None) -> bool:
        """Return whether the photos of a product may show a garment of its kind.

        They may if one is its own, or if all products of each photo are of its kind. Products whose titles
        differ in colour and size alone are of one kind.

        Args:
            hashes: the sha256 of each photo of the product.
            kind: the kind of garment, as shops name it; None if it is not known.
        """
        shared_products = [self.products_by_photo.get(sha256) for sha256 in hashes]
        return None in shared_products or all(
            self._can_all_be(kind, products) for products in shared_products if products
        )

    def _can_all_be(self, kind: str | None, products: SharedProducts) -> bool:
        """Return whether all products of a photo may be of a kind, by their titles or as variants of one."""
        is_allowed = self.titles.release_labels.is_kind_allowed
        return products.has_same_title_words or all(is_allowed(kind, listed) for listed in products.kinds)

    def can_accept_class(self, record: Record, label: str) -> bool:
        """Return whether a product's class may be accepted although its photos are listed under others, too.

        It may if a photo is listed under one product only, or if all products of each photo may have the
        class.
        """
        shared_products = [self.products_by_photo.get(photo.sha256) for photo in record.photos]
        return (
            not record.product
            or None in shared_products
            or all(self._can_all_have_class(label, products) for products in shared_products if products)
        )

    def _can_all_have_class(self, label: str | None, products: SharedProducts) -> bool:
        """Return whether all products of a photo may have a class, by their titles or as variants of one."""
        is_admitted = all(
            self.titles.is_label_allowed(LABEL, label, title_kinds) for title_kinds in products.kinds
        )
        return is_admitted or products.has_same_title_words

    def _can_show_each_product(self, photo: PhotoRecord) -> bool:
        """Return whether a photo is listed under one product, or all of its products may have its class."""
        shared_products = self.products_by_photo.get(photo.sha256)
        if shared_products is None:
            return True
        label = photo.answers[LABEL].label if LABEL in photo.answers else None
        return self._can_all_have_class(label, shared_products)


def make_shared_photos(
    products_of_photos: Mapping[str, SharedProducts], photos: Iterable[PhotoRecord], titles: ListTitles
) -> SharedPhotos:
    """Return the photos of several products, with the facts that the decisions of rows need.

    Args:
        products_of_photos: the facts about the products of each shared photo, by the sha256 of the photo.
        photos: photos of these products. Those that are listed under one product only are used.
        titles: the titles of the list, with the kinds that they allow.
    """
    return SharedPhotos(
        titles=titles,
        products_by_photo=products_of_photos,
        unshared_answers=frozenset(
            (photo.product, head, answer.label)
            for photo in photos
            if photo.sha256 not in products_of_photos
            for head, answer in photo.answers.items()
            if not answer.is_unfamiliar
        ),
    )
