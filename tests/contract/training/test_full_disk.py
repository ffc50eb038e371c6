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
OPTIONS = {"pixels": "--network dense --epochs 1", "photos": "--fast"}
"""What is learnt by gradient, and what by a head; below disk/, of the data of that name."""

EACH_TWICE = f"""
import subprocess, sys
from scripts.__main__ import main
from scripts.terminal import run_main

def mount(options, *words):
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, *words, "disk"]).returncode:
        sys.exit({NO_MOUNT})

for data, options in {OPTIONS}.items():
    words = f"train --data {{data}} --run disk/{{data}} {{options}} --out disk/{{data}}/store".split()
    mount("size=400k", "tmpfs")
    assert run_main(lambda: main(words)) == 1, f"{{data}}: the disk has room"
    mount("remount,size=64m")
    assert run_main(lambda: main(words)) == 0, f"{{data}}: it does not go on"
    subprocess.run(["umount", "disk"], check=True)
"""
"""A disk of 400 KB takes no whole checkpoint and no release. It is gone with the process."""


def test_a_full_disk_ends_in_a_sentence_and_with_room_the_same_command_goes_on(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    write_idx_folder(tmp_path / "pixels", train=300, test=20)
    write_class_folders(tmp_path / "photos", 4)

    ended = done(["unshare", "--mount", sys.executable, "-c", EACH_TWICE], tmp_path, PYTHONPATH=str(ROOT))

    if ended.returncode == NO_MOUNT or os.geteuid():
        pytest.skip("mounting a small disk takes root")
    assert ended.returncode == 0, ended.stderr
    said = [line for line in ended.stderr.splitlines() if line.startswith("wardrobe: ")]
    full = [line for line in said if "No space left" in line or "are left there" in line]
    assert len(full) == len(OPTIONS), ended.stderr
    assert "Traceback" not in ended.stderr
