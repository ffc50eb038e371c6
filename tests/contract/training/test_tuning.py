"""The lab's tuning of EfficientNet-Lite0 on clothes: what it learns, and what stays as it is."""

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

from lab import tuning_mean
from lab.tuning import Batch, LastStages, tune
from training.features import lite0
from training.features.backbone import save_weights
from training.features.blocks import STAGE_ENDS

pytestmark = pytest.mark.slow


def test_the_tuned_stages_see_what_the_layers_of_the_network_see() -> None:
    whole, activations = lite0.load(), batch().activations
    ends = [whole.get_layer(name).output for name in STAGE_ENDS]

    of_layers = [activations, *keras.Model(ends[0], ends[1:])(activations)]
    means = np.concatenate([np.mean(each, axis=(1, 2)) for each in of_layers], axis=1)

    assert np.corrcoef(np.ravel(LastStages(whole)(activations)), means.ravel())[0, 1] > 0.999


def test_a_stopped_tuning_ends_as_one_that_was_not_and_leaves_the_first_stages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.tuning.KEPT", 2)
    whole = weights_by_path(tune(batches(), 4, seed=0, kept=tmp_path / "whole.npz"))

    with pytest.raises(RuntimeError, match="stopped"):
        tune(batches(stop_after=3), 4, seed=0, kept=tmp_path / "stopped.npz")
    resumed = weights_by_path(tune(batches(), 4, seed=0, kept=tmp_path / "stopped.npz"))

    before = weights_by_path(lite0.load())
    moved = {path for path, values in whole.items() if not np.array_equal(values, before[path])}
    assert {path[: len("stage5")] for path in moved} == {"stage5", "stage6", "stage7"}
    assert all(np.allclose(values, resumed[path], atol=1e-4) for path, values in whole.items())


def batches(stop_after: int | None = None) -> Iterator[Batch]:
    number = 0
    while number != stop_after:
        yield batch()
        number += 1
    raise RuntimeError("stopped")


def batch() -> Batch:
    rng = np.random.default_rng(0)
    return Batch(
        rng.normal(size=(4, 12, 12, 80)).astype(np.float32),
        {
            "label": np.eye(11, dtype=np.float32)[:4],
            "kind": np.zeros((4, 3), np.float32),
            "colours": np.eye(5, dtype=np.float32)[:4],
            "gender": np.eye(2, dtype=np.float32)[[0, 1, 0, 1]],
        },
    )


def weights_by_path(model: keras.Model) -> dict[str, np.ndarray]:
    return {weight.path: np.array(weight) for weight in model.weights}


def test_the_mean_has_half_of_each_frozen_weight_and_equal_shares_of_the_tuned_ones(tmp_path: Path) -> None:
    frozen = lite0.load()
    files = [tmp_path / "0.npz", tmp_path / "1.npz"]
    for more, file in zip((1, 2), files, strict=True):
        tuned = lite0.load()
        tuned.set_weights([weight + more for weight in frozen.get_weights()])
        save_weights(tuned, {}, file)

    tuning_mean.main([*map(str, files), "--out", str(tmp_path / "mean.npz")])

    before, mean = weights_by_path(frozen), weights_by_path(lite0.load(tmp_path / "mean.npz"))
    assert all(
        np.allclose(values, before[path] + 0.75, rtol=0.002, atol=0.005) for path, values in mean.items()
    )
