"""Decide what tables, sheets, feeds and folders show: one way for a photo and for a product.

`decide` is the way, from the top: photos answer, the list's words are heard, people have the last word. Each
step has a file: products.py, by_title.py, shared_photos.py, colours.py, by_people.py. Pure; decisions.py
hands the rows of a journal through.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from inference.contract import LABEL
from inference.kinds import KIND
from inference.reasons import DecidedBy, Reason
from inference.recognition import label_kinds, language_of
from inference.title_rule import NONE, Listed
from labelling.by_people import People, carry_class_to_kind, decision, doubt
from labelling.by_title import Titles, answer_with_photo, denied, with_photo
from labelling.colours import ByList, colour_by_list, own_colours
from labelling.products import is_likely
from labelling.row import NO_DECISION, Answer, Answers, Decision, Product, Row, Subject
from labelling.shared_photos import SharedPhotos
from labelling.table_of import TableOf
from reports.products import COLOURS

MOST_COLOURS: Final = 3
"""Of a product that a feed has: Google takes no more."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What decides about rows beside the rows themselves.

    Attributes:
        table: that they are of.
        titles: what the words of its list say.
        shared: its photos that lie under several products.
        people: what people said.
    """

    table: TableOf
    titles: Titles
    shared: SharedPhotos
    people: People

    @cached_property
    def colour(self) -> str:
        """See `colour_of`."""
        return colour_of(self.table.attributes)

    @cached_property
    def kinds(self) -> Mapping[str, frozenset[str]]:
        """The kinds that each class may be."""
        labels = self.table.heads[LABEL]
        return label_kinds(labels, language_of(labels))


def decide(subject: Subject, known: Known) -> Row:
    """The row of a photo, or of a product: photos answer, the list is heard, people have the last word.

    Args:
        subject: as the model answered it.
        known: of its table.
    """
    answers = beside_list(subject, known)
    by_photos, by_list = likely_colour(subject, answers, known), listed_colour(subject, known)
    if by_list and by_list.labels:
        shares = known.titles.shares(subject, known.colour)
        answers[known.colour] = by_list.answer(subject.answers[known.colour], shares)
    decisions = by_people(subject, answers, known)
    colour = decisions.get(known.colour, NO_DECISION)
    return Row(
        subject=subject,
        decisions=decisions,
        listed=known.titles.kinds(subject),
        colours=fed_colours(colour, by_list, by_photos) if isinstance(subject, Product) else (),
        is_likely=by_list is None and not colour.is_settled,
    )


def beside_list(subject: Subject, known: Known) -> dict[str, Answer]:
    """The answers to a row as the words of its list leave them, and photos that lie under two products.

    Args:
        subject: as the model answered it.
        known: of its table.
    """
    titles, beside = known.titles, dict[str, Answer]()
    together = with_photo(subject, titles)
    doubted = why_doubted(subject, together, known.shared) if together else None
    for head, answer in subject.answers.items():
        if together and head in {LABEL, KIND}:
            beside[head] = answer_with_photo(subject, head, together, doubted, titles)
        elif answer.is_accepted and titles.admits(head, answer.label, titles.kinds(subject)) is False:
            beside[head] = denied(subject, head, titles)
        elif answer.is_accepted and not known.shared.prove(subject, head, answer.label):
            beside[head] = replace(answer, reason=Reason.SHARED_PHOTO)
        else:
            beside[head] = answer
    return beside


def why_doubted(subject: Subject, together: Listed, shared: SharedPhotos) -> Reason | None:
    """Why a person has to look at what words and photos say together; None where they are believed."""
    if together.reason:
        return together.reason
    if together.decided_by == DecidedBy.LIST:
        is_shown = shared.admit(subject, together.kind)
    else:
        head = LABEL if subject.answers[LABEL].is_accepted else KIND
        is_shown = shared.prove(subject, head, subject.answers[head].label)
    return None if is_shown else Reason.SHARED_PHOTO


def listed_colour(subject: Subject, known: Known) -> ByList | None:
    """What the list says about the colour of a row; None where the photos alone answer."""
    if known.colour not in subject.answers:
        return None
    words = known.titles.words
    title = words.title(subject.cells) if words.is_read else ""
    own = own_colours(subject.cells, [photo.cells for photo in subject.photos])
    return colour_by_list(own, title, words.language, known.titles.shares(subject, known.colour))


def likely_colour(subject: Subject, beside: Answers, known: Known) -> Answer | None:
    """The colour by the photos, of a product also one that lacks nothing but the release's promise."""
    head = known.colour
    if isinstance(subject, Product) and is_likely(subject, head, known.table.by):
        answer = subject.answers[head]
        is_shown = known.shared.prove(subject, head, answer.label)
        return replace(answer, reason=None if is_shown else Reason.SHARED_PHOTO)
    return beside.get(head)


def by_people(subject: Subject, answers: Answers, known: Known) -> dict[str, Decision]:
    """What the table says of each head, and why a sheet asks; the class always has a decision."""
    said, categories = known.people.said(subject), known.table.categories
    listed, decisions = known.titles.kinds(subject), dict[str, Decision]()
    for head in dict.fromkeys([LABEL, *answers, *said.heads]):
        answer, of_head = answers.get(head), categories.get(head, {})
        decided = decision(answer, said.labels(head), of_head, is_product=isinstance(subject, Product))
        admits = known.titles.admits(head, answer.label, listed) if answer else None
        is_denied = answer is not None and answer.reason == Reason.TITLE_CONFLICT
        of_sheet = doubt(subject, head, decided, said)
        decisions[head] = replace(decided, admits=False if is_denied else admits, doubt=of_sheet)
    names = known.table.heads.get(KIND, ())
    carry_class_to_kind(decisions, known.kinds, names, categories.get(KIND, {}))
    return decisions


def fed_colours(colour: Decision, by_list: ByList | None, by_photos: Answer | None) -> tuple[str, ...]:
    """What a feed sends: a person's colour, the list's own words, or what the photos surely show."""
    if colour.by == DecidedBy.PERSON:
        return (colour.label,) if colour.label and colour.label != NONE else ()
    if by_list and by_list.text:
        return by_list.text[:MOST_COLOURS]
    if by_photos is None or not by_photos.is_accepted or by_photos.label == NONE:
        return ()
    return () if colour.reason == Reason.CONTRADICTING else (by_photos.label, *by_photos.also)[:MOST_COLOURS]


def colour_of(attributes: Iterable[str]) -> str:
    """The attribute that a feed has; empty where a release answers none."""
    return next((head for head in COLOURS if head in attributes), "")
