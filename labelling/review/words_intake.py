"""Decide between a file of the shop's own words and answers of people about the same categories.

Both say which garments a category means, such as `Gömlek`: shirt. Beside a table is `TABLE-words.csv`, which
a run wrote. If the owner changes a row there and gives the file to `--words`, this row replaces the answer in
the journal. For any other file the answer stays, as the file can be older.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from inference.text.plain_text import format_count, join_first_items, shorten_text
from labelling.journal.journal_file import Journal
from labelling.lists.categories import make_category_key
from labelling.lists.own_words import CategoryAnswer, ShopWord
from labelling.lists.words_file import make_shop_words_path
from model_store.release_files import hash_file

MAX_NAMED_CATEGORIES: Final = 5
"""Largest number of categories that a sentence names."""


def import_shop_words(file: Path, words: Sequence[ShopWord], journal: Journal, table: Path) -> str:
    """Compare a file of words with the answers about categories in a journal, and keep what was changed.

    If the file is the one beside the table that a run wrote, its rows replace answers that differ, and the
    file counts as written by a run again.

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
    if is_own:
        if differing:
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            journal.keep_category_answers(
                {key: CategoryAnswer(word.words, word.meaning, now) for key, word in differing.items()}
            )
        journal.keep_hashes({own_file.name: [hash_file(own_file)]})
    if not differing:
        return ""
    names = join_first_items(
        [f"`{shorten_text(word.words)}`" for word in differing.values()], MAX_NAMED_CATEGORIES
    )
    if is_own:
        rows = format_count(len(differing), "row replaces", "rows replace")
        return f"{file}: {rows} earlier answers about categories: {names}."
    categories = format_count(len(differing), "category", "categories")
    return f"{file}: differs from answers of people about {categories}: {names}. The answers are used."
