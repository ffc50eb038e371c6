"""No picture and no archive takes more than a sound one of its size may take; `make fuzz` tries many more."""

import sys

import pytest

from tests.commands import done

pytestmark = pytest.mark.slow

FILES = "4"
"""Of each format."""


@pytest.mark.parametrize("search", ["budget", "archives"])
def test_no_structured_file_breaks_the_budget(search: str) -> None:
    ended = done([sys.executable, "-m", f"tests.fuzz.{search}", "--files", FILES, "--seed", "2"])

    assert ended.returncode == 0, ended.stdout + ended.stderr
