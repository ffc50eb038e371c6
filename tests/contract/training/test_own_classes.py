"""`wardrobe train --data FOLDER` of grey pictures of 28 x 28: a pixel network learns classes of one's own."""

import json
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from model_store.local_releases import LocalRelease, open_release
from model_store.signing import create_key_pair, read_trusted_keys
from reports.values import read_report
from tests.commands import wardrobe
from tests.contract.training.conftest import served
from tests.fashion import striped_pictures
from tests.own_pictures import write_class_folders
from tests.uploads import png

KINDS = ("High", "Low", "Middle")
"""Where the bar of a striped picture is: classes 0, 9 and 5."""

QUICKLY = ("--network", "dense", "--epochs", "5", "--learning-rate", "0.005")


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
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the key, the run and the store are."""
    return tmp_path_factory.mktemp("trained")


@pytest.fixture(scope="module")
def told(grey: Path, place: Path) -> dict[str, Any]:
    """What the training prints for programs."""
    create_key_pair(place / "shop.pem")
    words = ["--data", str(grey), "--run", str(place / "run"), "--out", str(place / "store"), *QUICKLY]
    with redirect_stdout(StringIO()) as printed:
        assert wardrobe("train", [*words, "--sign", str(place / "shop.pem"), "--by", "ann", "--json"]) == 0
    document: dict[str, Any] = json.loads(printed.getvalue())
    return document


@pytest.fixture(scope="module")
def release(told: dict[str, Any], place: Path) -> LocalRelease:
    """The release as it is in the store, which its key has signed."""
    trusted = read_trusted_keys(place / "shop.pem.pub")
    return open_release(place / "store" / "releases" / told["version"], trusted)


@pytest.mark.slow
def test_with_json_it_tells_where_the_release_is_and_how_good(
    told: dict[str, Any], release: LocalRelease, place: Path
) -> None:
    assert told["headline"] == release.manifest.headline.model_dump(mode="json")
    assert (told["release"], told["store"]) == (str(place / "run" / "release"), str(place / "store"))
    assert (told["promotion"]["number"], told["promotion"]["by"]) == (1, "ann")
    assert told["bytes"].keys() == {"model.keras", "model.onnx"}


@pytest.mark.slow
def test_labels_travel_from_the_folders_to_the_services_answers(
    release: LocalRelease, place: Path, tmp_path: Path
) -> None:
    report, new = read_report(release), striped_pictures(10, seed=1).images

    assert release.manifest.labels == report.labels == tuple(report.test.per_class) == KINDS
    assert release.manifest.data.name == "bars"
    assert report.train.n + report.validation.n + report.test.n == 3 * 60
    assert release.manifest.training["network"] == "dense"
    answers = served(place / "store", [png(new[label]) for label in (0, 9, 5)], tmp_path)
    assert [answer["label"] for answer in answers] == list(KINDS)


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
