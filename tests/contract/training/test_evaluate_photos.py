"""`python -m scripts.evaluate --photos FOLDER`: any release on anybody's photos, without a data set."""

import json
from pathlib import Path

import pytest

from inference.contract import ACCEPT_NOTHING, Thresholds
from scripts import evaluate
from tests.photos import write_photos
from tests.releases import a_release


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return write_photos(tmp_path / "photos", 3)


def told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What the command prints, once it has ended well."""
    assert evaluate.main(arguments) == 0
    return capsys.readouterr().out


def test_the_bundled_release_is_measured_tier_by_tier(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    section = json.loads(told(["--photos", str(photos), "--json"], capsys))["photos"]

    assert {tier: (one["n"], one["split"]) for tier, one in section.items()} == {
        "A": (6, "development"),
        "C": (3, "development"),
        "X": (6, "development"),
    }
    assert section["A"]["per_class"].keys() == {"Trouser", "Bag"}
    assert section["A"]["auroc"]["n"] == 6
    assert section["X"]["sources"].keys() == {"X_shop_Hats", "Belts"}


def test_photos_are_measured_under_their_corrected_labels(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "corrections.csv"
    rows.write_text("path,label\nphotos/A/8/000.png,Trouser\nphotos/X/Belts/000.png,\n", "utf-8")

    section = json.loads(told(["--photos", str(photos), "--corrections", str(rows), "--json"], capsys))[
        "photos"
    ]

    assert {label: one["n"] for label, one in section["A"]["per_class"].items()} == {"Trouser": 4, "Bag": 2}
    assert section["X"]["n"] == 5


def test_another_release_is_measured_by_labels_of_its_own_and_shown_in_a_table(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release = a_release(
        tmp_path / "release",
        labels=("Shirt", "Trouser", *"abcdef", "Bag"),
        photo_thresholds=Thresholds(confidence=ACCEPT_NOTHING, familiarity=0.0),
    )
    arguments = [str(release), "--photos", str(photos), "--split", "unseen by anybody"]

    shown = told(arguments, capsys)
    section = json.loads(told([*arguments, "--json"], capsys))["photos"]

    assert "no confidence is accepted" in shown
    assert section["A"]["decisions"]["coverage"] == 0.0
    assert "split: unseen by anybody" in shown
    assert [tier for tier in ("│ A ", "│ C ", "│ X_shop_Hats ", "Bag") if tier not in shown] == []
