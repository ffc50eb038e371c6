"""The commands of README and of all of docs/, typed as they stand there: each gives what its page says.

The commands of a block share a folder. A block that is marked `not run here` is left out;
tests/unit/test_docs.py lists the marks. `…` stands for whatever is there, since last digits differ between
processors.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documents import Block, Step, blocks
from tests.service import ROOT, Service

RUN = [block for block in blocks() if block.language == "console" and block.mark is None]


def named(block: Block) -> str:
    """A block in the list of tests: its document and how it begins."""
    return f"{block.document}: {block.body[2:60]}"


@pytest.mark.parametrize("block", RUN, ids=named)
def test_commands_print_what_the_page_says(block: Block, bundled_service: Service, tmp_path: Path) -> None:
    folder = _checkout(tmp_path)

    printed = [_typed(step, bundled_service, folder) for step in block.steps]

    assert [
        (step.command, text)
        for step, text in zip(block.steps, printed, strict=True)
        if not re.fullmatch(_pattern(step.output), text, re.DOTALL)
    ] == []


def _typed(step: Step, service: Service, folder: Path) -> str:
    """What a command prints that is typed there; it must succeed."""
    command = step.command.replace("localhost:8000", service.url.removeprefix("http://"))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", _here(command)],
        cwd=folder,
        env=os.environ | {"NO_COLOR": "1", "COLUMNS": "130"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout.strip()


def _here(command: str) -> str:
    """The command with this interpreter and this checkout, whatever is installed in .venv."""
    command = re.sub(r"(\.venv/bin/|^)wardrobe ", "python -m scripts ", command)
    return re.sub(r"(\.venv/bin/)?\bpython ", f"{sys.executable} ", command)


def _pattern(output: str) -> str:
    return re.escape(output.strip()).replace("…", ".*")


def _checkout(folder: Path) -> Path:
    """A folder that looks like a clone to the commands, and keeps what they write."""
    for name in ("examples", "app", "inference", "labelling", "model_store", "training", "scripts"):
        (folder / name).symlink_to(ROOT / name)
    for name in ("README.md", "Makefile"):
        shutil.copy(ROOT / name, folder)
    return folder
