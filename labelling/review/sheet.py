"""A sheet of a finished table: which rows it asks about, and their cards with pictures of the source.

Reads the journal and the chosen pictures; the questions are in questions.py, the page in page.py, and the
same pictures as tasks in label_studio.py.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, TypeGuard

from inference.contract import LABEL
from inference.decode import prepare_decoders
from inference.spreadsheets import safe_path
from inference.words import in_order
from labelling.decided import NONE, Question
from labelling.errors import Unreadable
from labelling.export import check_of
from labelling.items import Item
from labelling.journal import Journal
from labelling.list_check import ListCheck
from labelling.review.audit import CENSUS, added, audit_of, sample, usual_size
from labelling.review.label_studio import Task, as_tasks
from labelling.review.page import (
    AGREEING,
    ATTRIBUTE_ALONE,
    COLOURS,
    LEAD,
    LEAD_OF_PARTS,
    NOTE,
    NOTE_OF_ATTRIBUTE,
    NOTE_OF_LIST,
    Card,
    Frame,
    Photo,
    Texts,
    page_of,
    thumbnail,
    write_page,
)
from labelling.review.questions import SHOWN, Asked, Questions, photos_of, title_of
from labelling.row import ACCEPT, REVIEW, Row, path_in_table
from labelling.run import Job

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


def exports_of(reviewers: int) -> list[str]:
    """The names of the files that the sheets of so many people export."""
    return ["corrections.csv"] if reviewers == 1 else [f"corrections-{n + 1}.csv" for n in range(reviewers)]


def pages_of(page: Path, reviewers: int) -> list[Path]:
    """The files of the sheets of so many people, of which one was named."""
    if reviewers == 1:
        return [page]
    return [page.with_stem(f"{page.stem}-{number}") for number in range(1, reviewers + 1)]


def write_review(page: Path, job: Job, sizes: Sizes, texts: Texts, command: str = "") -> tuple[Path, ...]:
    """Write the sheets of a finished table, without pictures that people answered before.

    Args:
        page: the file to write; an existing one is replaced. For several reviewers it becomes as many, with
            `-1`, `-2` and so on before the ending.
        job: the finished labelling run.
        sizes: of the pages.
        texts: of the pages in other languages.
        command: see Frame.

    Returns:
        the files.

    Raises:
        TableUnusable: the page cannot be written, or another run is at work on the table.
        SourceUnusable, StoreError: the source can no longer be listed.
    """
    prepare_decoders()
    heads = sizes.heads
    with (
        Journal(job.table, job.run) as journal,
        Questions(journal, heads, check := check_of(journal), sizes.feed) as questions,
    ):
        chosen = {head: _chosen(questions, head, sizes, job.release.version) for head in heads}
    first = [card for head, rows in chosen.items() for card in _blind_cards(rows, job, head)]
    then = [
        card._replace(screen=COLOURS) if head == sizes.feed and row.photos else _beside_list(card, row, check)
        for head, rows in chosen.items()
        for card, row in _cards(rows.doubtful, job, head)
    ]
    attributes = {head: job.run.heads[head] for head in heads if head != LABEL}
    title, lead = f"{job.table.name}, {job.release.version}", LEAD_OF_PARTS if first else LEAD
    is_census = all(rows.is_census for rows in chosen.values() if rows.drawn)
    if sizes.reviewers == 1:
        frame = Frame(title, lead, texts, is_census=is_census, command=command)
        write_page(page, page_of([*first, *then], job.run.heads[LABEL], frame, attributes))
        return (page,)
    pages = pages_of(page, sizes.reviewers)
    for number, (file, export) in enumerate(zip(pages, exports_of(sizes.reviewers), strict=True), 1):
        dealt = [card for part in (first, then) for card in part[number - 1 :: sizes.reviewers]]
        frame = Frame(f"{title}, {number}/{sizes.reviewers}", lead, texts, export, is_census, command)
        write_page(file, page_of(dealt, job.run.heads[LABEL], frame, attributes))
    return tuple(pages)


class _Chosen(NamedTuple):
    """What a page asks of one head.

    Attributes:
        drawn: the sample of an audit, or all accepted rows.
        rare: rows that were added to it for their label alone.
        doubtful: others that a person has to answer.
        audited: how large the sample is; 0 for none.
        accepted: rows of the table, by label.
        is_census: whether no row was drawn, since all accepted products are asked about.
    """

    drawn: list[Row]
    rare: list[Row]
    doubtful: list[Row]
    audited: int
    accepted: Mapping[str, int]
    is_census: bool


def _chosen(questions: Questions, head: str, sizes: Sizes, version: str) -> _Chosen:
    drawn, rare = list[Asked](), list[Asked]()
    is_asked = head in (LABEL, *sizes.attributes)  # else products need it for a feed, and nothing else does
    audited = sizes.audited if is_asked else 0
    accepted = Counter(question.label for question in questions.answered(head) if question.reason is None)
    is_census = audited != 0 and questions.of_products and accepted.total() <= CENSUS
    if is_census:
        audited = accepted.total()
        every = (question for question in questions.answered(head) if question.reason is None)
        drawn = sample(every, _path, audited, version)
    elif audited is None:
        audited = usual_size(sum(1 for _ in questions.answered(LABEL)))
    if audited and not is_census:
        drawn = sample(questions.answered(head), _path, audited, version)
        rare = added(questions.answered(head), _accepted, _path, drawn, version)
    in_sample = {question.path for question in (*drawn, *rare)}
    return _Chosen(
        drawn=[questions.row(question, head) for question in drawn],
        rare=[questions.row(question, head) for question in rare],
        doubtful=[
            row
            for row in questions.doubtful(head, sizes.limit)
            if row.path not in in_sample and (is_asked or row.photos)
        ],
        audited=audited or 0,
        accepted=accepted,
        is_census=is_census,
    )


def _path(question: Asked) -> str:
    return question.path


def _accepted(question: Asked) -> str | None:
    """The label of an accepted answer."""
    return question.label if question.reason is None else None


def write_tasks(file: Path, job: Job, limit: int, attributes: Sequence[str]) -> int:
    """Write the doubtful pictures of a finished table that people did not answer, for Label Studio.

    Args:
        file: the JSON to write; an existing one is replaced.
        job: the finished labelling run.
        limit: the most pictures, most doubtful first.
        attributes: that are asked for beside the class.

    Returns:
        The number of pictures; those that cannot be shown are left out.

    Raises:
        TableUnusable: the file cannot be written, or another run is at work on the table.
        SourceUnusable, StoreError: the source can no longer be listed.
    """
    prepare_decoders()
    photos, heads = dict[str, Row](), (LABEL, *attributes)
    with (
        Journal(job.table, job.run) as journal,
        Questions(journal, heads, check_of(journal)) as questions,
    ):
        given = journal.answers()
        for head in heads:
            for row in questions.doubtful(head, limit):
                unsaid = (photo for photo in photos_of(row) if Question(photo.sha256, head) not in given)
                photos |= {photo.path: photo for photo in islice(unsaid, SHOWN)}
    chosen = [photo for photo in islice(photos.values(), limit) if photo.label.label]
    tasks = []
    for card, row in _cards(chosen, job, LABEL):
        labels = {head: row.heads[head].label or "" for head in attributes if head in row.heads}
        answer = card.guess, card.confidence or 0.0
        task = Task(card.name, card.sha256, card.picture, *answer, job.release.version)
        tasks += [task._replace(attributes=labels)] if card.picture else []
    write_page(file, as_tasks(tasks))
    return len(tasks)


def _blind_cards(rows: _Chosen, job: Job, head: str) -> Iterator[Card]:
    """The cards of an audit."""
    for audited, part in ((rows.audited, rows.drawn), (0, rows.rare)):
        for card, _ in _cards(part, job, head):
            yield _blind(card, audited, rows.accepted)


def _blind(card: Card, audited: int, accepted: Mapping[str, int]) -> Card:
    """A card of the sample: nothing on it shows what the model answered."""
    of = audit_of(accepted, card.predicted)
    note, values = ("", {}) if card.attribute == LABEL else (ATTRIBUTE_ALONE, {"attribute": card.attribute})
    return card._replace(note=note, guess="", button="", audit=audited, audit_of=of, note_values=values)


def _beside_list(card: Card, row: Row, check: ListCheck) -> Card:
    """A doubtful card beside the list's words: they suggest, or stand with others that the photo confirms."""
    admits = check.admits(card.attribute, card.predicted, row.listed)
    if admits is None:
        return card
    if admits:
        return card._replace(screen=AGREEING)
    values = {**card.note_values, "listed": " / ".join(in_order(row.listed))}
    return card._replace(
        note=NOTE_OF_LIST, note_values=values, guess=check.suggestion(row, card.attribute) or NONE
    )


def _cards(chosen: list[Row], job: Job, head: str) -> Iterator[tuple[Card, Row]]:
    """A card for each row, with its pictures read again from the source; `head` is what it asks for."""
    wanted = {photo.path for row in chosen for photo in photos_of(row)[:SHOWN]}
    items = {path: item for item in job.source.items() if (path := path_in_table(item.name)) in wanted}
    there = [[photo for photo in photos_of(row)[:SHOWN] if photo.path in items] for row in chosen]
    shown = _photos([(items[photo.path], photo.sha256) for photos in there for photo in photos], job)
    for row, of_row in zip(chosen, there, strict=True):
        photos = [next(shown) for _ in of_row]
        if not photos:
            continue
        answer = row.heads[head]
        label, confidence = answer.label or "", answer.confidence or 0.0
        values: dict[str, str | float] = {"label": label, "confidence": confidence}
        values |= {"reason": answer.reason or ACCEPT} if head == LABEL else {"attribute": head}
        in_review = f"{REVIEW}: {answer.reason}" if head == LABEL else REVIEW
        card = Card(
            row.path,
            *photos[0][:2],
            NOTE if head == LABEL else NOTE_OF_ATTRIBUTE,
            label,
            sha256=photos[0].sha256,
            decision=ACCEPT if answer.reason is None else in_review,
            confidence=confidence,
            predicted=label,
            note_values=values,
            attribute=head,
            product=row.product if row.photos else "",
            title=title_of(row),
            photos=tuple(photos[1:]),
            more=max(len(photos_of(row)) - SHOWN, 0),
        )
        yield card, row


def _photos(there: Sequence[tuple[Item, str]], job: Job) -> Iterator[Photo]:
    """Pictures by their items and hashes, some of them read at a time."""
    read = job.source.reader()
    for start in range(0, len(there), READ_AT_ONCE):
        part = there[start : start + READ_AT_ONCE]
        for (item, sha256), upload in zip(part, read([item.place for item, _ in part]), strict=True):
            picture = thumbnail(upload) if _is_as_labelled(upload, sha256) else ""
            yield Photo(_path_for_training(item, job), picture, sha256)


def _is_as_labelled(upload: bytes | Unreadable, sha256: str) -> TypeGuard[bytes]:
    """Whether a picture has the content of its row: what people say of another one is not about that."""
    return isinstance(upload, bytes) and hashlib.sha256(upload).hexdigest() == sha256


def _path_for_training(item: Item, job: Job) -> str:
    """An absolute path; for a picture in an archive or a store, the path inside it."""
    if isinstance(item.place, str):
        return os.path.abspath(item.place)  # noqa: PTH100 - a link keeps its own name
    return safe_path(item.name.removeprefix(f"{job.source.address}/"))
