"""Choose the questions of a review sheet from the decided rows of a table, which are read once."""

from labelling.decide.category_questions import CategoryQuestion
from labelling.decide.decisions import RunDecisions
from labelling.review.questions import HeadQuestions, SheetSettings
from labelling.review.settled_rows import SettledRows
from labelling.rows import TableRow


class SheetRows:
    """A collector of the rows that a review sheet asks about, or shows as settled.

    Attributes:
        choices: the questions about the class and each attribute, in the order of the heads of the settings.
        settled_rows: the rows that people answered or that are accepted.
    """

    def __init__(self, decisions: RunDecisions, sheet_settings: SheetSettings) -> None:
        """Create a collector without rows.

        Args:
            decisions: the decisions of the run, whose answers of people are all stored.
            sheet_settings: the settings of the page.
        """
        self.choices = [
            HeadQuestions(head, sheet_settings, decisions.settings.version) for head in sheet_settings.heads
        ]
        self.settled_rows = SettledRows(
            decisions.journal.read_human_answers(), sheet_settings, decisions.context
        )
        self._category_questions = decisions.start_category_questions()

    def add_row(self, row: TableRow) -> None:
        """Read the row of a product, or of a picture that belongs to none."""
        if self._category_questions:
            self._category_questions.add_row(row)
        self.settled_rows.add_row(row)
        for choice in self.choices:
            choice.add_row(row)

    def make_category_questions(self) -> list[CategoryQuestion]:
        """Return the questions about categories of the shop; none if answers would change no decision."""
        return self._category_questions.make_questions() if self._category_questions else []
