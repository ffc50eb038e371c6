"""A sheet of a finished table: which rows it asks about, and their cards with pictures of the source.

Reads the journal and the chosen pictures; the questions are in questions.py, the page in page.py.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, TypeGuard

from inference.contract import LABEL
from inference.decode import prepare_decoders
from inference.spreadsheets import safe_path
from inference.title_rule import LIST
from inference.words import in_order
from labelling.decide import Decisions
from labelling.errors import Unreadable
from labelling.items import Item, Source
from labelling.review.audit import sample, usual_size
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
    Frame,
    Photo,
    Texts,
    page_of,
    thumbnail,
    write_page,
)
from labelling.review.questions import SHOWN, Case, Picture, SheetQuestion, cases, doubtful, fed, questions
from labelling.row import ACCEPT, REVIEW, path_in_table

READ_AT_ONCE: Final = 16
"""Pictures that are read together, since those of a bucket and of the web come side by side."""


class Review(NamedTuple):
    """The page that a person asks for.

    Attributes:
        page: the file to write; an existing one is replaced.
        limit: the most doubtful pictures on the page, of the class and of each attribute.
        audited: rows to be drawn at random of those that are accepted, whatever people answered; None for
            what the table can pay for. They come last, in random order, without what the model answered. Each
            has a card for the class and each attribute.
        attributes: that are asked for beside the class.
        feed: the attribute that a feed has; products without it are seen together. Empty for none.
        texts: of the page in other languages.
        command: see Frame.
    """

    page: Path
    limit: int
    audited: int | None
    attributes: tuple[str, ...]
    feed: str
    texts: Texts
    command: str

    @property
    def heads(self) -> tuple[str, ...]:
        """All that the page asks for, the class first."""
        return tuple(dict.fromkeys(filter(None, (LABEL, *self.attributes, self.feed))))


class _Chosen(NamedTuple):
    """What a page asks of one head.

    Attributes:
        doubtful: rows that a person has to answer.
        fed: products whose colour a feed took, to look through.
        drawn: the sample of an audit.
        accepted: rows that it was drawn from.
    """

    doubtful: list[Case]
    fed: list[Case]
    drawn: list[Case]
    accepted: int

    @property
    def cases(self) -> list[Case]:
        """All of them."""
        return [*self.doubtful, *self.fed, *self.drawn]


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
    of_heads, run = questions(decisions, review.heads), decisions.run
    chosen = {head: _chosen(decisions, of, head, review) for head, of in of_heads.items()}
    of_cards = (photo for rows in chosen.values() for case in rows.cases for photo in case.photos[:SHOWN])
    pictures = _pictures(of_cards, source)
    cards = [card for head, rows in chosen.items() for card in _of_head(rows, pictures, head, review.feed)]
    lead = LEAD if all(card.screen is None and not card.audit for card in cards) else LEAD_OF_PARTS
    title = f"{decisions.journal.path.stem}, {run.version}"
    frame = Frame(title, lead, review.texts, EXPORT, review.command, version=run.version)
    attributes = {head: run.heads[head] for head in review.heads if head != LABEL}
    write_page(review.page, page_of(cards, run.heads[LABEL], frame, attributes))


def _of_head(rows: _Chosen, pictures: Mapping[str, Photo], head: str, feed: str) -> Iterator[Card]:
    for card, case in _cards(rows.doubtful, pictures, head):
        is_of_feed = head == feed and card.product and case.question.reason != LIST
        yield card._replace(screen=COLOURS) if is_of_feed else _beside_list(card, case)
    for card, _ in _cards(rows.fed, pictures, head):
        yield card._replace(screen=FED)
    for card, _ in _cards(rows.drawn, pictures, head):
        yield _blind(card, len(rows.drawn), rows.accepted)


def _chosen(decisions: Decisions, of_head: Sequence[SheetQuestion], head: str, review: Review) -> _Chosen:
    is_asked = head in (LABEL, *review.attributes)  # else products need it for a feed, and nothing else does
    accepted = [question for question in of_head if question.reason is None] if is_asked else []
    audited = usual_size(len(accepted)) if review.audited is None else review.audited
    drawn = sample(accepted, _path, audited, decisions.run.version)
    there = {question.path for question in drawn}
    doubtful_ones = [
        question
        for question in doubtful(of_head, review.limit, is_fed_asked=is_asked)
        if question.path not in there and (is_asked or question.product)
    ]
    there |= {question.path for question in doubtful_ones}
    of_feed = fed(of_head, review.limit) if head == review.feed else []
    return _Chosen(
        doubtful=cases(decisions, doubtful_ones),
        fed=cases(decisions, [question for question in of_feed if question.path not in there]),
        drawn=cases(decisions, drawn),
        accepted=len(accepted),
    )


def _path(question: SheetQuestion) -> str:
    return question.path


def _blind(card: Card, audited: int, accepted: int) -> Card:
    """A card of the sample: nothing on it shows what the model answered."""
    note, values = ("", {}) if card.attribute == LABEL else (ATTRIBUTE_ALONE, {"attribute": card.attribute})
    return card._replace(note=note, guess="", audit=audited, audit_of=accepted, note_values=values)


def _beside_list(card: Card, case: Case) -> Card:
    """A doubtful card beside the list's words: they suggest, or stand with others that the photo confirms."""
    if case.question.admits is None:
        return card
    if case.question.admits:
        return card._replace(screen=AGREEING)
    if card.attribute != LABEL and case.question.by == LIST:
        question = case.question
        listed = " / ".join(question.fed or [question.predicted])
        shown = {"label": case.question.suggested or "", "listed": listed}
        return card._replace(note=NOTE_OF_COLOUR, note_values=shown, guess=case.question.suggested or "")
    values = {**card.note_values, "listed": " / ".join(in_order(case.question.listed))}
    return card._replace(note=NOTE_OF_LIST, note_values=values, guess=case.question.suggested or "")


def _cards(chosen: Sequence[Case], pictures: Mapping[str, Photo], head: str) -> Iterator[tuple[Card, Case]]:
    """A card for each case of which the source still has a picture; `head` is what it asks for."""
    for case in chosen:
        question = case.question
        photos = [pictures[photo.path] for photo in case.photos[:SHOWN] if photo.path in pictures]
        if not photos:
            continue
        label, confidence = question.predicted, question.confidence or 0.0
        values: dict[str, str | float] = {"label": label, "confidence": confidence}
        values |= {"reason": question.reason or ACCEPT} if head == LABEL else {"attribute": head}
        in_review = f"{REVIEW}: {question.reason}" if head == LABEL else REVIEW
        card = Card(
            question.path,
            *photos[0][:2],
            NOTE if head == LABEL else NOTE_OF_ATTRIBUTE,
            label,
            sha256=photos[0].sha256,
            decision=ACCEPT if question.reason is None else in_review,
            confidence=confidence,
            predicted=label,
            note_values=values,
            attribute=head,
            product=question.product,
            title=case.title,
            photos=tuple(photos[1:]),
            more=max(len(case.photos) - SHOWN, 0),
        )
        yield card, case


def _pictures(photos: Iterable[Picture], source: Source) -> dict[str, Photo]:
    """Pictures of the source by their paths in the table, read in one pass, some of them at a time."""
    hashes = {photo.path: photo.sha256 for photo in photos}
    read, shown = source.reader(), dict[str, Photo]()
    wanted = (item for item in source.items() if path_in_table(item.name) in hashes) if hashes else iter(())
    while part := list(islice(wanted, READ_AT_ONCE)):
        new = {path_in_table(item.name): item for item in part if path_in_table(item.name) not in shown}
        uploads = read([item.place for item in new.values()])
        for (path, item), upload in zip(new.items(), uploads, strict=True):
            picture = thumbnail(upload) if _is_as_labelled(upload, hashes[path]) else ""
            shown[path] = Photo(_path_for_training(item, source), picture, hashes[path])
    return shown


def _is_as_labelled(upload: bytes | Unreadable, sha256: str) -> TypeGuard[bytes]:
    """Whether a picture has the content of its row: what people say of another one is not about that."""
    return isinstance(upload, bytes) and hashlib.sha256(upload).hexdigest() == sha256


def _path_for_training(item: Item, source: Source) -> str:
    """An absolute path; for a picture in an archive or a store, the path inside it."""
    if isinstance(item.place, str):
        return os.path.abspath(item.place)  # noqa: PTH100 - a link keeps its own name
    return safe_path(item.name.removeprefix(f"{source.address}/"))
