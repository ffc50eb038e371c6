"""Find words of a category column that people contradict, such as `Bluza`: read as a shirt, a sweater here.

If people answered a few products of a category, and each time against the kinds of its word, other products
that were accepted with the help of this word are probably wrong, too. The summary then names the category.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from inference.contract import LABEL
from inference.reasons import DecidedBy
from inference.words.kinds import KIND, sort_kinds
from labelling.decide.product_titles import find_parent_folder
from labelling.decide.row_decision import DecisionContext
from labelling.lists.categories import make_level_key
from labelling.lists.row_words import NO_TITLE_WORDS
from labelling.rows import TableRow

MIN_ANSWERS: Final = 3
"""Smallest number of answered products from which a category is named. One or two may be exceptions."""


@dataclass
class _Category:
    """The facts about one category, from the rows that were counted so far.

    Attributes:
        level: the word of the category, as the list has it.
        kinds: the kinds of garments as which the word is read.
        answer_count: the number of rows that people answered.
        denial_count: the number of these answers that contradict the word.
        accepted_count: the number of rows that were accepted with the help of the list.
    """

    level: str
    kinds: frozenset[str]
    answer_count: int = 0
    denial_count: int = 0
    accepted_count: int = 0


class ContradictedCategories:
    """A collector of people's answers for each category whose word is known, as `Bluza`: shirt."""

    def __init__(self, context: DecisionContext) -> None:
        """Create a collector without rows.

        Args:
            context: the facts about the whole table.
        """
        self._context = context
        self._categories = dict[str, _Category]()

    def add_rows(self, rows: Iterable[TableRow]) -> None:
        """Count the decided rows of products, or of pictures in a table without products."""
        for row in rows:
            is_answered = any(decision.decided_by == DecidedBy.PERSON for decision in row.decisions.values())
            is_by_list = row.class_decision.is_accepted and row.class_decision.decided_by == DecidedBy.LIST
            if is_answered or is_by_list:
                self._add_row(row)

    def _add_row(self, row: TableRow) -> None:
        reader = self._context.titles.list_reader
        folder = find_parent_folder(row.record.photos[0].path)
        words = reader.read_row_words(row.record.cells, folder, NO_TITLE_WORDS).category
        if not words.kinds or words.is_confirmed:
            return  # a person explained the category, and means it so
        for path in reader.find_category_paths(row.record.cells, folder):
            if level := reader.find_known_level(path):
                category = self._categories.setdefault(make_level_key(level), _Category(level, words.kinds))
                self._count_row(row, category)

    def _count_row(self, row: TableRow, category: _Category) -> None:
        for head in (KIND, LABEL):
            decision = row.find_decision(head)
            if decision.decided_by != DecidedBy.PERSON:
                continue
            is_allowed = self._context.titles.is_label_allowed(head, decision.label, category.kinds)
            if is_allowed is not None:
                category.answer_count += 1
                if not is_allowed:
                    category.denial_count += 1
                return
        if row.class_decision.decided_by == DecidedBy.LIST:
            category.accepted_count += 1

    def describe(self) -> list[str]:
        """Return a sentence for each category whose word is probably misread.

        An example is a category "Tops" that is read as tops, of which people answered three products, and
        all as dresses.
        """
        denied_categories = [
            category
            for category in self._categories.values()
            if category.denial_count == category.answer_count >= MIN_ANSWERS
        ]
        rows_name = "products" if self._context.settings.by else "pictures"
        return [
            f"People answered {category.answer_count:,} {rows_name} of `{category.level}`, and none as "
            f"{' or '.join(sort_kinds(category.kinds))}, as the word is read. {category.accepted_count:,} "
            f"accepted {rows_name} rest on it. Say what you mean by the word in a file of --words."
            for category in denied_categories
        ]
