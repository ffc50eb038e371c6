"""Journals of tables, filled without a model: what a source lists, and what its pictures are answered."""

from collections.abc import Mapping, Sequence

from labelling.items import Item
from labelling.journal import Journal
from labelling.listing import Listing
from labelling.row import HumanAnswer, Question, Row, TableOf


def an_item(row: Row, run: TableOf, stamp: str = "v1") -> Item:
    """The picture that a row is of, as its source lists it."""
    return Item(row.path, row.path, stamp, 1, further=tuple(row.further[name] for name in run.further))


def label_rows(journal: Journal, run: TableOf, rows: Sequence[Row], stamp: str = "v1") -> list[str]:
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
    rows: Sequence[Row],
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
