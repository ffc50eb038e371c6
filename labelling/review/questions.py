"""What a review sheet asks of each picture, or each product: one question for the class and each attribute.

A product is asked about once, whatever the number of its photos. Pure, but for the rows that are read.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import Final, NamedTuple

from inference.title_rule import LIST
from labelling.decide import Decisions
from labelling.listing import answered_of
from labelling.row import PERSON, Row
from reports.products import UNFAMILIAR

SHOWN: Final = 6
"""Photos of a product on its card."""


class SheetQuestion(NamedTuple):
    """A question that a sheet may ask: of a row what its order and its card need.

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
        fed: the colours that a feed sends; empty for none.
        doubt: why a card asks about it; None where it need not.
        familiarity: of a picture.
        is_answered: a person gave the label.
        listed: the kinds that the words of the list admit.
    """

    path: str
    predicted: str
    reason: str | None
    confidence: float | None
    number: int
    product: str
    by: str
    admits: bool | None
    suggested: str | None
    fed: tuple[str, ...]
    doubt: str | None
    familiarity: float | None
    is_answered: bool
    listed: frozenset[str]


class Picture(NamedTuple):
    """A photo on a card: its path in the table, and the sha256 of its bytes."""

    path: str
    sha256: str


class Case(NamedTuple):
    """A question with what its card shows.

    Attributes:
        photos: that could be read, the first one under no other product, where there is one; see `_in_order`.
        title: of the product, as its list has it; empty for a picture.
    """

    question: SheetQuestion
    photos: list[Picture]
    title: str


def questions(decisions: Decisions, heads: Iterable[str]) -> dict[str, list[SheetQuestion]]:
    """All questions about what some heads answered, products first, in one pass over the rows."""
    of_heads: dict[str, list[SheetQuestion]] = {head: [] for head in heads}
    for row in decisions.asked():
        for head, of_head in of_heads.items():
            of_head.extend(_of_row(row, head))
    for of_head in of_heads.values():
        of_head.sort(key=lambda question: (not question.product, question.number))
    return of_heads


def _of_row(row: Row, head: str) -> Iterator[SheetQuestion]:
    answer = row.heads.get(head)
    if answer is not None and answer.predicted is not None:
        yield SheetQuestion(
            path=row.path,
            predicted=answer.predicted,
            reason=answer.reason,
            confidence=answer.confidence,
            number=row.number,
            product=row.product,
            by=answer.predicted_by or "",
            admits=answer.admits,
            suggested=answer.suggested,
            fed=answer.fed,
            doubt=answer.doubt,
            familiarity=row.familiarity,
            is_answered=answer.decided_by == PERSON,
            listed=row.listed,
        )


def doubtful(
    of_head: Iterable[SheetQuestion], limit: int, *, is_fed_asked: bool = True
) -> list[SheetQuestion]:
    """The first rows that no person answered and that need a review, or whose photos people contradict.

    What the list contradicts comes first, then what is unfamiliar. Within each, the measure that decided is
    compared first, the other one on ties, then the order of the table.

    Args:
        of_head: all of one head.
        limit: the most questions.
        is_fed_asked: whether products that a feed takes are asked about, too.
    """
    wanted = (
        question._replace(reason=question.doubt)
        for question in of_head
        if question.doubt is not None and (is_fed_asked or not question.fed or question.doubt == LIST)
    )
    return sorted(wanted, key=_order)[:limit]


def _order(question: SheetQuestion) -> tuple[object, ...]:
    first, second = question.confidence, question.familiarity  # a product has none of its own
    if question.doubt == UNFAMILIAR and not question.product and second is not None:
        first, second = second, first
    of_doubt = {LIST: 0, UNFAMILIAR: 1}.get(question.doubt or "", 2)
    measures = ((measure is not None, measure or 0.0) for measure in (first, second))
    return of_doubt, *measures, not question.product, question.number


def fed(of_head: Iterable[SheetQuestion], limit: int) -> list[SheetQuestion]:
    """The first products whose colour a feed took, and that no person answered, in the order of the table."""
    wanted = (of for of in of_head if of.fed and not of.is_answered and of.doubt != LIST)
    return sorted(wanted, key=lambda question: question.number)[:limit]


def cases(decisions: Decisions, some: Sequence[SheetQuestion]) -> list[Case]:
    """What the cards of some questions show."""
    products = {question.product for question in some if question.product}
    numbers = {question.number for question in some if not question.product}
    photos = defaultdict[str | int, list[Row]](list)
    for photo in answered_of(decisions.journal, products, numbers):
        photos[photo.product or photo.number].append(photo)
    of_questions = [(question, photos[question.product or question.number]) for question in some]
    return [_case(question, photos, decisions) for question, photos in of_questions]


def _case(question: SheetQuestion, photos: list[Row], decisions: Decisions) -> Case:
    titles = (decisions.words.title(photo.further) for photo in photos if question.product)
    shown = _in_order([decisions.held(photo) for photo in photos], decisions.shared.keys())
    return Case(question, shown, next(filter(None, titles), ""))


def _in_order(photos: list[Row], shared: Set[str]) -> list[Picture]:
    """Photos that could be read: familiar ones first, and before all one that shows this product alone.

    What people answer to a product is kept with its first photo, and holds where that is one of it.
    """
    ordered = list({photo.path: photo for photo in sorted(photos, key=_place) if photo.sha256}.values())
    own = next((photo for photo in ordered if photo.sha256 not in shared and _place(photo) < 2), None)
    ordered = [own, *(photo for photo in ordered if photo is not own)] if own else ordered
    return [Picture(photo.path, photo.sha256) for photo in ordered]


def _place(photo: Row) -> int:
    """Familiar photos come before others, and these before those without an answer."""
    return 2 if photo.label.label is None else int(photo.label.reason == UNFAMILIAR)
