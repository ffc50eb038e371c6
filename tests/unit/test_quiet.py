"""Commands where what training needs is not installed."""

import os
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

NO_JAX = NO_TENSORFLOW.replace('"tensorflow"', '"jax"')

NO_SCIKIT_LEARN = """
import sys
sys.modules["sklearn"] = None
from scripts.terminal import run
from scripts.evaluate import main
sys.exit(run(main))
"""


def training(script: str, folder: Path, backend: str) -> subprocess.CompletedProcess[str]:
    """Begin a small training on one of Keras' backends."""
    csv = folder / "pictures.csv"
    csv.write_text("".join(f"{label}{',0' * 784}\n" for label in range(10)) * 2, "utf-8")
    return subprocess.run(
        [sys.executable, "-c", script, "--train", csv, "--test", csv, "--run", folder / "run"],
        cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )


def test_training_without_tensorflow_says_how_to_get_it_in_one_line(tmp_path: Path) -> None:
    ended = training(NO_TENSORFLOW, tmp_path, "tensorflow")

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1:] == [
        "wardrobe: TensorFlow is not installed. `make train` installs it, or pip: requirements.txt."
    ]


def test_training_on_jax_where_it_is_not_installed_says_how_to_get_it_in_one_line(tmp_path: Path) -> None:
    ended = training(NO_JAX, tmp_path, "jax")

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1:] == [
        "wardrobe: KERAS_BACKEND=jax, and JAX is not installed. `make train` installs it, or pip: "
        "requirements.txt."
    ]


def test_training_on_a_backend_that_is_none_of_ours_names_those_that_are(tmp_path: Path) -> None:
    ended = training(NO_TENSORFLOW, tmp_path, "torch")

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1:] == ["wardrobe: KERAS_BACKEND=torch: expected tensorflow or jax."]


def test_evaluating_without_scikit_learn_says_how_to_get_it_in_one_line() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", NO_SCIKIT_LEARN],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1:] == [
        "wardrobe: scikit-learn is not installed. `make train` installs it, or pip: requirements.txt."
    ]
