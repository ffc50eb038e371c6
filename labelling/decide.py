"""Decide what tables, sheets, feeds and copies show: the only place, in one pass over a journal.

What the model answered is held against the list's words and against photos of two products (list_check.py);
photos answer for their product (products.py); people's answers come last. It is kept in `decided`, where all
that people see is read by SQL.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final, TypeAlias

from inference.contract import LABEL
from inference.listed import LIST, NONE
from labelling.colours import ByList, colour_by_list
from labelling.decided import LEFT_OUT, MODEL, PERSON
from labelling.journal import Journal
from labelling.list_check import ListCheck, list_check, mean_over
from labelling.list_words import OFF, ListWords, word_columns
from labelling.products import as_fed, row_of_product
from labelling.row import ACCEPT, NO_ANSWER, REVIEW, Category, HeadAnswer, Row, Run
from labelling.rows import answered_groups, answered_photos
from reports.products import COLOURS, CONTRADICTING

MOST_COLOURS: Final = 3
"""Of a product that a feed has: Google takes no more."""

NO_PHOTO: Final = "no photo"
"""The reason of a product of which no photo can be read."""

Answers: TypeAlias = Mapping[tuple[str, str], Mapping[str, str]]
"""The label that people gave, by head, by what that holds for: a sha256 and no product, or no sha256 and a
product."""

_DECIDED: Final = "INSERT INTO decided VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

_SHARED: Final = """
SELECT sha256, json_group_array(DISTINCT product) FROM current JOIN photos USING (path, stamp)
WHERE product <> '' AND error = '' GROUP BY sha256 HAVING count(DISTINCT product) > 1
"""

_OF_PICTURES: Final = "SELECT sha256, '', attribute, label FROM answers WHERE product = ''"

_OF_PRODUCTS: Final = """
SELECT '', product, attribute, label, max(at) FROM answers JOIN current USING (product)
    JOIN photos USING (path, stamp, sha256)
WHERE product <> '' GROUP BY product, attribute
"""
"""An answer to a product holds where the photo that it carries is one of it; of several the latest."""

HOLDING_NO_MORE: Final = """
SELECT count(*) FROM answers WHERE product <> '' AND NOT EXISTS (
    SELECT 1 FROM current JOIN photos USING (path, stamp)
    WHERE current.product = answers.product AND photos.sha256 = answers.sha256
)
"""
"""Answers to products of which the photo that they carry is none."""


def decide(journal: Journal) -> None:
    """Fill `decided` of the current listing, within the transaction."""
    run, check, answers = journal.run, check_of(journal), held(journal)
    journal.change("DELETE FROM decided")
    groups = answered_groups(journal)
    journal.change_many(
        _DECIDED, chain.from_iterable(_of_group(group, run, check, answers) for group in groups)
    )


def held(journal: Journal) -> Answers:
    """What people said that holds for pictures and products of the current listing."""
    labels: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for sha256, product, head, label, *_ in chain(journal.query(_OF_PICTURES), journal.query(_OF_PRODUCTS)):
        labels[sha256, product][head or LABEL] = label
    return dict(labels)


def check_of(journal: Journal) -> ListCheck:
    """What the answers to the pictures of a journal are held against."""
    run, words = journal.run, words_of(journal)
    listed = _cells(journal, words.columns) if run.by and words.is_read else ()
    with journal.errors_named():
        shared = {sha256: frozenset(json.loads(names)) for sha256, names in journal.query(_SHARED)}
    doubtful = {product for products in shared.values() for product in products}
    photos = (photo for product in doubtful for photo in answered_photos(journal, product))
    return list_check(words, run, listed, photos, shared)


def words_of(journal: Journal) -> ListWords:
    """How the words of a journal's list are read."""
    run = journal.run
    columns = ListWords() if run.words == OFF else word_columns(run.further)
    return columns.in_language(run.words, (cells for _, cells in _cells(journal, columns.columns)))


def _cells(journal: Journal, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The product of each row and its cells in some columns of the list, in the order of the source."""
    places = [list(journal.run.further).index(name) for name in columns]
    cells = "".join(f", json_extract(cells, '$[{place}]')" for place in places)
    for product, *texts in journal.query(f"SELECT product{cells} FROM current ORDER BY number"):  # noqa: S608 - numbers of ours
        yield product, dict(zip(columns, texts, strict=True))


def _of_group(
    photos: Sequence[Row], run: Run, check: ListCheck, answers: Answers
) -> Iterator[tuple[object, ...]]:
    """The rows of `decided` of a product and its photos, or of one picture."""
    if photos[0].product:
        product = row_of_product(photos, run)
        likely = _likely(product, run, check)
        yield from _of_row(_decided_row(product, run, check), run, check, answers, likely)
    for photo in photos:
        yield from _of_row(_decided_row(photo, run, check), run, check, answers)


def _decided_row(row: Row, run: Run, check: ListCheck) -> Row:
    """A row decided beside its list, its colour too, where the release has a label for what the list says.

    What the photos deny is looked at.
    """
    decided, by_list, head = check.checked(row), _colour_by_list(row, run, check), colour_of(run.attributes)
    if by_list is None or not by_list.labels:
        return decided
    label, *also = by_list.labels
    answer = replace(
        row.heads[head],
        label=label,
        also=tuple(also),
        confidence=_shares(row, run, head)[label],
        decision=REVIEW if by_list.is_denied else ACCEPT,
        reason=LIST if by_list.is_denied else None,
        decided_by=LIST,
        suggested=row.heads[head].label,
    )
    return replace(decided, heads={**decided.heads, head: answer})


def _colour_by_list(row: Row, run: Run, check: ListCheck) -> ByList | None:
    """What the list says about the colour of a row; None where the photos alone answer."""
    head, words = colour_of(run.attributes), check.words
    if head not in row.heads:
        return None
    title = words.title(row.further) if words.is_read else ""
    return colour_by_list(row.further, title, words.language, _shares(row, run, head))


def _shares(row: Row, run: Run, head: str) -> dict[str, float]:
    """What all photos of a row give to each label."""
    return dict(zip(run.heads[head], mean_over(row, head), strict=True))


def _likely(product: Row, run: Run, check: ListCheck) -> tuple[str, HeadAnswer]:
    """The head of a feed, and the answer that it takes: the list's, or of the photos also what is likely."""
    head, by_list = colour_of(run.attributes), _colour_by_list(product, run, check)
    row = check.checked(as_fed(product, head, run.by) if run.by else product)
    return head, replace(row.heads.get(head, NO_ANSWER), fed=by_list.text if by_list else ())


def colour_of(attributes: Iterable[str]) -> str:
    """The attribute that a feed has; empty where a release answers none."""
    return next((head for head in COLOURS if head in attributes), "")


def _of_row(
    row: Row, run: Run, check: ListCheck, answers: Answers, fed: tuple[str, HeadAnswer] = ("", NO_ANSWER)
) -> Iterator[tuple[object, ...]]:
    """The rows of `decided` of a picture or product, one a head; the class always has one.

    Args:
        row: held against the list.
        run: that it is of.
        check: that it was held against.
        answers: of people.
        fed: the head of a feed, and its answer, with what is likely accepted.
    """
    of_photos = [answers.get((photo.sha256, ""), {}) for photo in row.photos or (row,)]
    of_product = answers.get(("", row.product), {}) if row.product else {}
    heads = dict.fromkeys([LABEL, *row.heads, *of_product, *chain.from_iterable(of_photos)])
    for head in heads:
        answer = row.heads.get(head, HeadAnswer(reason=NO_PHOTO) if row.photos else NO_ANSWER)
        by_people = {of_product[head]} if head in of_product else agreed(of.get(head) for of in of_photos)
        after = with_people(answer, by_people, run.categories.get(head, {}))
        admits = check.admits(head, answer, row.listed)
        yield (
            row.number,
            row.product if row.photos else "",
            head,
            after.label,
            _json(after.also),
            after.confidence,
            after.decision,
            after.reason,
            after.decided_by,
            after.predicted,
            after.predicted_by,
            _json(after.rests_on),
            _json(after.category) if any(after.category) else None,
            _json(_colours(with_people(fed[1], by_people, {}))) if head == fed[0] else None,
            _json(sorted(row.listed)) if head == LABEL else None,
            admits,
            after.suggested if admits is False else None,
            None if head in of_product else _doubt(row, head, after, of_photos),
        )


def _json(texts: Sequence[str | None]) -> str | None:
    """How the journal keeps texts; NULL for none."""
    return json.dumps(texts, ensure_ascii=False) if texts else None


def with_people(answer: HeadAnswer, by_people: set[str], categories: Mapping[str, Category]) -> HeadAnswer:
    """An answer of the model, NO_ANSWER for none, with what people said, and the platform's category.

    Where people answered differently to the photos of a product, it needs a review.
    """
    by = (answer.decided_by or MODEL) if answer.label else None
    label, decided_by = answer.label, by
    if len(by_people) > 1:
        answer = replace(answer, decision=REVIEW, reason=CONTRADICTING)
    elif by_people:
        label, decided_by = min(by_people) or None, PERSON
    return replace(
        answer,
        label=label,
        also=() if decided_by == PERSON else answer.also,
        predicted=answer.label,
        predicted_by=by,
        decided_by=decided_by,
        category=categories.get(label or "", (None, None)),
    )


def agreed(labels: Iterable[str | None]) -> set[str]:
    """What people say of a product by what they say of its photos: one label where they agree.

    Args:
        labels: of each photo; LEFT_OUT where a person left it out, None without an answer.
    """
    given = set(labels)
    return {label for label in given if label} or ({LEFT_OUT} if given == {LEFT_OUT} else set())


def _colours(answer: HeadAnswer) -> Sequence[str]:
    """What a feed sends of a product: a person's colour, the list's, or what the photos surely show."""
    if answer.decided_by != PERSON and answer.fed:
        return answer.fed[:MOST_COLOURS]
    is_sure = answer.decided_by == PERSON or answer.decision == ACCEPT
    if answer.label is None or answer.label == NONE or not is_sure:
        return ()
    return [answer.label, *answer.also][:MOST_COLOURS]


def _doubt(row: Row, head: str, after: HeadAnswer, of_photos: Sequence[Mapping[str, str]]) -> str | None:
    """Why a sheet asks about a row that no person answered; None where it need not.

    Pictures of a product are asked about with it. Tables do not say why an attribute of a picture needs a
    review.
    """
    if after.predicted is None or (row.product and not row.photos):
        return None
    photos = zip(row.photos or (row,), of_photos, strict=True)
    labels = {labels_of_photo.get(head) for photo, labels_of_photo in photos if photo.sha256}
    if len(agreed(labels)) > 1:
        return CONTRADICTING
    if None not in labels or after.reason is None:
        return None
    return after.reason if head == LABEL or row.photos else REVIEW
