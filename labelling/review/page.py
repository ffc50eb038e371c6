"""Make the review page, on which a person answers questions about pictures, and exports the answers as CSV.

A question is a `ReviewCard`. The most doubtful rows come first, then parts that are optional and closed. The
page is one HTML file that works from a disk and sends no request. Its content is embedded as JSON, and
pictures as `data:` URLs. A Content-Security-Policy allows only the script whose hash it names. `wardrobe
label` writes such a page of a table, and a training writes one of the labels that it doubts.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from itertools import chain
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

import cv2

from inference.contract import LABEL
from inference.errors import UploadError
from inference.pictures.decode import MAX_PIXELS, decode_image
from inference.pictures.framing import shrink_to_edge
from inference.release_labels import NONE
from inference.text.spreadsheets import CELL_BEGINNING_PATTERN
from labelling.errors import TableUnusable
from labelling.review.cards import (
    ACCEPTED_SCREEN,
    ALL_SCREENS,
    SETTLED_SCREENS,
    CategoryReviewCard,
    ReviewCard,
    ReviewCardPhoto,
    ReviewSection,
)
from labelling.write.partial_files import write_output

MAX_THUMBNAIL_EDGE: Final = 320
"""Longest edge of a thumbnail, in pixels. A card shows it 240 CSS pixels large."""

JPEG_QUALITY: Final = 80
"""Quality of the JPEG of a thumbnail, 0 to 100."""


PageTranslations: TypeAlias = Mapping[str, Mapping[str, str]]
"""Translations of the page's texts: a mapping from English to translated text, by language."""


class ReviewPageFrame(NamedTuple):
    """The parts of a page around its cards.

    Attributes:
        title: the heading of the page, such as the name of the table.
        lead: the sentences below the heading, which tell a person what to do.
        translations: translations of the page, of which review.js chooses the language that the reader
            prefers.
        export_name: the name of the file that the page exports.
        command: the command that applies the exported file; empty for none.
        version: the version of the release of an audit; empty for none.
        table: the name of the table, under which a browser keeps choices for sheets of all releases; empty if
            the title is used.
        row_count: the number of products of the table, or of its pictures; 0 if the page is of no table.
        are_products: whether `row_count` is a number of products.
        unasked_count: the number of products or pictures that need a person and have no card.
        reasons: the short name of each reason on the cards, and the sentence that explains it once.
        kind_classes: the class of each kind, as in {"boot": "Ankle boot"}; empty text for a kind that
            belongs to none or several. A kind has the key of its class, or a key that no class has.
        section_counts: the number in the title of a part, by this title.
        example: the text of a corrections file that changes an accepted answer; empty for none.
    """

    title: str
    lead: str
    translations: PageTranslations
    export_name: str = "corrections.csv"
    command: str = ""
    version: str = ""
    table: str = ""
    row_count: int = 0
    are_products: bool = False
    unasked_count: int = 0
    reasons: tuple[tuple[str, str], ...] = ()
    kind_classes: Mapping[str, str] = MappingProxyType({})
    section_counts: Mapping[str, int] = MappingProxyType({})
    example: str = ""


def write_page(page: Path, text: str) -> None:
    """Write the HTML of a review page into a file.

    Names of files that are not valid Unicode are written with backslash escapes.

    Args:
        page: the path of the file, which is replaced if it exists.
        text: the HTML.

    Raises:
        TableUnusable: the page cannot be written.
    """
    try:
        write_output(page, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise TableUnusable(f"{page}: cannot be written ({error.strerror}).") from error


def make_thumbnail(upload: bytes) -> str:
    """Return a small JPEG of a picture as a `data:` URL, with a longest edge of MAX_THUMBNAIL_EDGE pixels.

    Args:
        upload: the bytes of the picture's file.

    Returns:
        The URL; empty if the bytes are not a picture that can be read.
    """
    try:
        picture = shrink_to_edge(decode_image(upload, MAX_PIXELS).picture, MAX_THUMBNAIL_EDGE)
    except UploadError:
        return ""
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.tobytes()).decode()}"


PARTS_LEAD: Final = "Say what each picture shows. Pictures without an answer are not exported."
"""The first sentences of a page with several parts."""

DOUBTFUL_LEAD: Final = f"Most doubtful first. {PARTS_LEAD}"
"""The first sentences of a page that has only doubtful answers."""

DOUBTFUL_HEADING: Final = (
    "Doubtful answers",
    "Most doubtful first, each with the suggestion of the model. Enter, or the button, takes it.",
)
"""Heading and lead of the questions that a person has to answer, if there are other parts."""

AUDIT_HEADING: Final = (
    "Optional: an audit",
    "Drawn at random from the accepted answers. What the model answered is not shown, so that your answers "
    "measure how often it is right: answer all of these, or none.",
)
"""Heading and lead of the last part, the audit."""


LEAVE_OUT_LABEL: Final = " "
"""Label in the exported CSV for a picture that a person leaves out. It is no real label, since these have no
spaces."""


PAGE_SCRIPTS: Final = (
    *("review.js", "categories.js", "choices.js", "head.js", "keys.js"),
    *("answers.js", "filters.js", "export.js", "import.js"),
)
"""The scripts of the page, in the order in which they run."""


def make_review_page(
    cards: Sequence[ReviewCard],
    labels: Sequence[str],
    frame: ReviewPageFrame,
    attributes: Mapping[str, Sequence[str]] = MappingProxyType({}),
    categories: Sequence[CategoryReviewCard] = (),
) -> str:
    """Return the HTML of a whole review page, on which a person answers the questions of cards.

    Args:
        cards: the cards, most doubtful first.
        labels: the classes to choose from, beside NONE and LEAVE_OUT_LABEL.
        frame: the parts of the page around the cards, such as its title.
        attributes: the labels to choose from for each attribute that cards ask for.
        categories: the questions about categories, which come first.
    """
    pictures = {
        picture: str(number) for number, picture in enumerate(_list_pictures([*categories, *cards]), 1)
    }
    shown = {
        "pictures": {number: picture for picture, number in pictures.items()},
        "title": frame.title,
        "lead": frame.lead,
        "export": frame.export_name,
        "command": frame.command,
        "version": frame.version,
        "table": frame.table or frame.title,
        "rows": frame.row_count,
        "are_products": frame.are_products,
        "unasked": frame.unasked_count,
        "reasons": frame.reasons,
        "kind_classes": dict(frame.kind_classes),
        "labels": {
            _name_head_for_page(head): [
                *(label for label in head_labels if label != NONE),
                NONE,
                LEAVE_OUT_LABEL,
            ]
            for head, head_labels in {LABEL: labels, **attributes}.items()
        },
        "texts": frame.translations,
        "formula": CELL_BEGINNING_PATTERN,
        "categories": [_show_category(card, pictures) for card in categories],
        "parts": _make_parts(cards, pictures, frame, is_first=not categories),
    }
    return render_page("review.html", shown, "cards.js", *PAGE_SCRIPTS)


def render_page(frame: str, page_data: object, *scripts: str) -> str:
    """Return the HTML of a page of this package, with its style, scripts and content embedded.

    Args:
        frame: the name of the HTML file of the page in this package, such as `review.html`.
        page_data: the content as JSON values, which the scripts show.
        scripts: the names of the JavaScript files in this package, in the order in which they run.
    """
    style = read_page_part("review.css")
    script = "".join(map(read_page_part, scripts))
    # The page works from a disk, where nobody sets headers. So the policy is part of it: the page loads
    # nothing, and runs only the script with this hash.
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
        f"style-src {hash_content(style)}; script-src {hash_content(script)}"
    )
    # Text of the shop, such as `</script>`, must not end the element that it stands in.
    embedded = json.dumps(page_data).replace("<", "\\u003c")
    page = Template(read_page_part(frame))
    return page.substitute(policy=policy, style=style, script=script, shown=embedded)


def _list_pictures(cards: Sequence[ReviewCard | CategoryReviewCard]) -> dict[str, None]:
    """Return the pictures of all cards, each once: a picture is asked about more than once."""
    first_pictures = ([card.picture] if isinstance(card, ReviewCard) else [] for card in cards)
    pictures = (
        [*first, *(photo.picture for photo in card.photos)]
        for first, card in zip(first_pictures, cards, strict=True)
    )
    return dict.fromkeys(filter(None, chain.from_iterable(pictures)))


def _show_category(card: CategoryReviewCard, pictures: Mapping[str, str]) -> dict[str, object]:
    return {
        **card._asdict(),
        "photos": [_show_photo(photo, pictures) for photo in card.photos],
        "photos_hash": _hash_photos(card.photos),
    }


def _make_parts(
    cards: Sequence[ReviewCard], pictures: Mapping[str, str], frame: ReviewPageFrame, *, is_first: bool
) -> list[dict[str, object]]:
    """Return the doubtful questions, then the screens, then the audit.

    Args:
        pictures: the numbers of the thumbnails on the page.
        frame: the parts of the page around the cards.
        is_first: whether nothing is above them. Doubtful cards alone then have no heading.
    """
    audit_cards = [card for card in cards if card.audit]
    doubtful_cards = [card for card in cards if not card.audit and not card.screen]
    screens = sorted({card.screen for card in cards if card.screen}, key=ALL_SCREENS.index)
    has_other_parts = audit_cards or not is_first or any(screen not in SETTLED_SCREENS for screen in screens)
    title, lead = DOUBTFUL_HEADING if has_other_parts else ("", "")
    parts = [(ReviewSection(title, lead, is_folded=False, is_grouped=False), doubtful_cards)]
    parts += [(screen, [card for card in cards if card.screen == screen]) for screen in screens]
    parts.append((ReviewSection(*AUDIT_HEADING, is_folded=True, is_grouped=False), audit_cards))
    return [
        {
            "title": screen.title,
            "count": frame.section_counts.get(screen.title, 0),
            "lead": screen.lead,
            "example": frame.example if screen == ACCEPTED_SCREEN else "",
            "together": screen.is_grouped,
            "folded": screen.is_folded,
            "settled": screen in SETTLED_SCREENS,
            "cards": [_show_card(card, pictures) for card in screen_cards],
        }
        for screen, screen_cards in parts
        if screen_cards
    ]


def _show_card(card: ReviewCard, pictures: Mapping[str, str]) -> dict[str, object]:
    """Return a card as JSON values. Thumbnails are named by their numbers on the page."""
    return {
        **card._asdict(),
        "picture": pictures.get(card.picture, ""),
        "attribute": _name_head_for_page(card.attribute),
        "note_values": dict(card.note_values),
        "photos": [_show_photo(photo, pictures) for photo in card.photos],
        "photos_hash": _hash_photos([card, *card.photos]),
        "choices": [choice._asdict() for choice in card.choices],
    }


def _show_photo(photo: ReviewCardPhoto, pictures: Mapping[str, str]) -> dict[str, object]:
    """Return a photo whose thumbnail is named by its number on the page, where each is stored once."""
    return photo._replace(picture=pictures.get(photo.picture, ""))._asdict()


def _hash_photos(photos: Iterable[ReviewCard | ReviewCardPhoto]) -> str:
    """Return a hash of the photos on a card, under which the page keeps what a person chose for them.

    The order of the photos does not matter. A photo whose hash is not known is told from others by its
    thumbnail.
    """
    hashes = sorted(photo.sha256 or hashlib.sha256(photo.picture.encode()).hexdigest() for photo in photos)
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def _name_head_for_page(head: str) -> str:
    """Return the attribute name for the page's JSON: empty for the class, as in corrections."""
    return "" if head == LABEL else head


def read_page_part(name: str) -> str:
    """Return the text of a CSS, JavaScript or HTML file of this package.

    Args:
        name: the name of the file, such as `review.css`.
    """
    return files("labelling.review").joinpath(name).read_text("utf-8")


def hash_content(text: str) -> str:
    """Return the hash of an embedded style or script, as a Content-Security-Policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
