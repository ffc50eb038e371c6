"""`python -m benchmarks.conversions FOLDER`: the same photos, converted in four ways."""

import json
from pathlib import Path

import pytest

from benchmarks import conversions
from inference.header import read_header
from scripts import evaluate
from tests.photos import write_photos
from training.errors import BadPictures


def test_every_conversion_is_measured_written_and_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, place = write_photos(tmp_path / "photos", 3), tmp_path / "results" / "four"

    code = conversions.main([str(folder), "--split", "mine", "--out", str(place)])

    document = json.loads(place.with_suffix(".json").read_text())
    assert code == 0
    assert list(document["conversions"]) == ["naive", "inverted", "paper pipeline", "ours"]
    assert document["photos"] == {"A": 6, "C": 3, "X": 6}
    assert document["split"] == "mine"
    assert document["command"].startswith("python -m benchmarks.conversions ")
    assert document["machine"]["cores"] >= 1
    assert read_header(place.with_suffix(".png").read_bytes()).format == "PNG"
    assert "paper pipeline" in capsys.readouterr().out


def test_ours_is_what_scripts_evaluate_finds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, place = write_photos(tmp_path / "photos", 3), tmp_path / "four"
    conversions.main([str(folder), "--out", str(place)])
    capsys.readouterr()

    evaluate.main(["--photos", str(folder), "--json"])

    evaluated = json.loads(capsys.readouterr().out)
    document = json.loads(place.with_suffix(".json").read_text())
    ours = document["conversions"]["ours"]["A"]
    assert document["release"] == evaluated["version"]
    assert ours["macro_accuracy"] == evaluated["photos"]["A"]["macro_accuracy"]
    assert ours["decisions"] == evaluated["photos"]["A"]["decisions"]


def test_photos_of_foreign_things_alone_have_nothing_to_be_right_about(tmp_path: Path) -> None:
    folder, place = write_photos(tmp_path / "photos", 1, {"X": ["Hats"]}), tmp_path / "four"

    conversions.main([str(folder), "--out", str(place)])

    document = json.loads(place.with_suffix(".json").read_text())
    assert document["conversions"]["ours"]["X"]["macro_accuracy"] is None


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadPictures, match="no photo in it"):
        conversions.main([str(tmp_path), "--out", str(tmp_path / "four")])
