"""Commands where what training needs is not installed."""

import subprocess
import sys
from pathlib import Path

from tests.service import ROOT

NO_TENSORFLOW = """
import importlib.util, sys
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "tensorflow" else found(name, *rest)
from scripts.terminal import run
from scripts.train import main
sys.exit(run(main))
"""

NO_SCIKIT_LEARN = """
import sys
sys.modules["sklearn"] = None
from scripts.terminal import run
from scripts.evaluate import main
sys.exit(run(main))
"""


def test_training_without_tensorflow_says_how_to_get_it_in_one_line(tmp_path: Path) -> None:
    csv = tmp_path / "pictures.csv"
    csv.write_text("".join(f"{label}{',0' * 784}\n" for label in range(10)) * 2, "utf-8")

    ended = subprocess.run(
        [sys.executable, "-c", NO_TENSORFLOW, "--train", csv, "--test", csv, "--run", tmp_path / "run"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        "wardrobe: TensorFlow is not installed. `make train` installs it, or pip: requirements.txt."
    ]


def test_evaluating_without_scikit_learn_says_how_to_get_it_in_one_line() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", NO_SCIKIT_LEARN],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        "wardrobe: scikit-learn is not installed. `make train` installs it, or pip: requirements.txt."
    ]
