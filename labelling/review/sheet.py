"""A sheet of a finished table: which rows it asks about, and their cards with pictures of the source.

Reads the journal and the chosen pictures; the questions are in questions.py, the page in page.py.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, TypeGuard

from inference.contract import LABEL
from inference.decode import prepare_decoders
from inference.kinds import in_order
from inference.reasons import DecidedBy, Reason
from inference.spreadsheets import safe_path
from labelling.decisions import Decisions
from labelling.errors import Unreadable
from labelling.items import Item, Source
from labelling.review.page import (
    AGREEING,
    ATTRIBUTE_ALONE,
    COLOURS,
    FED,
    LEAD,
    LEAD_OF_PARTS,
    NOTE,
    NOTE_OF_ATTRIBUTE,
    NOTE_OF_COLOUR,
    NOTE_OF_LIST,
    Card,
    CardPhoto,
    Frame,
    page_of,
    thumbnail,
    write_page,
)
from labelling.review.questions import SHOWN, Asked, Choice, Review, on_card
from labelling.row import ACCEPT, REVIEW, Photo, path_in_table
from labelling.titles import ListWords

READ_AT_ONCE: Final = 16
"""Pictures that are read together, since those of a bucket and of the web come side by side."""


EXPORT: Final = "corrections.csv"
"""The name of the file that a page exports."""


def write_sheet(source: Source, decisions: Decisions, review: Review) -> None:
    """Write what people are to answer of a finished table, which they did not answer before.

    The pictures of the page are read in one pass over the source.

    Args:
        source: of its pictures.
        decisions: of its table.
        review: the page.

    Raises:
        TableUnusable: the file cannot be written.
        SourceUnusable, StoreError: the source can no longer be listed.
    """
    prepare_decoders()
    run, choices = decisions.run, choose(decisions, review)
    asked = [question for choice in choices for question in choice.asked]
    photos = {id(question.row): on_card(question.row, decisions) for question in asked}
    of_cards = (photo for of_row in photos.values() for photo in of_row[:SHOWN])
    pictures = _pictures(of_cards, source)

    def card_of(question: Asked) -> Card | None:
        return _card(question, photos[id(question.row)], pictures, decisions.words)

    cards = [card for choice in choices for card in _of_choice(choice, card_of)]
    lead = LEAD if all(card.screen is None and not card.audit for card in cards) else LEAD_OF_PARTS
    title = f"{decisions.journal.path.stem}, {run.version}"
    frame = Frame(title, lead, review.texts, EXPORT, review.command, version=run.version)
    attributes = {head: run.heads[head] for head in review.heads if head != LABEL}
    write_page(review.page, page_of(cards, run.heads[LABEL], frame, attributes))


def choose(decisions: Decisions, review: Review) -> list[Choice]:
    """What a page asks of each head, in one pass over the rows."""
    choices = [Choice(head, review, decisions.run.version) for head in review.heads]
    for row in decisions.asked():
        for choice in choices:
            choice.take(row)
    return choices


def _of_choice(choice: Choice, card_of: Callable[[Asked], Card | None]) -> Iterator[Card]:
    for question in choice.doubtful:
        if card := card_of(question):
            is_of_feed = choice.is_fed and card.product and question.reason != Reason.TITLE_CONFLICT
            yield card._replace(screen=COLOURS) if is_of_feed else _beside_list(card, question)
    for question in choice.fed:
        if card := card_of(question):
            yield card._replace(screen=FED)
    drawn = choice.drawn
    for question in drawn:
        if card := card_of(question):
            yield _blind(card, len(drawn), choice.accepted)


def _blind(card: Card, audited: int, accepted: int) -> Card:
    """A card of the sample: nothing on it shows what the model answered."""
    note, values = ("", {}) if card.attribute == LABEL else (ATTRIBUTE_ALONE, {"attribute": card.attribute})
    return card._replace(note=note, guess="", audit=audited, audit_of=accepted, note_values=values)


def _beside_list(card: Card, question: Asked) -> Card:
    """A doubtful card beside the list's words: they suggest, or stand with others that the photo confirms."""
    decided, row = question.decided, question.row
    if decided.admits is None or decided.answer is None:
        return card
    if decided.admits:
        return card._replace(screen=AGREEING)
    suggested = decided.answer.suggested or ""
    if card.attribute != LABEL and decided.answer.by == DecidedBy.LIST:
        listed = " / ".join(row.colours or [decided.answer.label])
        values: dict[str, str | float] = {"label": suggested, "listed": listed}
        return card._replace(note=NOTE_OF_COLOUR, note_values=values, guess=suggested)
    values = {**card.note_values, "listed": " / ".join(in_order(row.listed))}
    return card._replace(note=NOTE_OF_LIST, note_values=values, guess=suggested)


def _card(
    question: Asked, photos: Sequence[Photo], pictures: Mapping[str, CardPhoto], words: ListWords
) -> Card | None:
    """The card of a question; None where the source has no picture of it any more."""
    shown = [pictures[photo.path] for photo in photos[:SHOWN] if photo.path in pictures]
    answer, subject, head = question.decided.answer, question.row.subject, question.head
    if not shown or answer is None:
        return None
    confidence = answer.confidence or 0.0
    values: dict[str, str | float] = {"label": answer.label, "confidence": confidence}
    values |= {"reason": question.reason or ACCEPT} if head == LABEL else {"attribute": head}
    in_review = f"{REVIEW}: {question.reason}" if head == LABEL else REVIEW
    titles = (words.title(photo.cells) for photo in subject.photos if subject.product)
    return Card(
        subject.name,
        *shown[0][:2],
        NOTE if head == LABEL else NOTE_OF_ATTRIBUTE,
        answer.label,
        sha256=shown[0].sha256,
        decision=ACCEPT if question.reason is None else in_review,
        confidence=confidence,
        predicted=answer.label,
        note_values=values,
        attribute=head,
        product=subject.product,
        title=next(filter(None, titles), ""),
        photos=tuple(shown[1:]),
        more=max(len(photos) - SHOWN, 0),
    )


def _pictures(photos: Iterable[Photo], source: Source) -> dict[str, CardPhoto]:
    """Pictures of the source by their paths in the table, read in one pass, some of them at a time."""
    hashes = {photo.path: photo.sha256 for photo in photos}
    read, shown = source.reader(), dict[str, CardPhoto]()
    wanted = (item for item in source.items() if path_in_table(item.name) in hashes) if hashes else iter(())
    while part := list(islice(wanted, READ_AT_ONCE)):
        new = {path_in_table(item.name): item for item in part if path_in_table(item.name) not in shown}
        uploads = read([item.place for item in new.values()])
        for (path, item), upload in zip(new.items(), uploads, strict=True):
            picture = thumbnail(upload) if _is_as_labelled(upload, hashes[path]) else ""
            shown[path] = CardPhoto(_path_for_training(item, source), picture, hashes[path])
    return shown


def _is_as_labelled(upload: bytes | Unreadable, sha256: str) -> TypeGuard[bytes]:
    """Whether a picture has the content of its row: what people say of another one is not about that."""
    return isinstance(upload, bytes) and hashlib.sha256(upload).hexdigest() == sha256


def _path_for_training(item: Item, source: Source) -> str:
    """An absolute path; for a picture in an archive or a store, the path inside it."""
    if isinstance(item.place, str):
        return os.path.abspath(item.place)  # noqa: PTH100 - a link keeps its own name
    return safe_path(item.name.removeprefix(f"{source.address}/"))
