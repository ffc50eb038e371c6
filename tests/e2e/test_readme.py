"""The commands of README and of all of docs/, typed as they stand there: each gives what its page says.

The commands of a block share a folder. A block that is marked `not run here` is left out;
tests/unit/test_docs.py lists the marks. `…` stands for any text, since last digits differ between processors.
"""

import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.commands import done
from tests.documents import Block, Step, blocks
from tests.service import ROOT, Service

RUN = [
    pytest.param(
        block,
        id=f"{block.document}: {block.body[2:60]}",
        marks=() if block.document == "README.md" else pytest.mark.slow,
    )
    for block in blocks()
    if block.language == "console" and block.mark is None
]


@pytest.mark.parametrize("block", RUN)
def test_commands_print_what_the_page_says(block: Block, bundled_service: Service, tmp_path: Path) -> None:
    folder = a_checkout(tmp_path)

    printed = [typed(step, bundled_service, folder) for step in block.steps]

    assert [
        (step.command, text)
        for step, text in zip(block.steps, printed, strict=True)
        if not re.fullmatch(re.escape(step.output.strip()).replace("…", ".*"), text, re.DOTALL)
    ] == []


def typed(step: Step, service: Service, folder: Path) -> str:
    """What a command prints that is typed there, with this interpreter and this service; it must succeed."""
    command = step.command.replace("localhost:8000", service.url.removeprefix("http://"))
    command = re.sub(r"^wardrobe ", "python -m scripts ", command)
    command = re.sub(r"\bpython ", f"{sys.executable} ", command)
    ended = done(["bash", "-euo", "pipefail", "-c", command], folder, NO_COLOR="1", COLUMNS="130")
    assert ended.returncode == 0, f"{command}\n{ended.stderr}"
    return ended.stdout.strip()


def a_checkout(folder: Path) -> Path:
    """A folder that looks like a clone to the commands, and keeps what they write."""
    for name in (
        "examples",
        "app",
        "inference",
        "labelling",
        "model_store",
        "reports",
        "training",
        "scripts",
    ):
        (folder / name).symlink_to(ROOT / name)
    for name in ("README.md", "Makefile"):
        shutil.copy(ROOT / name, folder)
    return folder
