"""Trainings of the same pictures: what each of them makes stays, and none is fitted for nothing."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from labelling.errors import OutputUnusable
from model_store.local_releases import open_release
from tests.commands import wardrobe
from tests.fashion import write_idx_folder
from tests.own_pictures import write_class_folders
from tests.releases import a_release

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory, in which runs/ appears."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder: Path) -> Mapping[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("short_fits")
def test_a_second_training_of_own_classes_with_other_options_keeps_the_release_of_the_first(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--data", str(write_class_folders(here / "things", 6)), "--fast", "--out", "store"]
    assert wardrobe("train", words) == 0
    [first] = (here / "runs").iterdir()
    before = contents(first)

    assert wardrobe("train", [*words, "--accept-right", "0.9"]) == 0

    second = first.with_name(f"{first.name}-2")
    assert contents(first) == before
    assert open_release(second / "release").version != open_release(first / "release").version
    assert sorted((here / "runs").iterdir()) == [first, second]
    assert f"Release: {second.relative_to(here)}/release" in capsys.readouterr().out


GRADIENT = ["--data", "data", "--network", "dense", "--epochs", "1", "--batch-size", "16", "--out", "store"]


def test_a_second_training_by_gradient_ends_and_goes_on_from_its_checkpoint_once_the_release_is_moved(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_idx_folder(here / "data", train=300, test=50)
    assert wardrobe("train", [*GRADIENT, "--force"]) == 0
    [run] = (here / "runs").glob("dense-*")
    before = contents(run)

    with pytest.raises(OutputUnusable, match=rf"^`runs/{run.name}/release` is release .* move it away"):
        wardrobe("train", [*GRADIENT, "--force"])
    assert contents(run) == before
    shutil.move(run / "release", here / "kept")
    capsys.readouterr()
    assert wardrobe("train", [*GRADIENT, "--force"]) == 0

    assert "Continues after epoch 1 of 1." in capsys.readouterr().out
    assert open_release(run / "release").version != open_release(here / "kept").version


def test_a_comparison_trains_nothing_if_a_folder_has_a_release_of_another_recipe(here: Path) -> None:
    write_idx_folder(here / "data", train=300, test=50)
    words = ["--data", "data", "--epochs", "1", "--seeds", "1", "--out", "results"]
    assert wardrobe("compare", ["--networks", "dense", *words]) == 0
    [run] = (here / "runs").glob("dense-*")
    shutil.rmtree(run / "release")
    a_release(run / "release")
    before = contents(here)

    with pytest.raises(
        OutputUnusable, match=rf"`runs/{run.name}/release` is a release of another recipe .*Move"
    ):
        wardrobe("compare", ["--networks", "conv3,dense", *words])

    assert contents(here) == before
