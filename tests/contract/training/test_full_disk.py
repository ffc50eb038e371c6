"""A training on a disk without room ends in a sentence, and goes on once there is some."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import done
from tests.fashion import write_idx_folder
from tests.own_pictures import write_class_folders

pytestmark = pytest.mark.slow

MOUNT, UNMOUNT = "/bin/mount", "/bin/umount"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 KB of its own, which takes no whole checkpoint and no release."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() or done([MOUNT, "-t", "tmpfs", "-o", "size=400k", "tmpfs", folder]).returncode:
        pytest.skip("mounting a small disk takes root")
    yield folder
    subprocess.run([UNMOUNT, folder], check=True)


@pytest.mark.parametrize("gradient", [False, True], ids=["head", "gradient"])
def test_a_full_disk_ends_in_a_sentence_and_with_room_the_same_command_goes_on(
    gradient: bool, disk: Path, tmp_path: Path
) -> None:
    data, run = tmp_path / "data", disk / "run"
    if gradient:
        write_idx_folder(data, train=300, test=20)
    else:
        write_class_folders(data, 20)
    options = ("--network", "compact16", "--epochs", "1") if gradient else ()
    words = [sys.executable, "-m", "scripts", "train", "--data", str(data), "--run", str(run), *options]
    command = [*words, "--out", str(disk / "store")]

    full = done(command)
    subprocess.run([MOUNT, "-o", "remount,size=64m", disk], check=True)
    roomy = done(command)

    said = [line for line in full.stderr.splitlines() if line.startswith("wardrobe: ")]
    assert full.returncode == 1
    assert "No space left" in said[-1] or "are left there" in said[-1]
    assert "Traceback" not in full.stderr
    assert roomy.returncode == 0, roomy.stderr
    assert (run / "release" / "manifest.json").exists()
