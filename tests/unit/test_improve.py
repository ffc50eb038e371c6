"""`wardrobe improve` before it trains: which pictures it would learn, and what it says without any."""

import json
from pathlib import Path

import pytest
from pydantic import JsonValue

from inference.contract import whole_pictures
from labelling.review.corrections import Correction
from model_store.local import LocalRelease, bundled, open_release
from scripts import train
from scripts.options import options_of
from scripts.terminal import program
from scripts.train import next_commands
from tests.commands import wardrobe
from tests.own_pictures import KINDS, write_class_folders
from tests.releases import a_release, a_store
from tests.uploads import a_garment, png
from training.errors import BadClasses, BadPictures, BadRecipe
from training.improve import Corrected, check_learns_photos, looked_at, next_training
from training.options import Options
from training.pictures.learnt_hashes import NOTHING
from training.pictures.listing import list_pictures
from training.progress import Lines


def test_a_release_that_does_not_say_what_it_learnt_needs_data(tmp_path: Path) -> None:
    release = a_release(tmp_path / "release", labels=KINDS)
    (tmp_path / "corrections.csv").write_text("path,label\n", "utf-8")

    with pytest.raises(BadPictures, match=r"learnt, together with the corrections.*Name them: --data FOLDER"):
        wardrobe("improve", [str(tmp_path / "corrections.csv"), "--from", str(release)])


def test_corrections_that_change_nothing_start_no_training(tmp_path: Path) -> None:
    release, photos = (
        a_release(tmp_path / "release", labels=KINDS),
        write_class_folders(tmp_path / "photos", 3),
    )
    (tmp_path / "corrections.csv").write_text("path,label\nphotos/Ball/000.png,Ball\n", "utf-8")
    words = [str(tmp_path / "corrections.csv"), "--from", str(release), "--data", str(photos)]

    with pytest.raises(BadPictures, match=r"nothing in it changes what .*photos says already"):
        wardrobe("improve", words)


def test_a_class_of_the_release_is_not_lost_to_corrections(tmp_path: Path) -> None:
    release, _ = a_release(tmp_path / "release", labels=KINDS), write_class_folders(tmp_path / "photos", 3)
    (tmp_path / "corrections.csv").write_text("path,label\nphotos/Ball/000.png,\n", "utf-8")
    words = [str(tmp_path / "corrections.csv"), "--from", str(release), "--data", str(tmp_path / "photos")]

    with pytest.raises(BadClasses, match=r"made better has learnt .*'Ball' \(2 pictures, and needs 3\)"):
        wardrobe("improve", words)


def test_corrections_of_another_stores_classes_name_the_option_that_was_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("corrections.csv").write_text("path,label\na.png,Scarf\n", "utf-8")

    with pytest.raises(BadPictures, match=r"'Scarf' is none of the classes .* of bundled.*--from STORE"):
        wardrobe("improve", ["corrections.csv"])


def recorded(folder: Path, **settings: JsonValue) -> Corrected:
    """A release of own classes that records these settings, and corrections beside its pictures."""
    made = open_release(a_release(folder / "release", labels=KINDS))
    release = LocalRelease(made.folder, made.manifest.model_copy(update={"training": {"settings": settings}}))
    return Corrected("store", release, folder / "corrections.csv", ())


GIVEN: dict[str, JsonValue] = {"seed": 3, "accept_right": 0.9, "network": "compact16", "epochs": 2}


@pytest.mark.parametrize(
    ("photos", "kept"), [(True, {"seed": 3, "accept_right": 0.9}), (False, GIVEN)], ids=["photos", "pixels"]
)
def test_the_recorded_settings_are_those_of_the_next_training_but_for_what_a_head_has_no_use_for(
    photos: bool, kept: dict[str, JsonValue], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where the table of pictures is written
    pictures = write_class_folders(tmp_path / "photos", 3)
    for seed, file in enumerate([] if photos else pictures.rglob("*.png")):
        file.write_bytes(png(a_garment(seed)))
    Path("earlier.csv").write_text("path,label\nphotos/Ball/000.png,\n", "utf-8")
    Path("corrections.csv").write_text("path,label\nphotos/Ball/001.png,Box\n", "utf-8")
    corrected = recorded(tmp_path, data="photos", corrections=["earlier.csv"], **GIVEN)

    found = next_training(corrected, None, Lines())

    given = found.options.as_json()
    assert given == {**kept, "data": given["data"]}
    assert len(list_pictures(Path(str(given["data"]))).pictures) == 8


def test_answers_to_attributes_alone_are_learnt_of_each_copy_of_a_picture_that_has_a_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    files = sorted(
        path.relative_to(tmp_path) for path in write_class_folders(tmp_path / "photos", 3).rglob("*.png")
    )
    Path("shop.csv").write_text(
        "path,label,colour\n" + "".join(f"{one},{one.parent.name},blue\n" for one in files[1:]), "utf-8"
    )
    Path("copy.png").write_bytes(files[2].read_bytes())
    Path("corrections.csv").write_text(
        f"path,label,attribute\n{files[1]},red,colour\ncopy.png,,colour\n{files[0]},red,colour\n", "utf-8"
    )

    found = next_training(recorded(tmp_path, data="shop.csv", attribute=["colour"]), None, Lines())

    colours = {
        one.path: one.labels["colour"]
        for one in list_pictures(Path(str(found.options.data)), ["colour"]).pictures
    }
    assert [colours.get(one.absolute()) for one in files[:4]] == [None, "red", "", "blue"]
    told = capsys.readouterr()
    assert "Attributes: 2 answers are new or others." in told.out
    assert "1 answers to attributes are of pictures whose class no person gave" in told.err


def test_the_ten_classes_are_improved_without_answers_to_attributes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    about = Correction("a.png", "", "red", "2026", 0, tmp_path / "corrections.csv", attribute="colour")

    next_training(Corrected("bundled", bundled(), about.file, (about,)), None, Lines())

    assert "1 answers are to attributes, which stay as they are: not learnt." in capsys.readouterr().err


def test_pictures_that_are_not_where_the_training_named_them_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(BadPictures, match=r"learnt them from gone/photos, which is not here\. Name them"):
        next_training(recorded(tmp_path, data="gone/photos"), None, Lines())


def test_an_answer_against_a_sure_model_is_asked_back_and_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release, photos = (
        a_release(tmp_path / "release", labels=KINDS),
        write_class_folders(tmp_path / "photos", 3),
    )
    ball, other = KINDS[0], KINDS[1]
    (tmp_path / "corrections.csv").write_text(
        "path,label,predicted,confidence\n"
        f"photos/{ball}/000.png,{ball},{other},0.999\n"
        f"photos/{ball}/001.png,{ball},{other},0.98\n"
        f"photos/{ball}/002.png,{ball},{ball},0.999\n",
        "utf-8",
    )
    words = [str(tmp_path / "corrections.csv"), "--from", str(release), "--data", str(photos)]

    with pytest.raises(BadPictures, match="nothing in it changes"):
        wardrobe("improve", words)

    said = capsys.readouterr().out
    assert "Look again at 1 of 3 answers" in said
    assert f"photos/{ball}/000.png: you said {ball}, it said {other} with 99.9%." in said


def test_training_a_release_of_own_classes_further_on_corrections_names_the_verb_that_does(
    tmp_path: Path,
) -> None:
    release = a_release(tmp_path / "release", labels=KINDS, reads=whole_pictures(64, 3))
    (tmp_path / "corrections.csv").write_text("path,label\n", "utf-8")
    words = ["--from", str(release), "--photos", str(tmp_path / "corrections.csv")]

    with pytest.raises(BadRecipe, match=f"wardrobe improve {tmp_path}/corrections.csv --from {release}"):
        wardrobe("train", [*words, "--out", str(tmp_path / "store")])


def test_a_release_of_the_ten_classes_that_has_no_network_for_photos_is_not_improved(tmp_path: Path) -> None:
    known = bundled().manifest
    alone = {"networks": {"pixels": known.networks["pixels"]}}
    without = LocalRelease(tmp_path, known.model_copy(update=alone))

    check_learns_photos(bundled(), "bundled", tmp_path / "corrections.csv")
    with pytest.raises(BadRecipe, match=r"no network that answers photos.* Begin with --from bundled"):
        check_learns_photos(without, "releases", tmp_path / "corrections.csv")


def test_corrections_choose_thresholds_themselves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "corrections.csv").write_text("path,label\n", "utf-8")
    words = [str(tmp_path / "corrections.csv"), "--from", "bundled", "--", "--check-photos", "checked.csv"]

    with pytest.raises(SystemExit):
        wardrobe("improve", words)

    assert "corrections choose thresholds themselves" in capsys.readouterr().err


def test_the_settings_that_a_release_records_are_those_of_the_next_training_but_for_what_is_typed() -> None:
    words = "--data my --fast --seed 3 --no-flip --accept-right .9 --recipe first --accept-confidence .9"
    given, typed = (
        options_of(train.build_parser().parse_args(line.split()))
        for line in (words, "--seed 4 --accept-confidence .75")
    )

    again = Options.from_json(json.loads(json.dumps(given.as_json()))).changed_by(typed)

    expected = {**given.as_json(), "seed": 4}
    del expected["accept_confidence"]  # .75 is the usual one
    assert again.as_json() == expected


def test_pictures_that_the_release_did_not_learn_are_refused(tmp_path: Path) -> None:
    write_class_folders(tmp_path / "photos", 3)
    (tmp_path / "corrections.csv").write_text("path,label\nphotos/Ball/001.png,Box\n", "utf-8")
    corrected = recorded(tmp_path)
    NOTHING.save(corrected.release.folder)

    with pytest.raises(BadPictures, match="the release learnt none of these pictures"):
        next_training(corrected, str(tmp_path / "photos"), Lines())


def test_a_divided_folder_is_left_to_the_user(tmp_path: Path) -> None:
    for part in ("train", "test"):
        write_class_folders(tmp_path / "divided" / part, 3)
    (tmp_path / "corrections.csv").write_text("path,label\n", "utf-8")

    with pytest.raises(BadPictures, match="divided into `train` and `test`"):
        next_training(recorded(tmp_path), str(tmp_path / "divided"), Lines())


def test_a_release_from_a_store_is_compared_with_and_published_to_that_store(tmp_path: Path) -> None:
    store = a_store(tmp_path / "my store")

    compare, publish = next_commands(store, tmp_path / "release", Path("corrections.csv"))

    files = f"{tmp_path}/release corrections.csv --page changes.html --allow 1"
    assert compare == f"Compare: {program()} diff '{store}' {files}"
    assert publish == f"Publish: {program()} publish {tmp_path}/release '{store}'"


@pytest.mark.parametrize(
    ("paths", "folder"),
    [
        (["catalogue/a.png", "catalogue/sub/b.png", "catalogue/gone.png"], "catalogue"),
        (["catalogue/sub/b.png"], "catalogue/sub"),
        (["catalogue/a.png", "other/c.png"], None),  # all that they share is the folder of everything
        (["in/an/archive.png"], None),
    ],
)
def test_releases_are_compared_on_the_folder_that_the_corrected_pictures_come_from(
    tmp_path: Path, paths: list[str], folder: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for file in ("catalogue/a.png", "catalogue/sub/b.png", "other/c.png"):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).touch()
    said = [Correction(str(tmp_path / path), "", "Ball", "", 0, Path("corrections.csv")) for path in paths]

    assert looked_at(said) == (folder and Path(folder))
