"""Journals of tables, filled without a model: what a source lists, and what its pictures are answered."""

from collections.abc import Mapping, Sequence

from labelling.decide.human_answers import HumanAnswers
from labelling.decide.row_decision import DecisionContext, decide_row
from labelling.decide.shared_photos import SharedPhotos
from labelling.decide.title_decision import collect_titles
from labelling.journal.human_answer import AnswerSubject, HumanAnswer
from labelling.journal.journal_file import Journal
from labelling.journal.journal_rows import RunListing
from labelling.lists.list_meaning import ListReader
from labelling.rows import PhotoRecord, Record, TableRow
from labelling.run_settings import RunSettings
from labelling.sources.items import PictureItem


def an_item(row: PhotoRecord, run: RunSettings, stamp: str = "v1") -> PictureItem:
    """The picture that a row is of, as its source lists it."""
    return PictureItem(
        row.path, row.path, stamp, 1, list_cells=tuple(row.cells[name] for name in run.further)
    )


def label_rows(
    journal: Journal, run: RunSettings, rows: Sequence[PhotoRecord], stamp: str = "v1"
) -> list[str]:
    """List pictures, and give those without an answer what the rows say; the paths of these."""
    listing = RunListing(journal, run)
    items = list(listing.add_and_yield_unanswered(an_item(row, run, stamp) for row in rows))
    answers = {row.path: row for row in rows}
    listing.keep_answers(items, [answers[item.name] for item in items])
    listing.make_listing_current()
    return [item.name for item in items]


def fill(
    journal: Journal,
    run: RunSettings,
    rows: Sequence[PhotoRecord],
    answers: Mapping[AnswerSubject, HumanAnswer] | None = None,
) -> None:
    """The same, with people's answers."""
    label_rows(journal, run, rows)
    journal.keep_human_answers(answers or {})
    journal.commit()


def paths_in(journal: Journal) -> list[str]:
    """The pictures of the current listing that have an answer or an error."""
    return [
        path
        for (path,) in journal.query(
            "SELECT path FROM current JOIN photos USING (path, stamp) ORDER BY number"
        )
    ]


def row_of(subject: Record, run: RunSettings) -> TableRow:
    """The row of a photo or a product without words of a list, and without people."""
    known = DecisionContext(
        settings=run,
        titles=collect_titles(run, ListReader()),
        shared_photos=SharedPhotos(),
        human_answers=HumanAnswers(),
    )
    return decide_row(subject, known)
