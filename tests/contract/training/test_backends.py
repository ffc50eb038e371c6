"""Keras' two backends train alike: both pass the same tests, and one goes on where the other stopped."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import tensorflow as tf

from model_store.report import Epoch
from tests.contract.training.conftest import Listener
from tests.contract.training.on_jax import (
    AFTER_ONE_EPOCH,
    CLASS_OF_EACH,
    COMPARED,
    FITS,
    NOISE,
    PLAN,
    plan,
    run_of,
    third_step,
)
from tests.fashion import CLASSES
from training.data.splitting import Split
from training.export.environment import hardware
from training.fitting.augmentation import Augmentation
from training.fitting.checkpoints import Checkpoint, load_checkpoint
from training.fitting.fit import Fitted, fit

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent.relative_to(ROOT)
BOTH = ("test_fitting.py", "test_surroundings.py")
"""Files that know no backend. This one is not among them, so that a run inside a run begins no third."""

LONG_ENOUGH = 300
"""Seconds for JAX to start and compile on a machine that is busy with other tests."""

WEIGHTS: Final = ("model", "average", "best")
"""The groups of a checkpoint that hold a network's weights."""

WEIGHTS_APART: Final = 2e-4
"""After six steps; nearly all of it is the running variance, which TensorFlow's fused normalization divides
by one less than there are (fused_normalization.py). What is learnt ends within 5e-6."""

MOMENTA_APART: Final = 0.05
"""As a share of an array's largest value. They are sums of gradients, in which rounding moves what lies at a
ReLU's bend to its other side: TensorFlow's own two normalizations give gradients 0.006 apart."""


def on_jax(*words: str) -> subprocess.CompletedProcess[str]:
    """Run Python on the other backend; what it said is shown if it fails."""
    ended = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
        timeout=LONG_ENOUGH,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What on_jax.py wrote."""
    folder = tmp_path_factory.mktemp("jax")
    on_jax("-m", "tests.contract.training.on_jax", str(folder))
    return folder


@dataclass(frozen=True)
class Continued:
    """A fit whose first epoch was JAX's, and whose second was taken on both.

    Attributes:
        begun: after the first epoch.
        on_jax, here: after the second.
        told: what a listener heard of the second here.
    """

    begun: Checkpoint
    on_jax: Checkpoint
    here: Checkpoint
    fitted: Fitted
    told: Listener


@pytest.fixture(scope="module", params=FITS)
def continued(request: pytest.FixtureRequest, there: Path, parts: Split) -> Continued:
    """Each of FITS."""
    name, told = request.param, Listener()
    begun, on_jax = (load_checkpoint(run_of(folder, name)) for folder in (there / AFTER_ONE_EPOCH, there))
    run = run_of(there / AFTER_ONE_EPOCH, name)
    fitted = fit(parts, CLASSES, FITS[name], run, told)
    here = load_checkpoint(run)
    assert begun is not None
    assert on_jax is not None
    assert here is not None
    return Continued(begun, on_jax, here, fitted, told)


def test_what_knows_no_backend_passes_on_jax_too() -> None:
    ended = on_jax("-m", "pytest", "-q", "-p", "no:cacheprovider", *(str(HERE / file) for file in BOTH))

    assert " passed" in ended.stdout
    assert "skipped" not in ended.stdout


def test_the_data_come_in_the_same_order_and_the_same_is_drawn(there: Path) -> None:
    with np.load(there / PLAN) as arrays:
        planned = dict(arrays)

    assert {name: values.tolist() for name, values in planned.items()} == {
        name: values.tolist() for name, values in plan().items()
    }
    assert {"order", "flip", "shift", "erase", "mixup_partner", "mixup_share"} == set(planned)


@pytest.mark.parametrize(("name", "tolerance"), [("all but affine", 0), ("affine", 1)])
def test_the_same_happens_to_pictures_and_targets(name: str, tolerance: int, there: Path) -> None:
    augmentation = Augmentation(COMPARED[name])
    mixed = tf.function(augmentation)(
        tf.constant(NOISE), tf.constant(CLASS_OF_EACH), third_step(augmentation)
    )

    with np.load(there / f"{name}.npz") as arrays:
        images, targets = arrays["images"], arrays["targets"]

    assert (images.dtype, targets.dtype) == (np.uint8, np.float32)
    assert (images != NOISE).any(axis=(1, 2)).mean() > 0.9
    assert np.abs(images.astype(int) - mixed[0].numpy()).max() <= tolerance
    assert targets.tolist() == mixed[1].numpy().tolist()


def test_an_epoch_from_the_same_weights_ends_at_the_same_weights(continued: Continued) -> None:
    here, on_jax = continued.here, continued.on_jax

    figures_on_jax = pytest.approx(figures(on_jax.progress.history[1]), rel=1e-4)
    assert figures(here.progress.history[1]) == figures_on_jax
    assert {name for name in WEIGHTS if farthest(here, on_jax, name) > WEIGHTS_APART} == set()
    assert farthest(here, continued.begun, "model") > 10 * WEIGHTS_APART


def test_an_epoch_from_the_same_weights_leaves_the_optimizer_alike(continued: Continued) -> None:
    here, on_jax = continued.here.groups["optimizer"], continued.on_jax.groups["optimizer"]

    shares = [
        np.abs(mine - theirs).max() / max(abs(theirs).max(), 1e-12)
        for mine, theirs in zip(here, on_jax, strict=True)
    ]

    assert max(shares) < MOMENTA_APART


def test_a_fit_begun_on_jax_goes_on_here(continued: Continued) -> None:
    begun, here = continued.begun.progress, continued.here.progress

    assert here.history[:1] == begun.history
    assert [one.epoch for one in here.history] == [1, 2]
    assert here.history[1].loss < begun.history[0].loss
    assert {epoch for epoch, _, _ in continued.told.steps} == {2}


def test_the_report_will_name_what_either_part_ran_on(continued: Continued) -> None:
    begun, fitted = continued.begun.progress, continued.fitted

    assert {"jax", "tensorflow"} & set(begun.libraries) == {"jax"}
    assert {"jax", "tensorflow"} & set(fitted.libraries) == {"tensorflow"}
    assert begun.hardware == fitted.hardware == (hardware(),)


def figures(epoch: Epoch) -> tuple[float, float, float, float]:
    """What an epoch's line shows, but its seconds."""
    return epoch.loss, epoch.accuracy, epoch.val_loss, epoch.val_accuracy


def farthest(one: Checkpoint, other: Checkpoint, group: str) -> float:
    """The largest difference between two checkpoints' arrays of a group."""
    both = zip(one.groups[group], other.groups[group], strict=True)
    return max(float(np.abs(mine - theirs).max()) for mine, theirs in both)
