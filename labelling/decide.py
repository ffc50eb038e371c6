"""Decide what tables, sheets, feeds and folders show, row by row, as the rows are read.

What the model answered is held against the list's words and against photos of two products (title_check.py);
photos answer for their product (products.py); people's answers come last. Nothing of it is kept: of the same
journal the same is decided again.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import Final, TypeAlias

from inference.contract import LABEL
from inference.title_rule import LIST, NONE
from inference.words import KIND, label_kinds, language_of
from labelling.colours import ByList, colour_by_list, own_colours
from labelling.journal import Journal
from labelling.listing import answered, answered_groups, answered_of
from labelling.products import as_fed, row_of_product
from labelling.row import (
    ACCEPT,
    LEFT_OUT,
    MODEL,
    NO_ANSWER,
    PERSON,
    REVIEW,
    Category,
    HeadAnswer,
    Row,
    TableOf,
)
from labelling.title_check import ListCheck, list_check, mean_over
from labelling.titles import ListWords, words_in
from reports.products import COLOURS, CONTRADICTING

MOST_COLOURS: Final = 3
"""Of a product that a feed has: Google takes no more."""

NO_PHOTO: Final = "no photo"
"""The reason of a product of which no photo can be read."""

HumanAnswers: TypeAlias = Mapping[tuple[str, str], Mapping[str, str]]
"""The label that people gave, by head, by what that holds for: a sha256 and no product, or no sha256 and a
product."""

_UNDER_SEVERAL: Final = """
SELECT sha256, json_group_array(DISTINCT product) FROM current JOIN photos USING (path, stamp)
WHERE product <> '' AND error = '' GROUP BY sha256 HAVING count(DISTINCT product) > 1
"""

_ANSWERS: Final = """
SELECT sha256, '', attribute, label, at FROM answers WHERE product = ''
UNION ALL
SELECT '', product, attribute, label, max(at) FROM answers
WHERE product <> ''
AND (product, sha256) IN (SELECT product, sha256 FROM current JOIN photos USING (path, stamp))
GROUP BY product, attribute
"""
"""An answer to a product holds where the photo that it carries is one of it; of several the latest."""

HOLDING_NO_MORE: Final = """
SELECT count(*) FROM answers WHERE product <> ''
AND (product, sha256) NOT IN (SELECT product, sha256 FROM current JOIN photos USING (path, stamp))
"""
"""Answers to products of which the photo that they carry is none."""


class Decisions:
    """What is decided of the rows of a journal's current listing, with the answers that people gave by now.

    Make one when all answers are in, and hand it to all that shows rows.
    """

    def __init__(self, journal: Journal) -> None:
        """Nothing is read yet."""
        self.journal = journal

    @cached_property
    def run(self) -> TableOf:
        """What the rows are of."""
        return replace(self.journal.run, list_words=self.words)

    @cached_property
    def words(self) -> ListWords:
        """How the words of the list are read: as the journal says, or as its rows show."""
        run = self.journal.run
        if run.list_words is not None:
            return run.list_words
        renamed = [name for name, in_table in run.further.items() if in_table != name]
        others = {*renamed, *run.attributes, run.by.column if run.by else ""}
        return words_in(tuple(run.further), self._columns, run.words, run.title, others)

    def _columns(self, columns: Sequence[str]) -> Iterator[dict[str, str]]:
        return (cells for _, cells in self._cells(columns))

    @cached_property
    def answers(self) -> HumanAnswers:
        """What people said that holds for pictures, and for products of the current listing."""
        labels: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        for sha256, product, head, label, _ in self.journal.query(_ANSWERS):
            labels[sha256, product][head or LABEL] = label
        return dict(labels)

    @cached_property
    def shared(self) -> Mapping[str, frozenset[str]]:
        """The products under which a photo lies, by its sha256, where there are several."""
        with self.journal.errors_named():
            return {
                sha256: frozenset(json.loads(names)) for sha256, names in self.journal.query(_UNDER_SEVERAL)
            }

    @cached_property
    def _check(self) -> ListCheck:
        """What the answers to pictures are held against."""
        listed = self._cells(self.words.columns) if self.run.by and self.words.is_read else ()
        doubtful = {product for products in self.shared.values() for product in products}
        photos = answered_of(self.journal, doubtful) if doubtful else ()
        return list_check(self.words, self.run, listed, photos, self.shared)

    def _cells(self, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
        """The product of each row and its cells in some columns of the list, in the order of the source."""
        places = [list(self.journal.run.further).index(name) for name in columns]
        cells = "".join(f", json_extract(cells, '$[{place}]')" for place in places)
        query = f"SELECT product{cells} FROM current ORDER BY number"  # noqa: S608 - numbers of ours
        for product, *texts in self.journal.query(query):
            yield product, dict(zip(columns, texts, strict=True))

    def photos(self) -> Iterator[Row]:
        """The rows of the table of photos, in the order of the source."""
        return map(self.photo, answered(self.journal))

    def products(self) -> Iterator[Row]:
        """The rows of the table of products, each where its first photo stands; none without products."""
        groups = answered_groups(self.journal) if self.run.by else ()
        return (self._product(photos) for photos in groups if photos[0].product)

    def asked(self) -> Iterator[Row]:
        """What a person may be asked about: products, and pictures of none, each where its first photo is."""
        for photos in answered_groups(self.journal):
            yield self._product(photos) if photos[0].product else self.photo(photos[0])

    def photo(self, photo: Row) -> Row:
        """The row of a picture, which the model answered."""
        by_list = self._colour_by_list(photo)
        return self._with_people(self._with_colour(self.held(photo), photo, by_list))

    def held(self, row: Row) -> Row:
        """A row held against its list, before people's answers come in."""
        return self._check.checked(row)

    def _product(self, photos: Sequence[Row]) -> Row:
        """The row of a product, with its photos as the model answered them."""
        product, head = row_of_product(photos, self.run), self.colour
        held, by_list = self.held(product), self._colour_by_list(product)
        fed = as_fed(product, head, self.run.by) if self.run.by else product
        likely = (held if fed is product else self.held(fed)).heads.get(head, NO_ANSWER)
        likely = replace(likely, fed=by_list.text if by_list else ())
        return self._with_people(self._with_colour(held, product, by_list), likely)

    def _with_colour(self, held: Row, row: Row, by_list: ByList | None) -> Row:
        """A row with the colour of its list, where the release has a label for it; denied, it is looked at.

        Args:
            held: against the list.
            row: the same before.
            by_list: the colour that the list says.
        """
        if by_list is None or not by_list.labels:
            return held
        head, (label, *also) = self.colour, by_list.labels
        answer = replace(
            row.heads[head],
            label=label,
            also=tuple(also),
            confidence=self._shares(row, head)[label],
            decision=REVIEW if by_list.is_denied else ACCEPT,
            reason=LIST if by_list.is_denied else None,
            decided_by=LIST,
            suggested=row.heads[head].label,
        )
        return replace(held, heads={**held.heads, head: answer})

    @cached_property
    def colour(self) -> str:
        """See `colour_of`."""
        return colour_of(self.run.attributes)

    def _colour_by_list(self, row: Row) -> ByList | None:
        """What the list says about the colour of a row; None where the photos alone answer."""
        head, words = self.colour, self.words
        if head not in row.heads:
            return None
        title = words.title(row.further) if words.is_read else ""
        own = own_colours(row.further, [photo.further for photo in row.photos])
        return colour_by_list(own, title, words.language, self._shares(row, head))

    def _shares(self, row: Row, head: str) -> dict[str, float]:
        """What all photos of a row give to each label."""
        return dict(zip(self.run.heads[head], mean_over(row, head), strict=True))

    def _with_people(self, row: Row, fed: HeadAnswer = NO_ANSWER) -> Row:
        """A row with people's answers and the platform's categories; the class always has an answer.

        Args:
            row: held against the list.
            fed: the colour of a feed, of a product, with what is likely accepted.
        """
        of_photos = [self.answers.get((photo.sha256, ""), {}) for photo in row.photos or (row,)]
        of_product = self.answers.get(("", row.product), {}) if row.product else {}
        heads = dict[str, HeadAnswer]()
        for head in dict.fromkeys([LABEL, *row.heads, *of_product, *chain.from_iterable(of_photos)]):
            answer = row.heads.get(head, HeadAnswer(reason=NO_PHOTO) if row.photos else NO_ANSWER)
            by_people = {of_product[head]} if head in of_product else agreed(of.get(head) for of in of_photos)
            after = with_people(answer, by_people, self.run.categories.get(head, {}))
            admits = self._check.admits(head, answer, row.listed)
            is_fed = bool(row.photos) and head == self.colour
            heads[head] = replace(
                after,
                fed=tuple(_colours(with_people(fed, by_people, {}))) if is_fed else (),
                admits=admits,
                suggested=after.suggested if admits is False else None,
                doubt=None if head in of_product else _doubt(row, head, after, of_photos),
            )
        if heads[LABEL].decided_by == PERSON and KIND in heads and heads[KIND].decided_by != PERSON:
            heads[KIND] = self._kind_of_class(heads[LABEL].label, heads[KIND])
        return replace(row, heads=heads)

    def _kind_of_class(self, label: str | None, kind: HeadAnswer) -> HeadAnswer:
        """The kind of a row whose class a person gave: that of the class, or what does not contradict it."""
        kinds, is_accepted = self._kinds.get(label or "", frozenset()), kind.decision == ACCEPT
        if label == NONE:
            fits = not is_accepted or kind.label not in frozenset().union(*self._kinds.values())
        else:
            fits = not kinds or (is_accepted and kind.label in kinds)
        if len(kinds) == 1 and kinds <= {*self.run.heads[KIND]}:
            return replace(with_people(kind, {*kinds}, self.run.categories.get(KIND, {})), doubt=None)
        return kind if fits else replace(kind, decision=REVIEW, reason=CONTRADICTING)

    @cached_property
    def _kinds(self) -> Mapping[str, frozenset[str]]:
        """The kinds that each class may be."""
        labels = self.run.heads[LABEL]
        return label_kinds(labels, language_of(labels))


def colour_of(attributes: Iterable[str]) -> str:
    """The attribute that a feed has; empty where a release answers none."""
    return next((head for head in COLOURS if head in attributes), "")


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
