"""`python -m scripts.predict`, called as a function."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from scripts.predict import PlotImpossible, main
from tests.pictures import garment_picture, jpeg, png
from tests.releases import LABELS, a_release


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(a_release(tmp_path_factory.mktemp("release")))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg(garment_picture()))
    return path


@pytest.fixture
def no_picture(tmp_path: Path) -> Path:
    path = tmp_path / "notes.png"
    path.write_text("These are notes.", "utf-8")
    return path


def test_a_photo_gets_a_bar_for_every_class(
    release: str, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["--model", release, "--image", str(photo)])

    first, *bars = capsys.readouterr().out.strip().splitlines()
    assert code == 0
    assert first.startswith(f"{photo}: ")
    assert [bar[2:14].strip() for bar in bars] == list(LABELS)


@pytest.mark.parametrize("option", [[], ["--image"]], ids=["as an argument", "as an option"])
def test_a_picture_is_named_with_or_without_the_option(
    option: list[str], release: str, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["--model", release, "--json", *option, str(photo)])

    assert code == 0
    assert json.loads(capsys.readouterr().out)["file"] == str(photo)


def test_json_is_one_object_a_line_with_every_probability(
    release: str, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--model", release, "--json", "--image", str(photo), str(photo)])

    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == second
    assert list(first["probabilities"]) == list(LABELS)
    assert sum(first["probabilities"].values()) == pytest.approx(1, abs=1e-6)
    assert first["probabilities"][first["label"]] == first["confidence"]


def test_a_bad_file_is_one_line_and_spoils_no_other(
    release: str, photo: Path, no_picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["--model", release, "--json", "--image", str(no_picture), "/nowhere.png", str(photo)])

    printed = capsys.readouterr()
    assert code == 1
    assert json.loads(printed.out)["file"] == str(photo)
    assert printed.err.splitlines() == [
        f"wardrobe: {no_picture}: This looks like text, which is not read here. "
        "Send PNG, JPEG, WebP, GIF, BMP or TIFF.",
        "wardrobe: /nowhere.png: No such file or directory.",
    ]


def test_a_grey_picture_of_28_is_seen_as_it_is(
    release: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    (tmp_path / "grey.png").write_bytes(png(pixels))
    (tmp_path / "grey.bmp").write_bytes(cv2.imencode(".bmp", pixels)[1].tobytes())

    main(["--model", release, "--json", "--image", str(tmp_path / "grey.png"), str(tmp_path / "grey.bmp")])

    one, other = map(json.loads, capsys.readouterr().out.splitlines())
    assert one["probabilities"] == other["probabilities"]


def test_a_plot_is_a_picture(release: str, photo: Path, tmp_path: Path) -> None:
    main(["--model", release, "--image", str(photo), str(photo), "--plot", str(tmp_path / "out.png")])

    drawn = cv2.imread(str(tmp_path / "out.png"))
    assert drawn is not None
    assert drawn.shape[1] > drawn.shape[0] > 400


def test_the_stages_of_every_file_are_drawn_as_a_row(release: str, photo: Path, tmp_path: Path) -> None:
    main(["--model", release, "--image", str(photo), str(photo), "--stages", str(tmp_path / "out.png")])

    drawn = cv2.imread(str(tmp_path / "out.png"))
    assert drawn is not None
    assert drawn.shape[1] > drawn.shape[0] > 600


def test_stages_that_cannot_be_written_are_said(release: str, photo: Path, tmp_path: Path) -> None:
    with pytest.raises(PlotImpossible, match="Is a directory"):
        main(["--model", release, "--image", str(photo), "--stages", str(tmp_path)])


def test_a_plot_that_cannot_be_written_is_said(release: str, photo: Path, tmp_path: Path) -> None:
    with pytest.raises(PlotImpossible, match="Is a directory"):
        main(["--model", release, "--image", str(photo), "--plot", str(tmp_path)])


def test_without_a_picture_there_is_nothing_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        main([])

    assert ending.value.code == 2
    assert "name at least one picture" in capsys.readouterr().err
