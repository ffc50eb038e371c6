"""No picture and no archive takes more than a sound one of its size may take; `make fuzz` tries many more."""

import sys

import pytest

from tests.commands import done

pytestmark = pytest.mark.slow

FILES = "4"
"""Of each kind."""


def test_no_structured_file_breaks_the_budget() -> None:
    ended = done([sys.executable, "-m", "tests.fuzz.budget", "--files", FILES, "--seed", "2"])

    assert ended.returncode == 0, ended.stdout + ended.stderr
