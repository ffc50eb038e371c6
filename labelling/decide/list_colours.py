"""Decide the colour of a product by the list: by its column of colours, or without one by its title.

The list says "Navy". The release has the label "blue", and the photos give it the probability .80:

    for the table    blue, by the list (a label of the release)
    for a feed       Navy (the shop's own word)

If the photos give the word's labels almost no probability (MIN_COLOUR_PROBABILITY), a person is asked. If the
list names no colour, nothing is decided here, and the answer of the photos stays.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from inference.reasons import DecidedBy, Reason
from labelling.lists.colour_columns import ColourColumns, ShopColours
from labelling.lists.colour_words import (
    TitleColour,
    find_colours_of_label,
    is_colour_in_any_language,
    read_text_colours,
    read_title_colours,
)
from labelling.rows import HeadAnswer, Record

MIN_COLOUR_PROBABILITY: Final = 0.02
"""Smallest sum of probabilities that photos have to give to the labels of a colour word, such as "Navy".
Below it, the word is doubted. It was measured on 1,827 photos: right words reach it for 96% of the photos on
a plain background, for 95% of those of worn garments, and for 92% of users' own photos. Wrong words reach it
for 4% to 6%."""


@dataclass(frozen=True, kw_only=True)
class ListColourReader:
    """The colours that a list gives to its products, in the shop's words.

    Attributes:
        columns: the columns of the list that have colours.
        several_colours_products: the products that are sold in several colours, with their names as keys.
            Only a photo itself says which of the colours it shows.
        variant_photos: the sha256 of the photos that variants of one product share. Such a photo shows one of
            the variants, so it cannot deny the colour of another.
        variant_column: the column that tells variants of one product apart, such as `Variant SKU`; empty if
            no product of several colours has variants.
        brand_columns: the columns with the brand of a product.
    """

    columns: ColourColumns = field(default_factory=ColourColumns)
    several_colours_products: Mapping[str, None] = field(default_factory=dict)
    variant_photos: frozenset[str] = frozenset()
    variant_column: str = ""
    brand_columns: tuple[str, ...] = ()

    def read_brand(self, record: Record) -> str:
        """Return the brand of a photo or a product by the list; empty without one."""
        return next(filter(None, (record.cells[column].strip() for column in self.brand_columns)), "")

    def read_colours(self, record: Record) -> ShopColours:
        """Return the colours that the list has for a photo, in its row, or for a product, in all its rows."""
        if record.product in self.several_colours_products:
            return ShopColours(is_sold_in_several_colours=True)
        return self.columns.read_colours([photo.cells for photo in record.photos])

    def can_photos_contradict(self, record: Record) -> bool:
        """Return whether the photos of a row can contradict the colour in the list."""
        return not all(photo.sha256 in self.variant_photos for photo in record.photos if photo.sha256)


class ListColourDecision(NamedTuple):
    """The colours that a list names for a product.

    Attributes:
        feed_texts: the texts for a feed (the file that a sales platform imports), such as "Navy", the main
            colour first.
        labels: the labels of the release for these colours, the main colour first; empty if the release has
            no label for any of them.
        is_denied_by_photos: whether the photos contradict the list: they give these labels less than
            MIN_COLOUR_PROBABILITY together.
        title_phrases: the first phrase of the title that names these colours, alone and with the word behind
            it: ("golden", "golden hour"). Empty if a column names them.
    """

    feed_texts: tuple[str, ...]
    labels: tuple[str, ...]
    is_denied_by_photos: bool = False
    title_phrases: tuple[str, ...] = ()

    def make_answer(self, photo_answer: HeadAnswer, shares: Mapping[str, float]) -> HeadAnswer:
        """Return the answer about the colour as the list decides it: its main colour, and further ones.

        If the photos contradict the list, the answer needs a review.

        Args:
            photo_answer: the answer of the photos, whose label is suggested to a person.
            shares: the probability of each label of the colour by the photos: {"blue": .8, "black": .1}.
        """
        label, *also = self.labels
        reason = Reason.TITLE_CONFLICT if self.is_denied_by_photos else None
        return replace(
            photo_answer,
            label=label,
            confidence=shares[label],
            reason=reason,
            also=tuple(also),
            decided_by=DecidedBy.LIST,
            suggested_label=photo_answer.label,
        )


def decide_list_colours(
    shop_colours: tuple[str, ...], title: str, language: str, shares: Mapping[str, float], brand: str = ""
) -> ListColourDecision | None:
    """Return the colours that a list names for a product; None if only the photos can answer.

    Args:
        shop_colours: the colours in the list's own column, which are preferred; empty for none.
        title: the title of the product, which is read if `shop_colours` is empty; empty for none.
        language: the code of the language of the list's titles, such as `de`.
        shares: the probability of each label of the colour, such as {"blue": .8}, over all photos of the
            product.
        brand: the brand of the product, whose words in the title name no colour; empty for none.
    """
    return _find_column_colours(shop_colours, language, shares) or _find_title_colours(
        read_title_colours(title, language, brand), shares
    )


def find_unknown_colour(shop_colours: ShopColours, language: str) -> str:
    """Return the colour of a product in the list, such as "Spartacus", if none of its words is known.

    Args:
        shop_colours: the texts that the list has for the product's colour.
        language: the code of the language of the list's titles, such as `de`.

    Returns:
        The first text; empty if some text has a known word, or if the list names no colour.
    """
    texts = shop_colours.texts
    is_known = any(read_text_colours(text, language) or is_colour_in_any_language(text) for text in texts)
    return "" if is_known else next(iter(texts), "")


def _find_column_colours(
    words: tuple[str, ...], language: str, shares: Mapping[str, float]
) -> ListColourDecision | None:
    """Return the colours in the list's column, and whether the photos contradict them; None without any."""
    if not words:
        return None
    labels_of_colours = [
        _rank_labels(colours, shares) for word in words for colours in read_text_colours(word, language)
    ]
    total = _sum_shares(labels_of_colours, shares)
    first = dict.fromkeys(labels[0] for labels in labels_of_colours if labels)
    return ListColourDecision(
        words, tuple(first), is_denied_by_photos=any(labels_of_colours) and total < MIN_COLOUR_PROBABILITY
    )


class _TitleGroup(NamedTuple):
    """Colours that stand together in a title, each with the labels that it can stand for."""

    colours: tuple[TitleColour, ...]
    labels: tuple[list[str], ...]

    def is_confirmed(self, shares: Mapping[str, float]) -> bool:
        """Return whether the photos give MIN_COLOUR_PROBABILITY to the labels of the group together."""
        return _sum_shares(self.labels, shares) >= MIN_COLOUR_PROBABILITY


def _find_title_colours(
    title_colours: Sequence[tuple[TitleColour, ...]], shares: Mapping[str, float]
) -> ListColourDecision | None:
    """Return the colours of a title, and whether the photos contradict them; None without any.

    If the photos confirm a part of the title ("Red Line jeans, blue"), this part is used. Otherwise, a person
    is asked.
    """
    groups = [
        _TitleGroup(colours, tuple(_rank_labels(colour.colours, shares) for colour in colours))
        for colours in title_colours
    ]
    if not groups:
        return None
    confirmed_groups = [group for group in groups if group.is_confirmed(shares)]
    # Without a label, as for "multicolour" in some releases, the photos can say nothing about a word.
    labelled_groups = [group for group in groups if any(group.labels)]
    chosen_groups = confirmed_groups or labelled_groups or groups
    labels = dict.fromkeys(labels[0] for group in chosen_groups for labels in group.labels if labels)
    first = chosen_groups[0].colours[0]
    phrase = first.text.casefold()
    return ListColourDecision(
        tuple(_choose_feed_texts(chosen_groups)),
        tuple(labels),
        is_denied_by_photos=bool(labels) and not confirmed_groups,
        title_phrases=(phrase, f"{phrase} {first.next_word}".strip()),
    )


def _choose_feed_texts(groups: Iterable[_TitleGroup]) -> Iterable[str]:
    """Return the phrases of a title for a feed. "Blue jeans, dark blue" is dark blue, and nothing else."""
    texts = dict[str, str]()
    for group in groups:
        for colour, labels in zip(group.colours, group.labels, strict=True):
            is_alone = len(group.colours) == 1 and labels
            key = labels[0] if is_alone else colour.text.casefold()
            texts[key] = max(texts.get(key, ""), colour.text, key=len)
    return texts.values()


def _sum_shares(labels_of_colours: Iterable[Sequence[str]], shares: Mapping[str, float]) -> float:
    """Return the probability of all labels together. Two words can stand for one label, which counts once."""
    return sum(shares[label] for label in {label for labels in labels_of_colours for label in labels})


def _rank_labels(colours: frozenset[str], shares: Mapping[str, float]) -> list[str]:
    """Return the labels of a release that a colour word can stand for, the likeliest by the photos first.

    Args:
        colours: the names that a release may have for the word: `beige` and `white` for "ecru".
        shares: the probability of each label of the release.
    """
    labels = [label for label in shares if not colours.isdisjoint(find_colours_of_label(label))]
    return sorted(labels, key=lambda label: -shares[label])
