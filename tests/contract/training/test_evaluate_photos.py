"""`python -m scripts.evaluate --photos FOLDER`: any release on anybody's photos, without a data set."""

import json
from pathlib import Path

import pytest

from inference.header import read_header
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
    assert 0 <= section["A"]["macro_accuracy"] <= 1
    assert section["A"]["per_class"].keys() == {"Trouser", "Bag"}
    assert section["A"]["auroc"]["n"] == 6
    assert section["X"]["sources"].keys() == {"X_shop_Hats", "Belts"}


def test_a_table_shows_each_tier_and_what_the_photos_were_good_for(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = told(["--photos", str(photos), "--split", "unseen by anybody"], capsys)

    assert "split: unseen by anybody" in shown
    assert "│ A " in shown
    assert "│ C " in shown
    assert "│ X_shop_Hats " in shown


def test_another_release_is_measured_by_labels_of_its_own(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release = a_release(tmp_path / "release", labels=("Shirt", "Trouser", *"abcdef", "Bag"))

    section = json.loads(told([str(release), "--photos", str(photos), "--json"], capsys))

    assert section["version"] in (release / "manifest.json").read_text()
    assert section["photos"]["A"]["per_class"].keys() == {"Trouser", "Bag"}


def test_the_worst_are_drawn_where_that_is_asked_for(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told(["--photos", str(photos), "--worst", str(tmp_path / "sheets" / "worst.png")], capsys)

    sheet = read_header((tmp_path / "sheets" / "worst.png").read_bytes())
    assert sheet.format == "PNG"
    assert min(sheet.width, sheet.height) > 300
