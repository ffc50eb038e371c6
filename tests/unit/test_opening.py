"""The mark of a release that is opened for the first time: it names deaths that happened, and no others."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from model_store.errors import OpeningKilled
from model_store.opening_marks import mark_opening

VERSION = "20261120T101500Z-3f9a1c2e"


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / f"opening-{VERSION}"


def after_the_first_open(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Let something happen between opening a file and taking its lock."""
    real = os.open

    def open_and_act(*arguments: object, **named: object) -> int:
        descriptor = real(*arguments, **named)  # type: ignore[arg-type]
        monkeypatch.setattr(os, "open", real)
        act()
        return descriptor

    monkeypatch.setattr(os, "open", open_and_act)


def test_a_mark_that_is_removed_while_another_process_reads_it_names_no_death(
    mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as first:
        first.enter_context(mark_opening(mark.parent, VERSION, is_last_candidate=False))
        after_the_first_open(monkeypatch, first.close)

        with mark_opening(mark.parent, VERSION, is_last_candidate=False):
            own = mark.read_text("ascii")

    assert own == "1"  # were this process to end, its own mark would say so
    assert not mark.exists()


def test_the_end_of_one_process_leaves_the_mark_of_the_next(mark: Path) -> None:
    with ExitStack() as beside:
        with mark_opening(mark.parent, VERSION, is_last_candidate=False):
            beside.enter_context(mark_opening(mark.parent, VERSION, is_last_candidate=False))

        with mark_opening(mark.parent, VERSION, is_last_candidate=False):
            beside.close()
            left = mark.exists()

    assert left
    assert not mark.exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, OpeningKilled])
def test_whatever_ends_the_block_is_no_end_of_the_process(mark: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), mark_opening(mark.parent, VERSION, is_last_candidate=False):
        raise error

    assert not mark.exists()


@pytest.mark.parametrize(
    "spoil",
    [lambda mark: mark.symlink_to(mark.parent / "elsewhere"), lambda mark: mark.mkdir()],
    ids=["a link", "a folder"],
)
def test_where_there_can_be_no_mark_the_release_is_opened_without_one(
    mark: Path, spoil: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    spoil(mark)

    with mark_opening(mark.parent, VERSION, is_last_candidate=False):
        was_opened = True

    assert was_opened
    assert f"{VERSION} is opened without this mark" in caplog.text
    assert not (mark.parent / "elsewhere").exists()
