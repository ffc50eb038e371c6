"""Somebody with three folders of pictures: one command trains, one serves, and answers bear their names."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.own_pictures import KINDS, a_photo, write_class_folders
from tests.service import ROOT, running
from tests.uploads import png

pytestmark = pytest.mark.slow


def test_three_folders_of_pictures_become_a_service_that_tells_them_apart(tmp_path: Path) -> None:
    things = write_class_folders(tmp_path / "things", 30)
    (things / "Ball" / "Thumbs.db").write_bytes(b"left by a file manager")
    store = str(tmp_path / "store")

    trained = subprocess.run(
        [
            *(sys.executable, "-m", "scripts.train", "--data", str(things), "--out", store),
            *("--network", "dense", "--epochs", "10", "--learning-rate", "0.005"),
            *("--run", str(tmp_path / "run")),
        ],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert trained.returncode == 0, trained.stderr[-3000:]
    left_out, few = trained.stderr.splitlines()
    assert left_out == (
        "wardrobe: left out 1 that are not taken for pictures of a class: " + f"{things}/Ball/Thumbs.db."
    )
    assert few.startswith("wardrobe: 6 pictures are held out to choose the decision's thresholds.")
    with running(tmp_path, MODEL_STORE=store) as service:
        answers = [service.post("/predict", data=png(a_photo(kind, 900))).json() for kind in KINDS]
        model, metrics = service.get("/model").json(), service.get("/metrics").json()
    assert [answer["label"] for answer in answers] == list(KINDS)
    assert [tuple(answer["probabilities"]) for answer in answers] == [KINDS] * 3
    assert tuple(model["labels"]) == tuple(metrics["labels"]) == KINDS
    assert metrics["data"]["name"] == "things"
