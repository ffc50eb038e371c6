"""Commands where what training needs is not installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service import ROOT

MISSING = """
import importlib.util, sys
library, command = sys.argv[1:3]
del sys.argv[1:3]
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == library else found(name, *rest)
from scripts.terminal import run
sys.exit(run(importlib.import_module(f"scripts.{command}").main))
"""
"""Runs a command without a library: its name, and that of the command, stand before the arguments."""


@pytest.mark.parametrize(
    ("library", "command", "backend", "said"),
    [
        ("tensorflow", "train", "tensorflow", "TensorFlow is not installed. `make train` installs it"),
        ("jax", "train", "jax", "KERAS_BACKEND=jax, and JAX is not installed. `make train` installs it"),
        ("jax", "train", "torch", "KERAS_BACKEND=torch: expected tensorflow or jax."),
        ("sklearn", "evaluate", "tensorflow", "scikit-learn is not installed. `make train` installs it"),
    ],
)
def test_a_command_without_what_it_needs_says_how_to_get_it_in_one_line(
    library: str, command: str, backend: str, said: str, tmp_path: Path
) -> None:
    csv = tmp_path / "pictures.csv"
    csv.write_text("".join(f"{label}{',0' * 784}\n" for label in range(10)) * 2, "utf-8")
    run = ["--run", str(tmp_path / "run")] if command == "train" else []

    ended = subprocess.run(
        [sys.executable, "-c", MISSING, library, command, "--train", csv, "--test", csv, *run],
        cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith(f"wardrobe: {said}")
