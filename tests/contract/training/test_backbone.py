"""The photos that the lab's networks learn, and the backbone: what it does not know, and its file."""

import csv
import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from lab import photo_tables, tuning_photos
from lab.pretraining import Batches, Pictures, main, save_weights
from lab.pretraining_photos import STORED_EDGE, list_photos, make_targets
from lab.tuning_photos import read_packed_photos
from tests.fashion import write_idx_folder
from training.errors import WeightsUnusable
from training.features.frozen import BACKBONE, EFFICIENTNET, FrozenNetwork
from training.features.weights import DATA_DESCRIPTION_ARRAY, read_npz
from training.gradient.recipes import Recipe

CATALOGUE = ("file", "kind", "colours", "gender")
POOL = ("file", "tier", "label", "source_label", "group")


def a_picture(seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    picture = np.full((80, 60, 3), 255, np.uint8)
    picture[20:60, 15:45] = rng.integers(0, 255, 3)
    return cv2.imencode(".jpg", picture)[1].tobytes()


def write(folder: Path, name: str, columns: Iterable[str], rows: Iterable[Sequence[str]]) -> None:
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])


def archive(folder: Path, name: str, rows: Iterable[Sequence[str]]) -> None:
    with zipfile.ZipFile(folder / f"{name}.zip", "w") as packed:
        for number, row in enumerate(rows):
            packed.writestr(row[0], a_picture(number))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve shop photos, of which one is in the pool too, six of users, and one that is judged."""
    shop = [(f"shirt/kag-{n}.jpg", "shirt", "blue white", "men") for n in range(6)]
    shop += [(f"socks/kag-{n}.jpg", "socks", "", "") for n in range(6, 12)]
    pool = [("A/6/kag-0.jpg", "A", "6", "Shirts", "kag-0")]
    pool += [("X/X_kaggle_Socks/kag-90.jpg", "X", "", "kaggle:Socks", "kag-90")]
    users = [(f"C/0/clo-{n}.jpg", "C", "0", "T-Shirt", f"clo-sender-{n}") for n in range(6)]
    write(tmp_path, "catalogue", CATALOGUE, shop)
    write(tmp_path, "pool", POOL, pool)
    write(tmp_path, "more", POOL, users)
    write(tmp_path, "dev", POOL, [("dev/C/0/clo-9.jpg", "C", "0", "T-Shirt", "clo-sender-5")])
    archives: dict[str, Sequence[Sequence[str]]] = {
        "catalogue": shop,
        "pool_A": pool[:1],
        "pool_X": pool[1:],
        "more_C": users,
    }
    for name, rows in archives.items():
        archive(tmp_path, name, rows)
    return tmp_path


def test_a_photo_of_two_tables_is_one_with_all_that_is_known_of_it(folder: Path) -> None:
    photo = next(one for one in list_photos(folder) if one.id == "kag-0")

    assert (photo.kind, photo.colours, photo.gender) == ("shirt", ("blue", "white"), "men")
    assert (photo.label, photo.tier) == (6, "A")


def test_nothing_is_learnt_of_a_sender_whose_photos_judge(folder: Path) -> None:
    assert {photo.sender for photo in list_photos(folder)} >= {f"clo-sender-{n}" for n in range(5)}
    assert "clo-sender-5" not in {photo.sender for photo in list_photos(folder)}


def test_what_is_unknown_of_a_photo_has_no_weight(folder: Path) -> None:
    photos = [photo for photo in list_photos(folder) if photo.id in {"kag-6", "clo-0"}]
    targets = make_targets(photos)
    blank = np.zeros((len(photos), STORED_EDGE, STORED_EDGE, 3), np.uint8)
    pictures = Pictures(blank, blank, np.zeros(len(photos), np.bool_))

    _, _, weights = Batches(pictures, targets, ["a", "b"], Recipe(batch_size=64))[0]

    assert set(weights["kind"] + weights["label"]) == {1}  # socks have a kind alone, a user's photo a label
    assert not weights["colours"].any()
    assert not weights["gender"].any()


def test_the_tuning_packs_what_it_learns(folder: Path, tmp_path: Path) -> None:
    tuning_photos.main([str(folder), "--out", str(tmp_path / "packed.npz")])

    packed = read_packed_photos(tmp_path / "packed.npz")

    assert len(packed) == len(tuning_photos.list_tuning_photos(folder))
    assert set(packed.shown) == {"0", "6", "shirt"}  # no socks
    assert {packed.decode_picture(number).shape for number in range(len(packed))} == {(80, 60, 3)}


def test_the_tables_name_what_is_learnt_and_what_decides(folder: Path, tmp_path: Path) -> None:
    sources = [
        ("A/6/den-1.jpg", "A", "6", "by eye", "den-1", "someone/shop", "navy"),
        ("X/X_hat/hnm-2.jpg", "X", "", "hat", "hnm-2", "someone/contest", ""),  # measured on alone
        ("X/X_hat/den-3.jpg", "X", "", "hat", "den-3", "someone/shop", ""),
    ]
    write(folder, "sources", (*POOL, "source", "colour"), sources)
    archive(folder, "sources_A", sources[:1])
    archive(folder, "sources_X", sources[2:])
    idx, out = tmp_path / "idx", tmp_path / "tables"
    write_idx_folder(idx, train=10, test=10)

    photo_tables.main([str(folder), "--data", str(idx), "--out", str(out)])

    rows = rows_of(out / "learn.csv")
    learnt, judging = ([row for row in rows if row["checked"] == cell] for cell in ("", "1"))
    assert Counter((row["tier"], row["label"], row["source"]) for row in learnt) == {
        ("A", "6", "Fashion Product Images"): 1,
        ("A", "6", "someone/shop"): 1,
        ("X", "X_hat", "someone/shop"): 1,
        ("C", "0", "clothing-dataset"): 6,
        **{("scaled", str(label), ""): 1 for label in range(10)},
    }  # no socks, which judge own kinds
    assert all((out / row["path"]).exists() for row in learnt)
    assert [row["group"] for row in learnt if row["source"] == "someone/shop"] == ["someone/shop"] * 2
    assert [(row["group"], row["tier"], row["source"]) for row in judging] == [
        ("clo-sender-5", "C", "clothing-dataset")
    ]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_a_stopped_training_continues_after_its_last_epoch(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.pretraining.RECIPE", replace(BACKBONE.recipe, batch_size=8, optimizer="adamw"))
    monkeypatch.setattr("lab.pretraining_photos.MIN_PHOTOS_PER_KIND", 5)
    out, run = tmp_path / "backbone.npz", tmp_path / "run"
    command = [str(folder), "--out", str(out), "--run", str(run), "--epochs"]
    main([*command, "1"])

    main([*command, "2"])

    history = (run / "history.csv").read_text("utf-8").splitlines()
    assert [row["epoch"] for row in csv.DictReader(history)] == ["0", "1"]
    assert json.loads(str(read_npz(out)[DATA_DESCRIPTION_ARRAY]))["photos"] == 18


def test_the_file_holds_the_weights_to_float16(tmp_path: Path) -> None:
    model = BACKBONE.build_with_random_weights()
    pixels = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), np.uint8)
    save_weights(model, {"photos": 3}, tmp_path / "one.npz")

    read = BACKBONE.load_network(tmp_path / "one.npz")

    assert json.loads(str(read_npz(tmp_path / "one.npz")[DATA_DESCRIPTION_ARRAY])) == {"photos": 3}
    np.testing.assert_allclose(read.predict(pixels, verbose=0), model.predict(pixels, verbose=0), atol=0.01)
    assert (tmp_path / "one.npz").stat().st_size < 4_000_000


@pytest.mark.parametrize("network", [BACKBONE, EFFICIENTNET])
@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04"])
def test_a_file_of_no_or_other_weights_is_named(
    network: FrozenNetwork, content: bytes | None, tmp_path: Path
) -> None:
    path = tmp_path / "one.npz"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(WeightsUnusable, match=r"one\.npz: no backbone"):
        network.load_network(path)
