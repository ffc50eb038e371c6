"""The steps that make the bundled release: each is run once, goes on after a stop, and leaves a record."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lab.steps import PHOTOS, STEPS, Folders, Step, StepError, run

COPY = (
    "import sys, pathlib; pathlib.Path(sys.argv[2]).write_text(pathlib.Path(sys.argv[1]).read_text() + '+')"
)
FIRST = Step(
    "first",
    1,
    (PHOTOS,),
    ("OUT/a",),
    ("-c", COPY.replace("read_text", "joinpath('t').read_text"), "PHOTOS", "OUT/a"),
)
SECOND = Step("second", 1, ("OUT/a",), ("OUT/b",), ("-c", COPY, "OUT/a", "OUT/b"))


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "t").write_text("table", "utf-8")
    (tmp_path / "out").mkdir()
    return Folders(tmp_path / "photos", tmp_path / "out")


def test_a_step_leaves_its_command_commit_and_the_hashes_of_what_it_read_and_wrote(folders: Folders) -> None:
    run(folders, (FIRST, SECOND))

    record = json.loads(folders.record(SECOND).read_text("utf-8"))
    assert (folders.out / "b").read_text("utf-8") == "table++"
    assert record["command"].endswith("OUT/a OUT/b")
    assert len(record["commit"].removesuffix("+")) == 40
    assert record["inputs"]["OUT/a"] != record["outputs"]["OUT/b"]
    assert record["seconds"] >= 0


def test_what_is_there_is_not_made_again(folders: Folders) -> None:
    run(folders, (FIRST, SECOND))
    (folders.out / "b").write_text("kept", "utf-8")

    run(folders, (FIRST, SECOND))

    assert (folders.out / "b").read_text("utf-8") == "kept"


def test_a_step_that_was_stopped_runs_again_and_goes_on(folders: Folders) -> None:
    stopped = replace(SECOND, command=("-c", "import sys; sys.exit(3)", "OUT/a", "OUT/b"))
    with pytest.raises(StepError, match="second: ended with 3"):
        run(folders, (FIRST, stopped))
    folders.record(SECOND).unlink()  # of another command, which only a test changes

    run(folders, (FIRST, SECOND))

    assert (folders.out / "b").read_text("utf-8") == "table++"


def test_other_photos_than_those_of_the_record_are_refused(folders: Folders) -> None:
    run(folders, (FIRST,))
    (folders.photos / "t").write_text("another table", "utf-8")

    with pytest.raises(StepError, match="first: was made by another command or of other inputs"):
        run(folders, (FIRST,))


def test_an_input_that_is_missing_is_named(folders: Folders) -> None:
    with pytest.raises(StepError, match=r"second: .*/a cannot be read"):
        run(folders, (SECOND,))


def test_each_step_reads_what_an_earlier_one_writes() -> None:
    written = {PHOTOS}

    for step in STEPS:
        assert set(step.inputs) <= written
        written |= set(step.outputs)
        assert step.command[0] == "-m"
        assert all(word.startswith("OUT/") or "OUT" not in word for word in step.command)


def test_the_interpreter_of_a_step_is_that_of_the_run(folders: Folders) -> None:
    which = Step(
        "which",
        1,
        (),
        ("OUT/w",),
        ("-c", "import sys; open(sys.argv[1], 'w').write(sys.executable)", "OUT/w"),
    )

    run(folders, (which,))

    assert (folders.out / "w").read_text("utf-8") == sys.executable
