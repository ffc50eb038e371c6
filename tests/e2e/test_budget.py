"""No file of any format takes more than a sound picture of its size may take; `make fuzz` tries many more."""

import subprocess
import sys

import pytest

from tests.fuzz.budget import SAVED
from tests.service import ROOT

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kind", SAVED)
def test_no_structured_file_breaks_the_budget(kind: str) -> None:
    command = [sys.executable, "-m", "tests.fuzz.budget", "--files", "150", "--seed", "2", "--kinds", kind]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
