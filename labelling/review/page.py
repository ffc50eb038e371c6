"""The review page: the most doubtful rows that need review, then, closed, what is optional.

One HTML file that works from a disk and makes no request. What it shows is embedded as JSON, pictures as
`data:` URLs; a Content-Security-Policy allows only the script whose hash it names. The frame is review.html.
cards.js, review.js and categories.js make the cards, answers.js has keys and stored choices, filters.js and
export.js do the rest. sheet.py chooses what a table asks; scripts/doubted.py makes such a page of the labels
that a training doubts.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from itertools import chain
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

import cv2

from inference.contract import LABEL
from inference.decode import MAX_PIXELS, decode_image
from inference.errors import UploadError
from inference.framing import limit_edge
from inference.spreadsheets import CELL_BEGINNING
from inference.title_rule import NONE
from labelling.errors import TableUnusable
from labelling.review.kind_choices import KindChoice
from model_store.release_files import write_whole

EDGE: Final = 320
"""Longest edge of a picture on the page; its card shows 240 pixels of a screen."""

QUALITY: Final = 80
"""Of its JPEG."""

RIGHT: Final = "Right: {answer}"
"""On the button of a card whose guess is shown, with what it takes."""

NOTE: Final = "{label}? {confidence}. {reason}"
NOTE_OF_ACCEPTED: Final = "{label}? {confidence}"
NOTE_OF_ATTRIBUTE: Final = "{attribute}: {label}? {confidence}"
NOTE_OF_LIST: Final = "the photo: {label}, {confidence}; the list: {listed}"
NOTE_OF_COLOUR: Final = "the photo: {label}; the list: {listed}"
ATTRIBUTE_ALONE: Final = "{attribute}?"
"""On a card of an audit, which does not show what the model answered."""

Texts: TypeAlias = Mapping[str, Mapping[str, str]]
"""Texts of the page by English text, by language."""


class CardPhoto(NamedTuple):
    """A picture on a card; path, picture and sha256 as a Card has them."""

    path: str
    picture: str
    sha256: str


class Screen(NamedTuple):
    """Cards that are seen together: a group for each suggestion, which one click confirms.

    A person clicks out what does not belong there. Such cards show what the model answered, so that no audit
    is made of them.

    Attributes:
        title: its heading.
        lead: why it is there.
        is_folded: whether it is optional, and closed at first.
    """

    title: str
    lead: str
    is_folded: bool


class Card(NamedTuple):
    """One question on a page, about a picture or a product.

    Attributes:
        name: that is shown.
        path: its path in the exported CSV.
        picture: a `data:` URL; empty when the picture cannot be shown.
        note: what is said of it, with `{name}` for the values of `note_values`.
        note_values: shares, and texts.
        guess: the label that the card's button chooses.
        button: what is on it, with `{answer}` for the guess; without one, the card shows no guess.
        sha256: of the picture's bytes, if known.
        audit: how large the sample is that the picture belongs to; 0 for none. Its card comes last, and no
            filter looks at what the model answered.
        audit_of: rows that the sample was drawn from.
        decision, confidence: of the model, to filter by; without them, there is no such filter.
        predicted: the label before people, which the export has beside the person's.
        attribute: that the card asks for; LABEL for the class.
        product: for all of whose photos the answer holds; empty for one about the picture alone.
        title: of the product.
        photos: further ones of the product, which the export names, too.
        more: photos of the product that the card does not show.
        screen: on which it is seen together with others; None for a card of its own.
        choices: buttons for the kinds that a title admits; none for a card without a contradiction.
        further_kinds: the kinds to choose from once a person answers NONE.
    """

    name: str
    path: str
    picture: str
    note: str
    guess: str
    button: str = RIGHT
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
    photos: tuple[CardPhoto, ...] = ()
    more: int = 0
    screen: Screen | None = None
    choices: tuple[KindChoice, ...] = ()
    further_kinds: tuple[str, ...] = ()


class CategoryCard(NamedTuple):
    """A question about a category of the shop.

    Attributes:
        category: the level as the list writes it.
        branches: the levels above it, of each branch.
        products: how many products are in it, or pictures in a table without products.
        is_of_products: whether these are products.
        kinds: the kinds to choose from, each with the number of these that the photos answer so.
        photos: photos that the model answered differently.
    """

    category: str
    branches: tuple[str, ...]
    products: int
    is_of_products: bool
    kinds: tuple[tuple[str, int], ...]
    photos: tuple[CardPhoto, ...]


class Frame(NamedTuple):
    """What is around the cards.

    Attributes:
        title: the name of the table.
        lead: what a person is asked to do.
        texts: in other languages, of which review.js chooses the one that the reader prefers.
        export: the name of the file that the page exports.
        command: that takes what is exported; empty for none.
        version: of the release that an audit is of; empty for none.
    """

    title: str
    lead: str
    texts: Texts
    export: str = "corrections.csv"
    command: str = ""
    version: str = ""


def write_page(page: Path, text: str) -> None:
    """Write what `make_review_page` made; names that are no Unicode are spelt out.

    Raises:
        TableUnusable: it cannot be written.
    """
    try:
        write_whole(page, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise TableUnusable(f"{page}: cannot be written ({error.strerror}).") from error


def make_thumbnail(upload: bytes) -> str:
    """A small JPEG as a `data:` URL; empty when the upload is no picture that is read here."""
    try:
        picture = limit_edge(decode_image(upload, MAX_PIXELS).picture, EDGE)
    except UploadError:
        return ""
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.tobytes()).decode()}"


LEAD: Final = (
    "Most doubtful first. Label what each picture shows, with the mouse or these keys; pictures without an "
    "answer are not exported."
)

LEAD_OF_PARTS: Final = (
    "Label what each picture shows, with the mouse or these keys; pictures without an answer are not "
    "exported."
)

DOUBTFUL: Final = (
    "Doubtful answers",
    "Most doubtful first, each with the suggestion of the model. Enter, or the button, takes it.",
)
"""Heading of what a person has to answer, where there is more, and why it is there."""

AUDITED: Final = (
    "Optional: an audit",
    "Drawn at random from the accepted answers. What the model answered is not shown, so that your answers "
    "measure how often it is right: answer all of these, or none.",
)
"""The same of the last part."""

AGREEING: Final = Screen(
    "The list says the same",
    "Doubtful answers that the words of the list admit. Click what does not belong in a group; then one "
    "click confirms the rest of it.",
    is_folded=False,
)
"""The screen of cards on which list and photo agree."""

COLOURS: Final = Screen(
    "Colours for the feed",
    "Products without a colour, by the one that their photos suggest. Click what does not belong in a group; "
    "then one click confirms the rest of it.",
    is_folded=False,
)
"""The screen of what a feed lacks."""

FED: Final = Screen(
    "Optional: colours that the feed has",
    "Look them through. Click what does not belong in a group; then one click confirms the rest of it.",
    is_folded=True,
)
"""The screen of what a feed took."""

SCREENS: Final = (AGREEING, COLOURS, FED)
"""In their order."""

LEAVE_OUT: Final = " "
"""What the exported CSV has for a picture that a person leaves out: no label, which has no spaces."""


SCRIPTS: Final = ("review.js", "categories.js", "answers.js", "filters.js", "export.js")
"""The scripts of the page, in the order in which they run."""


def make_review_page(
    cards: Sequence[Card],
    labels: Sequence[str],
    frame: Frame,
    attributes: Mapping[str, Sequence[str]] = MappingProxyType({}),
    categories: Sequence[CategoryCard] = (),
) -> str:
    """The whole page.

    Args:
        cards: most doubtful first.
        labels: the classes to choose from; NONE and LEAVE_OUT can be chosen, too.
        frame: what is around the cards.
        attributes: the same of each attribute that cards ask for.
        categories: questions about categories, which come first.
    """
    pictures = {picture: str(number) for number, picture in enumerate(_pictures([*categories, *cards]), 1)}
    shown = {
        "pictures": {number: picture for picture, number in pictures.items()},
        "title": frame.title,
        "lead": frame.lead,
        "export": frame.export,
        "command": frame.command,
        "version": frame.version,
        "labels": {
            _on_page(head): [*(label for label in of if label != NONE), NONE, LEAVE_OUT]
            for head, of in {LABEL: labels, **attributes}.items()
        },
        "texts": frame.texts,
        "formula": CELL_BEGINNING,
        "categories": [_shown_category(card, pictures) for card in categories],
        "parts": _parts([_by_number(card, pictures) for card in cards], is_first=not categories),
    }
    return fill_page("review.html", shown, "cards.js", *SCRIPTS)


def fill_page(frame: str, shown: object, *scripts: str) -> str:
    """A page of this package, whose scripts make it of what it is to show.

    Args:
        frame: its HTML.
        shown: JSON values.
        scripts: which run one after another.
    """
    style, script = read_page_part("review.css"), "".join(map(read_page_part, scripts))
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
        f"style-src {hash_content(style)}; script-src {hash_content(script)}"
    )
    embedded = json.dumps(shown).replace("<", "\\u003c")  # a label may hold `</script>`
    page = Template(read_page_part(frame))
    return page.substitute(policy=policy, style=style, script=script, shown=embedded)


def _pictures(cards: Sequence[Card | CategoryCard]) -> dict[str, None]:
    """Return the pictures of all cards, each once: a picture is asked about more than once."""
    own = ([card.picture] if isinstance(card, Card) else [] for card in cards)
    pictures = (
        [*first, *(photo.picture for photo in card.photos)] for first, card in zip(own, cards, strict=True)
    )
    return dict.fromkeys(filter(None, chain.from_iterable(pictures)))


def _shown_category(card: CategoryCard, pictures: Mapping[str, str]) -> dict[str, object]:
    photos = [photo._replace(picture=pictures.get(photo.picture, ""))._asdict() for photo in card.photos]
    return card._asdict() | {"photos": photos}


def _by_number(card: Card, pictures: Mapping[str, str]) -> Card:
    """A card whose pictures are named by their numbers on the page; see `Card.picture`."""
    photos = (photo._replace(picture=pictures.get(photo.picture, "")) for photo in card.photos)
    return card._replace(picture=pictures.get(card.picture, ""), photos=tuple(photos))


def _parts(cards: Sequence[Card], *, is_first: bool) -> list[dict[str, object]]:
    """Return what a person has to answer, then the screens, then an audit.

    Args:
        cards: all cards of the page.
        is_first: whether nothing stands above them; doubtful cards alone have no heading then.
    """
    drawn = [card for card in cards if card.audit]
    doubtful = [card for card in cards if not card.audit and not card.screen]
    screens = sorted({card.screen for card in cards if card.screen}, key=SCREENS.index)
    title, lead = DOUBTFUL if drawn or screens or not is_first else ("", "")
    parts = [_part(title, lead, doubtful)]
    for screen in screens:
        of_screen = [card for card in cards if card.screen == screen]
        parts.append(_part(screen.title, screen.lead, of_screen, together=True, folded=screen.is_folded))
    parts.append(_part(*AUDITED, drawn, folded=True))
    return [part for part in parts if part["cards"]]


def _part(
    title: str, lead: str, cards: Sequence[Card], *, together: bool = False, folded: bool = False
) -> dict[str, object]:
    shown = [_shown(card) for card in cards]
    return {"title": title, "lead": lead, "together": together, "folded": folded, "cards": shown}


def _shown(card: Card) -> dict[str, object]:
    photos = [photo._asdict() for photo in card.photos]
    return {
        **card._asdict(),
        "attribute": _on_page(card.attribute),
        "note_values": dict(card.note_values),
        "photos": photos,
        "choices": [choice._asdict() for choice in card.choices],
    }


def _on_page(head: str) -> str:
    """What a page calls a head: that of the class has no name in the column `attribute` of corrections."""
    return "" if head == LABEL else head


def read_page_part(name: str) -> str:
    """The text of a style, script or frame of this package."""
    return files("labelling.review").joinpath(name).read_text("utf-8")


def hash_content(text: str) -> str:
    """How a Content-Security-Policy names an embedded style or script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
