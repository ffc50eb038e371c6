"""Decide what tables, sheets, feeds and folders show: one way for a photo and for a product.

`decide` is the way, from the top: photos answer, the list's words are heard, people have the last word. It is
pure, and each step has a file: products.py, by_title.py, shared_photos.py, colours.py, by_people.py.
`Decisions` reads rows from a journal and hands them through. Nothing of it is kept: of the same journal the
same is decided again.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from inference.contract import LABEL
from inference.title_rule import LIST, NONE, Listed
from inference.words import KIND, label_kinds, language_of
from labelling.by_people import People, carry_class_to_kind, decision, doubt
from labelling.by_title import Titles, answer_with_photo, denied, titles_of, with_photo
from labelling.colours import ByList, colour_by_list, own_colours
from labelling.journal import Journal
from labelling.listing import answered, answered_groups, answered_of
from labelling.products import is_likely, product_of
from labelling.row import NO_DECISION, PERSON, Answer, Answers, Decision, Photo, Product, Row, Subject
from labelling.shared_photos import SHARED, SharedPhotos, shared_photos
from labelling.table_of import TableOf
from labelling.titles import ListWords, words_in
from reports.products import COLOURS, CONTRADICTING

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
    by_list = listed_colour(subject, known)
    answers = beside_list(subject, known)
    likely = likely_colour(subject, answers, known)
    if by_list and by_list.labels:
        shares = known.titles.shares(subject, known.colour)
        answers[known.colour] = by_list.answer(subject.answers[known.colour], shares)
    decisions = by_people(subject, answers, known)
    is_fed = isinstance(subject, Product)
    return Row(
        subject=subject,
        decisions=decisions,
        listed=known.titles.kinds(subject),
        colours=fed_colours(decisions.get(known.colour, NO_DECISION), by_list, likely) if is_fed else (),
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
            beside[head] = replace(answer, reason=SHARED)
        else:
            beside[head] = answer
    return beside


def why_doubted(subject: Subject, together: Listed, shared: SharedPhotos) -> str | None:
    """Why a person has to look at what words and photos say together; None where they are believed."""
    if together.reason:
        return together.reason
    if together.decided_by == LIST:
        is_shown = shared.admit(subject, together.kind)
    else:
        head = LABEL if subject.answers[LABEL].is_accepted else KIND
        is_shown = shared.prove(subject, head, subject.answers[head].label)
    return None if is_shown else SHARED


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
        return replace(answer, reason=None if is_shown else SHARED)
    return beside.get(head)


def by_people(subject: Subject, answers: Answers, known: Known) -> dict[str, Decision]:
    """What the table says of each head, and why a sheet asks; the class always has a decision."""
    said, categories = known.people.said(subject), known.table.categories
    listed, decisions = known.titles.kinds(subject), dict[str, Decision]()
    for head in dict.fromkeys([LABEL, *answers, *said.heads]):
        answer, of_head = answers.get(head), categories.get(head, {})
        decided = decision(answer, said.labels(head), of_head, is_product=isinstance(subject, Product))
        admits = known.titles.admits(head, answer.label, listed) if answer else None
        is_denied = answer is not None and answer.reason == LIST
        of_sheet = doubt(subject, head, decided, said)
        decisions[head] = replace(decided, admits=False if is_denied else admits, doubt=of_sheet)
    names = known.table.heads.get(KIND, ())
    carry_class_to_kind(decisions, known.kinds, names, categories.get(KIND, {}))
    return decisions


def fed_colours(decided: Decision, by_list: ByList | None, likely: Answer | None) -> tuple[str, ...]:
    """What a feed sends: a person's colour, the list's own words, or what the photos surely show."""
    if decided.by == PERSON:
        return (decided.label,) if decided.label and decided.label != NONE else ()
    if by_list and by_list.text:
        return by_list.text[:MOST_COLOURS]
    if likely is None or not likely.is_accepted or likely.label == NONE or decided.reason == CONTRADICTING:
        return ()
    return (likely.label, *likely.also)[:MOST_COLOURS]


def colour_of(attributes: Iterable[str]) -> str:
    """The attribute that a feed has; empty where a release answers none."""
    return next((head for head in COLOURS if head in attributes), "")


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

    def photos(self) -> Iterator[Row]:
        """The rows of the table of photos, in the order of the source."""
        return (decide(photo, self.known) for photo in answered(self.journal))

    def products(self) -> Iterator[Row]:
        """The rows of the table of products, each where its first photo stands; none without products."""
        groups = answered_groups(self.journal) if self.run.by else ()
        return (self._of_group(photos) for photos in groups if photos[0].product)

    def asked(self) -> Iterator[Row]:
        """What a person may be asked about: products, and pictures of none, each where its first photo is."""
        return map(self._of_group, answered_groups(self.journal))

    def _of_group(self, photos: Sequence[Photo]) -> Row:
        subject = product_of(photos, self.run) if photos[0].product else photos[0]
        return decide(subject, self.known)

    def beside_list(self, photo: Photo) -> Answers:
        """The answers to a photo before people."""
        return beside_list(photo, self.known)

    @cached_property
    def known(self) -> Known:
        """What decides about rows beside the rows themselves."""
        journal, titles, products = self.journal, self._titles, self._under_several
        doubtful = {product for names in products.values() for product in names}
        photos = answered_of(journal, doubtful) if doubtful else ()
        shared = shared_photos(products, photos, titles)
        return Known(table=self.run, titles=titles, shared=shared, people=self._people)

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

    @property
    def _titles(self) -> Titles:
        is_read = self.run.by and self.words.is_read
        return titles_of(self.run, self.words, self._cells(self.words.columns) if is_read else ())

    @property
    def _people(self) -> People:
        """What people said that holds for pictures, and for products of the current listing."""
        labels: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        for sha256, product, head, label, _ in self.journal.query(_ANSWERS):
            labels[sha256, product][head or LABEL] = label
        return People(dict(labels))

    @property
    def _under_several(self) -> Mapping[str, frozenset[str]]:
        """The products under which a photo lies, by its sha256, where there are several."""
        with self.journal.errors_named():
            rows = self.journal.query(_UNDER_SEVERAL)
            return {sha256: frozenset(json.loads(names)) for sha256, names in rows}

    def _columns(self, columns: Sequence[str]) -> Iterator[dict[str, str]]:
        return (cells for _, cells in self._cells(columns))

    def _cells(self, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
        """The product of each row and its cells in some columns of the list, in the order of the source."""
        places = [list(self.journal.run.further).index(name) for name in columns]
        cells = "".join(f", json_extract(cells, '$[{place}]')" for place in places)
        query = f"SELECT product{cells} FROM current ORDER BY number"  # noqa: S608 - numbers of ours
        for product, *texts in self.journal.query(query):
            yield product, dict(zip(columns, texts, strict=True))
