"""The list of photos that anything bundled learnt, and how anybody fetches them."""

import csv
import subprocess
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from lab import fetch
from lab.photos import COLUMNS, LIST, make_list_rows, read_list, write_list
from lab.pretraining_photos import list_photos, list_source_photos, read_pool_photos
from tests.photos import a_garment_photo
from tests.real_photos import PLACES
from tests.service import ROOT
from training.errors import BadRecipe

PAGE = ROOT / "lab" / "README.md"


def test_every_photo_of_the_list_has_an_origin_a_licence_and_whence_its_label_is() -> None:
    rows = read_list()

    needed = ("id", "repository", "path", "licence", "label_from")
    assert [row for row in rows if not all(row[column] for column in needed)] == []
    assert {row["label_from"] for row in rows} == {"name", "shop", "eye"}
    # A photo that has no file here is of another table.
    assert {row["id"] for row in rows if not row["file"]} <= {row["id"] for row in rows if row["file"]}


def test_the_page_names_what_has_no_commit() -> None:
    without = Counter(row["repository"] for row in read_list() if not row["commit"])
    page = PAGE.read_text("utf-8")

    assert without.keys() == {"aishwaryab27/FashionWebsite", "magento/magento2-sample-data"}
    assert [name for name, count in without.items() if f"{count:,} " not in page or name not in page] == []


@pytest.mark.slow
def test_the_list_is_that_of_the_tables() -> None:
    folder = next((place for place in PLACES if (place / "dev.csv").is_file()), None)
    if folder is None:
        pytest.skip("the photos of ../shared/photos are not here")

    made = [{column: row.get(column, "") for column in COLUMNS} for row in make_list_rows(folder)]

    assert made == read_list(LIST)


def jpeg(seed: int, edge: int) -> bytes:
    """A garment of so many pixels."""
    photo = cv2.resize(a_garment_photo(seed), (edge * 5 // 6, edge), interpolation=cv2.INTER_CUBIC)
    return cv2.imencode(".jpg", photo)[1].tobytes()


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@localhost", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def commit(tmp_path: Path) -> str:
    """Two repositories of a host: a shop, and a collection with long names; the commit of the shop."""
    files = {
        "a/shop": {"img/1.jpg": jpeg(1, 240), "img/2.jpg": jpeg(2, 240), "img/broken.jpg": b"no picture"},
        "a/collection": {"images/00aa-bb-cc.jpg": jpeg(3, 60)},
    }
    for repository, contents in files.items():
        folder = tmp_path / "host" / repository
        for name, content in contents.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        git(folder, "init", "--quiet")
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "-m", "Photos")
        git(folder, "config", "uploadpack.allowFilter", "true")
        git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    shop = tmp_path / "host" / "a/shop"
    made = git(shop, "rev-parse", "HEAD")
    (shop / "img/1.jpg").unlink()
    git(shop, "commit", "--quiet", "--all", "-m", "Another season")
    return made


Run = Callable[..., list[str]]


@pytest.fixture
def run(tmp_path: Path, commit: str, capsys: pytest.CaptureFixture[str]) -> Run:
    """Fetch the list below into `out`, and return what is printed."""

    def row(name: str, table: str, repository: str, commit: str, path: str) -> dict[str, str]:
        about = {"id": name, "table": table, "file": f"A/4/{name}.jpg", "tier": "A", "licence": "MIT"}
        origin = {"repository": repository, "commit": commit, "path": path}
        return (
            about
            | origin
            | {"label": "4", "kind": "coat", "width": "50", "height": "60", "source": repository}
        )

    rows = [
        row("den-1", "sources", "a/shop", commit, "img/1.jpg"),
        row("den-2", "sources", "a/shop", commit, "img/2.jpg"),
        row("den-3", "sources", "a/shop", commit, "img/broken.jpg"),
        row("den-4", "sources", "a/shop", commit, "img/sold.jpg"),
        row("clo-00aa-bb", "pool", "a/collection", "", "images/00aa-bb*"),
        row("old-1", "pool", "a/closed", commit, "1.jpg"),
    ]
    write_list(rows, tmp_path / "list.csv.gz")

    def run(*words: str) -> list[str]:
        options = ("--list", str(tmp_path / "list.csv.gz"), "--host", f"file://{tmp_path}/host")
        fetch.main([str(tmp_path / "out"), *options, *words])
        return capsys.readouterr().out.splitlines()

    return run


def reasons(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row["why"] for row in csv.DictReader(file)}


def test_photos_are_fetched_at_their_commit_scaled_and_what_is_gone_is_named(
    run: Run, tmp_path: Path, commit: str
) -> None:
    lines = run()

    gone = reasons(tmp_path / "out" / "gone.csv")
    assert gone.keys() == {"den-3", "den-4", "old-1"}
    assert commit in gone["den-4"]
    assert any("a/closed" in line for line in lines if line.startswith("gone"))
    assert "3 photos" in lines[-1]
    with zipfile.ZipFile(tmp_path / "out" / "sources_A.zip") as archive:
        content = archive.read("A/4/den-1.jpg")
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert np.asarray(picture).shape == (60, 50, 3)


def test_what_is_fetched_is_a_folder_that_the_other_commands_read(run: Run, tmp_path: Path) -> None:
    run()

    assert [photo.id for photo in list_source_photos(tmp_path / "out")] == ["den-1", "den-2"]
    assert [photo.label for photo in read_pool_photos(tmp_path / "out", "pool")] == [4]
    assert [photo.id for photo in list_photos(tmp_path / "out")] == ["clo-00aa-bb"]


def test_a_photo_of_the_size_of_the_list_stays_as_it_is(run: Run, tmp_path: Path) -> None:
    run()

    assert (tmp_path / "out" / "pool_A/A/4/clo-00aa-bb.jpg").read_bytes() == jpeg(3, 60)


def test_a_second_run_fetches_what_is_missing_alone(run: Run, tmp_path: Path) -> None:
    run()
    there, missing = (tmp_path / "out" / "sources_A/A/4" / f"den-{number}.jpg" for number in (1, 2))
    before = there.stat().st_mtime_ns
    missing.unlink()

    lines = run()

    assert missing.exists()
    assert there.stat().st_mtime_ns == before
    # Of the shop the missing one and two that are gone; nothing of the collection.
    assert [line for line in lines if "a/shop, 3 photos" in line] != []
    assert [line for line in lines if "a/collection" in line] == []


def test_the_list_of_a_folder_that_lacks_photos_has_no_file_of_them(run: Run, tmp_path: Path) -> None:
    run()
    (tmp_path / "out" / "pool_A.zip").unlink()

    rows = {row["id"]: row for row in make_list_rows(tmp_path / "out")}

    files = {name: row["file"] for name, row in rows.items()}
    assert files == {"den-1": "A/4/den-1.jpg", "den-2": "A/4/den-2.jpg", "clo-00aa-bb": ""}
    assert rows["den-1"]["path"] == "img/1.jpg"


def test_a_photo_of_which_nothing_says_where_it_is_from_is_refused(run: Run, tmp_path: Path) -> None:
    run()
    table = tmp_path / "out" / "pool.csv"
    table.write_text(table.read_text("utf-8").replace("clo-00aa-bb", "new-00aa-bb"), "utf-8")

    with pytest.raises(BadRecipe, match=r"pool\.csv: nothing says which repository new-00aa-bb is from"):
        list(make_list_rows(tmp_path / "out"))
