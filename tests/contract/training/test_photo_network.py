"""The network that answers photos: made beside a release's other files, and fitted anew with corrections."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest

from inference.contract import LABEL
from inference.networks import Networks
from inference.pictures.decode import decode_image
from inference.sessions.keras_session import load_keras_model
from lab import photo_network
from model_store.local_releases import BUNDLED_FOLDER, LocalRelease, open_bundled_release, open_release
from model_store.release_files import GRAPH_FILE, MODEL_FILE, REPORT_FILE
from model_store.release_networks import open_networks
from model_store.store_keys import make_folder_release_files
from reports.answers import TEST_SET
from reports.answers_file import read_all_answers, read_release_answers
from reports.evidence import read_evidence
from reports.values import read_report
from scripts.terminal import run_main
from tests.commands import wardrobe
from training.data.data_source import DataSource
from training.data.fashion import FASHION_MNIST_LABELS
from training.data.labels import OOD, Labels
from training.data.learnt_hashes import load_learnt_hashes
from training.data.pictures import TEXT_COLUMNS, Pictures
from training.data.vectors import Features
from training.errors import BadRecipe, DataError
from training.features.blocks import BLOCK_WIDTHS
from training.features.shipped import read_shipped_photos
from training.progress import ProgressLines
from training.release.conversion import LARGE
from training.release.photo_heads import BELOW, join_to_frozen_network
from training.release.photos import read_parent_photo_heads
from training.ten_classes import train_photo_head

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("short_fits")]

EACH = 12
"""Photos of each class, and of none."""


def a_photo(path: Path, kind: int, rng: np.random.Generator) -> None:
    """A patch on a ground: its colour tells the class, and everything else does not."""
    hue = np.array([[[kind * 16, 220, 100 if kind % 2 else 230]]], np.uint8)
    colour = cv2.cvtColor(hue, cv2.COLOR_HSV2BGR)[0, 0].astype(np.int64)
    photo = rng.integers(150, 256, (120, 100, 3)).astype(np.uint8)
    top, left = rng.integers(5, 20, 2)
    photo[top : top + 90, left : left + 70] = np.clip(colour + rng.integers(-10, 10, 3), 0, 255)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), photo)


@pytest.fixture(scope="module")
def place(short_fits: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of photos, two to a sender, and the release that learnt them."""
    folder, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    with (folder / "photos.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "label", "tier", "group"])
        for kind in range(11):
            for number in range(EACH):
                name = f"{kind}/{number}.png"
                a_photo(folder / name, kind, rng)
                label, tier = (str(kind), "studio") if kind < 10 else ("X_hat", "X")
                rows.writerow([name, label, tier, f"sender {kind} {number // 2}"])
    words = [str(BUNDLED_FOLDER), "--photos", str(folder / "photos.csv"), "--run", str(folder / "run")]
    assert photo_network.main(words) == 0
    return folder


@pytest.fixture(scope="module")
def made(place: Path) -> LocalRelease:
    return open_release(place / "run" / "release")


@pytest.fixture(scope="module")
def networks(made: LocalRelease) -> Networks:
    return open_networks(made)


@pytest.mark.parametrize(("key", "value"), [(BELOW, "0" * 64), ("seen", "")], ids=["another", "not said"])
def test_heads_for_another_network_below_are_refused_before_anything_is_learnt(
    key: str, value: str, made: LocalRelease, tmp_path: Path
) -> None:
    """A release of version 2.0 does not say by which network it sees."""
    other = replace(made, folder=tmp_path / "other")
    shutil.copytree(made.folder, other.folder)
    report = json.loads((other.folder / REPORT_FILE).read_text("utf-8"))
    del report["training"]["configuration"][BELOW]
    report["training"]["configuration"][key] = value
    (other.folder / REPORT_FILE).write_text(json.dumps(report), "utf-8")

    assert read_parent_photo_heads(made) is not None
    with pytest.raises(BadRecipe, match="Give --from bundled in its place"):
        train_photo_head(
            other, DataSource(place=str(tmp_path / "none.csv"), photo_use="learn"), ProgressLines()
        )


def test_a_release_has_the_heads_alone_and_the_package_what_is_below_them(made: LocalRelease) -> None:
    photos = made.manifest.get_network("photos")
    stored, heads = load_keras_model(made.folder / photos.artifact), read_parent_photo_heads(made)

    answers = join_to_frozen_network(heads)(
        photos.golden.decode_pixels(photos.contract.input), training=False
    )

    assert heads is not None
    assert [tensor.dtype for tensor in stored.inputs] == ["uint8", "float32"]
    assert {weight.dtype for weight in stored.weights} == {"float16"}
    assert {weight.dtype for weight in heads.weights} == {"float32"}
    assert stored.output.keys() == {"probabilities", "distance", "probabilities_colour", "probabilities_kind"}
    for name, golden in photos.golden.answers.items():
        output = "probabilities" if name == LABEL else f"probabilities_{name}"
        assert np.abs(np.asarray(answers[output]) - np.asarray(golden)).max() < 0.005


def test_large_weights_of_the_graph_are_stored_in_half_precision(made: LocalRelease) -> None:
    graph = onnx.load(made.get_graph_path("photos"))

    large = [weight for weight in graph.graph.initializer if np.prod(weight.dims) >= LARGE]
    assert {weight.data_type for weight in large} == {onnx.TensorProto.FLOAT16}
    assert (
        sum(map(len, (weight.raw_data for weight in large)))
        > 0.9 * made.get_graph_path("photos").stat().st_size
    )


def test_the_release_keeps_what_it_had_and_answers_photos_by_the_new_network(
    place: Path, made: LocalRelease, networks: Networks
) -> None:
    rng = np.random.default_rng(1)
    inputs = []
    for kind in range(10):
        a_photo(place / f"new-{kind}.png", kind, rng)
        decoded = decode_image(
            (place / f"new-{kind}.png").read_bytes(), 10**6, networks["pixels"].contract.input
        )
        inputs.append(networks.make_model_input(decoded))

    answers = networks.classify(inputs)

    same = {name: made.manifest.files[name].sha256 for name in (MODEL_FILE, GRAPH_FILE)}
    assert same == {
        name: open_bundled_release().manifest.files[name].sha256 for name in (MODEL_FILE, GRAPH_FILE)
    }
    assert (
        sum(answer.answer.label == label for answer, label in zip(answers, FASHION_MNIST_LABELS, strict=True))
        >= 8
    )
    before = open_networks(open_bundled_release()).classify(inputs)
    assert made.manifest.attributes == open_bundled_release().manifest.attributes
    for answer, earlier in zip(answers, before, strict=True):
        assert answer.attributes.keys() == {"colour", "kind"}
        for name, attribute in answer.attributes.items():
            assert attribute.label_probabilities == pytest.approx(
                earlier.attributes[name].label_probabilities, abs=0.005
            )
    assert read_report(made).test.accuracy == read_report(open_bundled_release()).test.accuracy
    assert read_report(made).photo_model is not None


def test_its_parents_answers_to_the_test_set_stay_and_what_that_learnt_is_not_forgotten(
    made: LocalRelease,
) -> None:
    before, after = (
        read_evidence(make_folder_release_files(one)).answers.select_set(TEST_SET)
        for one in (open_bundled_release(), made)
    )
    of_parent, learnt = (load_learnt_hashes(one.folder) for one in (open_bundled_release(), made))

    assert len(after) == open_bundled_release().manifest.headline.test_n
    assert after.predicted.tolist() == before.predicted.tolist()
    assert of_parent is not None and learnt is not None
    assert len(learnt.sha256_prefixes) > len(of_parent.sha256_prefixes) > 0
    assert np.isin(of_parent.sha256_prefixes, learnt.sha256_prefixes).all()


def test_its_figures_are_answers_of_heads_that_did_not_learn_the_sender(made: LocalRelease) -> None:
    stored = read_release_answers(made.manifest, lambda name: (made.folder / name).read_bytes(), "here")
    photos = stored.select_rows(stored.networks == "photos")

    folds = {(group, fold) for group, fold in zip(photos.groups, photos.folds, strict=True)}
    assert len(photos) == 11 * EACH
    assert len(folds) == len({group for group, _ in folds})
    assert set(photos.folds.tolist()) == {1, 2, 3, 4, 5}
    assert read_report(made).photos["studio"].split == "cross-fitted"
    assert read_report(made).photos["studio"].auroc is not None


def test_what_is_none_of_the_classes_is_less_familiar(place: Path, networks: Networks) -> None:
    rng = np.random.default_rng(2)
    familiarity = {}
    for kind in (2, 10):
        a_photo(place / f"asked-{kind}.png", kind, rng)
        decoded = decode_image(
            (place / f"asked-{kind}.png").read_bytes(), 10**6, networks["pixels"].contract.input
        )
        (answer,) = networks.classify([networks.make_model_input(decoded)])
        familiarity[kind] = answer.familiarity

    assert familiarity[10] is not None and familiarity[2] is not None
    assert familiarity[10] < familiarity[2]


def test_corrections_refit_the_network_beside_the_photos_that_come_with_it(
    place: Path, made: LocalRelease, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(3)
    with (tmp_path / "corrections.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "label", "at", "audit"])
        for number in range(12):
            a_photo(tmp_path / f"{number}.png", 7, rng)
            drawn = "8" if number < 8 else ""
            rows.writerow([f"{number}.png", FASHION_MNIST_LABELS[7], "2026-11-22T10:00:00Z", drawn])
    words = [str(tmp_path / "corrections.csv"), "--from", str(made.folder), "--json"]

    assert run_main(lambda: wardrobe("improve", [*words, "--", "--run", str(tmp_path / "run")])) == 0

    told = capsys.readouterr()
    assert told.err.startswith("12 answers about photos will be learnt. Nothing else changes.")
    child, document = open_release(tmp_path / "run" / "release"), json.loads(told.out)
    learnt = load_learnt_hashes(child.folder)
    kept = read_all_answers(child.manifest, lambda name: (child.folder / name).read_bytes(), "here")
    assert (kept.by == made.version).sum() == 12
    assert f"both decided 0 of the {10 * EACH} pictures of tier studio" in document["verdict"]
    assert "Not measured again: tier studio." in told.err
    assert {tier: read_report(child).photos[tier].n for tier in ("own", "corrected")} == {
        "own": 8,
        "corrected": 4,
    }
    assert not [kind for kind in read_report(child).acceptance if "corrected" in kind]
    assert {"A", "B", "C", "X"} <= set(read_report(child).photos)
    assert read_report(child).photos["own"].answer_counts is not None
    assert not any(name.endswith(".jpg") for name in child.manifest.files)
    record = child.manifest.training["photo_network"]
    assert isinstance(record, dict)
    assert record["settings"] == {"release": str(made.folder), "photos": str(tmp_path / "corrections.csv")}
    assert learnt is not None
    assert len(learnt.sha256_prefixes) > 12


def test_vectors_come_with_the_package_nearly_as_they_were_seen(tmp_path: Path) -> None:
    """They differ in 20 directions, as the vectors of photos mostly do in some hundred."""
    rng = np.random.default_rng(4)
    shown = (rng.normal(size=(2, 300, 20)) @ rng.normal(size=(20, BLOCK_WIDTHS["lite2"])) + 5).astype(
        np.float32
    )
    names = np.arange(300).astype(str)
    classes, checked = np.where(np.arange(300) < 9, OOD, 0), np.arange(300) % 2 == 0
    texts: dict[str, Any] = dict.fromkeys(TEXT_COLUMNS, names)
    photos = Pictures(
        features=Features(*shown),
        is_checked=checked,
        labels={LABEL: Labels.make_from_codes(classes, FASHION_MNIST_LABELS)},
        **texts,
    )

    photo_network.save_vectors(photos, tmp_path / "vectors.npz")

    found = read_shipped_photos(tmp_path / "vectors.npz")
    away = np.stack([found.features.upright, found.features.mirrored]) - shown
    assert np.abs(away).max() < 0.05 * shown.std()
    assert found.labels[LABEL].names == FASHION_MNIST_LABELS
    assert found.sha256.tolist() == names.tolist()
    assert found.is_checked.tolist() == checked.tolist()
    assert found.classes.tolist() == classes.tolist()


def test_a_class_without_a_photo_is_named(place: Path, tmp_path: Path) -> None:
    rows = [
        f"{place}/{kind}/0.png,{kind},studio,sender {kind}"
        for kind in range(10)
        if FASHION_MNIST_LABELS[kind] != "Coat"
    ]
    (tmp_path / "few.csv").write_text("\n".join(["path,label,tier,group", *rows]), "utf-8")
    words = [str(BUNDLED_FOLDER), "--photos", str(tmp_path / "few.csv"), "--run", str(tmp_path / "run")]

    with pytest.raises(DataError, match=r"No photo shows Coat\."):
        photo_network.main(words)
