"""The steps that make the bundled release: each is run once, goes on after a stop, and leaves a record."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lab.bundled import NETWORK, PHOTOS, STEPS, Step
from lab.steps import ROOT, Folders, StepError, difference, main, run
from training.features.weights import read_npz, write_npz

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


def test_each_step_reads_what_an_earlier_one_writes_or_what_is_in_the_checkout() -> None:
    written = {PHOTOS}

    for step in STEPS:
        of_others = {name for name in step.inputs if not name.startswith("PARENT/")}
        assert {name for name in of_others - written if not (ROOT / name).is_file()} == set()
        written |= set(step.outputs)
        assert step.command[0] == "-m"
        assert all(word.startswith("OUT/") or "OUT" not in word for word in step.command)
        assert step.shipped.keys() <= set(step.outputs)


def test_the_page_of_the_lab_has_each_step_its_command_and_its_time() -> None:
    page = (ROOT / "lab" / "README.md").read_text("utf-8")
    rows = {cells[1].strip(): cells for line in page.splitlines() if len(cells := line.split("|")) == 6}

    for step in STEPS:
        [cells] = [cells for first, cells in rows.items() if f"`{step.name}`" in first]
        assert cells[3].strip() == f"`{step.command[1]}`"
        assert float(cells[4].split()[0]) == step.minutes


def test_a_step_that_cannot_run_ends_the_command_with_a_sentence(
    folders: Folders, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(folders.photos), str(folders.out), "--only", "classes"]) == 1
    assert "classes: " in capsys.readouterr().err


def test_heads_are_not_learnt_on_another_network_than_the_package_has(folders: Folders) -> None:
    weights = read_npz(ROOT / NETWORK[1])
    kernel = next(name for name in weights if name.endswith("/kernel"))
    write_npz(folders.path(NETWORK[0]), **weights | {kernel: weights[kernel] + np.float16(1)})
    learns = replace(FIRST, learns_on_network=True)

    with pytest.raises(StepError, match=r"first: learns on training/features/lite2.npz, and .* copy it"):
        run(folders, (learns,))

    folders.path(NETWORK[0]).write_bytes((ROOT / NETWORK[1]).read_bytes())
    run(folders, (learns,))
    assert (folders.out / "a").exists()


@pytest.mark.parametrize(
    ("ours", "why"),
    [
        ({"a": [1.0, 2.0], "about": "made here"}, ""),
        ({"a": [1.0, 4.0], "about": "made there"}, "1 of 1 arrays differ, by 2 at most"),
        ({"a": [1.0], "about": "made there"}, "arrays of other names or shapes"),
        ({"b": [1.0, 2.0], "about": "made there"}, "arrays of other names or shapes"),
    ],
)
def test_what_is_made_is_compared_with_what_comes_with_the_package(
    ours: dict[str, object], why: str, tmp_path: Path
) -> None:
    write_npz(tmp_path / "ours.npz", **ours)
    write_npz(tmp_path / "theirs.npz", a=[1.0, 2.0], about="made there")

    assert difference(tmp_path / "ours.npz", tmp_path / "theirs.npz") == why


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
