"""A sheet of a finished table: which rows it asks about, and their cards with pictures of the source.

Reads the journal and the chosen pictures; the questions are in questions.py, the page in page.py.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, TypeGuard

from inference.contract import LABEL
from inference.decode import prepare_decoders
from inference.listed import LIST, NONE
from inference.spreadsheets import safe_path
from inference.words import in_order
from labelling.decide import Decisions
from labelling.errors import Unreadable
from labelling.items import Item, Source
from labelling.review.audit import CENSUS, added, audit_of, sample, table_mark, usual_size
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


class Sizes(NamedTuple):
    """How much there is to review.

    Attributes:
        limit: the most doubtful pictures on the page, of the class and of each attribute.
        audited: pictures to be drawn at random, whatever the model or people answered; None for what the
            table can pay for. They come first, in random order, without what the model answered. Each has a
            card for the class and each attribute.
        reviewers: among whom the pictures of each part are dealt out in turn.
        attributes: that are asked for beside the class.
        feed: the attribute that a feed has; products without it are seen together. Empty for none.
    """

    limit: int
    audited: int | None = 0
    reviewers: int = 1
    attributes: tuple[str, ...] = ()
    feed: str = ""

    @property
    def heads(self) -> tuple[str, ...]:
        """All that a page asks for, the class first."""
        return tuple(dict.fromkeys(filter(None, (LABEL, *self.attributes, self.feed))))


class Review(NamedTuple):
    """The pages that a person asks for.

    Attributes:
        page: the file to write; an existing one is replaced. For several reviewers it becomes as many, with
            `-1`, `-2` and so on before the ending.
        sizes: of the pages.
        texts: of the pages in other languages.
        command: see Frame.
    """

    page: Path
    sizes: Sizes
    texts: Texts
    command: str = ""


class _Chosen(NamedTuple):
    """What a page asks of one head.

    Attributes:
        drawn: the sample of an audit, or all accepted rows.
        rare: rows that were added to it for their label alone.
        doubtful: others that a person has to answer.
        fed: products whose colour a feed took, to look through.
        audited: how large the sample is; 0 for none.
        accepted: rows of the table, by label.
        is_census: whether no row was drawn, since all accepted products are asked about.
    """

    drawn: list[Case]
    rare: list[Case]
    doubtful: list[Case]
    fed: list[Case]
    audited: int
    accepted: Mapping[str, int]
    is_census: bool

    @property
    def cases(self) -> list[Case]:
        """All of them."""
        return [*self.drawn, *self.rare, *self.doubtful, *self.fed]


def exports_of(reviewers: int) -> list[str]:
    """The names of the files that the sheets of so many people export."""
    return ["corrections.csv"] if reviewers == 1 else [f"corrections-{n + 1}.csv" for n in range(reviewers)]


def pages_of(page: Path, reviewers: int) -> list[Path]:
    """The files of the sheets of so many people, of which one was named."""
    if reviewers == 1:
        return [page]
    return [page.with_stem(f"{page.stem}-{number}") for number in range(1, reviewers + 1)]


def write_sheets(source: Source, decisions: Decisions, review: Review) -> tuple[Path, ...]:
    """Write what people are to answer of a finished table, which they did not answer before.

    The pictures of all pages are read in one pass over the source.

    Args:
        source: of its pictures.
        decisions: of its table.
        review: the pages.

    Returns:
        the pages.

    Raises:
        TableUnusable: a file cannot be written.
        SourceUnusable, StoreError: the source can no longer be listed.
    """
    prepare_decoders()
    asked = questions(decisions, review.sizes.heads)
    sizes, answers = review.sizes, len(asked[LABEL])
    chosen = {head: _chosen(decisions, of, head, sizes, answers) for head, of in asked.items()}
    of_cards = (photo for rows in chosen.values() for case in rows.cases for photo in case.photos[:SHOWN])
    mark = table_mark((of.path, of.predicted, of.reason is None) for of in asked[LABEL])
    return _write_pages(review, chosen, _pictures(of_cards, source), decisions, mark)


def _write_pages(
    review: Review,
    chosen: Mapping[str, _Chosen],
    pictures: Mapping[str, Photo],
    decisions: Decisions,
    mark: str,
) -> tuple[Path, ...]:
    (page, sizes, texts, command), journal = review, decisions.journal
    first = [card for head, rows in chosen.items() for card in _blind_cards(rows, pictures, head)]
    then = [
        card._replace(screen=COLOURS)
        if head == sizes.feed and card.product and case.question.reason != LIST
        else _beside_list(card, case)
        for head, rows in chosen.items()
        for card, case in _cards(rows.doubtful, pictures, head)
    ]
    then += [
        card._replace(screen=FED)
        for head, rows in chosen.items()
        for card, _ in _cards(rows.fed, pictures, head)
    ]
    attributes = {head: journal.run.heads[head] for head in sizes.heads if head != LABEL}
    title, lead = f"{journal.path.stem}, {journal.run.version}", LEAD_OF_PARTS if first else LEAD
    is_census = all(rows.is_census for rows in chosen.values() if rows.drawn)
    pages, exports = pages_of(page, sizes.reviewers), exports_of(sizes.reviewers)
    for number, (file, export) in enumerate(zip(pages, exports, strict=True), 1):
        dealt = [card for part in (first, then) for card in part[number - 1 :: sizes.reviewers]]
        numbered = title if sizes.reviewers == 1 else f"{title}, {number}/{sizes.reviewers}"
        frame = Frame(
            numbered, lead, texts, export, is_census, command, version=journal.run.version, table=mark
        )
        write_page(file, page_of(dealt, journal.run.heads[LABEL], frame, attributes))
    return tuple(pages)


def _chosen(
    decisions: Decisions, asked: Sequence[SheetQuestion], head: str, sizes: Sizes, answers: int
) -> _Chosen:
    drawn, rare, version = list[SheetQuestion](), list[SheetQuestion](), decisions.run.version
    is_asked = head in (LABEL, *sizes.attributes)  # else products need it for a feed, and nothing else does
    audited = sizes.audited if is_asked else 0
    accepted = Counter(question.predicted for question in asked if question.reason is None)
    is_census = audited != 0 and decisions.run.by is not None and accepted.total() <= CENSUS
    if is_census:
        audited = accepted.total()
        drawn = sample(filter(_accepted, asked), _path, audited, version)
    elif audited is None:
        audited = usual_size(answers)
    if audited and not is_census:
        drawn = sample(asked, _path, audited, version)
        rare = added(asked, _accepted, _path, drawn, version)
    in_sample = {question.path for question in (*drawn, *rare)}
    doubtful_ones = [
        question
        for question in doubtful(asked, sizes.limit, is_fed_asked=is_asked)
        if question.path not in in_sample and (is_asked or question.product)
    ]
    there = in_sample | {question.path for question in doubtful_ones}
    of_feed = fed(asked, sizes.limit) if head == sizes.feed else []
    return _Chosen(
        drawn=cases(decisions, drawn),
        rare=cases(decisions, rare),
        doubtful=cases(decisions, doubtful_ones),
        fed=cases(decisions, [question for question in of_feed if question.path not in there]),
        audited=audited or 0,
        accepted=accepted,
        is_census=is_census,
    )


def _path(question: SheetQuestion) -> str:
    return question.path


def _accepted(question: SheetQuestion) -> str | None:
    """The label of an accepted answer."""
    return question.predicted if question.reason is None else None


def _blind_cards(rows: _Chosen, pictures: Mapping[str, Photo], head: str) -> Iterator[Card]:
    """The cards of an audit."""
    for audited, part in ((rows.audited, rows.drawn), (0, rows.rare)):
        for card, _ in _cards(part, pictures, head):
            yield _blind(card, audited, rows.accepted)


def _blind(card: Card, audited: int, accepted: Mapping[str, int]) -> Card:
    """A card of the sample: nothing on it shows what the model answered."""
    of = audit_of(accepted, card.predicted)
    note, values = ("", {}) if card.attribute == LABEL else (ATTRIBUTE_ALONE, {"attribute": card.attribute})
    return card._replace(note=note, guess="", button="", audit=audited, audit_of=of, note_values=values)


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
    kinds = in_order(case.question.listed)
    values = {**card.note_values, "listed": " / ".join(kinds)}
    guess = case.question.suggested or NONE
    taken = "|".join(kinds) if guess == NONE else ""
    return card._replace(note=NOTE_OF_LIST, note_values=values, guess=guess, taken=taken)


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
            by=question.by,
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
