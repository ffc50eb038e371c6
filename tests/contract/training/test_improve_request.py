"""`improve` as a function: it finds the method itself, and fits nothing that the store would refuse."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import JsonValue

from labelling.errors import OutputUnusable
from labelling.review.corrections import read_corrections
from model_store.errors import GateRefused
from model_store.local_releases import LocalRelease, open_bundled_release, open_release
from tests.own_pictures import KINDS, a_photo, write_class_folders
from tests.releases import a_release
from tests.uploads import png
from training.corrected_release import CorrectedRelease
from training.errors import UnusedOption
from training.improve import ImproveRequest, improve_release
from training.methods import RunRequest
from training.options import TrainingOptions
from training.progress import ProgressLines


def refuse(labels: Sequence[str]) -> None:
    raise GateRefused(", ".join(labels))


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalRelease:
    """A release of own classes that learnt the photos in the working directory; it does not say which."""
    monkeypatch.chdir(tmp_path)
    write_class_folders(tmp_path / "photos", 3)
    return open_release(a_release(tmp_path / "release", labels=KINDS, settings={"data": "photos"}))


def request_of(release: LocalRelease, *rows: str, **more: object) -> ImproveRequest:
    """A request to learn the rows of a file."""
    file = Path("corrections.csv").absolute()
    file.write_text("\n".join(["path,label", *rows]), "utf-8")
    corrected = CorrectedRelease("mine", release, file, tuple(read_corrections([file], None)))
    return ImproveRequest(corrected_release=corrected, **more)  # type: ignore[arg-type]


def test_own_classes_that_a_store_refuses_are_not_fitted(own: LocalRelease) -> None:
    request = request_of(own, "photos/Ball/000.png,Ball")

    with pytest.raises(GateRefused, match="Ball, Box, Stick"):
        improve_release(request, own, ProgressLines(), refuse)

    assert not list(Path("runs").glob("*/release"))


def test_photos_of_ten_classes_that_a_store_refuses_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.png").write_bytes(png(a_photo("Box", 1)))
    bundled = open_bundled_release()

    with pytest.raises(GateRefused, match=r"T-shirt/top, Trouser, .* Ankle boot"):
        improve_release(request_of(bundled, "a.png,Bag"), bundled, ProgressLines(), refuse)

    assert "photos:" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "names", "said"),
    [
        (TrainingOptions(photos="x"), {"photos"}, "--photos is for `wardrobe train`"),
        (TrainingOptions(data="x"), {"data"}, "--data stands before"),
        (
            TrainingOptions(recipe="quick"),
            {"recipe"},
            "--recipe is for Fashion-MNIST and pictures of 28 x 28",
        ),
        (TrainingOptions(), {"tensorboard"}, "--tensorboard is for Fashion-MNIST and pictures of 28 x 28"),
    ],
)
def test_an_option_that_this_training_does_not_use_is_refused(
    typed: TrainingOptions, names: set[str], said: str, own: LocalRelease
) -> None:
    request = request_of(own, "photos/Ball/000.png,Ball", typed_options=typed, typed_names=frozenset(names))

    with pytest.raises(UnusedOption, match=said):
        improve_release(request, own, ProgressLines(), refuse)


def test_an_option_that_the_release_recorded_is_left_out_if_this_training_does_not_use_it(
    own: LocalRelease, tmp_path: Path
) -> None:
    settings: dict[str, JsonValue] = {"data": "photos", "recipe": "quick", "epochs": 3}
    parent = open_release(a_release(tmp_path / "other", labels=KINDS, settings=settings))

    with pytest.raises(GateRefused, match="Ball, Box, Stick"):
        improve_release(request_of(parent, "photos/Ball/000.png,Ball"), parent, ProgressLines(), refuse)


def test_a_folder_with_a_release_is_refused_before_the_pictures_are_looked_for(own: LocalRelease) -> None:
    request = request_of(own, "gone.png,Ball", run=RunRequest(folder=own.folder.parent))

    with pytest.raises(OutputUnusable, match=f"is release {own.version}"):
        improve_release(request, own, ProgressLines(), refuse)
