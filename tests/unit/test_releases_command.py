"""The commands that publish and look after releases, as typed, on a folder store."""

import argparse
import getpass
import json
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model_store.cache import pull_release
from model_store.errors import (
    GateRefused,
    NotFound,
    NothingPromoted,
    RecordUnreadable,
    ReleaseCorrupt,
    SignatureMissing,
)
from model_store.local_releases import BUNDLED_FOLDER, open_bundled_release, open_release
from model_store.promotions import read_current_promotion, read_promotions
from model_store.publish import publish_release
from model_store.signing import create_key_pair, read_trusted_keys
from model_store.store import open_store
from model_store.store_keys import list_releases, make_manifest_key, make_promotion_key
from reports.judge import judge_release
from reports.values import read_report
from scripts import release_target, store_options
from scripts.store_options import choose_author
from tests.commands import wardrobe
from tests.releases import a_release

Type = Callable[..., str]


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "store")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two releases, the second current."""
    folder = tmp_path_factory.mktemp("two")
    for seed in (1, 2):
        made = a_release(folder / str(seed), seed=seed, accuracy=0.93 + seed / 1000, per_class=20)
        publish_release(made, open_store(f"{folder}/store"), judge_release, author="ann")
    return folder / "store"


@pytest.fixture
def published(two: Path, store: str) -> list[str]:
    """The versions of these two releases, in a store of this test's own."""
    shutil.copytree(two, store)
    return [promotion.version for promotion in read_promotions(open_store(store))]


@pytest.fixture
def typed(store: str, capsys: pytest.CaptureFixture[str]) -> Type:
    """Run a command of `releases`; what it printed."""

    def run(*words: str) -> str:
        assert wardrobe("releases", ["--store", store, *words]) == 0
        return capsys.readouterr().out

    return run


def test_the_list_as_json_says_the_same(published: list[str], typed: Type) -> None:
    listed = {one["version"]: one for one in json.loads(typed("list", "--json"))}

    assert [listed[version]["current"] for version in published] == [False, True]
    assert [listed[version]["headline"]["test_accuracy"] for version in published] == [0.931, 0.932]
    assert listed[published[1]]["last_promotion"]["by"] == "ann"


def test_the_list_says_where_accuracies_are_of_different_test_sets(
    published: list[str], typed: Type, tmp_path: Path, store: str
) -> None:
    alike = typed("list")
    wardrobe("publish", [str(a_release(tmp_path / "other", seed=3, test_sha256="a" * 64)), store, "--force"])

    assert "do not compare" not in alike
    assert "The accuracies are of 2 test sets, so they do not compare." in typed("list")


@pytest.mark.parametrize("words", [["list"], ["log"], ["prune"], ["rollback"], ["show", "current"]])
def test_each_command_names_a_record_that_cannot_be_read_and_removes_nothing(
    published: list[str], typed: Type, store: str, words: list[str]
) -> None:
    Path(store, make_promotion_key(3)).write_bytes(b"{")

    with pytest.raises(
        RecordUnreadable, match=rf"{make_promotion_key(3)}: not a promotion: .*Restore this file"
    ):
        typed(*words)

    assert {release.version for release in list_releases(open_store(store))} == set(published)


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        (["list"], NothingPromoted, "store: no such folder"),
        (["prune"], NothingPromoted, "store: no such folder"),
        (["show", "20261120T101500Z-00000000"], NotFound, "no such release here"),
    ],
)
def test_what_is_not_there_is_an_error(
    typed: Type, words: list[str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        typed(*words)


@pytest.mark.parametrize("verb", ["list", "prune"])
def test_a_folder_without_a_release_is_named(verb: str, tmp_path: Path) -> None:
    with pytest.raises(NothingPromoted, match=f"{tmp_path}: there is no release here"):
        wardrobe("releases", ["--store", str(tmp_path), verb])


def test_a_version_in_the_list_of_a_terminal_can_be_pasted_into_promote(
    published: list[str], typed: Type, tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wardrobe("publish", [str(a_release(tmp_path / "third", seed=3)), store, "--by", "a long name " * 9])
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")

    listed = typed("list")

    assert [version for version in published if version not in listed] == []


def test_show_has_labels_files_and_promotions(published: list[str], typed: Type) -> None:
    shown, document = typed("show", "current"), json.loads(typed("show", published[0], "--json"))

    assert all(word in shown for word in (published[1], "Ankle boot", "model.onnx", "seed=2", "by ann"))
    assert [line for line in shown.splitlines() if line != line.rstrip()] == []
    assert document["manifest"]["version"] == published[0]
    assert [promotion["number"] for promotion in document["promotions"]] == [1]


def test_promote_says_who_did_it(published: list[str], typed: Type) -> None:
    said = typed("promote", published[0], "--by", "eve")

    assert said.startswith(f"{published[0]} is current in ")
    assert "promotion 3 by eve" in said


def test_a_rollback_is_kept_in_the_log_with_who_did_it_and_why(published: list[str], typed: Type) -> None:
    said = typed("rollback", "--by", "eve", "--reason", "bags come back as [shirts]")

    log = json.loads(typed("log", "--json"))
    texts = (said, typed("list"), typed("show", published[0]), " ".join(typed("log").split()))
    assert said.startswith(f"{published[0]} is current in ")
    assert all("eve: bags come back as [shirts]" in text for text in texts)
    assert [one["version"] for one in log] == [published[0], published[1], published[0]]
    assert [one["previous"] for one in log] == [published[1], published[0], None]
    assert [(one["number"], one["reason"], one["by"], one["note"]) for one in log] == [
        (3, "rollback", "eve", "bags come back as [shirts]"),
        (2, "promote", "ann", None),
        (1, "promote", "ann", None),
    ]


def test_prune_removes_and_says_what_but_for_a_dry_run(published: list[str], typed: Type) -> None:
    dry = typed("prune", "--keep", "1", "--older-than", "0", "--dry-run")
    removed = json.loads(typed("prune", "--keep", "1", "--older-than", "0", "--json"))

    assert published[0] in dry
    assert "\n1 release would be removed from " in dry
    assert [one["version"] for one in removed] == [published[0]]
    assert [one["version"] for one in json.loads(typed("list", "--json"))] == [published[1]]


def test_prune_keeps_what_was_published_a_moment_ago(published: list[str], typed: Type) -> None:
    said = typed("prune", "--keep", "1")

    assert "0 releases were removed" in said
    assert "in the last 60 minutes (--older-than)" in said


def test_prune_names_what_has_no_manifest_and_stays(
    published: list[str], store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    open_store(store).delete(make_manifest_key(published[0]))

    wardrobe("releases", ["--store", store, "prune", "--keep", "1"])
    [line] = capsys.readouterr().err.splitlines()
    wardrobe("releases", ["--store", store, "prune", "--keep", "1", "--older-than", "0"])

    assert f"{published[0]}: 5 files without a manifest stay. It may be on its way: " in line
    assert f"{published[0]}  " in capsys.readouterr().out


@pytest.mark.usefixtures("published")
def test_publishing_a_worse_release_is_an_error_and_forcing_it_says_why(
    tmp_path: Path, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    worse = str(a_release(tmp_path / "worse", seed=3, accuracy=0.5, per_class=20))

    with pytest.raises(GateRefused):
        wardrobe("publish", [worse, store])
    wardrobe("publish", [worse, store, "--force"])

    printed = capsys.readouterr().out
    assert "Forced past the gate: " in printed
    assert "--force" not in printed


def test_a_new_folder_is_named_as_one(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(a_release(tmp_path / "release"))

    said = list[str]()
    for _ in range(2):
        wardrobe("publish", [folder, store])
        said.append(capsys.readouterr().err)

    assert [f"{store} is a new folder; a store on S3 is s3://bucket/prefix." in each for each in said] == [
        True,
        False,
    ]


def test_a_program_reads_what_became_of_a_release(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = a_release(tmp_path / "release")

    wardrobe("publish", [str(folder), store, "--by", "ann", "--json"])

    document = json.loads(capsys.readouterr().out)
    assert document["version"] == json.loads((folder / "manifest.json").read_text("utf-8"))["version"]
    assert (document["store"], document["promotion"]["number"]) == (store, 1)
    assert "first" in document["verdict"]


def test_a_release_of_one_store_is_published_in_another(
    published: list[str], store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, copy, version = tmp_path / "cache", str(tmp_path / "copy"), published[0]
    monkeypatch.setenv("WARDROBE_CACHE_DIR", str(cache))

    wardrobe("publish", [f"{store}@{version}", copy])

    assert read_current_promotion(open_store(copy)).version == version
    assert (cache / "releases" / version).is_dir()


def test_what_is_no_release_is_not_published(published: list[str], store: str, tmp_path: Path) -> None:
    assert published
    (tmp_path / "run").mkdir()

    with pytest.raises(NotFound, match=r"run/manifest\.json: no such file, so .*run is no release"):
        wardrobe("publish", [str(tmp_path / "run"), store])


@pytest.mark.parametrize("promote", [[], ["--no-promote"]], ids=["promoted", "not promoted"])
def test_a_signature_is_published_and_not_written_into_the_folder(promote: list[str], tmp_path: Path) -> None:
    folder, store, key = a_release(tmp_path / "release"), str(tmp_path / "store"), tmp_path / "key"
    public = create_key_pair(key)
    before = sorted(folder.rglob("*"))

    wardrobe("publish", [str(folder), store, "--sign", str(key), *promote])

    (version,) = (stored.version for stored in list_releases(open_store(store)))
    assert pull_release(open_store(store), version, tmp_path / "cache", read_trusted_keys(public))
    assert sorted(folder.rglob("*")) == before


def test_a_release_of_another_store_can_be_signed_where_it_goes(
    published: list[str], store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARDROBE_CACHE_DIR", str(tmp_path / "cache"))
    copy, public = str(tmp_path / "copy"), create_key_pair(tmp_path / "key")

    wardrobe("publish", [f"{store}@{published[0]}", copy, "--sign", str(tmp_path / "key")])

    assert not list((tmp_path / "cache").rglob("manifest.sig"))
    trusted = read_trusted_keys(public)
    assert pull_release(open_store(copy), published[0], tmp_path / "other cache", trusted)
    assert wardrobe("signing", ["check", copy, str(public)]) == 0
    with pytest.raises(SignatureMissing, match="not signed"):
        wardrobe("signing", ["check", store, str(public)])


def handed_over(folder: Path, *words: str, **claims: Any) -> dict[str, object]:
    """What `train` and `adopt` do with their release; the words are options of theirs."""
    return opened_target(*words).publish_and_report(a_release(folder, **claims))


def opened_target(*words: str) -> release_target.ReleaseTarget:
    """Where such options send a release."""
    parser = argparse.ArgumentParser()
    store_options.add_new_release_options(parser.add_argument_group())
    return release_target.open_release_target(parser.parse_args(words))


def test_the_last_words_of_a_training_are_its_accuracy_and_commands_to_paste(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # without our own command: it is named by its path
    release, store = tmp_path / "my runs" / "release", tmp_path / "my store"

    handed_over(release, "--out", str(store), accuracy=0.93)

    said, doubts = capsys.readouterr()
    assert "93.00% of 10,000 test pictures are right (95% interval 92.48% to 93.48%)" in " ".join(
        said.split()
    )
    steps = dict(line.split(maxsplit=1) for line in said.splitlines()[-4:])
    program = str(Path(sys.executable).with_name("wardrobe")).removeprefix(f"{Path.cwd()}/")
    assert steps == {
        "Release:": str(release),
        "Serve:": f"WARDROBE_MODEL_STORE='{store}' {program} serve",
        "Report:": f"{release}/report.html, and http://127.0.0.1:8000/metrics once it is served",
        "Publish:": f"{program} publish '{release}' s3://BUCKET/PREFIX",
    }
    assert doubts == ""


def test_a_training_leaves_what_a_service_follows_as_it_is_and_ends_with_how_to_compare_and_publish(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "store"
    first = handed_over(tmp_path / "first", "--out", str(store))

    second = handed_over(tmp_path / "second", "--out", str(store), seed=7)
    said = capsys.readouterr().out
    third = handed_over(tmp_path / "third", "--publish", str(store), seed=8)

    assert (first["promotion"], second["promotion"], third["promotion"]) != (None, None, None)
    assert second["promotion"] is None
    assert (
        f"Released to {store}, but not published. {first['version']} stays current there. The last line"
        in (" ".join(said.split()))
    )
    assert f"diff {store} {tmp_path / 'second'} PICTURES --page changes.html --allow 1" in said
    assert f"publish {tmp_path / 'second'} {store}" in said
    assert read_current_promotion(open_store(str(store))).version == third["version"]


def test_a_release_that_the_gate_refuses_comes_with_the_command_that_publishes_it_all_the_same(
    tmp_path: Path,
) -> None:
    release, store = tmp_path / "my run" / "release", str(tmp_path / "store")
    handed_over(tmp_path / "good", "--out", store)

    with pytest.raises(GateRefused) as refused:
        handed_over(release, "--publish", store, accuracy=0.5, seed=7)

    command = re.search(r"To store it all the same: `\S*wardrobe (publish .*)`\.$", str(refused.value))
    assert command is not None
    assert wardrobe("publish", shlex.split(command[1])[1:]) == 0
    assert read_current_promotion(open_store(store)).version == open_release(release).version


def test_a_release_that_cannot_be_stored_comes_with_the_command_that_stores_it(tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    opened = opened_target("--out", str(store))
    release = a_release(tmp_path / "release")
    (release / "report.html").write_bytes(b"changed")

    with pytest.raises(ReleaseCorrupt, match=rf"To store it: `\S*wardrobe publish {release} {store}`\.$"):
        opened.publish_and_report(release)

    assert release.is_dir()


def test_an_accuracy_on_fifteen_pictures_comes_with_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = ("hat", "scarf", "glove")

    handed_over(
        tmp_path / "release", "--out", str(tmp_path / "store"), labels=labels, accuracy=0.8, per_class=5
    )

    warned = capsys.readouterr().err
    assert "15 pictures are few: the true accuracy may be anything from 55% to 93%." in warned


@pytest.mark.parametrize("error", [KeyError("uid not found"), OSError("No username set")])
def test_a_user_id_without_a_name_is_told_as_it_is(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise error

    monkeypatch.setattr(getpass, "getuser", nameless)
    monkeypatch.setattr("os.getuid", lambda: 1234)

    assert choose_author(None) == "user id 1234"


def test_a_release_of_other_classes_ends_with_commands_that_work_and_does_not_train_for_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, made = tmp_path / "shop", tmp_path / "made"
    handed_over(tmp_path / "first", "--out", str(store), labels=("hat", "scarf"))

    handed_over(made, "--out", str(store))

    publishes = re.findall(r"^Publish: \S+ (.*)$", capsys.readouterr().out, re.MULTILINE)[-1]
    assert publishes == f"publish {made} {store}-other-classes"
    parser = argparse.ArgumentParser()
    store_options.add_new_release_options(parser.add_argument_group())
    opened = release_target.open_release_target(parser.parse_args(["--publish", str(store)]))
    with pytest.raises(GateRefused, match="has the classes hat, scarf, this would have a, b, c and 1 more"):
        opened.check_labels(("a", "b", "c", "d"))


def test_the_list_shows_figures_of_photos_which_differ_where_those_of_the_test_set_do_not(
    store: str, typed: Type, capsys: pytest.CaptureFixture[str]
) -> None:
    wardrobe("publish", [str(BUNDLED_FOLDER), store])
    capsys.readouterr()
    report = read_report(open_bundled_release())

    [listed] = json.loads(typed("list", "--json"))

    tiers = [report.photos[tier] for tier in "ABC"]
    n = sum(tier.n for tier in tiers)
    accepted = sum(tier.n * tier.decisions.coverage for tier in tiers) / n
    assert listed["photos"]["n"] == n
    assert listed["photos"]["accepted"] == pytest.approx(accepted)
    assert f"{accepted:.4f}" in typed("list")
