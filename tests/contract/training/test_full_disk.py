"""A training on a disk without room ends in a sentence, and goes on once there is some."""

import os
import sys
from pathlib import Path

import pytest

from tests.commands import done
from tests.fashion import write_idx_folder
from tests.own_pictures import write_class_folders
from tests.service import ROOT

pytestmark = pytest.mark.slow

NO_MOUNT = 77
TWICE = f"""
mount -t tmpfs -o size=400k tmpfs disk || exit {NO_MOUNT}
"$@" 2> full.txt && exit 1
mount -o remount,size=64m disk
"$@" || exit
test -e disk/run/release/manifest.json
"""
"""A disk of 400 KB takes no whole checkpoint and no release. It is gone with the shell, however that ends."""


@pytest.mark.parametrize("gradient", [False, True], ids=["head", "gradient"])
def test_a_full_disk_ends_in_a_sentence_and_with_room_the_same_command_goes_on(
    gradient: bool, tmp_path: Path
) -> None:
    (tmp_path / "disk").mkdir()
    if gradient:
        write_idx_folder(tmp_path / "data", train=300, test=20)
    else:
        write_class_folders(tmp_path / "data", 10)
    options = ("--network", "dense", "--epochs", "1") if gradient else ("--fast",)
    words = [sys.executable, "-m", "scripts", "train", "--data", "data", "--run", "disk/run", *options]
    command = [*words, "--out", "disk/store"]

    ended = done(
        ["unshare", "--mount", "bash", "-c", TWICE, "bash", *command], tmp_path, PYTHONPATH=str(ROOT)
    )

    if ended.returncode == NO_MOUNT or os.geteuid():
        pytest.skip("mounting a small disk takes root")
    full = (tmp_path / "full.txt").read_text("utf-8")
    said = [line for line in full.splitlines() if line.startswith("wardrobe: ")]
    assert "No space left" in said[-1] or "are left there" in said[-1]
    assert "Traceback" not in full
    assert ended.returncode == 0, ended.stderr
