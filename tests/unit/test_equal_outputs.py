"""Outputs of `label` change only if somebody means them to.

tests/random_journals.py makes the journals, and says what to run after such a change.
"""

import pytest

from tests.random_journals import CATALOGUES, outputs, stored_outputs


@pytest.mark.parametrize("name", CATALOGUES)
def test_the_same_journal_gives_the_same_tables_feeds_sheets_and_folders(name: str) -> None:
    assert outputs(CATALOGUES[name]) == stored_outputs(name)
