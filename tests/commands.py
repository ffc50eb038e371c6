"""Commands as people type them: run to their end."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from scripts.__main__ import main
from tests.service import ROOT

Ended = subprocess.CompletedProcess[str]

EVERY_PARSER = (
    "from scripts.__main__ import list_verbs; [v.load_module().build_parser() for v in list_verbs()]"
)
"""A program that does what the help of each verb needs."""


def wardrobe(verb: str, words: list[str]) -> int:
    """What a verb returns where its words are typed after it; its errors rise."""
    return main([verb, *words])


def done(command: Sequence[str | Path], folder: Path = ROOT, /, **environment: str) -> Ended:
    """A command that was run in a folder to its end, whatever its exit status, with all that it printed."""
    return subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False
    )


def without_progress(said: str) -> str:
    """What a command printed to stderr, without the lines that it prints after each half a minute of work."""
    return "".join(line for line in said.splitlines(keepends=True) if not line.endswith(" so far\n"))
