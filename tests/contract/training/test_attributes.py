"""A CSV with attributes beside the class: what is learnt, decided, served and reported of each."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from inference.decode import decode
from model_store.local import LocalRelease, open_release
from model_store.networks import open_networks
from model_store.promotions import current
from model_store.store import open_store
from reports.answers import all_answers_in
from reports.values import report_of
from tests.commands import wardrobe
from tests.own_pictures import COLOURS, a_blob
from tests.uploads import png
from training.errors import BadPictures

pytestmark = pytest.mark.slow

PER_CELL = 30


def write_table(folder: Path) -> Path:
    """Blobs, wide and tall, in three colours; the size is unknown of some, and tall ones have no `bow`."""
    rows = []
    for shape in ("tall", "wide"):
        for colour in COLOURS:
            for seed in range(PER_CELL):
                blob = a_blob(colour, seed)
                blob = blob if shape == "tall" else np.rot90(blob).copy()
                name = f"{shape}-{colour}-{seed}.png"
                (folder / name).write_bytes(png(blob[..., ::-1]))
                shown = {"Green": "green", "Red": "red/green" if seed % 5 == 0 else "red", "Violet": "violet"}
                bow = "-" if shape == "tall" else "yes" if colour == "Red" else "no"
                rows.append((name, shape, shown[colour] if seed % 7 else "", bow, "9.90"))
    for colour in list(COLOURS)[:2]:  # too few for a class, whose colours are learnt
        (folder / f"hat-{colour}.png").write_bytes(png(a_blob(colour, 900)[..., ::-1]))
    with (folder / "products.csv").open("w", encoding="utf-8", newline="") as file:
        rare = [(rows[place][0], "wide", "beige", "", "") for place in (-2, -9)]  # whose colours are unknown
        hats = [(f"hat-{colour}.png", "hat", colour.lower(), "", "") for colour in list(COLOURS)[:2]]
        csv.writer(file).writerows([("path", "label", "colour", "bow", "price"), *rows, *rare, *hats])
    return folder / "products.csv"


@pytest.fixture(scope="module")
def release(short_fits: None, tmp_path_factory: pytest.TempPathFactory) -> LocalRelease:
    folder = tmp_path_factory.mktemp("shop")
    table = write_table(folder)
    words = ["--data", str(table), "--attribute", "colour", "--attribute", "bow", "--fast"]
    store = str(folder / "store")
    assert wardrobe("train", [*words, "--run", str(folder / "run"), "--out", store]) == 0
    return open_release(folder / "store" / "releases" / current(open_store(store)).version)


def test_each_attribute_has_a_head_and_the_class_what_it_has_without(release: LocalRelease) -> None:
    heads = release.manifest.attributes

    assert {name: head.labels for name, head in heads.items()} == {
        "colour": ("green", "red", "violet"),
        "bow": ("no", "yes"),
    }
    assert (heads["colour"].applies_to, heads["bow"].applies_to) == (None, ("wide",))
    assert release.manifest.labels == ("tall", "wide")
    assert release.manifest.network("photos").golden.answers.keys() == {"label", "colour", "bow"}
    assert release.manifest.training["settings"]["attribute"] == ["colour", "bow"]  # type: ignore[index, call-overload]


def test_the_report_measures_each_and_all_accepted_answers_together(release: LocalRelease) -> None:
    report = report_of(release)
    colour, bow = report.attributes["colour"], report.attributes["bow"]

    assert colour.accuracy > 0.9
    assert colour.promise.needed == bow.promise.needed == 59  # each has its own chance of an error of .05
    assert (bow.inapplicable, colour.inapplicable) == (3 * PER_CELL, 0)
    assert colour.unknown == sum(seed % 7 == 0 for seed in range(PER_CELL)) * 6
    assert colour.n + colour.unknown == 6 * PER_CELL + 2
    assert report.test.n == 6 * PER_CELL  # without the two hats
    assert sum(one.n for one in colour.labels.values()) == colour.n
    for name in ("report.html", "MODEL_CARD.md"):
        assert "bow" in (release.folder / name).read_text("utf-8")
    assert report.all_accepted is not None
    assert 0 < report.all_accepted.right <= report.all_accepted.pictures


def test_out_of_fold_answers_are_kept_by_which_releases_compare(release: LocalRelease) -> None:
    read = lambda path: (release.folder / path).read_bytes()  # noqa: E731 - of this test alone
    answers, report = all_answers_in(release.manifest, read, "release"), report_of(release)

    for name, figures in report.attributes.items():
        mine = answers.of_head(name)
        known = mine.take(mine.known)
        assert len(mine) == figures.n + figures.inapplicable
        assert known.right.mean() == pytest.approx(figures.accuracy)
        assert known.accepted.mean() == pytest.approx(figures.accepted)
        assert mine.probabilities.shape[1] == len(release.manifest.attributes[name].labels)
    not_there = answers.of_head("bow").take(~answers.of_head("bow").known)
    assert {str(one) for one in not_there.decisions} <= {"inapplicable", "unfamiliar"}
    assert answers.of_head("").probabilities.shape[1] == 2


def test_evaluate_measures_the_attributes_that_a_table_has(
    release: LocalRelease, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [("path", "label", "colour", "price")]
    for seed in range(5):
        for colour, said in (
            ("Green", "green"),
            ("Red", "red"),
            ("Violet", "green/violet"),
            ("Red", "beige"),
        ):
            name = f"{colour}-{said[0]}-{seed}.png"
            blob = a_blob(colour, 500 + 10 * seed + len(said))[..., ::-1]
            wide = seed % 2 == 1
            (tmp_path / name).write_bytes(png(np.rot90(blob).copy() if wide else blob))
            rows.append((name, "wide" if wide else "tall", said, "9.90"))
    rows[1] = (*rows[1][:2], "", "9.90")
    with (tmp_path / "new.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)

    assert wardrobe("evaluate", [str(release.folder), "--data", str(tmp_path / "new.csv"), "--json"]) == 1

    told = capsys.readouterr()
    [(name, found)] = json.loads(told.out)["attributes"].items()
    assert (name, found["n"]) == ("colour", 14)
    assert found["accuracy"] > 0.9
    assert 0 <= found["accepted"] <= 1
    assert "Columns that are not read: price." in told.err
    assert "the release lacks these labels ('beige')" in told.err


def test_a_new_picture_is_answered_to_each(release: LocalRelease) -> None:
    networks = open_networks(release)
    uploads = [png(a_blob(colour, 1000)[..., ::-1]) for colour in COLOURS]

    found = networks.classify([networks.model_input(decode(one, 10**6)) for one in uploads])

    assert [one.attributes["colour"].label for one in found] == ["green", "red", "violet"]
    assert {one.answer.label for one in found} == {"tall"}
    assert {one.attributes["bow"].reason for one in found} <= {"inapplicable", "unfamiliar"}


def test_a_correction_of_an_attribute_that_the_release_lacks_is_refused(
    release: LocalRelease, tmp_path: Path
) -> None:
    shop, file = release.folder.parents[2], tmp_path / "corrections.csv"
    file.write_text(f"path,label,attribute\n{shop / 'wide-Green-1.png'},long,sleeve\n", "utf-8")

    with pytest.raises(BadPictures, match="'sleeve', which the release lacks: it has learnt colour, bow"):
        wardrobe("improve", [str(file), "--from", str(shop / "store")])
