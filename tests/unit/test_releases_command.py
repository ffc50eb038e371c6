"""The commands that publish and look after releases, as typed, on a folder store."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from model_store.errors import GateRefused, NotFound, NothingPromoted
from scripts import publish, releases
from tests.releases import a_release

Type = Callable[..., str]


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "store")


@pytest.fixture
def published(tmp_path: Path, store: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Two releases, the second current; their versions."""
    for seed in (1, 2):
        folder = a_release(tmp_path / str(seed), seed=seed, accuracy=0.93 + seed / 1000)
        publish.main([str(folder), store, "--by", "ann"])
    return [line.split()[0] for line in capsys.readouterr().out.splitlines() if " is current in " in line]


@pytest.fixture
def typed(store: str, capsys: pytest.CaptureFixture[str]) -> Type:
    """Run a command of `releases`; what it printed."""

    def run(*words: str) -> str:
        assert releases.main(["--store", store, *words]) == 0
        return capsys.readouterr().out

    return run


def test_the_list_shows_versions_state_accuracy_and_who(published: list[str], typed: Type) -> None:
    lines = typed("list").splitlines()

    first = next(line for line in lines if published[0] in line)
    second = next(line for line in lines if published[1] in line)
    assert all(word in first for word in ("promoted", "0.9310", "ann"))
    assert all(word in second for word in ("current", "0.9320", "ann"))


def test_the_list_as_json_says_the_same(published: list[str], typed: Type) -> None:
    listed = json.loads(typed("list", "--json"))

    assert [(one["version"], one["current"]) for one in sorted(listed, key=lambda one: one["current"])] == [
        (published[0], False),
        (published[1], True),
    ]
    assert {one["headline"]["test_n"] for one in listed} == {10_000}


def test_one_damaged_manifest_does_not_hide_the_others(published: list[str], typed: Type, store: str) -> None:
    (Path(store) / "releases" / published[0] / "manifest.json").write_bytes(b"{}")

    listed = {one["version"]: one["state"] for one in json.loads(typed("list", "--json"))}

    assert listed[published[0]].startswith("damaged: ")
    assert listed[published[1]] == "current"


@pytest.mark.parametrize("words", [("list",), ("list", "--json"), ("prune",)])
def test_an_address_without_a_release_is_an_error(typed: Type, store: str, words: tuple[str, ...]) -> None:
    with pytest.raises(NothingPromoted, match=f"{store}: there is no release here"):
        typed(*words)


def test_a_version_in_the_list_can_be_pasted_into_promote(
    published: list[str], typed: Type, tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish.main([str(a_release(tmp_path / "third", seed=3)), store, "--by", "a long name " * 9])
    in_a_pipe = typed("list")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")

    on_a_terminal = typed("list")

    assert [version for version in published if version not in in_a_pipe] == []
    assert [version for version in published if version not in on_a_terminal] == []
    assert "a long name " * 8 in in_a_pipe


def test_show_current_has_labels_files_and_promotions(published: list[str], typed: Type) -> None:
    shown = typed("show", "current")

    assert all(word in shown for word in (published[1], "Ankle boot", "model.onnx", "seed=2", "by ann"))


def test_show_as_json_holds_the_manifest(published: list[str], typed: Type) -> None:
    shown = json.loads(typed("show", published[0], "--json"))

    assert shown["manifest"]["version"] == published[0]
    assert [promotion["number"] for promotion in shown["promotions"]] == [1]


def test_show_of_what_is_not_there_is_an_error(typed: Type) -> None:
    with pytest.raises(NotFound, match="no such release here"):
        typed("show", "20261120T101500Z-00000000")


def test_rollback_says_what_is_current_again(published: list[str], typed: Type) -> None:
    told = typed("rollback", "--by", "eve")

    assert told.startswith(f"{published[0]} is current in ")
    assert f"in place of {published[1]} (promotion 3 by eve)" in told


def test_promote_makes_a_release_current_by_name(published: list[str], typed: Type) -> None:
    told = typed("promote", published[0], "--by", "eve")

    assert f"{published[0]} is current in " in told
    assert "promotion 3 by eve" in told


def test_a_dry_run_of_prune_names_and_keeps(published: list[str], typed: Type) -> None:
    told = typed("prune", "--keep", "1", "--older-than", "0", "--dry-run")

    assert published[0] in told
    assert "\n1 release would be removed from " in told
    assert len(json.loads(typed("list", "--json"))) == 2


def test_prune_removes_and_says_what(published: list[str], typed: Type) -> None:
    removed = json.loads(typed("prune", "--keep", "1", "--older-than", "0", "--json"))

    assert [one["version"] for one in removed] == [published[0]]
    assert [one["version"] for one in json.loads(typed("list", "--json"))] == [published[1]]


def test_prune_keeps_what_was_published_a_moment_ago(published: list[str], typed: Type) -> None:
    assert "0 releases were removed" in typed("prune", "--keep", "1")


@pytest.mark.parametrize("option", [("--keep", "0"), ("--older-than", "-1"), ("--older-than", "nan")])
def test_prune_refuses_numbers_that_make_no_sense(typed: Type, option: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as ended:
        typed("prune", *option)

    assert ended.value.code == 2


def test_publishing_a_worse_release_is_an_error_and_forcing_it_says_why(
    published: list[str], tmp_path: Path, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    worse = str(a_release(tmp_path / "worse", seed=3, accuracy=0.5))

    with pytest.raises(GateRefused):
        publish.main([worse, store])
    publish.main([worse, store, "--force"])

    assert "Forced past the gate: " in capsys.readouterr().out


def test_publishing_without_promotion_says_how_to_go_on(
    tmp_path: Path, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    publish.main([str(a_release(tmp_path / "release")), store, "--no-promote"])

    assert "but not current: `releases promote` makes it so" in capsys.readouterr().out


def test_without_a_store_the_command_says_which_option_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        releases.main(["list"])

    assert ended.value.code == 2
    assert "--store is missing" in capsys.readouterr().err


def test_a_program_reads_what_became_of_a_release(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = a_release(tmp_path / "release")

    publish.main([str(folder), store, "--by", "ann", "--json"])

    told = json.loads(capsys.readouterr().out)
    assert told["version"] == json.loads((folder / "manifest.json").read_text("utf-8"))["version"]
    assert (told["store"], told["promotion"]["number"], told["promotion"]["by"]) == (store, 1, "ann")
    assert "first" in told["verdict"]
