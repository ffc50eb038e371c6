"""Store people's answers from files of corrections in the journal of a table, without asking the model again.

The journal is the SQLite file beside the table, which is then written again from it. Answers belong to the
content of a picture: all its copies get the same one, and a picture that changed since has none. If there are
two answers to a question, the later one is used. So files can be given in any order, together or one after
another, and more than once.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from inference.text.plain_text import format_count, shorten_text
from labelling.errors import CorrectionsUnusable
from labelling.journal.human_answer import AnswerSubject
from labelling.journal.journal_file import Journal
from labelling.lists.own_words import CategoryAnswer
from labelling.review.category_answers import merge_category_answers
from labelling.review.corrections import (
    Correction,
    CorrectionFileAnswers,
    merge_human_answers,
    name_correction,
)
from labelling.review.photo_answers import PictureProducts
from labelling.run_settings import RunSettings
from labelling.sources.source_opening import LIST_ENDINGS
from model_store.release_files import expand_home

MAX_NAMED_CORRECTIONS: Final = 3
"""Largest number of corrections that a message names."""


class CorrectionEffect(NamedTuple):
    """The numbers of people's answers that were taken into a table.

    Attributes:
        correction_count: the number of answers about pictures and products that were read.
        disagreements: the number of questions to which people gave different labels. The latest is used.
        unmatched_count: the number of answers that belong to no row of the table.
        examples: the names of the first of these, up to MAX_NAMED_CORRECTIONS.
        overruled_count: the number of answers about one photo of several of a product, which change nothing
            about the product, because people answered about the product itself.
        overruled_products: the names of the first of these products, up to MAX_NAMED_CORRECTIONS.
        categories: the number of answers about categories.
        category_disagreements: the number of categories for which people gave different kinds. The latest
            answer is used.
        accepted_before: the number of products, or of pictures without products, that were accepted before;
            None if it is not known.
    """

    correction_count: int
    disagreements: int
    unmatched_count: int
    examples: tuple[str, ...]
    overruled_count: int = 0
    overruled_products: tuple[str, ...] = ()
    categories: int = 0
    category_disagreements: int = 0
    accepted_before: int | None = None


def import_corrections(
    all_corrections: CorrectionFileAnswers, journal: Journal, table: Path
) -> CorrectionEffect:
    """Store people's answers in the journal of a table, which is the SQLite file beside it.

    Answers about pictures are kept if the current listing has the picture. Answers about categories are
    always kept, as the next list of the shop may have a category that this one lacks.

    Args:
        all_corrections: the answers in the files of corrections, read for the labels of the table
            (corrections.py).
        journal: the open journal of the table.
        table: the path of the table, for messages.

    Returns:
        The numbers of answers that were taken, that belong to no row, and that contradict each other.

    Raises:
        TableUnusable: the answers cannot be stored.
        CorrectionsUnusable: no answer about a picture belongs to this table; an answer is about a product and
            the table has none; or two answers of the same time contradict each other.
    """
    corrections = all_corrections.pictures
    _check_products(corrections, table, journal.settings)
    matched_corrections, unmatched_corrections = match_corrections(_keep_first_photos(corrections), journal)
    if corrections and not matched_corrections:
        raise _make_mismatch_error(corrections, table, {product for (product,) in journal.query(_PRODUCTS)})
    stored_answers = journal.read_human_answers()
    picture_products = PictureProducts(journal, matched_corrections)
    assigned_corrections = picture_products.assign_to_products(matched_corrections)
    new, disagreements = merge_human_answers(assigned_corrections, stored_answers)
    journal.keep_human_answers(new, _find_card_photos(corrections, assigned_corrections))
    overruled = picture_products.find_overruled_answers(journal, matched_corrections)
    examples = tuple(map(name_correction, unmatched_corrections[:MAX_NAMED_CORRECTIONS]))
    differing = _take_categories(all_corrections.categories, journal)
    return CorrectionEffect(
        len(corrections),
        disagreements,
        len(unmatched_corrections),
        examples,
        len(overruled),
        tuple(islice(dict.fromkeys(overruled), MAX_NAMED_CORRECTIONS)),
        len(all_corrections.categories),
        differing,
    )


def _take_categories(answers: Sequence[CategoryAnswer], journal: Journal) -> int:
    """Keep answers about categories, and return how many categories have answers that differ."""
    if not answers:
        return 0
    latest, differing = merge_category_answers(answers, journal.read_category_answers())
    journal.keep_category_answers(latest)
    return differing


def _make_mismatch_error(
    corrections: Sequence[Correction], table: Path, products: Set[str]
) -> CorrectionsUnusable:
    """Return the error for files of corrections that match no picture of the table.

    Args:
        products: the names of the table's products.
    """
    files = dict.fromkeys(str(correction.file) for correction in corrections)
    return CorrectionsUnusable(
        f"{', '.join(files)}: none of {format_count(len(corrections), 'correction')} is of a picture of "
        f"{table}, among them {name_correction(corrections[0])}. {_advise_on_mismatch(corrections, products)}"
    )


def _check_products(corrections: Sequence[Correction], table: Path, run: RunSettings) -> None:
    """Refuse answers about products if the table has no products."""
    product_corrections = (correction for correction in corrections if correction.product)
    if run.by is None and (correction := next(product_corrections, None)):
        raise CorrectionsUnusable(
            f"{correction.file}: its answers hold for products, such as "
            f"{shorten_text(correction.product)!r}, and {table} "
            "has none. Give the command that made the table once more with --by COLUMN: it labels no picture "
            "again."
        )


def _advise_on_mismatch(corrections: Sequence[Correction], products: Set[str]) -> str:
    """Return advice if no correction belongs to a picture of the table."""
    names = (correction.product for correction in corrections)
    missing_product = next((name for name in names if name not in {"", *products}), "")
    if not missing_product:
        return "Give the table that the review was made of."
    return (
        f"The table has no product {shorten_text(missing_product)!r}. Give the table that the review "
        "was made of; a "
        "spreadsheet drops zeros at the beginning of numbers."
    )


def match_corrections(
    corrections: Sequence[Correction], journal: Journal
) -> tuple[list[tuple[str, Correction]], list[Correction]]:
    """Find the picture of a table that each correction (a person's answer) belongs to.

    A correction without a hash belongs to the row with its path: as written, relative to the corrections'
    folder, or inside the source. One for a product belongs only to rows of that product; without path and
    hash, to the first of these. Paths of a list are relative to its folder, or to its root.

    Args:
        corrections: the answers of people about pictures and products.
        journal: the open journal of the table. Its pictures that could not be read match no correction.

    Returns:
        A list of (sha256 of the picture, correction), and the corrections that belong to no row.
    """
    folder = _find_list_folder(journal)
    corrections_by_key = defaultdict[str | tuple[str], list[Correction]](list)
    for correction in corrections:
        for key in _list_keys(correction, journal.settings.source):
            corrections_by_key[key].append(correction)
    # By identity, because two rows of a file may be equal, and each of them is counted.
    matched_corrections: dict[int, tuple[str, Correction]] = {}
    for path, product, sha256 in journal.query(_PICTURES):
        for key in (sha256, path, os.path.abspath(os.path.join(folder, path))):  # noqa: PTH100, PTH118 - a link keeps its own name
            for correction in corrections_by_key.get(key, ()):
                if correction.product in {"", product}:
                    matched_corrections[id(correction)] = sha256, correction
        # By product alone: its first picture, and no key of a picture equals this one.
        for correction in corrections_by_key.pop((product,), ()):
            matched_corrections[id(correction)] = sha256, correction
    return list(matched_corrections.values()), [
        correction for correction in corrections if id(correction) not in matched_corrections
    ]


def _find_list_folder(journal: Journal) -> Path:
    """Return the folder that the paths of a list are relative to; for another source, that of the run."""
    source = Path(journal.settings.source)
    root = journal.options.get("root")
    if source.suffix.lower() not in LIST_ENDINGS or not source.is_file():
        return Path(journal.options.get("source_folder", ""))
    return expand_home(root) if root else source.parent


def _keep_first_photos(corrections: Iterable[Correction]) -> list[Correction]:
    """Return the corrections without those of further photos on a product's card; the first is enough."""
    first: dict[object, Correction] = {}
    for number, answer in enumerate(corrections):
        first.setdefault(_make_card_key(answer) if answer.product else number, answer)
    return list(first.values())


def _make_card_key(answer: Correction) -> tuple[object, ...]:
    """Return a value that the rows of one card have in common: a file has a row for each photo on it."""
    return answer.file, answer.product, answer.attribute, answer.label, answer.answered_at


def _find_card_photos(
    corrections: Iterable[Correction], matched_corrections: Iterable[tuple[str, Correction]]
) -> dict[AnswerSubject, set[str]]:
    """For each question about a product, return the hashes of all photos that its review card showed.

    A file of corrections has one row for each of these photos.
    """
    hashes_by_card = defaultdict[object, set[str]](set)
    for answer in corrections:
        if answer.product and answer.sha256:
            hashes_by_card[_make_card_key(answer)].add(answer.sha256)
    # By time, so that the photos of a question are those of its latest answer, which is the one that is kept.
    in_order = sorted(matched_corrections, key=lambda pair: pair[1].answered_at)
    return {
        answer.make_answer_subject(sha256): hashes_by_card[_make_card_key(answer)]
        for sha256, answer in in_order
        if answer.product
    }


_PRODUCTS: Final = "SELECT DISTINCT product FROM current"

_PICTURES: Final = """
SELECT path, product, sha256 FROM current JOIN photos USING (path, stamp) WHERE sha256 <> '' ORDER BY number
"""


def _list_keys(correction: Correction, source: str) -> set[str] | set[tuple[str]]:
    """Return the keys by which the picture of a correction is found: its sha256, paths, or a product."""
    if correction.sha256:
        return {correction.sha256}
    return _list_possible_paths(correction, source) if correction.path else {(correction.product,)}


def _list_possible_paths(correction: Correction, source: str) -> set[str]:
    """Return the paths that a table may have for the picture of a correction without a hash."""
    source_path = f"{source}/{correction.path.removeprefix('./')}"
    absolute_path = os.path.abspath(correction.file.parent / correction.path)  # noqa: PTH100 - as above
    return {correction.path, absolute_path, source_path}
