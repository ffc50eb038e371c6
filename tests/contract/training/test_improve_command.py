"""`wardrobe improve corrections.csv` of own classes, from drawn pictures; the ten: test_photo_network.py."""

from pathlib import Path

import pytest

from model_store.local import open_release
from reports.values import report_of
from tests.commands import wardrobe
from tests.own_pictures import KINDS, write_class_folders

pytestmark = pytest.mark.slow


def test_a_release_of_own_classes_of_any_names_is_trained_again_with_corrections_and_its_own_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)  # where the table of pictures is written
    names = dict(zip(KINDS, ("=1+1", "Мяч", "盒子"), strict=True))
    write_class_folders(tmp_path / "photos", 20)
    write_class_folders(tmp_path / "new", 3, first_seed=500)
    for kind, name in names.items():
        (tmp_path / "photos" / kind).rename(tmp_path / "photos" / name)
    wardrobe("train", ["--data", "photos", "--fast", "--seed", "3", "--run", "first", "--out", "store"])
    rows = [f"new/{kind}/{seed}.png,{name}" for kind, name in names.items() for seed in range(500, 503)]
    Path("corrections.csv").write_text("\n".join(["path,label", *rows, "photos/Мяч/000.png,", ""]), "utf-8")
    capsys.readouterr()

    code = wardrobe("improve", ["corrections.csv", "--from", "store"])

    told = capsys.readouterr().out
    made = next(line.split()[1] for line in told.splitlines() if line.startswith("Release: "))
    release = open_release(tmp_path / made)
    report, settings = report_of(release), release.manifest.training
    assert code == 0
    assert release.manifest.labels == tuple(names.values())
    assert "Of its 60 pictures 0 get another label and 1 are left out; 9 are new." in told
    assert "It is trained again on 68 pictures" in told
    assert (report.test.split, report.test.n) == ("cross-fitted", 68)
    assert (settings["network"], settings["seed"]) == ("compact_stages", 3)
    assert "of the 60 pictures of the test set" in told.split("stays current there")[0]
    [compared] = [line.split(" diff ")[1] for line in told.splitlines() if line.startswith("Compare: ")]
    assert compared.startswith(f"{tmp_path}/store {made} runs/improved-")
    assert compared.endswith("/pictures.csv --page changes.html --allow 1")
