"""What a review sheet asks of each picture, or each product: one question for the class and each attribute.

A product is asked about once, whatever the number of its photos. Reads what was decided of a table.
"""

import json
from collections.abc import Iterator, Sequence, Set
from typing import Final, NamedTuple

from inference.listed import LIST
from labelling.journal import Journal
from labelling.list_words import word_columns
from labelling.row import Row
from labelling.rows import pictures
from reports.products import UNFAMILIAR

SHOWN: Final = 6
"""Photos of a product on its card."""


class SheetQuestion(NamedTuple):
    """A question that a sheet may ask.

    Attributes:
        path: of the picture, or the product's name.
        predicted: the label before people answered.
        reason: of a review; None where the answer is accepted.
        confidence: of the model.
        number: the picture's place in the source; of a product that of its first photo.
        product: empty for a picture.
        by: who decided the label: `model`, or `list`.
        admits: whether the list's words admit the label; None where one of the two says nothing of a kind.
        suggested: the likeliest label that they admit, of a colour what the photos show; None for none.
        fed: what a feed sends, as JSON; None for nothing.
    """

    path: str
    predicted: str
    reason: str | None
    confidence: float
    number: int
    product: str
    by: str
    admits: int | None
    suggested: str | None
    fed: str | None = None


class Case(NamedTuple):
    """A question with what its card shows.

    Attributes:
        photos: that could be read, the first one under no other product, where there is one; see `_in_order`.
        title: of the product, as its list has it; empty for a picture.
        listed: the kinds that the words of the list admit.
    """

    question: SheetQuestion
    photos: list[Row]
    title: str
    listed: frozenset[str]


_QUESTIONS: Final = """
SELECT iif(decided.product = '', path, decided.product), predicted, {} AS reason, confidence, number,
    decided.product, predicted_by, admits, suggested, fed
FROM decided JOIN current USING (number) JOIN photos USING (path, stamp)
WHERE head = ? AND predicted IS NOT NULL AND (decided.product <> '' OR current.product = '')
"""

_EVERY: Final = f"{_QUESTIONS.format('reason')} ORDER BY decided.product = '', number"

_DOUBTFUL: Final = f"""
{_QUESTIONS.format("doubt")} AND doubt IS NOT NULL AND (fed IS NULL OR head <> ? OR doubt = '{LIST}')
ORDER BY CASE doubt WHEN '{LIST}' THEN 0 WHEN '{UNFAMILIAR}' THEN 1 ELSE 2 END,
         iif(doubt = '{UNFAMILIAR}' AND decided.product = '', coalesce(familiarity, confidence), confidence),
         iif(decided.product = '', iif(doubt = '{UNFAMILIAR}', confidence, familiarity), NULL),
         decided.product = '', number
LIMIT ?
"""
"""A product has no familiarity of its own."""

_FED: Final = f"""
{_QUESTIONS.format("reason")} AND fed IS NOT NULL AND decided_by <> 'person' AND doubt IS NOT '{LIST}'
ORDER BY number LIMIT ?
"""

_MEMBERS: Final = "SELECT product, number FROM current WHERE product IN (SELECT value FROM json_each(?))"

_SHARED: Final = """
SELECT sha256 FROM current JOIN photos USING (path, stamp) WHERE product <> '' AND error = ''
GROUP BY sha256 HAVING count(DISTINCT product) > 1
"""


def every(journal: Journal, head: str) -> Iterator[SheetQuestion]:
    """All questions about what a head answered, products first."""
    return map(SheetQuestion._make, journal.query(_EVERY, head))


def doubtful(journal: Journal, head: str, limit: int, feed: str = "") -> list[SheetQuestion]:
    """The first rows that no person answered and that need a review, or whose photos people contradict.

    What the list contradicts comes first, then what is unfamiliar. Within each, the measure that decided is
    compared first, the other one on ties, then the order of the table.

    Args:
        journal: of the table.
        head: that is asked for.
        limit: the most questions.
        feed: the head of a feed, of which products that it takes are not doubtful; empty for none.
    """
    return [SheetQuestion._make(cells) for cells in journal.query(_DOUBTFUL, head, feed, limit)]


def fed(journal: Journal, head: str, limit: int) -> list[SheetQuestion]:
    """The first products whose colour a feed took, and that no person answered, in the order of the table."""
    return [SheetQuestion._make(cells) for cells in journal.query(_FED, head, limit)]


def cases(journal: Journal, questions: Sequence[SheetQuestion]) -> list[Case]:
    """What the cards of some questions show."""
    members: dict[str, list[int]] = {}
    products = [question.product for question in questions if question.product]
    for product, number in journal.query(_MEMBERS, json.dumps(products)):
        members.setdefault(product, []).append(number)
    numbers = [members.get(question.product, [question.number]) for question in questions]
    rows = pictures(journal, sorted({number for of in numbers for number in of}))
    shared = {sha256 for (sha256,) in journal.query(_SHARED)}
    return [
        _case(question, [rows[number] for number in sorted(of)], shared)
        for question, of in zip(questions, numbers, strict=True)
    ]


def _case(question: SheetQuestion, photos: list[Row], shared: Set[str]) -> Case:
    titles = (word_columns(photo.further).title(photo.further) for photo in photos if question.product)
    title, listed = next(filter(None, titles), ""), photos[0].listed
    return Case(question, _in_order(photos, shared), title, listed)


def _in_order(photos: list[Row], shared: Set[str]) -> list[Row]:
    """Photos that could be read: familiar ones first, and before all one that shows this product alone.

    What people answer to a product is kept with its first photo, and holds where that is one of it.
    """
    ordered = list({photo.path: photo for photo in sorted(photos, key=_place) if photo.sha256}.values())
    own = next((photo for photo in ordered if photo.sha256 not in shared and _place(photo) < 2), None)
    return [own, *(photo for photo in ordered if photo is not own)] if own else ordered


def _place(photo: Row) -> int:
    """Familiar photos come before others, and these before those without an answer."""
    return 2 if photo.label.predicted is None else int(photo.label.reason == UNFAMILIAR)
