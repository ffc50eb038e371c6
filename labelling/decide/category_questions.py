"""Find the categories that a person should explain, as in "What do you mean by *Gömlek*?".

A category is a path of levels, such as "Giyim > Üst > Gömlek" (Turkish: clothing, upper body, shirt). A shop
uses few words for its categories, so one answer helps many products. Two sorts of levels are asked about, if
the shop has not explained them yet:

- the last level of a category, if no word of its path names a garment in any language, and products in it
  need a person. A level that names customers alone ("Men") is not asked about;
- the level whose known word is read ("Bluza"), if the photos of several products deny it. Such a word often
  means something else in this shop.

The levels with the most such products come first.
"""

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from inference.contract import LABEL
from inference.reasons import Reason
from inference.words.customers import names_only_customers_in_any_language
from inference.words.kinds import KIND
from labelling.decide.product_titles import find_parent_folder
from labelling.lists.categories import CategoryPath, make_level_key
from labelling.lists.list_meaning import ListReader
from labelling.rows import HeadDecision, PhotoRecord, TableRow

MAX_CATEGORY_QUESTIONS: Final = 25
"""Largest number of questions about categories on one review sheet. One shop needed 22 for three
catalogues."""

MIN_PRODUCTS_IF_UNREADABLE: Final = 2
"""Smallest number of doubtful products from which a category is asked about, for a list whose titles are in a
language that Wardrobe cannot read."""

MAX_PRODUCTS_OF_SMALL_CATEGORY: Final = 3
"""Largest number of products in a category that is asked about although only one of them needs a person. In a
larger category the other products explain it, so the card of the one product is quicker to answer."""

MIN_PRODUCTS_IF_READABLE: Final = 3
"""Smallest number of doubtful products from which a category is asked about, for a list whose titles can be
read. It is higher, because the titles decide most products already."""

MIN_PRODUCTS_IF_KNOWN: Final = 3
"""Smallest number of products whose photo contradicts the known word of their category (`Bluza`), from which
the shop is asked what it means by this word."""

MAX_PHOTOS_PER_QUESTION: Final = 4
"""Largest number of photos on the card of a question about a category."""

MAX_BRANCHES_PER_QUESTION: Final = 3
"""Largest number of branches of the category tree that the card of a question names."""


@dataclass
class CategoryQuestion:
    """A question to a shop: which kinds of garments does it mean by a word of its category column?

    The rows of a table are counted one by one, and the question is asked if enough of them need a person.

    Attributes:
        category: the word, which is one level of a category path, in its first spelling in the list.
        is_known: whether the word is known as one for a garment.
        branches: the levels above the word, such as "Giyim > Üst", for each branch of the category tree in
            which the word occurs; at most MAX_BRANCHES_PER_QUESTION. They are keys, without values.
        product_count: the number of products in the category, or of pictures in a table without products.
        row_numbers: the products in the category that need a person, by the position of their first photos in
            the source.
        products_by_kind: the number of products without an accepted kind, for each kind that the model sees
            on the photos.
        photos_by_kind: a photo for each of these kinds; at most MAX_PHOTOS_PER_QUESTION.
    """

    category: str
    is_known: bool = False
    branches: dict[str, None] = field(default_factory=dict)
    product_count: int = 0
    row_numbers: "array[int]" = field(default_factory=lambda: array("q"))
    products_by_kind: Counter[str] = field(default_factory=Counter)
    photos_by_kind: dict[str, PhotoRecord] = field(default_factory=dict)


class CategoryQuestions:
    """A collector of questions about categories, which counts the rows of a table while they are written."""

    def __init__(self, reader: ListReader) -> None:
        """Create a collector without rows.

        Args:
            reader: the reader of the list's categories, with the words that the shop has explained already.
        """
        self._reader = reader
        self._is_readable = reader.list_words.is_readable
        self._min_rows = MIN_PRODUCTS_IF_READABLE if self._is_readable else MIN_PRODUCTS_IF_UNREADABLE
        self._questions: dict[str, CategoryQuestion] = {}

    def add_rows(self, rows: Iterable[TableRow]) -> None:
        """Count some rows for each of their categories that the shop has not explained yet."""
        for row in rows:
            self.add_row(row)

    def add_row(self, row: TableRow) -> None:
        """Count one row for each of its categories that the shop has not explained yet.

        Args:
            row: the decided row of a product, or of a picture without a product.
        """
        record = row.record
        for path in self._reader.find_category_paths(record.cells, find_parent_folder(record.photos[0].path)):
            if not self._reader.is_category_explained(path):
                self._add_to_level(path, row, is_known=False)
            elif known_level := self._reader.find_known_level(path):
                self._add_to_level(path[: path.index(known_level) + 1], row, is_known=True)

    def _add_to_level(self, path: CategoryPath, row: TableRow, *, is_known: bool) -> None:
        """Count a row for the question about the last level of a path."""
        question = self._questions.setdefault(make_level_key(path[-1]), CategoryQuestion(path[-1], is_known))
        if len(question.branches) < MAX_BRANCHES_PER_QUESTION and path[:-1]:
            question.branches[" > ".join(path[:-1])] = None
        question.product_count += 1
        if _needs_person(row.class_decision, is_known=question.is_known):
            question.row_numbers.append(row.record.number)
        head = KIND if KIND in row.record.answers else LABEL
        if answer := row.record.answers.get(head):
            question.products_by_kind[answer.label] += not row.find_decision(head).is_settled
            photos = question.photos_by_kind
            if answer.label not in photos and len(photos) < MAX_PHOTOS_PER_QUESTION:
                # One photo can be read, because the record has an answer.
                photos[answer.label] = next(photo for photo in row.record.photos if photo.sha256)

    def make_questions(self) -> list[CategoryQuestion]:
        """Return up to MAX_CATEGORY_QUESTIONS questions about the categories of the rows that were counted.

        Categories with the most products that need a person come first. Categories with too few of such
        products are left out (MIN_PRODUCTS_IF_READABLE, MIN_PRODUCTS_IF_UNREADABLE, MIN_PRODUCTS_IF_KNOWN),
        because the cards of these products are quicker to answer than a question about the category.
        """
        asked = [question for question in self._questions.values() if self._is_asked(question)]
        asked.sort(key=lambda question: len(question.row_numbers), reverse=True)
        return asked[:MAX_CATEGORY_QUESTIONS]

    def _is_asked(self, question: CategoryQuestion) -> bool:
        """Return whether so many products need a person that a question about their category saves work."""
        count = len(question.row_numbers)
        if question.is_known:
            return count >= MIN_PRODUCTS_IF_KNOWN
        # A category of one product would be asked about twice: here, and on the card of the product.
        is_small = 1 < question.product_count <= MAX_PRODUCTS_OF_SMALL_CATEGORY
        if count < self._min_rows and (self._is_readable or not is_small or not count):
            return False
        # "Men" says nothing about the garment, so an answer about it would help no product.
        return not names_only_customers_in_any_language(question.category)

    def count_questions(self) -> dict[str, int]:
        """Return how many questions there are, and how many doubtful rows: {"categories": 3, "rows": 41}.

        A row that is in two categories is counted once.
        """
        questions = self.make_questions()
        rows = {row for question in questions for row in question.row_numbers}
        return {"categories": len(questions), "rows": len(rows)}


def _needs_person(decision: HeadDecision, *, is_known: bool) -> bool:
    """Return whether a product is doubtful in a way that the meaning of its category may settle.

    Args:
        decision: the decision about its class.
        is_known: whether the word of the category is known. Then it is asked about only if photos contradict
            it.
    """
    is_doubtful = decision.answer is not None and not decision.is_settled
    return is_doubtful and (not is_known or decision.reason == Reason.TITLE_CONFLICT)
