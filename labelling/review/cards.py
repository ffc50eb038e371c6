"""The cards of the review sheet: one question each, about a picture, a product or a category of the shop.

A card holds all that the page shows and exports: names, thumbnails, a note, a suggestion and the answers to
choose from. The notes and the parts of the page in which cards are grouped stand here, too.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from inference.contract import LABEL
from labelling.review.kind_choices import KindChoice

RIGHT_BUTTON_TEXT: Final = "Right: {answer}"
"""Text on the button of a card that shows a guess."""

CLASS_NOTE: Final = "{label}? {confidence}. {reason}"

NO_SUGGESTION_NOTE: Final = "{reason}"
"""Text on a card about the class whose likeliest answer is too unlikely to be suggested."""

ACCEPTED_CLASS_NOTE: Final = "{label}? {confidence}"

FOUND_NOTES: Final = {
    "": "{label}? {confidence}, found in photo {number}",
    "upper": "{label}? {confidence}, in the upper part of photo {number}",
    "middle": "{label}? {confidence}, in the middle of photo {number}",
    "lower": "{label}? {confidence}, in the lower part of photo {number}",
}
"""Texts on the card of an accepted class that was found in a part of a photo, by the name of the part."""

ATTRIBUTE_NOTE: Final = "{attribute}: {label}? {confidence}"

LIST_CONFLICT_NOTE: Final = "the photo: {label}, {confidence}; the list: {listed}"

COLOUR_CONFLICT_NOTE: Final = "the photo: {label}; the list: {listed}"

ANSWERED_CLASS_NOTE: Final = "Answered: {label}"

ANSWERED_ATTRIBUTE_NOTE: Final = "Answered, {attribute}: {label}"

LEFT_OUT_TEXT: Final = "(leave out)"
"""Text on a card for the answer of a person who left a picture out."""

AUDIT_NOTE: Final = "{attribute}?"
"""Text on a card of an audit, which does not show the answer of the model."""


class ReviewCardPhoto(NamedTuple):
    """A picture on a card.

    Attributes:
        path: the path in the exported CSV.
        picture: the thumbnail as a `data:` URL; empty if the picture cannot be shown.
        sha256: the hash of the picture in hexadecimal.
    """

    path: str
    picture: str
    sha256: str


class ReviewSection(NamedTuple):
    """A part of the review page, whose cards can be shown in groups, one for each suggested label.

    A person clicks the cards that do not belong to a group. Then one click confirms all others. Such cards
    show the answer of the model, so they are not used for an audit.

    Attributes:
        title: the heading of the part; `{count}` in it stands for a number of products or pictures.
        lead: the explanation below the heading.
        is_folded: whether the part is optional, and closed at first.
        is_grouped: whether the cards are shown in groups.
    """

    title: str
    lead: str
    is_folded: bool
    is_grouped: bool = True


class ReviewCard(NamedTuple):
    """One question on a page, about a picture or a product.

    Attributes:
        name: the name that is shown, which is that of the picture or product.
        path: the path in the exported CSV.
        picture: the thumbnail as a `data:` URL; empty if the picture cannot be shown.
        note: a sentence about the question, with `{name}` for the values of `note_values`.
        note_values: the shares and texts in the note.
        guess: the label that the card's button chooses.
        button: the text on the button, with `{answer}` for the guess. Without it, the card shows no guess.
        sha256: the hash of the picture, if it is known.
        audit: the size of the sample that the picture belongs to; 0 for none. Such a card comes last, and no
            filter uses the answer of the model.
        audit_of: the number of rows that the sample was drawn from.
        decision, confidence: those of the model, for filters. Without them there is no such filter.
        predicted: the label before people, which is exported beside the person's.
        attribute: the attribute that the card asks for; LABEL for the class.
        product: the product for all of whose photos the answer is valid; empty for a single picture.
        title: the title of the product.
        photos: further photos of the product, which are exported too.
        more: the number of photos of the product that the card does not show.
        copies: the number of further files with the same picture, which get the same answer.
        screen: the screen on which it is shown with others; None for a card of its own.
        choices: the buttons for the kinds that a title allows; empty for a card without a contradiction.
        further_kinds: the kinds to choose from after a person answered NONE.
        phrase: the phrase of titles for which cards are grouped; empty to group them by the suggested label.
        guess_kind: the kind that the card's button chooses beside the guess; empty for none.
        word: the word of the list that names a kind, such as `Bluza`; empty for none.
        column: the column of the list that has this word.
        shows_first_photo: whether the further photos are exported but not shown.
        answered_at: the time at which a person answered, in UTC; empty without an answer. What a browser kept
            until then is not used any more.
    """

    name: str
    path: str
    picture: str
    note: str
    guess: str
    button: str = RIGHT_BUTTON_TEXT
    sha256: str = ""
    audit: int = 0
    audit_of: int = 0
    decision: str = ""
    confidence: float | None = None
    predicted: str = ""
    note_values: Mapping[str, str | float] = MappingProxyType({})
    attribute: str = LABEL
    product: str = ""
    title: str = ""
    photos: tuple[ReviewCardPhoto, ...] = ()
    more: int = 0
    copies: int = 0
    screen: ReviewSection | None = None
    choices: tuple[KindChoice, ...] = ()
    further_kinds: tuple[str, ...] = ()
    phrase: str = ""
    guess_kind: str = ""
    word: str = ""
    column: str = ""
    shows_first_photo: bool = False
    answered_at: str = ""


class CategoryReviewCard(NamedTuple):
    """A card that asks which kinds of garments a shop means by one of its categories.

    Attributes:
        category: the word for the category, as the list writes it.
        branches: the levels of the category path above this word, for each branch in which it occurs.
        products: the number of products in the category, or of pictures in a table without products.
        is_of_products: whether `products` is a number of products.
        kinds: the kinds to choose from, each with the number of products without an accepted kind for which
            the photos answer it.
        other: the number of such products for which the photos answer none of the kinds.
        photos: photos to which the model gave different answers.
    """

    category: str
    branches: tuple[str, ...]
    products: int
    is_of_products: bool
    kinds: tuple[tuple[str, int], ...]
    other: int
    photos: tuple[ReviewCardPhoto, ...]


AGREEING_SCREEN: Final = ReviewSection(
    "The list says the same",
    "Doubtful answers that the words of the list admit. Click what does not belong in a group; then one "
    "click confirms the rest of it.",
    is_folded=False,
)
"""The part of the page with doubtful answers that the words of the list allow."""

COLOUR_SCREEN: Final = ReviewSection(
    "Colours for the feed",
    "Products without a colour, by the one that their photos suggest. Click what does not belong in a group; "
    "then one click confirms the rest of it.",
    is_folded=False,
)
"""The part of the page with products that have no certain colour for the feed."""

FEED_SCREEN: Final = ReviewSection(
    "Optional: colours that the feed has",
    "Look them through. Click what does not belong in a group; then one click confirms the rest of it.",
    is_folded=True,
)
"""The part of the page with products whose colour is already in the feed."""

PHRASE_SCREEN: Final = ReviewSection(
    "Names that look like colours",
    "Each group has products whose titles share a phrase with a word for a colour. Their photos show other "
    "colours, so the phrase may be a name. Click what has the colour of the phrase; then one click gives all "
    "others the colours of their photos.",
    is_folded=False,
)
"""The part of the page with phrases of titles, such as "Golden Hour", that many photos contradict."""

ANSWERED_SCREEN: Final = ReviewSection(
    "Answered by people ({count})",
    "The latest answers first. Choose another one to change it.",
    is_folded=True,
    is_grouped=False,
)
"""The part of the page with answers of people, which can be changed."""

ACCEPTED_SCREEN: Final = ReviewSection(
    "Accepted ({count})",
    "The least certain answers first. What is not shown here is changed by a file like this one, with your "
    "own rows. Give it to the same command as an export of this sheet.",
    is_folded=True,
    is_grouped=False,
)
"""The part of the page with answers that model and list accepted, which can be changed."""

SETTLED_SCREENS: Final = (ANSWERED_SCREEN, ACCEPTED_SCREEN)
"""The parts of the page with answers that need nobody any more."""

ALL_SCREENS: Final = (AGREEING_SCREEN, COLOUR_SCREEN, PHRASE_SCREEN, FEED_SCREEN, *SETTLED_SCREENS)
"""All parts of the page beside doubtful answers and the audit, in their order."""
