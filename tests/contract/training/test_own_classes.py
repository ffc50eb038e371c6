"""`wardrobe train --data FOLDER` of grey pictures of 28 x 28: a pixel network learns classes of one's own."""

from functools import partial
from pathlib import Path

import pytest

from app.factory import create_app
from app.settings import Settings
from model_store.local import LocalRelease, open_release
from model_store.promotions import current
from model_store.store import open_store
from reports.values import report_of
from tests.commands import wardrobe
from tests.fashion import striped_pictures
from tests.own_pictures import write_class_folders
from tests.uploads import png

KINDS = ("High", "Low", "Middle")
"""Where the bar of a striped picture is: classes 0, 9 and 5."""

QUICKLY = ("--network", "conv3", "--epochs", "10", "--learning-rate", "0.005")


VERBS = {verb: partial(wardrobe, verb) for verb in ("train", "tune", "compare")}


@pytest.fixture(scope="module")
def grey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder per class with 60 pictures."""
    folder, drawn = tmp_path_factory.mktemp("data") / "bars", striped_pictures(600)
    for kind, label in zip(KINDS, (0, 9, 5), strict=True):
        (folder / kind).mkdir(parents=True)
        for number, image in enumerate(drawn.images[drawn.classes == label]):
            (folder / kind / f"{number}.png").write_bytes(png(image))
    return folder


@pytest.fixture(scope="module")
def release(grey: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalRelease:
    folder = tmp_path_factory.mktemp("trained")
    words = ["--data", str(grey), "--run", str(folder / "run"), "--out", str(folder / "store"), *QUICKLY]
    assert wardrobe("train", words) == 0
    version = current(open_store(str(folder / "store"))).version
    return open_release(folder / "store" / "releases" / version)


@pytest.mark.slow
def test_labels_travel_from_the_folders_to_manifest_and_report(release: LocalRelease) -> None:
    report = report_of(release)

    assert release.manifest.labels == report.labels == tuple(report.test.per_class) == KINDS
    assert release.manifest.data.name == "bars"
    assert report.train.n + report.validation.n + report.test.n == 3 * 60
    assert release.manifest.training["network"] == "conv3"


@pytest.mark.slow
def test_the_service_knows_new_pictures_by_the_folders_names(release: LocalRelease, tmp_path: Path) -> None:
    store, new = str(release.folder.parents[1]), striped_pictures(10, seed=1).images
    settings = {"model_store": store, "cache_dir": tmp_path, "refresh_seconds": 0}
    client = create_app(Settings.model_validate(settings)).test_client()

    answers = [client.post("/predict", data=png(new[label])).get_json() for label in (0, 9, 5)]

    assert [answer["label"] for answer in answers] == list(KINDS)


@pytest.mark.slow
def test_evaluating_it_on_the_same_folder_agrees_with_its_report(
    release: LocalRelease, grey: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert wardrobe("evaluate", [str(release.folder), "--data", str(grey)]) == 0

    assert "This is what the stored report says." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("verb", "option"),
    [
        ("train", "--network=conv3"),
        ("train", "--recipe=quick"),
        ("train", "--epochs=5"),
        ("tune", "--trials=1"),
        ("compare", "--networks=conv3"),
    ],
)
def test_photos_are_learnt_by_no_gradient(
    verb: str, option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_class_folders(tmp_path / "things", 3)

    with pytest.raises(SystemExit, match="2"):
        VERBS[verb]([option, "--data", str(data)])

    assert "classes are learnt by a head" in capsys.readouterr().err
