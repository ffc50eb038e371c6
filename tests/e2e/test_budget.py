"""No picture and no archive takes more than a sound one of its size may take; `make fuzz` tries many more."""

import subprocess
import sys

import pytest

from tests.fuzz.archives import KINDS
from tests.fuzz.budget import SAVED
from tests.service import ROOT

pytestmark = pytest.mark.slow


SEARCHES = [*(("budget", kind) for kind in SAVED), *(("archives", kind) for kind in KINDS)]


@pytest.mark.parametrize(("search", "kind"), SEARCHES)
def test_no_structured_file_breaks_the_budget(search: str, kind: str) -> None:
    options = ["--files", "150", "--seed", "2", "--kinds", kind]
    command = [sys.executable, "-m", f"tests.fuzz.{search}", *options]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
