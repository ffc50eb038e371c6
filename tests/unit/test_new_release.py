"""A new release appears whole or not at all, and replaces nothing; two trainings share no folder."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from labelling.errors import OutputUnusable
from model_store.local_releases import open_release
from model_store.release_files import NEW_RELEASE_FOLDER
from tests.commands import wardrobe
from tests.fashion import write_idx_folder
from tests.releases import a_release
from tests.service import ROOT
from training.release.make import start_numbered_release, start_release
from training.release.run_folder import UNFINISHED, check_run_folder, claim_new_run, claim_next_run, claim_run

LEFT = f"{UNFINISHED}0123456789abcdef"
"""The name of what a killed training leaves."""


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of each file below a folder, and the target of each link, by its path."""
    return {
        str(path.relative_to(folder)): bytes(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a training, with a release that it made and the notes of an owner."""
    folder = tmp_path / "mine"
    a_release(folder / NEW_RELEASE_FOLDER)
    (folder / "notes.txt").write_text("of the owner", "utf-8")
    return folder


def version_in(run: Path) -> str:
    return open_release(run / NEW_RELEASE_FOLDER).version


def write_keras_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "model_store" / "bundled" / "model.keras", path)


COMMANDS: dict[str, tuple[str, list[str]]] = {
    "improve, from that very release": (
        "improve",
        ["corrections.csv", "--from", "mine/release", "--out", "other", "--", "--run", "mine"],
    ),
    "improve, from the bundled release": (
        "improve",
        ["corrections.csv", "--from", "bundled", "--", "--run=mine"],
    ),
    "own classes": ("train", ["--data", "no such folder", "--run", "mine"]),
    "photos of the ten classes": ("train", ["--from=bundled", "--photos", "no such folder", "--run", "mine"]),
    "by gradient": ("train", ["--train", "no.csv", "--test", "no.csv", "--recipe=quick", "--run", "mine"]),
    "by gradient, from the start": ("train", ["--recipe=quick", "--fresh", "--run", "mine"]),
    "adopt": ("adopt", ["model.keras", "--data", "no such folder", "--run", "mine"]),
}


@pytest.mark.parametrize(("verb", "words"), COMMANDS.values(), ids=COMMANDS)
def test_a_training_into_a_folder_with_a_release_ends_before_it_reads_a_picture(
    verb: str, words: list[str], run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(run.parent)
    Path("corrections.csv").write_text("path,label\nno.jpg,Bag\n", "utf-8")
    write_keras_file(Path("model.keras"))
    before = contents(run)

    with pytest.raises(OutputUnusable) as refused:
        wardrobe(verb, words)

    assert str(refused.value) == (
        f"`mine/release` is release {version_in(run)}. To store it: `wardrobe publish mine/release STORE` "
        "(with `--force` after a refusal by the gate). To train again, move it away (the checkpoint is used "
        "again), or name another `--run`."
    )
    assert contents(run) == before


def test_adopting_a_model_from_a_folder_named_release_keeps_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_keras_file(Path("release/model.keras"))
    Path("release/notes.txt").touch()
    write_idx_folder(tmp_path / "pics", train=300, test=20)
    before = contents(tmp_path)

    with pytest.raises(OutputUnusable) as refused:
        wardrobe("adopt", ["release/model.keras", "--data", "pics", "--run", "."])

    assert str(refused.value) == (
        "`release` exists and is no whole release. Move it away, or name another `--run`."
    )
    assert contents(tmp_path) == before


def write_notes(folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.txt").touch()


def write_damaged_release(folder: Path) -> None:
    a_release(folder)
    (folder / "model.onnx").write_bytes(b"cut short")


TAKEN: dict[str, Callable[[Path], object]] = {
    "an owner's folder": write_notes,
    "an empty folder": Path.mkdir,
    "a file": Path.touch,
    "a link to nothing": lambda folder: folder.symlink_to(folder.with_name("elsewhere")),
    "a damaged release": write_damaged_release,
}


@pytest.mark.parametrize(
    "words",
    [
        ["--run", "mine/release"],
        ["--run", "mine/release/figures/new"],
        ["--run", "link"],
        ["--run", "mine/../link"],
    ],
    ids=" ".join,
)
def test_no_training_writes_into_a_release_which_could_then_not_be_opened(
    words: list[str], run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(run.parent)
    Path("link").symlink_to("mine/release")
    Path("corrections.csv").write_text("path,label\nno.jpg,Bag\n", "utf-8")
    before = contents(run)

    with pytest.raises(OutputUnusable, match="into the release"):
        wardrobe("improve", ["corrections.csv", "--from", "mine/release", "--", *words])

    assert contents(run) == before
    assert version_in(run)


def test_a_training_without_run_begins_in_no_release(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run / NEW_RELEASE_FOLDER)

    with pytest.raises(OutputUnusable, match="change to another folder"):
        check_run_folder(None)


def test_other_files_named_manifest_are_no_releases(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"name": "an app for phones"}', "utf-8")

    with claim_new_run(tmp_path / "mine"):
        pass


@pytest.mark.parametrize("take", TAKEN.values(), ids=TAKEN)
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_whatever_has_the_name_of_the_release_stays(
    take: Callable[[Path], object], when: str, tmp_path: Path
) -> None:
    folder = tmp_path / "run" / "release"
    folder.parent.mkdir()
    if when == "before":
        take(folder)

    with (
        pytest.raises(OutputUnusable, match="exists and is no whole release"),
        start_release(folder) as unfinished,
    ):
        (unfinished / "model.onnx").touch()
        take(folder)
        before = contents(tmp_path)

    if when == "meanwhile":
        del before[str((unfinished / "model.onnx").relative_to(tmp_path))]
        assert contents(tmp_path) == before
    assert list(folder.parent.glob(f"{UNFINISHED}*")) == []


def test_a_release_has_its_name_and_the_files_of_its_parent_once_it_is_sealed(
    run: Path, tmp_path: Path
) -> None:
    parent = open_release(run / NEW_RELEASE_FOLDER)
    folder = tmp_path / "other" / NEW_RELEASE_FOLDER

    with start_release(folder, parent, frozenset({"model.keras"})) as unfinished:
        assert not folder.exists()
        assert unfinished.parent == folder.parent

    assert contents(folder).keys() == parent.manifest.files.keys() - {"model.keras"}
    assert [path.name for path in folder.parent.iterdir()] == [NEW_RELEASE_FOLDER]
    assert folder.stat().st_mode == folder.parent.stat().st_mode


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_training_that_fails_leaves_no_unfinished_folder(error: BaseException, tmp_path: Path) -> None:
    with pytest.raises(type(error)), start_release(tmp_path / NEW_RELEASE_FOLDER) as unfinished:
        (unfinished / "model.onnx").touch()
        raise error

    assert list(tmp_path.iterdir()) == []


def test_a_second_training_in_a_folder_is_refused(tmp_path: Path) -> None:
    with (
        claim_run(tmp_path / "mine"),
        pytest.raises(OutputUnusable, match="mine`: another training is at work"),
        claim_new_run(tmp_path / "mine"),
    ):
        pass


HOLD = """
import sys, time
from pathlib import Path
from training.release.make import start_release
from training.release.run_folder import claim_new_run

run = Path(sys.argv[1])
with claim_new_run(run), start_release(run / "release") as unfinished:
    (unfinished / "model.onnx").touch()
    print("writes", flush=True)
    time.sleep(600)
"""
"""A training that has claimed its folder, and writes its release until it is ended."""


@pytest.fixture
def training(tmp_path: Path) -> subprocess.Popen[str]:
    """A training in tmp_path/mine that writes its release."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "mine")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "writes\n"
    return process


def test_a_folder_is_free_again_once_its_training_is_killed_and_what_that_left_is_removed(
    training: subprocess.Popen[str], tmp_path: Path
) -> None:
    run = tmp_path / "mine"
    with pytest.raises(OutputUnusable, match="another training is at work"), claim_new_run(run):
        pass
    training.send_signal(signal.SIGKILL)
    training.communicate()
    assert len(list(run.glob(f"{UNFINISHED}*/model.onnx"))) == 1

    with claim_new_run(run):
        assert list(run.iterdir()) == []


KEPT = (
    f"{LEFT}0",
    LEFT[:-1],
    f"{UNFINISHED}0123456789ABCDEF",
    f"x{LEFT}",
    f"{LEFT}\n",
    "state-0001.weights.h5",
)
"""Names of folders that no training has made."""


def test_only_folders_that_a_training_has_left_are_removed(tmp_path: Path) -> None:
    for name in (LEFT, *KEPT):
        (tmp_path / "mine" / name).mkdir(parents=True)
        (tmp_path / "mine" / name / "notes.txt").touch()
    (tmp_path / "mine" / LEFT.replace("0", "a")).touch()
    (tmp_path / "mine" / LEFT.replace("0", "b")).symlink_to(tmp_path)
    before = contents(tmp_path)

    with claim_run(tmp_path / "mine"):
        pass

    del before[f"mine/{LEFT}/notes.txt"]
    assert contents(tmp_path) == before


def test_an_empty_folder_is_removed_again_only_if_the_training_has_made_it(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()

    for name in ("there", "new", "runs/new", "used"):
        with claim_run(tmp_path / name):
            (tmp_path / "used" / "progress.json").touch() if name == "used" else None

    assert sorted(path.name for path in tmp_path.iterdir()) == ["there", "used"]


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()

    with (
        pytest.raises(OutputUnusable, match="mine/run cannot be a folder: a file has"),
        claim_run(tmp_path / "mine" / "run"),
    ):
        pass


def test_a_folder_that_can_never_be_made_is_named() -> None:
    with (
        pytest.raises(OutputUnusable, match="/proc/mine: this folder cannot be made"),
        claim_run(Path("/proc/mine")),
    ):
        pass


def make_numbered(usual: Path) -> Path:
    """Make a release of own classes without --run, and return the folder that has it."""
    with start_numbered_release(None, usual) as place:
        (place.unfinished_folder / "model.onnx").touch()
    return place.run_folder


def test_releases_of_own_classes_get_numbers_in_place_of_replacing_one_another(tmp_path: Path) -> None:
    names = [make_numbered(tmp_path / "runs" / "pictures").name for _ in range(3)]

    assert names == ["pictures", "pictures-2", "pictures-3"]
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {*names}


def test_the_number_is_chosen_once_the_release_is_sealed(tmp_path: Path) -> None:
    usual = tmp_path / "pictures"

    with start_numbered_release(None, usual) as slow:
        assert make_numbered(usual).name == "pictures"
        (slow.unfinished_folder / "model.onnx").touch()

    assert slow.run_folder.name == "pictures-2"
    assert {path.name for path in tmp_path.rglob("*")} == {"pictures", "pictures-2", "release", "model.onnx"}


def test_trainings_of_the_same_pictures_at_the_same_time_disturb_no_other(tmp_path: Path) -> None:
    with claim_next_run(tmp_path / "pictures") as first, claim_next_run(tmp_path / "pictures") as second:
        assert (first.name, second.name) == ("pictures", "pictures-2")
