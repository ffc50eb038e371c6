"""`wardrobe improve` before it trains: which pictures it would learn, and what it says without any."""

from pathlib import Path

import pytest

from scripts import improve
from tests.own_pictures import KINDS, write_class_folders
from tests.releases import a_release
from training.errors import BadPictures


def test_a_release_that_does_not_say_what_it_learnt_needs_data(tmp_path: Path) -> None:
    release = a_release(tmp_path / "release", labels=KINDS)
    (tmp_path / "corrections.csv").write_text("path,label\n", "utf-8")

    with pytest.raises(BadPictures, match=r"learnt, together with the corrections.*Name them: --data FOLDER"):
        improve.main([str(tmp_path / "corrections.csv"), "--from", str(release)])


def test_corrections_that_change_nothing_start_no_training(tmp_path: Path) -> None:
    release, photos = (
        a_release(tmp_path / "release", labels=KINDS),
        write_class_folders(tmp_path / "photos", 3),
    )
    (tmp_path / "corrections.csv").write_text("path,label\nphotos/Ball/000.png,Ball\n", "utf-8")
    words = [str(tmp_path / "corrections.csv"), "--from", str(release), "--data", str(photos)]

    with pytest.raises(BadPictures, match=r"nothing in it changes what .*photos says already"):
        improve.main(words)
