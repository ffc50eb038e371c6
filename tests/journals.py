"""Journals of tables, filled without a model: what a source lists, and what its pictures are answered."""

from collections.abc import Mapping, Sequence

from labelling.by_people import HumanAnswer, People, Question
from labelling.by_title import Titles
from labelling.decide import Known, decide
from labelling.items import Item
from labelling.journal import Journal
from labelling.listing import Listing
from labelling.row import Photo, Row, Subject
from labelling.shared_photos import SharedPhotos
from labelling.table_of import TableOf


def an_item(row: Photo, run: TableOf, stamp: str = "v1") -> Item:
    """The picture that a row is of, as its source lists it."""
    return Item(row.path, row.path, stamp, 1, further=tuple(row.cells[name] for name in run.further))


def label_rows(journal: Journal, run: TableOf, rows: Sequence[Photo], stamp: str = "v1") -> list[str]:
    """List pictures, and give those without an answer what the rows say; the paths of these."""
    listing = Listing(journal, run)
    items = list(listing.items(an_item(row, run, stamp) for row in rows))
    answers = {row.path: row for row in rows}
    listing.append(items, [answers[item.name] for item in items])
    listing.complete()
    return [item.name for item in items]


def fill(
    journal: Journal,
    run: TableOf,
    rows: Sequence[Photo],
    answers: Mapping[Question, HumanAnswer] | None = None,
) -> None:
    """The same, with people's answers."""
    label_rows(journal, run, rows)
    journal.answer(answers or {})
    journal.commit()


def paths_in(journal: Journal) -> list[str]:
    """The pictures of the current listing that have an answer or an error."""
    return [
        path
        for (path,) in journal.query(
            "SELECT path FROM current JOIN photos USING (path, stamp) ORDER BY number"
        )
    ]


def row_of(subject: Subject, run: TableOf) -> Row:
    """The row of a photo or a product without words of a list, and without people."""
    known = Known(table=run, titles=Titles(heads=run.heads), shared=SharedPhotos(), people=People())
    return decide(subject, known)
