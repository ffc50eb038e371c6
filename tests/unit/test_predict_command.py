"""`python -m scripts.predict`, called as a function."""

import json
import os
import shutil
import sys
from functools import partial
from pathlib import Path

import cv2
import pytest

from app.settings import Settings
from inference.contract import Head, make_whole_picture_input
from labelling.errors import OutputUnusable
from scripts.terminal import run_main
from tests.commands import done, wardrobe
from tests.pictures import garment_picture, jpeg
from tests.releases import LABELS, a_release

main = partial(wardrobe, "predict")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(a_release(tmp_path_factory.mktemp("release")))


@pytest.fixture
def photo(tmp_path: Path) -> str:
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg(garment_picture()))
    return str(path)


def test_a_photo_gets_a_bar_a_class(release: str, photo: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--model", release, "--image", photo])

    first, *bars = capsys.readouterr().out.strip().splitlines()
    assert code == 0
    assert first.startswith(f"{photo}: ")
    assert [bar[2:14].strip() for bar in bars] == list(LABELS)


def test_each_attribute_has_a_line_behind_the_bars(
    tmp_path: Path, photo: str, capsys: pytest.CaptureFixture[str]
) -> None:
    colour = Head(labels=("red", "green"), temperature=1.0, confidence=0.1)
    release = a_release(
        tmp_path / "release", reads=make_whole_picture_input(32, 3), attributes={"colour": colour}
    )

    assert main(["--model", str(release), photo, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["attributes"]["colour"]
    assert main(["--model", str(release), photo]) == 0

    also = ", also {}".format(*found["also"]) if found["also"] else ""
    line = f"  colour: {found['label']} {found['confidence']:.2%}{also}  (accept)"
    assert capsys.readouterr().out.rstrip().splitlines()[-1] == line


def test_what_a_release_calls_its_labels_is_no_command_of_the_terminal(
    tmp_path: Path, photo: str, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = ("a\x1b[2Jb", "c\x9bd", "e\u202ef")
    colour = Head(labels=labels, temperature=1.0, confidence=0.1)
    reads = make_whole_picture_input(32, 3)
    release = a_release(tmp_path / "release", labels=labels, reads=reads, attributes={"colour": colour})

    main(["--model", str(release), photo])

    assert all(line.isprintable() for line in capsys.readouterr().out.splitlines())


def test_json_is_one_object_a_line(release: str, photo: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main([photo, "--model", release, "--json", "--image", photo, "--image", photo])

    first, *others = map(json.loads, capsys.readouterr().out.splitlines())
    assert (code, others) == (0, [first, first])
    assert first["file"] == photo
    assert list(first["probabilities"]) == list(LABELS)
    assert sum(first["probabilities"].values()) == pytest.approx(1, abs=1e-6)
    assert first["probabilities"][first["label"]] == first["confidence"]


def test_a_name_that_is_no_text_is_printed_with_its_bytes(release: str, photo: str, tmp_path: Path) -> None:
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png")
    shutil.copy(photo, odd)

    ended = done(
        [sys.executable, "-m", "scripts", "predict", "--model", release, odd],
        PYTHONIOENCODING="utf-8:strict",
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    assert "\\udcff.png" in ended.stdout


def test_a_bad_file_is_one_line_and_spoils_no_other(
    release: str, photo: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes = tmp_path / "notes.png"
    notes.write_text("These are notes.", "utf-8")

    code = main(["--model", release, "--json", "--image", str(notes), "/nowhere.png", photo])

    printed = capsys.readouterr()
    assert code == 1
    assert json.loads(printed.out)["file"] == photo
    assert printed.err.splitlines() == [
        f"wardrobe: {notes}: This looks like text, which is not read here. "
        "Send PNG, JPEG, WebP, GIF, BMP, TIFF, HEIC or AVIF.",
        "wardrobe: /nowhere.png: No such file or directory.",
    ]


def test_a_file_that_the_service_would_not_take_is_named(
    release: str, photo: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    large = Path(shutil.copy(photo, tmp_path / "large.jpg"))
    os.truncate(large, Settings().max_upload_bytes + 1)

    code = main(["--model", release, str(large), photo])

    told = capsys.readouterr()
    assert code == 1
    assert told.out.startswith(f"{photo}: ")
    assert told.err == f"wardrobe: {large}: more than 20,000,000 bytes, which is the most that is read.\n"


def test_every_picture_is_drawn_as_a_row(release: str, photo: str, tmp_path: Path) -> None:
    main(["--model", release, photo, photo, "--plot", str(tmp_path / "out.png")])

    drawn = cv2.imread(str(tmp_path / "out.png"))
    assert drawn is not None
    assert drawn.shape[1] > drawn.shape[0] > 400


def test_a_plot_replaces_a_plot_and_not_what_is_read(release: str, photo: str, tmp_path: Path) -> None:
    plot, before = tmp_path / "plot.png", Path(photo).read_bytes()
    for _ in range(2):
        assert main(["--model", release, photo, "--plot", str(plot)]) == 0

    for target, files in ((Path(photo), [photo]), (plot, [photo, str(plot)])):
        with pytest.raises(OutputUnusable):
            main(["--model", release, *files, "--plot", str(target)])

    assert Path(photo).read_bytes() == before


@pytest.mark.parametrize(
    ("target", "message"),
    [("/", "is there already and is no file. Name another one"), ("/dev/full", "No space left on device")],
)
def test_a_drawing_that_cannot_be_written_is_named(
    release: str, photo: str, target: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run_main(lambda: main(["--model", release, photo, "--plot", target]))

    assert code == 1
    assert capsys.readouterr().err == f"wardrobe: {target}: {message}.\n"
