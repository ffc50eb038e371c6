"""The lab's tuning of EfficientNet-Lite2 on clothes: what it learns, and what stays as it is."""

import csv
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lab import stored_arrays, tuning, tuning_batches
from lab.tuning_batches import Drawn, Tuning, compute_chances
from lab.tuning_photos import PackedPhotos, choose_part, is_plain, list_tuning_photos
from tests.commands import done
from training.errors import BadRecipe


def test_each_tier_has_its_share_and_shoes_and_rare_classes_are_not_lost() -> None:
    tiers = np.repeat(["A", "C"], [21, 21])
    labels = np.tile(np.repeat([0, 1, 9], [16, 4, 1]), 2)

    chances = compute_chances(
        tiers, labels.astype(str), labels, np.full(len(tiers), "clo"), np.full(42, False)
    )

    of_class = {one: chances[(tiers == "C") & (labels == one)].sum() for one in (0, 1, 9)}
    assert chances.sum() == pytest.approx(1)
    assert chances[tiers == "C"].sum() == pytest.approx(0.34 / 0.54)
    assert of_class[0] / of_class[1] == pytest.approx(4**0.4)
    assert of_class[9] / of_class[1] == pytest.approx(1.5 * 4**-0.4)


def test_sources_to_measure_on_left_out_kinds_and_outfits_are_not_tuned_on(tmp_path: Path) -> None:
    pool = ("file", "tier", "label", "source_label", "group")
    source = (*pool, "colour")
    write_table(tmp_path / "catalogue.csv", ("file", "kind", "colours", "gender"))
    for name in ("dev", "pool", "more"):
        write_table(tmp_path / f"{name}.csv", pool)
    write_table(
        tmp_path / "sources2.csv",
        source,
        ("A/6/den-1.jpg", "A", "6", "by eye", "den-1", "navy"),
        ("A/6/hnm-1.jpg", "A", "6", "by eye", "hnm-1", "navy"),
        ("X/X_scarf/den-2.jpg", "X", "", "scarf", "den-2", ""),
        ("X/X_hat/sky-3.jpg", "X", "", "hat", "sky-3", ""),
        ("C/4/ek-4.jpg", "C", "4", "by eye", "ek-town", "unsure"),
        ("X/X_outfit/ek-5.jpg", "X", "", "outfit", "ek-town", ""),
    )

    learnt = list_tuning_photos(tmp_path)

    assert {(photo.id, photo.source, photo.colours) for photo in learnt} == {
        ("den-1", "den", ("navy",)),
        ("sky-3", "sky", ()),
        ("ek-4", "ek", ()),
    }
    assert [photo.id for photo in learnt if is_plain(photo)] == ["den-1"]


def test_a_tuning_learns_views_of_its_sources_alone_each_once_before_one_comes_again() -> None:
    some = replace(photos(), sources=np.array(["clo", "kag", "den", "sky"]))
    parts = tuning.find_photo_parts(some)
    assert parts.tolist() == [-1, -1, choose_part("den"), choose_part("sky")]
    known = Tuning(some, seed=0)

    drawn = drawn_of(known, np.array([0, 2, 3, 5]))

    assert drawn.steps == 2
    assert sorted(drawn.order[:4].tolist()) == [0, 2, 3, 5]
    assert set(drawn.order.tolist()) == {0, 2, 3, 5}
    assert np.array_equal(drawn[1].targets["label"], known.targets["label"][drawn.photos[drawn.order[4:8]]])


def test_a_step_sees_the_same_views_whenever_it_is_asked_and_other_seeds_see_others() -> None:
    known = Tuning(photos(), seed=0)

    views = known.draw_views(3)

    assert views.shape == (tuning_batches.BATCH, 224, 224, 3)
    assert np.array_equal(views, Tuning(photos(), seed=0).draw_views(3))
    assert not np.array_equal(known.draw_photos(3), known.draw_photos(4))
    assert not np.array_equal(known.draw_photos(3), Tuning(photos(), seed=1).draw_photos(3))


def test_views_that_were_stopped_go_on_and_end_as_those_of_one_run(tmp_path: Path) -> None:
    known = Tuning(photos(), seed=0)
    count = 2 * stored_arrays.CHECKPOINT_ROWS
    made = list[int]()

    def draw(stop: int) -> Callable[[int], Iterator[NDArray[np.int64]]]:
        def draw_batches(done: int) -> Iterator[NDArray[np.int64]]:
            for step in range(done // tuning_batches.BATCH, stop):
                made.append(step)
                yield known.draw_photos(step)

        return draw_batches

    steps = count // tuning_batches.BATCH
    with pytest.raises(ValueError, match="broadcast"):
        # The third batch of the second half is damaged.
        stored_arrays.store_array(
            tmp_path / "one.npy",
            (count,),
            np.int64,
            lambda _: [*draw(steps // 2 + 2)(0), np.zeros(3, np.int64)[None]],
        )
    made.clear()

    resumed = stored_arrays.store_array(tmp_path / "one.npy", (count,), np.int64, draw(steps))

    assert made == [*range(steps // 2, steps)]
    assert np.array_equal(resumed, np.concatenate([known.draw_photos(step) for step in range(steps)]))
    assert [path.name for path in tmp_path.iterdir()] == ["one.npy"]


def test_another_number_of_views_than_the_folder_has_is_refused(tmp_path: Path) -> None:
    tuning.store_views(Tuning(photos(), seed=0), 64, tmp_path / "views.npy")

    with pytest.raises(BadRecipe, match=r"views\.npy has 64 views, not 128"):
        tuning.store_views(Tuning(photos(), seed=0), 128, tmp_path / "views.npy")


def test_half_of_each_weight_is_the_start_s_and_half_is_tuned() -> None:
    start = {"stem/kernel": np.array([1.0, 2.0], np.float16), "about": np.array("{}")}

    mean = tuning.average_weights(start, {"stem/kernel": np.array([2.0, -2.0], np.float16)})

    assert {path: values.tolist() for path, values in mean.items()} == {"stem/kernel": [1.5, 0.0]}


@pytest.mark.slow
def test_the_steps_that_need_pytorch_keep_their_promises() -> None:
    """In a process of their own: PyTorch ends a process that has loaded TensorFlow before."""
    if find_spec("torch") is None:
        pytest.skip("PyTorch is installed for the lab alone")

    options = ("-p", "torch._dynamo", "-W", "ignore:CUDA initialization")
    file = str(Path(__file__).with_name("tuning_in_torch.py"))
    ended = done([sys.executable, "-m", "pytest", "-q", *options, file])

    assert ended.returncode == 0, ended.stdout


def drawn_of(known: Tuning, learnt: NDArray[np.int64]) -> Drawn:
    """The first views of a seed, of which some are learnt."""
    return Drawn(
        known.draw_views(0)[:8], known.targets, known.draw_photos(0)[:8], learnt, known.seed, views_per_step=4
    )


def photos() -> PackedPhotos:
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (40, 30, 3), np.uint8) for _ in range(4)]
    files = [cv2.imencode(".webp", picture)[1] for picture in pictures]
    return PackedPhotos(
        files=np.concatenate(files),
        ends=np.cumsum([len(file) for file in files]),
        labels=np.array([0, 9, 10, -1]),
        kinds=np.array([-1, 1, 2, 0]),
        colours=np.eye(4, 5, dtype=np.float32),
        tiers=np.array(["C", "A", "X", ""]),
        shown=np.array(["0", "9", "belt", "tie"]),
        sources=np.array(["clo", "kag", "kag", "kag"]),
        of_users=np.array([True, False, False, False]),
        plain=np.array([False, False, False, False]),
    )


def write_table(path: Path, columns: tuple[str, ...], *rows: tuple[str, ...]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
