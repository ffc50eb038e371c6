"""Decide between a file of the shop's own words and answers of people about the same categories.

Both say which garments a category means, such as `Gömlek`: shirt. Beside a table is `TABLE-words.csv`, which
a run wrote. If the owner changes a row there and gives the file to `--words`, this row replaces the answer in
the journal. For all other rows and files the answer stays, as it can be newer: a run that is stopped keeps an
answer, and does not write the file.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from inference.text.plain_text import format_count, join_first_items, shorten_text
from labelling.journal.journal_file import Journal
from labelling.lists.categories import make_category_key
from labelling.lists.own_words import CategoryAnswer, ShopWord
from labelling.lists.words_file import hash_row, make_rows_name, make_shop_words_path
from model_store.release_files import hash_file

MAX_NAMED_CATEGORIES: Final = 5
"""Largest number of categories that a sentence names."""


def import_shop_words(file: Path, words: Sequence[ShopWord], journal: Journal, table: Path) -> str:
    """Compare a file of words with the answers about categories in a journal, and keep what was changed.

    If the file is the one beside the table that a run wrote, the rows that somebody changed since then
    replace answers that differ, and the file counts as written by a run again.

    Args:
        file: the file that `--words` names.
        words: its rows.
        journal: the open journal of the table.

    Returns:
        A sentence about the categories in which file and answers differ; empty if they agree.
    """
    own_file = make_shop_words_path(table)
    is_own = own_file.exists() and file.samefile(own_file) and own_file.name in (journal.known_hashes or {})
    answers = {make_category_key(answer.category): answer for answer in journal.read_category_answers()}
    differing = {
        word.category_key: word
        for word in words
        if word.category_key in answers and answers[word.category_key].meaning != word.meaning
    }
    changed = dict[str, ShopWord]()
    if is_own:
        known_rows = (journal.known_hashes or {}).get(make_rows_name(own_file), ())
        changed = {key: word for key, word in differing.items() if hash_row(word) not in known_rows}
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        journal.keep_category_answers(
            {key: CategoryAnswer(word.words, word.meaning, now) for key, word in changed.items()},
            {own_file.name: [hash_file(own_file)], make_rows_name(own_file): map(hash_row, words)},
        )
    sentences = []
    if changed:
        rows = format_count(len(changed), "row replaces", "rows replace")
        sentences.append(f"{file}: {rows} earlier answers about categories: {_name_categories(changed)}.")
    if kept := {key: word for key, word in differing.items() if key not in changed}:
        categories = format_count(len(kept), "category", "categories")
        sentences.append(
            f"{file}: differs from answers of people about {categories}: {_name_categories(kept)}. "
            "The answers are used."
        )
    return " ".join(sentences)


def _name_categories(words: Mapping[str, ShopWord]) -> str:
    return join_first_items(
        [f"`{shorten_text(word.words)}`" for word in words.values()], MAX_NAMED_CATEGORIES
    )
