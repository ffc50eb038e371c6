"""What the lab's tuning does by PyTorch; test_tuning.py runs this file in a process of its own."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from lab import tuning_steps
from lab.tuning_batches import Batch, Drawn, Tuning
from tests.contract.training.test_tuning import drawn_of, photos
from training.features.blocks import build_vector_network
from training.features.frozen import EFFICIENTNET
from training.features.weights import read_npz


def test_it_sees_what_the_network_of_the_package_sees() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (1, 6, 6, 3), np.uint8).repeat(32, 1).repeat(32, 2)
    signed = (torch.from_numpy(picture).permute(0, 3, 1, 2).float() - 127) / 128

    found = tuning_steps.compute_means(tuning_steps.make_tensors(read_npz(EFFICIENTNET.weights_file)), signed)

    assert np.allclose(torch_of(found), np.asarray(build_vector_network(("lite2",))(picture)), atol=1e-3)


def test_a_stopped_tuning_ends_as_one_that_was_not_and_keeps_the_statistics(tmp_path: Path) -> None:
    start, drawn = read_npz(EFFICIENTNET.weights_file), stored_in(tmp_path)

    def tuned(kept: str, learnt: Drawn) -> dict[str, Any]:
        _, above = below_and_above()
        found: dict[str, Any] = tuning_steps.make_arrays(
            tuning_steps.tune(above, learnt, 4, tmp_path / kept, between=2)
        )
        return found

    whole = tuned("whole", drawn)
    with pytest.raises(RuntimeError, match="stopped"):
        tuned("stopped", Stopped(**vars(stored_in(tmp_path))))
    resumed = tuned("stopped", drawn)

    assert all(np.allclose(values, resumed[path], atol=1e-3) for path, values in whole.items())
    still = {path for path, values in whole.items() if np.array_equal(values, start[path])}
    assert {path for path in whole if "moving" in path} <= still
    assert "stage5_1/kernel" not in still


def test_the_last_stages_learn_on_what_the_others_give_of_each_view_and_these_stay(tmp_path: Path) -> None:
    start = read_npz(EFFICIENTNET.weights_file)
    drawn = stored_in(tmp_path)
    below, above = below_and_above()

    tuned = tuning_steps.make_arrays(below | tuning_steps.tune(above, drawn, 2, tmp_path / "kept"))

    assert [*tuned] == [path for path in start if path != "about"]
    moved = {path for path, values in tuned.items() if not np.array_equal(values, start[path])}
    assert "stage5_1/kernel" in moved
    assert not any(path.startswith(("stem", *(f"stage{n}_" for n in range(1, 5)))) for path in moved)
    seen = torch_of(tuning_steps.compute_means(above, torch.from_numpy(np.array(drawn.views)).float()))
    assert seen.shape == (8, 768)


def below_and_above() -> tuple[tuning_steps.Weights, tuning_steps.Weights]:
    """The stages of the network of the package that stay, and those that learn."""
    return tuning_steps.split_stages(tuning_steps.make_tensors(read_npz(EFFICIENTNET.weights_file)))


def stored_in(folder: Path) -> Drawn:
    """What the stages that stay give of some views, all of which are learnt."""
    drawn = drawn_of(Tuning(photos(), seed=0), np.arange(8))
    below, _ = below_and_above()
    return replace(drawn, views=tuning_steps.store_outputs(below, drawn.views, 0, folder / "stored.npy"))


def torch_of(tensor: Any) -> NDArray[np.float32]:
    return np.asarray(tensor.detach(), np.float32)


class Stopped(Drawn):
    """A tuning that ends before its last step."""

    def __getitem__(self, step: int) -> Batch:
        if step == 3:
            raise RuntimeError("stopped")
        return super().__getitem__(step)
