"""A table with attributes beside the class: what is learnt, reported, served and improved of each."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from model_store.local_releases import LocalRelease, open_release
from reports.answers_file import read_all_answers
from reports.page.advice import describe_acceptance
from reports.page.wording import ENGLISH_WORDING
from reports.values import read_report
from tests.commands import wardrobe
from tests.contract.training.conftest import current_in, served
from tests.own_pictures import COLOURS, a_blob
from tests.uploads import png
from training.errors import DataError
from training.options import TrainingOptions

pytestmark = pytest.mark.slow

TALL, WIDE = "=1+1", "盒子"
"""Classes of the table, as people name them."""

EACH = 30
"""Pictures of each colour of each class of the table: 59 without an error make a promise of an attribute."""

BEFORE = 6 * EACH
"""Pictures of the table that are learnt."""

Rows = list[tuple[str, ...]]


OTHER_SEEDS = 200
"""Added to the seed of what lies on its side: so no picture is nearly the same as one of the other class."""


def blob(colour: str, seed: int, name: str = TALL) -> bytes:
    """A PNG of a blob of one of COLOURS, tall or lying on its side."""
    shown = a_blob(colour, seed) if name == TALL else np.rot90(a_blob(colour, seed + OTHER_SEEDS)).copy()
    return png(shown[..., ::-1])


def write_rows(path: Path, rows: Rows) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of blobs in three colours; the colour of some is unknown, and what is tall has no `bow`."""
    folder, rows = tmp_path_factory.mktemp("shop"), Rows()
    for name, shape in ((TALL, "tall"), (WIDE, "wide")):
        for colour in COLOURS:
            for seed in range(EACH):
                file = f"{shape}-{colour}-{seed}.png"
                (folder / file).write_bytes(blob(colour, seed, name))
                shown = f"{colour}/Green" if colour == "Red" and seed % 5 == 0 else colour
                bow = "-" if name == TALL else "yes" if colour == "Red" else "no"
                rows.append((file, name, shown if seed % 7 else "", bow, "9.90"))
    rare = [(rows[place][0], WIDE, "beige", "", "") for place in (-2, -9)]  # whose colours are unknown
    hats = [(f"hat-{colour}.png", "hat", colour, "", "") for colour in list(COLOURS)[:2]]
    for file, _, colour, *_ in hats:  # too few for a class, whose colours are learnt
        (folder / file).write_bytes(blob(colour, 900))
    write_rows(folder / "products.csv", [("path", "label", "colour", "bow", "price"), *rows, *rare, *hats])
    return folder


@pytest.fixture(scope="module")
def release(short_fits: None, shop: Path) -> LocalRelease:
    words = ["--data", str(shop / "products.csv"), "--run", str(shop / "run"), "--out", str(shop / "store")]
    options = ["--attribute", "colour", "--attribute", "bow", "--fast", "--seed", "3"]
    assert wardrobe("train", [*words, *options]) == 0
    return current_in(shop / "store")


def test_each_attribute_has_a_head_and_the_class_what_it_has_without(release: LocalRelease) -> None:
    manifest, heads = release.manifest, release.manifest.attributes

    assert {name: head.labels for name, head in heads.items()} == {
        "colour": ("Green", "Red", "Violet"),
        "bow": ("no", "yes"),
    }
    assert (heads["colour"].applies_to, heads["bow"].applies_to) == (None, (WIDE,))
    assert manifest.labels == (TALL, WIDE)
    assert manifest.get_network("photos").golden.answers.keys() == {"label", "colour", "bow"}
    assert manifest.training["settings"]["attribute"] == ["colour", "bow"]  # type: ignore[index, call-overload]


def test_the_report_measures_each_and_all_accepted_answers_together(release: LocalRelease) -> None:
    report = read_report(release)
    colour, bow = report.attributes["colour"], report.attributes["bow"]

    assert colour.accuracy > 0.9
    assert colour.promise.needed == bow.promise.needed == 59  # each has its own chance of an error of .05
    assert (bow.inapplicable, colour.inapplicable) == (3 * EACH, 0)
    assert colour.unknown == sum(seed % 7 == 0 for seed in range(EACH)) * 6
    assert colour.n + colour.unknown == BEFORE + 2
    assert report.test.n == BEFORE  # without the two hats
    assert sum(one.n for one in colour.labels.values()) == colour.n
    for name in ("report.html", "MODEL_CARD.md"):
        assert "bow" in (release.folder / name).read_text("utf-8")
    assert report.all_accepted is not None
    assert 0 < report.all_accepted.right <= report.all_accepted.pictures


def test_out_of_fold_answers_are_kept_by_which_releases_compare(release: LocalRelease) -> None:
    read = lambda path: (release.folder / path).read_bytes()  # noqa: E731 - of this test alone
    answers, report = read_all_answers(release.manifest, read, "release"), read_report(release)

    for name, figures in report.attributes.items():
        mine = answers.select_head(name)
        known = mine.select_rows(mine.has_class)
        assert len(mine) == figures.n + figures.inapplicable
        assert known.is_right.mean() == pytest.approx(figures.accuracy)
        assert known.is_accepted.mean() == pytest.approx(figures.accepted_share)
        assert mine.probabilities.shape[1] == len(release.manifest.attributes[name].labels)
    not_there = answers.select_head("bow").select_rows(~answers.select_head("bow").has_class)
    assert {str(one) for one in not_there.decisions} <= {"inapplicable", "unfamiliar"}
    assert answers.select_head("").probabilities.shape[1] == 2


def test_evaluate_measures_the_attributes_that_a_table_has(
    release: LocalRelease, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = {"Green": "Green", "Red": "Red", "Violet": "Green/Violet", "Red again": "beige"}
    rows: Rows = [("path", "label", "colour", "price")]
    for seed in range(5):
        for place, (colour, label) in enumerate(said.items()):
            name, file = (WIDE, TALL)[seed % 2], f"{seed}-{place}.png"
            (tmp_path / file).write_bytes(blob(colour.split()[0], 500 + 10 * seed + place, name))
            rows.append((file, name, label if len(rows) > 1 else "", "9.90"))
    table = write_rows(tmp_path / "new.csv", rows)

    assert wardrobe("evaluate", [str(release.folder), "--data", str(table), "--json"]) == 1

    told = capsys.readouterr()
    [(name, found)] = json.loads(told.out)["attributes"].items()
    assert (name, found["n"]) == ("colour", 14)
    assert found["accuracy"] > 0.9
    assert 0 <= found["accepted"] <= 1
    assert "Columns that are not read: price." in told.err
    assert "the release lacks these labels ('beige')" in told.err


@pytest.mark.usefixtures("release")
def test_the_service_answers_a_new_picture_to_each(shop: Path, tmp_path: Path) -> None:
    answers = served(shop / "store", [blob(colour, 1000) for colour in COLOURS], tmp_path)

    assert {answer["label"] for answer in answers} == {TALL}
    attributes = [answer["attributes"] for answer in answers]
    assert [one["colour"]["label"] for one in attributes] == list(COLOURS)
    assert {one["bow"]["reason"] for one in attributes} <= {"inapplicable", "unfamiliar"}


@pytest.mark.usefixtures("release")
def test_improve_trains_again_with_corrections_and_compares_on_the_pictures_that_were_there_before(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)  # where the table of pictures is written
    rows: Rows = [("path", "label"), (f"{shop}/wide-Green-1.png", "")]
    for colour in COLOURS:
        for seed in (500, 501, 502):
            Path(f"{colour}-{seed}.png").write_bytes(blob(colour, seed))
            rows.append((f"{colour}-{seed}.png", TALL))
    write_rows(Path("corrections.csv"), rows)

    assert wardrobe("improve", ["corrections.csv", "--from", str(shop / "store")]) == 0

    told = capsys.readouterr().out
    [made] = (line.split()[1] for line in told.splitlines() if line.startswith("Release: "))
    release = open_release(tmp_path / made)
    report, settings, said = read_report(release), release.manifest.training, " ".join(told.split())
    assert release.manifest.labels == (TALL, WIDE)
    [copy] = TrainingOptions.read_manifest_options(settings).corrections
    assert f"under the corrections in {copy}" in said
    assert (report.test.split, report.test.n) == ("cross-fitted", BEFORE + 8)
    assert (settings["network"], settings["seed"]) == ("compact_stages", 3)
    assert all(sentence in said for sentence in describe_acceptance(report, ENGLISH_WORDING))
    assert f"the evaluation ({BEFORE - 1} pictures)" in said.split("stays current there")[0]
    [compared] = [line.split(" diff ")[1] for line in told.splitlines() if line.startswith("Compare: ")]
    assert compared.startswith(f"{shop}/store {made} ")
    assert compared.endswith(" --page changes.html --allow 1")


@pytest.mark.usefixtures("release")
def test_a_correction_of_an_attribute_that_the_release_lacks_is_refused(shop: Path, tmp_path: Path) -> None:
    rows: Rows = [("path", "label", "attribute"), (f"{shop}/wide-Green-1.png", "long", "sleeve")]
    file = write_rows(tmp_path / "corrections.csv", rows)

    with pytest.raises(DataError, match="'sleeve', which the release lacks: it has learnt colour, bow"):
        wardrobe("improve", [str(file), "--from", str(shop / "store")])
