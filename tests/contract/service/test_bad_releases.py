"""Releases that must not be served: what is wrong with each, and what it is answered by whom.

Opening its folder, fetching and promoting it are refused; a running service serves what was served before.
Each kind is tried where it is told apart.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask import Flask

from app.factory import create_app
from app.releases.opening_attempt import REFUSAL_CAUSES
from app.settings import Settings
from inference.contract import make_whole_picture_input
from model_store.assemble import seal_release
from model_store.cache import pull_release
from model_store.local_releases import MAX_RELEASE_BYTES, open_release
from model_store.manifest import GoldenAnswers, ReleaseNetwork, parse_manifest
from model_store.promotions import append_promotion, read_newest_promotion
from model_store.publish import promote_release
from model_store.records import Promotion
from model_store.store import FolderStore
from model_store.store_keys import make_release_prefix
from reports.judge import describe_release_verdict
from tests.contract.service.conftest import poll
from tests.releases import a_graph, a_release

Spoil = Callable[[Path], None]
"""Makes a bad release of a good one's folder."""


def flip_a_bit(folder: Path) -> None:
    data = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def cut_a_file_short(folder: Path) -> None:
    (folder / "model.onnx").write_bytes((folder / "model.onnx").read_bytes()[:-1])


def lengthen_a_file(folder: Path) -> None:
    (folder / "model.onnx").write_bytes((folder / "model.onnx").read_bytes() + b"x")


def remove_a_file(folder: Path) -> None:
    (folder / "figures" / "confusion-matrix.png").unlink()


def add_a_file(folder: Path) -> None:
    (folder / "figures" / "extra.png").write_bytes(b"")


def end_lines_as_windows_does(folder: Path) -> None:
    """As git checks files out with core.autocrlf=true."""
    for path in folder.rglob("*"):
        if path.suffix in {".json", ".md", ".html"}:
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def end_lines_as_windows_does_and_change_more(folder: Path) -> None:
    end_lines_as_windows_does(folder)
    (folder / "report.json").write_bytes((folder / "report.json").read_bytes() + b" ")


def link_a_file(folder: Path) -> None:
    (folder / "model.onnx").rename(folder.parent / "elsewhere")
    (folder / "model.onnx").symlink_to(folder.parent / "elsewhere")


def link_a_folder(folder: Path) -> None:
    (folder / "figures").rename(folder.parent / "figures")
    (folder / "figures").symlink_to(folder.parent / "figures")


def remove_the_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def rewrite(folder: Path, change: Callable[[dict[str, Any]], object], name: str = "manifest.json") -> None:
    document = json.loads((folder / name).read_bytes())
    change(document)
    (folder / name).write_text(json.dumps(document), "utf-8")


def name_another_hash(folder: Path) -> None:
    rewrite(folder, lambda manifest: manifest["files"]["model.onnx"].update(sha256="0" * 64))


def leave_out(name: str) -> Spoil:
    def leave_it_out(folder: Path) -> None:
        (folder / name).unlink()
        rewrite(folder, lambda manifest: manifest["files"].pop(name))

    leave_it_out.__name__ = f"leave_out_{name}"
    return leave_it_out


def claim_a_disk(folder: Path) -> None:
    rewrite(
        folder,
        lambda manifest: [one.update(size=MAX_RELEASE_BYTES // 2) for one in manifest["files"].values()],
    )


def name_a_folder_as_a_file(folder: Path) -> None:
    rewrite(folder, lambda manifest: manifest["files"].update(figures={"sha256": "0" * 64, "size": 0}))


def answer_nan(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(a_graph(np.full((784, 10), np.nan, np.float32)))
    seal_again(folder)


def answer_otherwise(folder: Path) -> None:
    network = open_release(folder).manifest.get_network("photos")
    pixels, answers = network.golden.decode_pixels(network.contract.input), network.golden.decode_answers()
    golden = GoldenAnswers.from_arrays(pixels, {"label": np.roll(answers["label"], 1, axis=1)})
    seal_again(folder, photos=network.model_copy(update={"golden": golden}))


def report_of_another(folder: Path) -> None:
    rewrite(folder, lambda report: report["test"]["confusion_matrix"].pop(), "report.json")
    seal_again(folder)


def seal_again(folder: Path, photos: ReleaseNetwork | None = None) -> None:
    """As a broken trainer would: the manifest is right about every file."""
    manifest = parse_manifest((folder / "manifest.json").read_bytes(), str(folder))
    seal_release(
        folder,
        created_at=manifest.created_at,
        networks=manifest.networks if photos is None else {**manifest.networks, "photos": photos},
        training=manifest.training,
        libraries=manifest.libraries,
        git_commit=None,
        data=manifest.data,
        headline=manifest.headline,
    )


OPEN, FETCH, PROMOTE, FOLLOW = "open", "fetch", "promote", "follow"
A_SHA = r"model\.onnx: sha256 [0-9a-f]{64}, but manifest\.json says"
ONLY_ENDINGS = (
    r"\.(json|md|html): Only its line endings differ: each LF became CRLF.* -text` into \.gitattributes"
)
A_SIZE = r"bytes, but manifest\.json says"

BAD: dict[Spoil, dict[str, str]] = {
    flip_a_bit: {OPEN: A_SHA, FETCH: rf"releases/.*/{A_SHA}", FOLLOW: A_SHA},
    cut_a_file_short: {OPEN: rf"model\.onnx: \d+ {A_SIZE} \d+", PROMOTE: r"not \d+ as in the manifest"},
    lengthen_a_file: {FETCH: r"model\.onnx: more than the expected \d+ bytes"},
    remove_a_file: {
        OPEN: r"figures/confusion-matrix\.png missing",
        FETCH: r"confusion-matrix\.png: .*publish the release again",
        PROMOTE: r"confusion-matrix\.png: no bytes are there",
    },
    add_a_file: {OPEN: r"figures/extra\.png is not in manifest\.json"},
    end_lines_as_windows_does: {OPEN: ONLY_ENDINGS, FETCH: ONLY_ENDINGS},
    end_lines_as_windows_does_and_change_more: {OPEN: rf"report\.json: \d+ {A_SIZE}", FETCH: "more than"},
    link_a_file: {OPEN: r"model\.onnx: a link"},
    link_a_folder: {OPEN: "figures: a link"},
    remove_the_manifest: {OPEN: r"manifest\.json: no such file"},
    name_another_hash: {OPEN: "its files hash to", FETCH: "its files hash to"},
    leave_out("model.keras"): {OPEN: r"model\.keras is not in manifest\.json"},
    leave_out("photos.onnx"): {OPEN: r"photos\.onnx is not in manifest\.json"},
    claim_a_disk: {FETCH: f"at most {MAX_RELEASE_BYTES} are taken"},
    name_a_folder_as_a_file: {OPEN: r"figures is a file and a folder in manifest\.json"},
    answer_nan: {FOLLOW: "answered NaN or infinity"},
    answer_otherwise: {FOLLOW: "answers to its golden pictures differ"},
    report_of_another: {FOLLOW: r"report\.json .*: test\.confusion_matrix needs 10 rows and columns"},
}
"""By kind, in which words it is refused, and by whom."""


def cases(level: str) -> pytest.MarkDecorator:
    """The kinds that are tried there, each with its words."""
    found = [
        pytest.param(spoil, said[level], id=spoil.__name__) for spoil, said in BAD.items() if level in said
    ]
    return pytest.mark.parametrize(("spoil", "words"), found)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two good releases: one with two networks, of which bad ones are made, and one to be served."""
    folder = tmp_path_factory.mktemp("good")
    two = a_release(folder / "two", photos=make_whole_picture_input(32, 3), keeps_answers=False)
    return [two, a_release(folder / "served", seed=1, keeps_answers=False)]


@pytest.fixture
def bad(good: list[Path], tmp_path: Path, spoil: Spoil) -> Path:
    """The folder of a bad release of the case's kind."""
    folder = shutil.copytree(good[0], tmp_path / "made" / "release")
    spoil(folder)
    return folder


def put(folder: Path, store: FolderStore) -> str:
    """Bring a release into a store past all checks; its version."""
    version: str = json.loads((folder / "manifest.json").read_bytes())["version"]
    shutil.copytree(folder, Path(store.address, make_release_prefix(version)), dirs_exist_ok=True)
    return version


def promoted(folder: Path, store: FolderStore) -> Promotion:
    return append_promotion(store, put(folder, store), "promote", "tests", read_newest_promotion(store))


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@cases(OPEN)
def test_the_folder_of_a_bad_release_is_not_opened_and_the_difference_is_named(bad: Path, words: str) -> None:
    with pytest.raises(REFUSAL_CAUSES, match=words):
        open_release(bad)


@cases(FETCH)
def test_a_bad_release_of_a_store_is_not_fetched_and_nothing_stays_in_the_cache(
    bad: Path, store: FolderStore, tmp_path: Path, words: str
) -> None:
    version = put(bad, store)

    with pytest.raises(REFUSAL_CAUSES, match=words):
        pull_release(store, version, tmp_path / "cache")

    left = [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert left == [".lock"]


@cases(PROMOTE)
def test_a_release_that_is_not_complete_is_not_promoted(bad: Path, store: FolderStore, words: str) -> None:
    version = put(bad, store)

    with pytest.raises(REFUSAL_CAUSES, match=words):
        promote_release(version, store, describe_release_verdict, author="ann")

    assert read_newest_promotion(store) is None


@pytest.fixture
def app(good: list[Path], store: FolderStore, tmp_path: Path) -> Iterator[Flask]:
    """A service that polls only when a test says so."""
    promoted(good[1], store)
    app = create_app(Settings(model_store=store.address, cache_dir=tmp_path / "cache", refresh_seconds=3600))
    yield app
    app.extensions["wardrobe"].watcher.stop()


def refusals_counted(app: Flask) -> float:
    text = app.test_client().get("/metrics/prometheus").text
    return float(re.findall(r"^wardrobe_releases_refused_total (\S+)$", text, re.MULTILINE)[0])


@cases(FOLLOW)
def test_a_bad_release_is_refused_once_told_and_counted_and_the_next_good_one_is_served(
    app: Flask, store: FolderStore, good: list[Path], bad: Path, words: str
) -> None:
    counted, refused = refusals_counted(app), promoted(bad, store)
    told = [poll(app) for _ in range(2)][-1]

    [of_bad] = told["refused"]
    assert (of_bad["promotion"], of_bad["version"]) == (refused.number, refused.version)
    assert re.search(words, of_bad["reason"])
    assert (told["status"], told["stale"], told["store"]) == ("ready", True, {"status": "ok"})
    assert told["model"]["version"] == open_release(good[1]).version
    assert refusals_counted(app) == counted + 1
    assert "wardrobe_release_stale 1.0" in app.test_client().get("/metrics/prometheus").text
    promoted(good[1], store)
    assert poll(app)["stale"] is False
