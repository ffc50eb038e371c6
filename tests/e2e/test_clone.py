"""A clone with the settings of Git for Windows serves: files have the line endings that were committed."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import done
from tests.service import ROOT
from tests.system_parts import require_system_part

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of the last commit, made with core.autocrlf=true."""
    require_system_part("git", (ROOT / ".git").exists(), "the repository is cloned")
    folder = tmp_path_factory.mktemp("windows") / "clone"
    options = ["--quiet", "--depth", "1", "-c", "core.autocrlf=true"]
    subprocess.run(["git", "clone", *options, ROOT.as_uri(), str(folder)], check=True)
    return folder


def test_no_file_gets_other_line_endings(clone: Path) -> None:
    listed = done(["git", "ls-files", "--eol"], clone).stdout.splitlines()

    endings = [line.split("\t")[0].split()[:2] for line in listed]

    assert len(endings) > 1000
    changed = [
        line
        for line, (committed, checked_out) in zip(listed, endings, strict=True)
        if committed.removeprefix("i/") != checked_out.removeprefix("w/")
    ]
    assert changed == []


def test_the_bundled_release_answers(clone: Path) -> None:
    command = [sys.executable, "-m", "scripts", "predict", "examples/sneaker.png"]

    ended = done(command, clone, PYTHONPATH=str(clone))

    assert (ended.returncode, "Sneaker" in ended.stdout) == (0, True), ended.stderr
