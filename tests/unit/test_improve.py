"""`wardrobe improve` before it trains: which pictures it would learn, and what it says without any."""

import argparse
import hashlib
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydantic import JsonValue

from inference.contract import make_whole_picture_input
from inference.pictures.decode import MAX_PIXELS, decode_image
from labelling.lists.list_reading import ListOptions
from labelling.review.corrections import Correction, read_corrections
from model_store.local_releases import LocalRelease, open_bundled_release, open_release
from model_store.named_release import parse_store_address
from model_store.publish import publish_release
from model_store.store import open_store
from reports.judge import judge_release
from scripts import improve, train
from scripts.console import get_program_name
from scripts.release_messages import format_comparison_commands
from scripts.release_target import open_release_target
from tests.commands import wardrobe
from tests.own_pictures import KINDS, a_photo, kept_pictures, write_class_folders
from tests.releases import a_release, a_store
from tests.saved_again import SAVED_AGAIN
from tests.uploads import a_garment, png
from training.corrected_release import CorrectedRelease, check_has_photo_network, find_most_corrected_folders
from training.data.data_source import DataSource
from training.data.learnt_hashes import NO_LEARNT_HASHES, LearntHashes
from training.data.unique_pictures import UniquePictures
from training.errors import BadRecipe, DataError, UnusedOption
from training.improve import choose_next_training
from training.options import TrainingOptions
from training.progress import ProgressLines


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of own classes; it does not say what it learnt."""
    return a_release(tmp_path_factory.mktemp("release"), labels=KINDS)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with three photos of each class."""
    write_class_folders(tmp_path / "photos", 3)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def corrections(*rows: str, columns: str = "path,label") -> Path:
    """Write people's answers into the working directory."""
    Path("corrections.csv").write_text("\n".join([columns, *rows, ""]), "utf-8")
    return Path("corrections.csv")


def write_list(encoding: str = "utf-8", **column: Callable[[Path], str]) -> list[Path]:
    """Write the photos into shop.csv, with a further column; they come back in its order."""
    files = sorted(Path("photos").rglob("*.png"))
    cells = [(str(file), file.parent.name, *(cell(file) for cell in column.values())) for file in files]
    lines = map(",".join, [("path", "label", *column), *cells])
    Path("shop.csv").write_text("\n".join(lines), encoding)
    return files


def recorded(release: Path, typed: str = "", /, **settings: JsonValue) -> CorrectedRelease:
    """A release of own classes that records these settings, and the corrections of the working directory."""
    made, file = open_release(release), Path("corrections.csv").absolute()
    manifest = made.manifest.model_copy(update={"training": {"settings": settings}})
    rows = tuple(read_corrections([file], None, list_options=ListOptions(encoding=typed)))
    return CorrectedRelease("store", LocalRelease(made.folder, manifest), file, rows, typed)


def pictures_of(corrected: CorrectedRelease) -> dict[Path, dict[str, str]]:
    """The labels of the pictures that the next training would learn."""
    return learnt_by(choose_next_training(corrected, None, ProgressLines())[0], corrected.release)


def learnt_by(options: TrainingOptions, parent: LocalRelease) -> dict[Path, dict[str, str]]:
    """The labels of the pictures that a training with these options learns."""
    named = named_by(options, parent)
    contents = contents_by(named)
    for note in (*contents.notes, *contents.listing.notes):
        ProgressLines().say(note)
    return {row.path.absolute(): dict(one.labels) for one in contents.all_pictures for row in one.rows}


def contents_by(named: DataSource) -> UniquePictures:
    """The contents of a data set."""
    listing = named.list_pictures()
    assert listing is not None
    return named.make_unique_pictures(listing)


def named_by(options: TrainingOptions, parent: LocalRelease) -> DataSource:
    """The data set of a training with these options."""
    files = tuple(map(Path, options.corrections))
    read, attributes = options.list_options, options.attribute
    return DataSource(
        place=options.data, corrections=files, reading=read, attributes=attributes, parent=parent
    )


# Corrections that start no training.


@pytest.mark.parametrize(
    ("row", "words", "error", "said"),
    [
        ("a.png,Scarf", "", DataError, r"'Scarf' is none of the classes .* of bundled.*--from STORE"),
        ("", "--from {}", DataError, r"learnt, together with the corrections.*Name them: --data FOLDER"),
        (
            "photos/Ball/000.png,",
            "--from {} --data photos",
            DataError,
            r"made better has learnt .*'Ball' \(2 pictures, and needs 3\)",
        ),
    ],
    ids=["of another store's classes", "without data", "a class is lost"],
)
@pytest.mark.usefixtures("here")
def test_corrections_that_cannot_be_learnt_start_no_training(
    row: str, words: str, error: type[Exception], said: str, release: Path
) -> None:
    with pytest.raises(error, match=said):
        wardrobe("improve", [str(corrections(row)), *words.format(release).split()])


def test_training_a_release_of_own_classes_further_on_corrections_names_the_verb_that_does(
    here: Path,
) -> None:
    release = a_release(here / "release", labels=KINDS, reads=make_whole_picture_input(64, 3))
    words = ["--from", str(release), "--photos", str(corrections())]

    with pytest.raises(BadRecipe, match=f"wardrobe improve corrections.csv --from {release}"):
        wardrobe("train", [*words, "--out", "store"])


def test_a_release_of_the_ten_classes_that_has_no_network_for_photos_is_not_improved(tmp_path: Path) -> None:
    known = open_bundled_release().manifest
    alone = {"networks": {"pixels": known.networks["pixels"]}}
    without = LocalRelease(tmp_path, known.model_copy(update=alone))

    check_has_photo_network(open_bundled_release(), "bundled", tmp_path / "corrections.csv")
    with pytest.raises(BadRecipe, match=r"no network that answers photos.* Begin with --from bundled"):
        check_has_photo_network(without, "releases", tmp_path / "corrections.csv")


# The training that comes next.

GIVEN: dict[str, JsonValue] = {"seed": 3, "accept_right": 0.9, "network": "compact16", "epochs": 2}


@pytest.mark.parametrize(
    ("photos", "kept"), [(True, {"seed": 3, "accept_right": 0.9}), (False, GIVEN)], ids=["photos", "pixels"]
)
def test_the_recorded_settings_are_those_of_the_next_training_but_for_what_a_head_has_no_use_for(
    photos: bool, kept: dict[str, JsonValue], here: Path, release: Path
) -> None:
    for seed, file in enumerate([] if photos else Path("photos").rglob("*.png")):
        file.write_bytes(png(a_garment(seed)))
    corrections("photos/Ball/000.png,").rename("earlier.csv")
    corrections("photos/Ball/001.png,Box")
    parent = recorded(release, data="photos", corrections=["earlier.csv"], **GIVEN)

    options, _ = choose_next_training(parent, None, ProgressLines())

    [copy] = options.corrections
    assert options.convert_to_json() == {**kept, "data": "photos", "corrections": [copy]}
    assert len(learnt_by(options, parent.release)) == 8


def test_corrections_are_kept_with_the_run_and_hold_for_the_contents_that_were_answered_wherever_these_lie(
    here: Path,
    release: Path,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A folder of corrections that is moved away, as downloads are, is not missed."""
    Path("new.png").write_bytes(png(a_photo("Box", 900)))
    corrections("photos/Ball/001.png,Box", "photos/Ball/000.png,Ball", "new.png,Box")
    first, _ = choose_next_training(recorded(release, data="photos"), None, ProgressLines())
    Path("photos/Ball/001.png").rename("photos/Ball/renamed.png")
    Path("photos/Ball/001.png").write_bytes(png(a_photo("Ball", 500)))
    moved = Path(shutil.move("photos", tmp_path_factory.mktemp("disk")))
    corrections(f"{moved}/Ball/002.png,Stick")

    second, _ = choose_next_training(
        recorded(release, **first.convert_to_json()), str(moved), ProgressLines()
    )

    labels = {path: of["label"] for path, of in learnt_by(second, open_release(release)).items()}
    assert labels[here / "new.png"] == "Box"
    first_line, second_line = re.findall(r"\d+ answers? will be learnt\..*", capsys.readouterr().out)
    assert first_line.startswith("3 answers will be learnt. ")
    assert second_line.startswith("1 answer will be learnt. ")
    assert second_line.endswith(" Other answers and the thresholds may change, too.")
    names = "renamed.png", "001.png", "002.png"
    assert [labels[moved / "Ball" / name] for name in names] == ["Box", "Ball", "Stick"]
    assert f"{moved}/Ball/renamed.png" in Path(second.corrections[0]).read_text("utf-8")


def test_corrections_that_are_gone_are_named_with_the_option_that_gives_them(
    here: Path, release: Path
) -> None:
    corrections("photos/Ball/001.png,Box")
    [copy] = choose_next_training(recorded(release, data="photos"), None, ProgressLines())[0].corrections
    Path(copy).rename("moved.csv")
    corrections("photos/Ball/002.png,Box")
    parent = recorded(release, data="photos", corrections=[copy])

    with pytest.raises(DataError, match=rf"{copy}, which is not here.*: --learnt-corrections CSV"):
        choose_next_training(parent, None, ProgressLines())

    again, _ = choose_next_training(parent, None, ProgressLines(), ["moved.csv"])
    labels = learnt_by(again, parent.release)
    assert [labels[here / f"photos/Ball/{name}.png"]["label"] for name in ("001", "002")] == ["Box", "Box"]


@pytest.mark.parametrize(
    ("rows", "settings"),
    [
        (("photos/Ball/000.png,", "photos/Ball/002.png,a,b"), {"skip_bad_rows": True}),
        (("gone.png,Box",), {}),
    ],
    ids=["bad rows, which were left out", "all pictures are gone"],
)
@pytest.mark.usefixtures("here")
def test_earlier_corrections_that_do_not_count_stop_no_further_ones(
    rows: tuple[str, ...], settings: dict[str, JsonValue], release: Path
) -> None:
    corrections(*rows).rename("earlier.csv")
    corrections("photos/Ball/001.png,Box")

    learnt = pictures_of(recorded(release, data="photos", corrections=["earlier.csv"], **settings))

    assert learnt[Path("photos/Ball/001.png").absolute()] == {"label": "Box"}


def test_answers_to_attributes_alone_are_learnt_of_each_copy_of_a_picture_that_has_a_class(
    here: Path, release: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unlisted = Path("photos/Ball/000.png").rename("unlisted.png")
    files = [unlisted, *write_list(colour=lambda _: "blue")]
    Path("copy.png").write_bytes(files[2].read_bytes())
    answers = f"{files[1]},red,colour", "copy.png,,colour", f"{files[0]},red,colour"
    corrections(*answers, columns="path,label,attribute")

    labels = pictures_of(recorded(release, data="shop.csv", attribute=["colour"]))

    assert files[0].absolute() not in labels
    assert [labels[one.absolute()]["colour"] for one in files[1:4]] == ["red", "", "blue"]
    told = capsys.readouterr()
    assert "2 answers to attributes are new or others." in told.out
    assert "1 answer to an attribute is about pictures whose class no person gave" in told.out


@pytest.mark.parametrize(("data", "learnt"), [("pictures", ()), (None, ("earlier.csv",))])
def test_what_the_ten_classes_do_not_learn_is_refused(data: str | None, learnt: tuple[str, ...]) -> None:
    with pytest.raises(UnusedOption, match="is for releases of own classes"):
        choose_next_training(
            CorrectedRelease("bundled", open_bundled_release(), Path("c.csv"), ()),
            data,
            ProgressLines(),
            learnt,
        )


def test_the_ten_classes_are_improved_without_answers_to_attributes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    about = Correction("a.png", "", "red", "2026", 0, tmp_path / "corrections.csv", attribute="colour")

    options, _ = choose_next_training(
        CorrectedRelease("bundled", open_bundled_release(), about.file, (about,), "cp1252"),
        None,
        ProgressLines(),
    )

    assert options.list_options.encoding == "cp1252"
    warned = capsys.readouterr().err
    assert "1 answer to an attribute is not learnt, since attributes stay as they are." in warned


@pytest.mark.parametrize(
    ("counts", "is_warned"), [({"own": 1, "corrected": 1}, True), ({"corrected": 1}, False)]
)
def test_who_leaves_out_answers_of_an_earlier_round_is_told_before_the_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], counts: dict[str, JsonValue], is_warned: bool
) -> None:
    made = open_bundled_release()
    record: dict[str, JsonValue] = {"photos": {"A": 2518, **counts}}
    manifest = made.manifest.model_copy(
        update={"training": {**made.manifest.training, "photo_network": record}}
    )
    about = Correction("a.png", "", "Coat", "2026", 0, tmp_path / "corrections.csv")
    parent = CorrectedRelease("store", LocalRelease(made.folder, manifest), about.file, (about,))

    choose_next_training(parent, None, ProgressLines())

    said = "".join(capsys.readouterr())
    assert ("learnt 2 photos with answers" in said) is is_warned
    assert ("Nothing else changes." in said) is not is_warned


def test_pictures_that_are_not_there_or_not_those_that_were_learnt_or_divided_are_refused(here: Path) -> None:
    release = a_release(here / "release", labels=KINDS)
    corrections("photos/Ball/001.png,Box")
    with pytest.raises(DataError, match=r"learnt them from gone/photos, which is not here\. Name them"):
        choose_next_training(recorded(release, data="gone/photos"), None, ProgressLines())

    for part in ("train", "test"):
        write_class_folders(here / "divided" / part, 3)
    with pytest.raises(DataError, match="divided into `train` and `test`"):
        choose_next_training(recorded(release), "divided", ProgressLines())

    knows_none = recorded(release)
    NO_LEARNT_HASHES.save_hashes(release)
    with pytest.raises(DataError, match="the release learnt none of these pictures"):
        choose_next_training(knows_none, "photos", ProgressLines())


@pytest.mark.parametrize("says", [True, False], ids=["the release says so", "it does not say what it learnt"])
def test_a_column_split_is_not_read_where_the_release_learnt_the_rows_for_the_test_too(
    says: bool, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = write_list(split=lambda file: "test" if file.stem == "002" else "train")
    corrections("photos/Ball/001.png,Box")
    parent = recorded(a_release(here / "release", labels=KINDS), data="shop.csv")
    contents = {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    if says:
        LearntHashes.make_from_digests(np.array(list(contents.values()))).save_hashes(parent.release.folder)

    assert len(pictures_of(parent)) == 9

    assert "learnt rows of all parts, so the column `split` is not read" in capsys.readouterr().out
    learnt = [content for file, content in contents.items() if file.stem != "002"]
    LearntHashes.make_from_digests(np.array(learnt)).save_hashes(parent.release.folder)
    with pytest.raises(DataError, match="divided into `train` and `test`"):
        choose_next_training(parent, None, ProgressLines())


@pytest.mark.usefixtures("here")
def test_the_list_and_the_corrections_are_read_in_their_encodings(release: Path) -> None:
    Path("photos/Ball/000.png").rename("photos/Ball/größe.png")
    write_list(encoding="utf-16-le")
    Path("corrections.csv").write_text("path,label\nphotos/Ball/größe.png,Box", "cp1252")

    learnt = pictures_of(recorded(release, "cp1252", data="shop.csv", encoding="utf-16-le"))

    assert learnt[Path("photos/Ball/größe.png").absolute()] == {"label": "Box"}


@pytest.mark.usefixtures("here")
def test_an_answer_to_a_picture_that_was_saved_again_elsewhere_is_learnt_in_place_of_the_picture(
    release: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = Path("photos/Ball/001.png")
    Path("thumbnail.jpg").write_bytes(
        SAVED_AGAIN["scaled"](decode_image(file.read_bytes(), MAX_PIXELS).picture)
    )
    corrections("thumbnail.jpg,Box")
    parent = recorded(release, data="photos")

    named = named_by(choose_next_training(parent, None, ProgressLines())[0], parent.release)

    learnt = {content.path: content.label for content in kept_pictures(named, ProgressLines())}
    assert len(learnt) == 9
    assert learnt[Path("thumbnail.jpg").absolute()] == "Box"
    assert file not in learnt
    assert "0 get another label and 0 are left out; 1 is new" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows", "added"),
    [
        (["copy.png,Box,"], []),
        (["new.png,,"], []),
        (["new.png,none of these,"], []),
        (["new.png,Box,P2"], ["new.png"]),
        (["photos/Ball/001.png,Box,P2"], ["photos/Ball/001.png"]),
        (["photos/Ball/001.png,Box,P2", "photos/Ball/001.png,Box,"], []),
    ],
    ids=[
        *("a copy", "one is left out", "one of no class", "another picture, of a product"),
        *("a photo of two products", "a product and the photo agree"),
    ],
)
def test_an_answer_that_holds_for_no_picture_adds_its_own(
    rows: list[str], added: list[str], here: Path, release: Path
) -> None:
    Path("copy.png").write_bytes(Path("photos/Ball/001.png").read_bytes())
    Path("new.png").write_bytes(png(a_photo("Ball", 900)))
    files = write_list(sku=lambda file: f"{file.parent.name}{file.stem}")
    corrections(*rows, "photos/Ball/002.png,Stick,", columns="path,label,product")
    parent = recorded(release, data="shop.csv", product_column="sku")

    named = named_by(choose_next_training(parent, None, ProgressLines())[0], parent.release)

    contents = contents_by(named)
    further = contents.rows[len(files) :]
    assert [str(one.path.relative_to(here)) for one in further] == added
    is_idle = any("answer changes nothing" in note for note in contents.notes)
    assert is_idle == (rows in (["new.png,,"], ["new.png,none of these,"]))


def test_a_release_from_a_store_is_compared_with_and_published_to_that_store(tmp_path: Path) -> None:
    store = a_store(tmp_path / "my store")

    compare, publish = format_comparison_commands(
        store, tmp_path / "release", [Path("corrections.csv")], str(parse_store_address(store))
    )

    files = f"{tmp_path}/release corrections.csv --page changes.html --allow 1"
    assert compare == f"Compare: {get_program_name()} diff '{store}' {files}"
    assert publish == f"Publish: {get_program_name()} publish {tmp_path}/release '{store}'"


@pytest.mark.parametrize(
    ("store", "way"),
    [
        (["--out", "runs/store"], []),
        (["--out", "shop store"], ["--out", "shop store"]),
        (["--publish", "shop store"], ["--publish", "shop store"]),
    ],
)
@pytest.mark.usefixtures("here")
def test_improve_takes_the_command_that_learns_the_corrections_of_doubted_labels(
    store: list[str], way: list[str]
) -> None:
    publish_release(a_release(Path("parent")), open_store(store[1]), judge_release, author="ann")
    options = train.build_parser().parse_args(store)
    options.words = ["improve", "corrections.csv", *store]

    _, verb, *words = shlex.split(
        improve.format_improve_command(Path("runs/mine/release"), open_release_target(options), options)
    )

    assert verb == "improve"
    typed = improve.build_parser().parse_args(words)
    assert (typed.corrections, typed.release) == (Path("corrections-doubted.csv"), "runs/mine/release")
    assert words[3:] == way[:1] + [str(Path(place).absolute()) for place in way[1:]]


def test_the_ten_classes_learn_the_corrections_of_doubted_labels_beside_those_before() -> None:
    file = Path("corrections.csv")
    improved_release = CorrectedRelease("bundled", open_bundled_release(), file, (), "cp1252")
    options = argparse.Namespace(out=None, publish="shop store", words=["improve", "corrections.csv"])

    _, verb, *words = shlex.split(improve.format_photos_command(improved_release, options))

    assert verb == "train"
    typed = train.build_parser().parse_args(words)
    assert (typed.release, typed.photos, typed.encoding) == ("bundled", file, "cp1252")
    assert (typed.corrections, typed.publish) == ([Path("corrections-doubted.csv")], "shop store")


@pytest.mark.usefixtures("here")
def test_the_next_command_repeats_the_options_but_publishes_only_if_somebody_asked_for_it() -> None:
    more = ["--run", "mine", "--sign", "shop.key", "--seed=3", "--out=first store"]
    options = train.build_parser().parse_args(more[:2] + more[4:])
    options.words = ["improve", "corrections.csv", "--", *more]
    target = open_release_target(options)
    improved_release = CorrectedRelease("bundled", open_bundled_release(), Path("corrections.csv"), (), "")

    own_classes = shlex.split(improve.format_improve_command(Path("mine/release"), target, options))
    ten_classes = shlex.split(improve.format_photos_command(improved_release, options))

    assert target.is_promoted  # an empty store
    assert own_classes[5:] == ["--out", target.store.address, "--", "--sign", "shop.key", "--seed=3"]
    assert ten_classes[-5:] == ["--out", "first store", "--sign", "shop.key", "--seed=3"]


@pytest.mark.parametrize(
    ("paths", "folders"),
    [
        (["catalogue/a.png", "catalogue/sub/b.png", "catalogue/gone.png"], ["catalogue"]),
        (["catalogue/sub/b.png"], ["catalogue/sub"]),
        # The folder that they have in common has other pictures, too.
        (["shop/new/d.png", "shop/old/e.png", "shop/old/f.png"], ["shop/old", "shop/new"]),
        (["1/a.png", "2/a.png", "2/b.png", "3/a.png", "3/b.png", "4/a.png", "4/b.png"], ["2", "3", "4"]),
        (["a.png", "../b.png"], []),  # the working directory has everything, such as releases
        (["in/an/archive.png"], []),
    ],
)
def test_releases_are_compared_on_the_folders_that_most_corrected_pictures_come_from(
    tmp_path: Path, paths: list[str], folders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for file in (Path(path) for path in paths if "gone" not in path and "archive" not in path):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    said = [Correction(str(Path.cwd() / path), "", "Ball", "", 0, Path("corrections.csv")) for path in paths]

    assert find_most_corrected_folders(said) == tuple(map(Path, folders))


def test_there_is_a_command_with_a_page_of_its_own_for_each_folder_to_compare_on() -> None:
    *compare, _ = format_comparison_commands("store", Path("release"), [Path("old"), Path("new")], "store")

    pages = [line.partition(" diff store release ")[2] for line in compare]
    assert pages == ["old --page changes.html --allow 1", "new --page changes-2.html --allow 1"]
    nowhere, _ = format_comparison_commands("store", Path("release"), [], "store")
    assert " PICTURES --page " in nowhere
