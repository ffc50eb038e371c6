"""The steps of the lab that need no network, on a share of the photos: killed in the middle, and resumed."""

import csv
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from lab.photos import TABLES, find_archive
from tests.real_photos import PLACES
from tests.service import ROOT

CHEAP = ("photos", "outfits", "pack", "tables")
"""Steps that need neither PyTorch nor a network's training."""
SEEING = ("negatives", "heads", "classes", "colour", "kind", "sealing")
"""Steps that see photos by the tuned network."""
OF = 60
"""One photo of so many is in the share."""
PATIENCE_S = 300.0


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Each table and archive with one of OF rows; the test skips where there are none."""
    whole = next((place for place in PLACES if (place / "dev.csv").is_file()), None)
    if whole is None:
        pytest.skip("the photos of ../shared/photos are not here")
    share = tmp_path / "photos"
    share.mkdir()
    archives = defaultdict[str, list[str]](list)
    for table in TABLES:
        with (whole / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        with (share / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows[::OF]])
        for row in (dict(zip(header, cells, strict=True)) for cells in rows[::OF]):
            name = row.get("file") or f"{row.get('image') or row['id']}.jpg"
            archives[find_archive(row | {"table": table})].append(name)
    for name in archives.pop(""):
        (share / name).parent.mkdir(parents=True, exist_ok=True)
        (share / name).write_bytes((whole / name).read_bytes())
    for archive, members in archives.items():
        with zipfile.ZipFile(whole / archive) as there, zipfile.ZipFile(share / archive, "w") as here:
            for member in set(members) & set(there.namelist()):
                here.writestr(member, there.read(member))
    return share


def make(*words: object) -> list[str]:
    """The command line of the lab's Makefile, with this interpreter."""
    return ["make", "-f", "lab/Makefile", f"RUN={sys.executable}", *map(str, words)]


def start(photos: Path, out: Path) -> subprocess.Popen[str]:
    """Run the cheap steps in a process group of their own."""
    command = make(f"PHOTOS={photos}", f"OUT={out}", *CHEAP)
    return subprocess.Popen(command, cwd=ROOT, start_new_session=True, stderr=subprocess.PIPE, text=True)


def records(out: Path) -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_text("utf-8")) for path in (out / "records").glob("*.json")}


@pytest.mark.slow
def test_steps_that_were_killed_go_on_and_make_nothing_again(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    killed, until = start(photos, out), time.monotonic() + PATIENCE_S
    # Some outfits are in an archive that has no end yet.
    while not (made := out / "photos" / "made_X.zip").exists() or not made.stat().st_size:
        assert killed.poll() is None, killed.communicate()[1]
        assert time.monotonic() < until
        time.sleep(0.05)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    before = records(out)
    assert before.keys() == {"photos"}

    resumed = start(photos, out)
    said = resumed.communicate()[1]

    assert resumed.returncode == 0, said
    after = records(out)
    assert after.keys() == {*CHEAP}
    assert after["photos"] == before["photos"]
    assert after["pack"]["command"] == "lab.tuning_photos $OUT/photos --out $OUT/packed.npz"
    assert len(after["pack"]["commit"].removesuffix("+")) == 40
    written = {name: of for record in after.values() for name, of in record["outputs"].items()}
    assert written == {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in written}
    with (out / "tables" / "learn.csv").open(encoding="utf-8", newline="") as file:
        made_outfits = [row["path"] for row in csv.DictReader(file) if row["source"] == "made outfits"]
    assert len(made_outfits) == 1200
    assert [path for path in made_outfits if not (out / "tables" / path).is_file()] == []


@pytest.mark.slow
def test_two_runs_make_the_same_network(photos: Path, tmp_path: Path) -> None:
    if find_spec("torch") is None:
        pytest.skip("PyTorch is installed for the lab alone")
    options = ("VIEWS=64", "OUTFITS=4", "tuning-whole")

    for out in ("one", "two"):
        subprocess.run(make(f"PHOTOS={photos}", f"OUT={tmp_path / out}", *options), cwd=ROOT, check=True)

    one, two = (records(tmp_path / out) for out in ("one", "two"))
    assert one.keys() == {"start", "outfits", "pack", "views", "tuning-whole"}
    assert one["views"]["command"].endswith("--views 64 --only")
    assert {step: record["outputs"] for step, record in one.items()} == {
        step: record["outputs"] for step, record in two.items()
    }


def test_steps_after_the_tuning_see_photos_by_the_tuned_network_and_the_checkout_keeps_its_own(
    tmp_path: Path,
) -> None:
    (tmp_path / "dev.csv").touch()
    (tmp_path / "tuned").mkdir()
    (tmp_path / "tuned" / "whole.npz").write_bytes(b"another network")
    (tmp_path / "records").mkdir()
    for step in ("outfits", "pack", "start", "views", "tuning-whole"):
        (tmp_path / "records" / f"{step}.json").touch()
    before = (ROOT / "training/features/lite2.npz").read_bytes()
    command = make(f"PHOTOS={tmp_path}", f"OUT={tmp_path}")

    subprocess.run([*command, "checkout"], cwd=ROOT, check=True)
    shown = subprocess.run([*command, "-n"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert (tmp_path / "checkout/training/features/lite2.npz").read_bytes() == b"another network"
    assert (tmp_path / "checkout/lab/Makefile").read_bytes() == (ROOT / "lab/Makefile").read_bytes()
    assert (ROOT / "training/features/lite2.npz").read_bytes() == before
    there = re.findall(r"echo '([a-z0-9-]+): lab.*?; \(cd '([^']+)'; export OUT=\.\.", shown)
    assert set(there) == {(step, f"{tmp_path}/checkout") for step in SEEING}


def test_the_page_of_the_lab_names_each_step(tmp_path: Path) -> None:
    (tmp_path / "dev.csv").touch()
    page = (ROOT / "lab" / "README.md").read_text("utf-8").partition("## The photos")[0]
    command = make("-n", f"PHOTOS={tmp_path}", f"OUT={tmp_path}")
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    runs = re.findall(r"echo '([a-z0-9-]+): lab", shown.stdout)
    named = re.findall(r"`([a-z0-9-]+)`", "".join(re.findall(r"^\| (`[^|]*) \|", page, re.MULTILINE)))
    assert set(named) == {*runs, "pixels"}


def test_a_step_that_makes_a_release_removes_the_one_that_it_made_before_and_nothing_else(
    tmp_path: Path,
) -> None:
    (tmp_path / "dev.csv").touch()
    command = make("-n", f"PHOTOS={tmp_path}", f"OUT={tmp_path}", "pixels", "all")

    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert shown.count("rm -rf ") == 7
    assert shown.count('rm -rf "${OUT:?}/checkout"; git clone') == 1
    assert dict(re.findall(r"echo '([a-z-]+): .*; rm -rf \"\$\{OUT:\?\}/([a-z/]+)\"; begun=", shown)) == {
        "pixels": "pixels/release",
        "heads": "heads/release",
        "classes": "classes",
        "colour": "colour/release",
        "kind": "kind/release",
        "sealing": "release",
    }
