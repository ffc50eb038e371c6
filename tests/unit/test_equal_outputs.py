"""Outputs of `label` change only if somebody means them to.

tests/random_journals.py makes the journals, and says what to run after such a change.
"""

import json

import pytest

from tests.random_journals import CATALOGUES, HASHES, hashes_of


@pytest.mark.parametrize("name", CATALOGUES)
def test_the_same_journal_gives_the_same_tables_feeds_sheets_and_folders(name: str) -> None:
    assert hashes_of(CATALOGUES[name]) == json.loads(HASHES.read_text("utf-8"))[name]
