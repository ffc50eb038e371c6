"""The README's commands, typed as they stand there: each gives what the page says it gives.

A block whose line before says `not run here: reason` is left out; the marks are listed below, so that none is
added unseen. `…` stands for whatever is there, since last digits differ between processors.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.service import ROOT, Service

README = (ROOT / "README.md").read_text("utf-8")
BLOCK = re.compile(r"(?:<!-- not run here: (?P<reason>.*?) -->\n)?```console\n(?P<body>.*?)```", re.DOTALL)
COMMAND = re.compile(r"^\$ (?P<command>.*)\n(?P<output>(?:(?!\$ ).*\n)*)", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """A command and what the page says that it prints."""

    command: str
    output: str


def steps() -> list[Step]:
    """Every command of the page that is to be run."""
    return [
        Step(match["command"], match["output"])
        for block in BLOCK.finditer(README)
        if block["reason"] is None
        for match in COMMAND.finditer(block["body"])
    ]


@pytest.mark.parametrize("step", steps(), ids=lambda step: step.command[:60])
def test_a_command_prints_what_the_page_says(step: Step, bundled_service: Service, tmp_path: Path) -> None:
    command = step.command.replace("localhost:8000", bundled_service.url.removeprefix("http://"))

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command.replace(".venv/bin/python", sys.executable)],
        cwd=_checkout(tmp_path),
        env=os.environ | {"NO_COLOR": "1", "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert re.fullmatch(_pattern(step.output), done.stdout.strip(), re.DOTALL), done.stdout


def test_the_blocks_that_are_not_run_are_these() -> None:
    reasons = [block["reason"] for block in BLOCK.finditer(README) if block["reason"]]

    assert [reason.split(";")[0].split(":")[0] for reason in reasons] == [
        "it does not end by itself",
        "this is what runs this file",
        "it needs a bucket",
        "it needs the CSV files",
        "it needs pictures of yours",
        "it needs a model of yours",
        "it needs buildah or docker",
    ]


def _pattern(output: str) -> str:
    return re.escape(output.strip()).replace("…", ".*")


def _checkout(folder: Path) -> Path:
    """A folder that looks like a clone to the commands, and keeps what they write."""
    for name in ("examples", "app", "inference", "model_store", "training", "scripts"):
        (folder / name).symlink_to(ROOT / name)
    for name in ("README.md", "Makefile"):
        shutil.copy(ROOT / name, folder)
    return folder
