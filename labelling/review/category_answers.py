"""Answers about categories, as a review sheet exports them: which kinds a shop means by a level.

    path,label,sha256,at,attribute,product,category
    ,top|shirt,,2026-11-30T03:00:00.000Z,kind,,Blusas
    ,none of these,,2026-11-30T03:00:04.000Z,kind,,Parfüm
    ,,,2026-11-30T03:00:06.000Z,kind,,Sale

An empty label means that the category does not say which kind a product is. A kind is a garment as shops name
it. A level is one word of a category path, such as `Blusas` in "Mujer > Blusas".
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from inference.text.plain_text import shorten_text
from inference.text.spreadsheets import unescape_spreadsheet_text
from inference.words.kinds import KIND
from labelling.errors import CorrectionsUnusable
from labelling.lists.categories import has_letters, make_category_key
from labelling.lists.own_words import CategoryAnswer, parse_meaning

CATEGORY_COLUMN: Final = "category"
"""The column of corrections that names a level of the category column; empty in rows about pictures."""

PICTURE_COLUMNS: Final = ("path", "sha256", "product")
"""Columns that are empty in a row about a category."""


def read_category_answer(row: Mapping[str, str], answered_at: str, row_place: str) -> CategoryAnswer:
    """Return the answer in a row of a corrections file that says which kinds a shop's category means.

    Args:
        row: the cells by column, without white space around them.
        answered_at: the time of the answer in UTC, in ISO 8601.
        row_place: the file, row and line, for error messages.

    Raises:
        CorrectionsUnusable: the category has no letters, or the row also names a picture or a product,
            answers another attribute than the kind, or names an unknown kind.
    """
    category = unescape_spreadsheet_text(row[CATEGORY_COLUMN])
    if not has_letters(category):
        raise CorrectionsUnusable(
            f"{row_place}: the category {shorten_text(category)!r} has no letters. Write a category of the "
            "list, or leave the row out."
        )
    if named := next((column for column in PICTURE_COLUMNS if row.get(column)), None):
        raise CorrectionsUnusable(
            f"{row_place}: names the category {shorten_text(category)!r} and a {named}, too. A row "
            "about a category has no "
            f"{', '.join(PICTURE_COLUMNS[:-1])} or {PICTURE_COLUMNS[-1]}."
        )
    if (attribute := row.get("attribute", "")) != KIND:
        raise CorrectionsUnusable(
            f"{row_place}: a row about a category has {KIND!r} in the column `attribute`, and this one has "
            f"{shorten_text(attribute)!r}."
        )
    try:
        meaning = parse_meaning(unescape_spreadsheet_text(row["label"]))
    except ValueError as error:
        raise CorrectionsUnusable(f"{row_place}: {error}") from error
    return CategoryAnswer(category, meaning, answered_at)


def merge_category_answers(
    new_answers: Sequence[CategoryAnswer], stored_answers: Iterable[CategoryAnswer]
) -> tuple[dict[str, CategoryAnswer], int]:
    """Return the latest answer about each category. If two answers have the same time, the later row is used.

    Args:
        new_answers: the answers that were read, in the order of the files and their rows.
        stored_answers: the answers that were taken earlier.

    Returns:
        The answers by the key of their category, and the number of categories whose answers differ.
    """
    latest = {make_category_key(answer.category): answer for answer in stored_answers}
    differing = set[str]()
    for answer in new_answers:
        key = make_category_key(answer.category)
        before = latest.get(key)
        if before and before.meaning != answer.meaning:
            differing.add(key)
        if before is None or answer.answered_at >= before.answered_at:
            latest[key] = answer
    return latest, len(differing)
