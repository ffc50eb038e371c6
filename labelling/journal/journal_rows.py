"""Read and write the pictures of a run and the model's answers in its journal, the SQLite file of a table.

The journal has one answer for each path and stamp. A stamp is a text that changes with the content, such as
the size and the time of a file. A listing names the pictures of a source in order, each with the cells of its
row in the list.

A run fills a new listing beside the earlier one, and its pictures are answered one by one. The new listing
becomes current when it is complete. If the run is killed before, the earlier listing stays current, and the
committed answers are kept.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from inference.reasons import DecidedBy, Reason
from labelling.journal.journal_file import Journal
from labelling.rows import HeadAnswer, HeadAnswers, PhotoRecord, PictureAnswers, make_table_path
from labelling.run_settings import RunSettings
from labelling.sources.items import PictureItem

_ADD_TO_LISTING: Final = "INSERT INTO listed VALUES (?, ?, ?, ?, ?, ?)"

# ?1 and ?2 are path and stamp. An answer that is an error is not found, so that the picture is tried again.
_FIND_IN_RUN: Final = """
SELECT EXISTS(SELECT 1 FROM due WHERE path = ?1 AND stamp = ?2),
    EXISTS(SELECT 1 FROM photos WHERE path = ?1 AND stamp = ?2 AND error = '')
"""

# Nothing is written if the stored answer is the same: rows that did not change need no new tables.
_ADD_PHOTO: Final = """
INSERT INTO photos VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET (sha256, error, familiarity, heads)
    = (excluded.sha256, excluded.error, excluded.familiarity, excluded.heads)
WHERE (sha256, error, familiarity, heads)
    IS NOT (excluded.sha256, excluded.error, excluded.familiarity, excluded.heads)
"""

# As many rows, and none that the current listing lacks. EXCEPT alone would not see that rows are gone.
_IS_SAME_LISTING: Final = """
SELECT (SELECT count(*) FROM current) = (SELECT count(*) FROM listed WHERE listing = ?) AND NOT EXISTS (
    SELECT number, path, stamp, product, cells FROM listed WHERE listing = ? EXCEPT SELECT * FROM current
)
"""

_ADD_UNREACHED_PICTURES: Final = """
INSERT INTO listed SELECT ?, number + ?, path, stamp, product, cells FROM listed
WHERE listing = ? AND path NOT IN (SELECT path FROM listed WHERE listing = ?)
"""
"""Statement that adds the pictures of the earlier listing which a new one has not reached yet."""

_DELETE_UNLISTED_PHOTOS: Final = """
DELETE FROM photos WHERE (path, stamp) NOT IN (SELECT path, stamp FROM listed WHERE listing = ?)
"""

_SELECT_PHOTOS: Final = """
SELECT current.number, path, product, cells, sha256, error, familiarity, heads
FROM {} JOIN photos USING (path, stamp) {}
"""

_PHOTOS_IN_ORDER: Final = _SELECT_PHOTOS.format("current", "ORDER BY number")

_UNSHARED_PHOTOS: Final = _SELECT_PHOTOS.format(
    "current",
    "WHERE sha256 NOT IN (SELECT value FROM json_each(?1)) AND product IN ("
    "SELECT product FROM current JOIN photos USING (path, stamp) WHERE product <> '' AND error = '' "
    "AND sha256 IN (SELECT value FROM json_each(?1)))",
)
"""Query of the photos that are listed under one product only, for products that also have photos which are
listed under several. ?1 is a JSON array with the sha256 of the latter."""

_PHOTOS_BY_PRODUCT: Final = _SELECT_PHOTOS.format(
    "(SELECT *, iif(product = '', number, min(number) OVER (PARTITION BY product)) AS first FROM current) "
    "AS current",
    "ORDER BY first, current.number",
)
"""Query of all photos in the order of the source, those of a product together at the place of its first."""

_PRODUCT_KINDS: Final = """
SELECT product, path, sha256, error, json_extract(heads, '$.kind.probabilities')
FROM current JOIN photos USING (path, stamp) WHERE product <> '' ORDER BY product, number
"""
"""Query of the probabilities of the attribute `kind` alone, the photos of a product together."""

MAX_CACHED_ANSWERS: Final = 256
"""Number of pictures whose parsed answers are cached, because a list may name one picture in many rows."""

STORED_ANSWER_FIELDS: Final = ("label", "confidence", "reason", "also", "probabilities")
"""Names of the fields of a HeadAnswer (the model's answer to one question) that the journal keeps for each
photo."""


class ProductKindProbabilities(NamedTuple):
    """The photos of a product that differ in content, with their probabilities of the kinds of garments.

    Attributes:
        product: the name of the product.
        hashes: the sha256 of each photo.
        probabilities: the probabilities of the kinds for each photo, such as (.95, .01, ...), in the order of
            the labels of the attribute `kind`; empty for a photo without an answer about it.
    """

    product: str
    hashes: tuple[str, ...]
    probabilities: tuple[Sequence[float], ...]


class RunListing:
    """The pictures of one run in the order of the source, with the answers that they get during the run.

    Attributes:
        kept_count: the number of rows whose picture was answered before this run.
        done_count: the number of rows of the table that have an answer or an error by now.
    """

    def __init__(self, journal: Journal, settings: RunSettings) -> None:
        """Begin an empty listing in a journal.

        Args:
            journal: the journal of the table, opened for this run.
        """
        self.kept_count = self.done_count = 0
        self._journal = journal
        self._settings = settings
        self._count = 0
        self._changes = 0
        complete_listing = journal.query_value("SELECT listing FROM run")
        # What a killed run listed. Its answers are kept, in another table.
        journal.execute("DELETE FROM listed WHERE listing <> ?", complete_listing)
        self._listing = complete_listing + 1
        journal.execute(
            "CREATE TEMP TABLE due (path TEXT, stamp TEXT, PRIMARY KEY (path, stamp)) WITHOUT ROWID"
        )

    def add_and_yield_unanswered(self, source: Iterable[PictureItem]) -> Iterator[PictureItem]:
        """Add all pictures of a source to the listing, and yield the pictures that still need an answer.

        A picture that several rows name is yielded once. A picture whose last answer was an error is yielded
        again.

        Args:
            source: the pictures of the source, in its order.
        """
        for item in source:
            path = make_table_path(item.name)
            self._add_picture(path, item.stamp, item.list_cells)
            if self._claim_if_unanswered(path, item.stamp):
                yield item

    def _add_picture(self, path: str, stamp: str, cells: Sequence[str]) -> None:
        """Add a picture at the end of the listing."""
        grouping = self._settings.by
        named_cells = dict(zip(self._settings.further, cells, strict=True))
        product = grouping.find_product(path, named_cells) if grouping else ""
        text = json.dumps(cells)
        self._journal.execute(_ADD_TO_LISTING, self._listing, self._count, path, stamp, product, text)
        self._count += 1

    def _claim_if_unanswered(self, path: str, stamp: str) -> bool:
        """Mark a picture as being labelled by this run; return False if it has an answer or is marked."""
        [(is_due, is_answered)] = self._journal.query(_FIND_IN_RUN, path, stamp)
        if not (is_due or is_answered):
            self._journal.execute("INSERT INTO due VALUES (?, ?)", path, stamp)
            return True
        if not is_due:
            self.kept_count += 1
        self.done_count += 1
        return False

    def keep_answers(self, items: Sequence[PictureItem], photos: Sequence[PictureAnswers]) -> None:
        """Write the answers to some pictures into the journal, which commits them within about a second.

        Args:
            photos: the answers of the model, one for each picture, in the same order.

        Raises:
            TableUnusable: the disk is full.
        """
        answers = (_make_row_values(item, photo) for item, photo in zip(items, photos, strict=True))
        if changes := self._journal.execute_many(_ADD_PHOTO, answers):
            self._changes += changes
            self._journal.mark_tables_incomplete()
        self.done_count += len(items)

    def make_listing_current(self) -> None:
        """Make this listing the current one; call this when all pictures are listed and labelled.

        Answers of pictures that the source no longer has are deleted. If listing, answers and settings equal
        those of the earlier run, nothing changes, and the tables need not be written again.
        """
        journal = self._journal
        # The listings are compared last, since this reads both of them.
        is_same = False
        if not self._changes and journal.is_complete and journal.settings == self._settings:
            is_same = bool(journal.query_value(_IS_SAME_LISTING, self._listing, self._listing))
        if not is_same:
            journal.make_listing_current(self._settings, self._listing)
            journal.execute(_DELETE_UNLISTED_PHOTOS, self._listing)
        journal.execute("DELETE FROM listed WHERE listing <> (SELECT listing FROM run)")
        journal.commit()

    @contextmanager
    def use_unfinished_listing(self) -> Iterator[None]:
        """Use the pictures listed so far as the current listing during a `with` block.

        Pictures of the earlier listing that this one has not reached follow, if both have the same columns.
        """
        journal = self._journal
        has_same_cells = journal.settings.further == self._settings.further
        with journal.use_unfinished_listing(self._settings, self._listing):
            if has_same_cells:
                journal.execute(
                    _ADD_UNREACHED_PICTURES, self._listing, self._count, self._listing - 1, self._listing
                )
            yield


def _make_row_values(item: PictureItem, photo: PictureAnswers) -> tuple[object, ...]:
    heads = {
        head: {name: getattr(answer, name) for name in STORED_ANSWER_FIELDS} | _list_rare_fields(answer)
        for head, answer in photo.answers.items()
    }
    text = json.dumps(heads, ensure_ascii=False)
    return make_table_path(item.name), item.stamp, photo.sha256, photo.error, photo.familiarity, text


def _list_rare_fields(answer: HeadAnswer) -> dict[str, object]:
    """Return the fields that most answers, and all of an older journal, do not have."""
    fields = dict[str, object]()
    if answer.parts:
        fields["parts"] = answer.parts
    if answer.has_unfamiliar_picture and answer.reason != Reason.UNFAMILIAR:
        fields["has_unfamiliar_picture"] = True
    return fields


def read_photo_records(journal: Journal) -> Iterator[PhotoRecord]:
    """Yield the pictures that have an answer or an error, with their rows of the list, in its order."""
    return _read_photos(journal, _PHOTOS_IN_ORDER)


def read_unshared_photos(journal: Journal, hashes: Sequence[str]) -> Iterator[PhotoRecord]:
    """Yield the photos of one product only, for products that also have photos of several products.

    Args:
        hashes: the sha256 of each shared photo, which is listed under several products.
    """
    return _read_photos(journal, _UNSHARED_PHOTOS, json.dumps(hashes)) if hashes else iter(())


def read_photo_groups(journal: Journal) -> Iterator[list[PhotoRecord]]:
    """Yield the photos of each product as one list, and each picture without a product as a list of its own.

    The lists are in the order of the source, each at the place of its first photo.
    """
    for _, group in groupby(
        _read_photos(journal, _PHOTOS_BY_PRODUCT), lambda photo: photo.product or photo.number
    ):
        yield list(group)


def read_product_kinds(journal: Journal) -> Iterator[ProductKindProbabilities]:
    """Yield the photos of each product with their probabilities of the kinds of garments.

    The other answers are not parsed, since what products say about their categories needs only the kinds.
    """
    with journal.convert_damage_errors():
        for product, rows in groupby(journal.query(_PRODUCT_KINDS), itemgetter(0)):
            # By content, since copies of a photo count once. A photo that cannot be read has no hash.
            texts = dict[str, tuple[str, str | None]]()
            for _, path, sha256, error, text in rows:
                texts.setdefault(sha256 or path, (sha256, text if not error else None))
            hashes, probabilities = zip(*texts.values(), strict=True)
            yield ProductKindProbabilities(product, hashes, tuple(map(_parse_probabilities, probabilities)))


@lru_cache(MAX_CACHED_ANSWERS)
def _parse_probabilities(text: str | None) -> Sequence[float]:
    return tuple(json.loads(text)) if text else ()


def _read_photos(journal: Journal, query: str, *values: str) -> Iterator[PhotoRecord]:
    columns = tuple(journal.settings.further)
    with journal.convert_damage_errors():
        for number, path, product, cells, sha256, error, familiarity, heads in journal.query(query, *values):
            yield PhotoRecord(
                path=path,
                sha256=sha256,
                error=error,
                familiarity=familiarity,
                answers=_parse_answers(heads),
                cells=dict(zip(columns, json.loads(cells), strict=True)),
                product=product,
                number=number,
            )


@lru_cache(MAX_CACHED_ANSWERS)
def _parse_answers(text: str) -> HeadAnswers:
    """Parse the answers to a picture from the JSON text that the journal keeps."""
    return {head: _make_answer(**answer) for head, answer in json.loads(text).items()}


def _make_answer(
    *,
    reason: str | None,
    also: Sequence[str],
    probabilities: Sequence[float],
    parts: Mapping[str, Sequence[float]] = MappingProxyType({}),
    **rest: Any,  # noqa: ANN401 - what JSON keeps as it is
) -> HeadAnswer:
    return HeadAnswer(
        reason=Reason(reason) if reason else None,
        also=tuple(also),
        probabilities=tuple(probabilities),
        decided_by=DecidedBy.MODEL,
        parts={name: tuple(shares) for name, shares in parts.items()},
        **rest,
    )
